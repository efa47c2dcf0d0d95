// SPDX-License-Identifier: GPL-2.0
/* The statistics, on numbers whose answers are known. */
#include <math.h>

#include "kselftest_harness.h"

#include "figures/statistics.h"

static bool close_to(double one, double other)
{
	return fabs(one - other) < 0.000001;
}

TEST(percentiles_are_interpolated)
{
	double values[] = { 4, 1, 3, 2, 10 };

	statistics_sort(values, 5);
	EXPECT_TRUE(close_to(1, statistics_percentile(values, 5, 0)));
	EXPECT_TRUE(close_to(2, statistics_percentile(values, 5, 25)));
	EXPECT_TRUE(close_to(3, statistics_percentile(values, 5, 50)));
	EXPECT_TRUE(close_to(9.76, statistics_percentile(values, 5, 99)));
	EXPECT_TRUE(close_to(10, statistics_percentile(values, 5, 100)));
	EXPECT_TRUE(close_to(2.5, statistics_percentile(values, 4, 50)));
	EXPECT_TRUE(close_to(1, statistics_percentile(values, 1, 99)));
	EXPECT_TRUE(isnan(statistics_percentile(values, 0, 50)));
}

TEST(jains_index_is_between_one_share_and_equal_shares)
{
	double equal[] = { 5, 5, 5, 5 }, one[] = { 0, 8, 0, 0 }, some[] = { 1, 2, 3 };
	double nothing[] = { 0, 0 };

	EXPECT_TRUE(close_to(1, statistics_jain(equal, 4)));
	EXPECT_TRUE(close_to(0.25, statistics_jain(one, 4)));
	EXPECT_TRUE(close_to(36.0 / 42, statistics_jain(some, 3)));
	EXPECT_TRUE(isnan(statistics_jain(nothing, 2)));
}

TEST(exponents_are_those_of_the_power)
{
	double x[] = { 1, 10, 100, 1000 }, y[4];

	for (int power = 0; power <= 3; power++) {
		for (int i = 0; i < 4; i++)
			y[i] = 7 * pow(x[i], power);
		EXPECT_TRUE(close_to(power, statistics_exponent(x, y, 4)));
	}
	y[2] = 0;
	EXPECT_TRUE(isnan(statistics_exponent(x, y, 4)));
	EXPECT_TRUE(isnan(statistics_exponent(x, y, 1)));
}

TEST(growth_has_a_name)
{
	EXPECT_STREQ("constant", statistics_growth(0.1));
	EXPECT_STREQ("constant", statistics_growth(-0.1));
	EXPECT_STREQ("below-linear", statistics_growth(0.5));
	EXPECT_STREQ("linear", statistics_growth(1.1));
	EXPECT_STREQ("above-linear", statistics_growth(1.5));
	EXPECT_STREQ("quadratic", statistics_growth(1.9));
	EXPECT_STREQ("above-quadratic", statistics_growth(3));
	EXPECT_STREQ("falling", statistics_growth(-1));
	EXPECT_STREQ("unknown", statistics_growth(NAN));
}

/* Numbers may be missing: a request that was not granted. */
TEST(who_is_granted_after_a_later_request_was_overtaken)
{
	const unsigned int in_order[] = { 3, 4, 6, 9 };
	const unsigned int request[] = { 7, 2, 4, 3, 9 };
	const double expected[] = { 0, 1, 1, 2, 0 };
	double overtaken[5];

	ASSERT_EQ(0, statistics_overtaken(in_order, 4, overtaken));
	for (int i = 0; i < 4; i++)
		EXPECT_TRUE(close_to(0, overtaken[i]));
	ASSERT_EQ(0, statistics_overtaken(request, 5, overtaken));
	for (int i = 0; i < 5; i++)
		EXPECT_TRUE(close_to(expected[i], overtaken[i]));
	EXPECT_EQ(0, statistics_overtaken(request, 0, overtaken));
}

TEST_HARNESS_MAIN
