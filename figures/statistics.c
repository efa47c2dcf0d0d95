// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "figures/statistics.h"

static int by_value(const void *a, const void *b)
{
	double one = *(const double *)a, other = *(const double *)b;

	return (one > other) - (one < other);
}

void statistics_sort(double *values, int count)
{
	if (count > 1)
		qsort(values, count, sizeof(*values), by_value);
}

double statistics_percentile(const double *values, int count, double percent)
{
	double at = percent / 100 * (count - 1);
	int below = at;

	if (count < 1)
		return NAN;
	if (below >= count - 1)
		return values[count - 1];
	return values[below] + (at - below) * (values[below + 1] - values[below]);
}

double statistics_jain(const double *values, int count)
{
	double sum = 0, squares = 0;

	for (int i = 0; i < count; i++) {
		sum += values[i];
		squares += values[i] * values[i];
	}
	return squares > 0 ? sum * sum / (count * squares) : NAN;
}

double statistics_exponent(const double *x, const double *y, int count)
{
	double sum_x = 0, sum_y = 0, sum_xx = 0, sum_xy = 0, spread;

	for (int i = 0; i < count; i++) {
		if (!(x[i] > 0) || !(y[i] > 0))
			return NAN;
		sum_x += log(x[i]);
		sum_y += log(y[i]);
		sum_xx += log(x[i]) * log(x[i]);
		sum_xy += log(x[i]) * log(y[i]);
	}
	spread = count * sum_xx - sum_x * sum_x;
	return spread > 0.000000001 ? (count * sum_xy - sum_x * sum_y) / spread : NAN;
}

const char *statistics_growth(double exponent)
{
	static const struct {
		double below;
		const char *name;
	} names[] = {
		{ -0.3, "falling" },
		{ 0.3, "constant" },
		{ 0.7, "below-linear" },
		{ 1.3, "linear" },
		{ 1.7, "above-linear" },
		{ 2.3, "quadratic" },
		{ INFINITY, "above-quadratic" },
		{ 0, NULL },
	};

	for (int i = 0; names[i].name; i++) {
		if (exponent < names[i].below)
			return names[i].name;
	}
	return "unknown";
}

static int by_number(const void *a, const void *b)
{
	unsigned int one = *(const unsigned int *)a, other = *(const unsigned int *)b;

	return (one > other) - (one < other);
}

/* The place of @number in the sorted numbers, from 1 on. */
static int rank(const unsigned int *sorted, int count, unsigned int number)
{
	const unsigned int *found = bsearch(&number, sorted, count, sizeof(number), by_number);

	return found - sorted + 1;
}

/* A Fenwick tree over the ranks counts how many of those granted so far asked earlier. */
int statistics_overtaken(const unsigned int *request, int count, double *overtaken)
{
	unsigned int *sorted = calloc(count + 1, sizeof(*sorted));
	int *tree = calloc(count + 1, sizeof(*tree));

	if (!sorted || !tree) {
		free(sorted);
		free(tree);
		return -ENOMEM;
	}
	for (int i = 0; i < count; i++)
		sorted[i] = request[i];
	qsort(sorted, count, sizeof(*sorted), by_number);
	for (int i = 0; i < count; i++) {
		int place = rank(sorted, count, request[i]), earlier = 0;

		for (int at = place; at > 0; at -= at & -at)
			earlier += tree[at];
		overtaken[i] = i - earlier;
		for (int at = place; at <= count; at += at & -at)
			tree[at]++;
	}
	free(sorted);
	free(tree);
	return 0;
}
