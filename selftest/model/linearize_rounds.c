// SPDX-License-Identifier: GPL-2.0
/* Of many rounds, those that are equal are judged once; all others count. */
#define _GNU_SOURCE

#include "kselftest_harness.h"

#include "model/linearize.h"
#include "script.h"

FIXTURE(rounds) {
	struct history *h;
	struct linearizer *judge;
};

FIXTURE_SETUP(rounds)
{
	self->h = history_new();
	self->judge = linearizer_new();
	ASSERT_NE(NULL, self->h);
	ASSERT_NE(NULL, self->judge);
}

FIXTURE_TEARDOWN(rounds)
{
	linearizer_free(self->judge);
	history_free(self->h);
}

#define ROUND	A_HOLDS "B locks X, A releases, A returns, B granted, B releases, B returns, "

/* A round that has been judged before is not judged again, but one that differs is. */
TEST_F(rounds, each_round_counts)
{
	write_down(self->h, KIND_OFD, ROUND ROUND ROUND);
	EXPECT_EQ(LINEARIZE_ALLOWED,
		  linearize(self->judge, self->h, model_rules(MODEL_PROMISE)).answer);
	write_down(self->h, KIND_OFD, ROUND ROUND A_HOLDS "B locks X, B granted");
	EXPECT_EQ(19, linearize(self->judge, self->h, model_rules(MODEL_PROMISE)).at.event);
	write_down(self->h, KIND_OFD, A_HOLDS ROUND);
	EXPECT_EQ(LINEARIZE_ALLOWED,
		  linearize(self->judge, self->h, model_rules(MODEL_PROMISE)).answer);
	write_down(self->h, KIND_OFD, "C locks X, C granted, " ROUND);
	EXPECT_EQ(3, linearize(self->judge, self->h, model_rules(MODEL_PROMISE)).at.event);
	/* by other rules, and at another site, it is another round */
	write_down(self->h, KIND_OFD, ROUND "B locks X, B asleep, C locks X, C granted\n"
				      "C releases, C returns, B granted, B releases, B returns");
	EXPECT_EQ(LINEARIZE_ALLOWED,
		  linearize(self->judge, self->h, model_rules(MODEL_PROMISE)).answer);
	EXPECT_EQ(LINEARIZE_IMPOSSIBLE,
		  linearize(self->judge, self->h, model_rules(MODEL_FOLKLORE)).answer);
}

TEST_F(rounds, a_round_of_another_kind_is_another_round)
{
	static const char script[] = "A locks S, A granted, A locks X, B locks X, B granted\n"
		"B releases, B returns, A granted, A releases, A returns";

	write_down(self->h, KIND_FLOCK, script);
	EXPECT_EQ(LINEARIZE_ALLOWED,
		  linearize(self->judge, self->h, model_rules(MODEL_PROMISE)).answer);
	write_down(self->h, KIND_OFD, script);
	EXPECT_EQ(4, linearize(self->judge, self->h, model_rules(MODEL_PROMISE)).at.event);
}

static void try_byte_5(struct history *h, int ret)
{
	history_ask(h, 1, &EXCLUSIVE_ON(5, 1), false);
	history_answer(h, 1, &EXCLUSIVE_ON(5, 1), ret);
	if (ret)
		return;
	history_add(h, 1, HISTORY_RELEASE, &EXCLUSIVE);
	history_add(h, 1, HISTORY_RETURN, &EXCLUSIVE);
}

/* What looks like a new round is none as long as a part of the lock is held. */
TEST_F(rounds, a_lock_in_part_goes_on_into_the_next_round)
{
	for (int i = 0; i < 8; i++) {
		bool part = i & 1, granted = i & 2;

		write_down(self->h, KIND_OFD, A_HOLDS);
		history_add(self->h, 0, HISTORY_RELEASE, part ? &EXCLUSIVE_ON(0, 1) : &EXCLUSIVE);
		history_add(self->h, 0, HISTORY_RETURN, &EXCLUSIVE);
		try_byte_5(self->h, granted ? 0 : -EAGAIN);
		EXPECT_EQ(part == granted ? LINEARIZE_IMPOSSIBLE : LINEARIZE_ALLOWED,
			  linearize(self->judge, self->h, model_rules(MODEL_PROMISE)).answer);
	}
}

#define SEVERAL	300

/* There are enough of them to share places in the table. */
TEST_F(rounds, rounds_that_differ_are_not_taken_for_each_other)
{
	for (int i = 0; i < SEVERAL; i++) {
		write_down(self->h, KIND_OFD, "");
		history_ask(self->h, 0, &EXCLUSIVE_ON(i, 1), true);
		history_answer(self->h, 0, &EXCLUSIVE_ON(i, 1), 0);
		history_add(self->h, 0, HISTORY_RELEASE, &EXCLUSIVE);
		history_add(self->h, 0, HISTORY_RETURN, &EXCLUSIVE);
		EXPECT_EQ(LINEARIZE_ALLOWED,
			  linearize(self->judge, self->h, model_rules(MODEL_PROMISE)).answer);
	}
	for (int i = 0; i < SEVERAL; i++) {
		write_down(self->h, KIND_OFD, "");
		for (int actor = 0; actor < 2; actor++)
			history_ask(self->h, actor, &EXCLUSIVE_ON(i, 1), true);
		for (int actor = 0; actor < 2; actor++)
			history_answer(self->h, actor, &EXCLUSIVE_ON(i, 1), 0);
		EXPECT_EQ(3, linearize(self->judge, self->h, model_rules(MODEL_PROMISE)).at.event);
	}
}

TEST_HARNESS_MAIN
