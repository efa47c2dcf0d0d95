// SPDX-License-Identifier: GPL-2.0
/* Histories of free runs: a possible history is allowed, and an impossible one is noticed. */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>

#include "kselftest_harness.h"

#include "model/linearize.h"
#include "script.h"

FIXTURE(linearize) {
	struct history *h;
	struct linearizer *judge;
};

FIXTURE_SETUP(linearize)
{
	self->h = history_new();
	self->judge = linearizer_new();
	ASSERT_NE(NULL, self->h);
	ASSERT_NE(NULL, self->judge);
}

FIXTURE_TEARDOWN(linearize)
{
	linearizer_free(self->judge);
	history_free(self->h);
}

struct example {
	enum lock_kind kind;
	const char *script;
};

/* Before a script: C is a thread of A, as it is wherever it closes. */
#define C_OF_A	"C of A: "

/* The event that no order explains, and what is said of it. */
struct counter_example {
	struct example history;
	int event;
	const char *why;
};

static const struct example allowed[] = {
	{ KIND_OFD, "" },
	{ KIND_OFD, A_HOLDS "B locks X, A releases, B granted" },
	{ KIND_OFD, A_HOLDS "A releases, B tries X, B granted, C tries X, C EAGAIN, A returns" },
	{ KIND_OFD, "A locks X, B tries X, B EAGAIN, A granted" },
	{ KIND_OFD, "A locks S, B locks S, A granted, B granted, C tries X, C EAGAIN" },
	{ KIND_POSIX, A_HOLDS "B tries X, B EACCES" },
	/* no return, but the next call of the same actor */
	{ KIND_OFD, A_HOLDS "A releases, A tries X, A granted, B tries X, B EAGAIN" },
	{ KIND_OFD, A_HOLDS "B locks X, B asleep, B EINTR, A releases, A returns\n"
		    "C tries X, C granted" },
	/* flock drops what it converts, even if the conversion fails */
	{ KIND_FLOCK, "A locks S, A granted, A locks X, B locks X, B granted, A EINTR" },
	{ KIND_FLOCK, "A locks S, A granted, C locks S, C granted, A tries X, A EAGAIN\n"
		      "C releases, C returns, B tries X, B granted" },
	{ KIND_OFD, A_HOLDS "A locks S, B locks S, B granted, A granted" },
	/* granted, and killed before it could say so; or killed in its wait */
	{ KIND_OFD, A_HOLDS "B locks X, B may_die, A releases, A returns, C tries X, C EAGAIN\n"
		    "B gone, C tries X, C granted" },
	{ KIND_OFD, A_HOLDS "B locks X, B may_die, A releases, A returns, C tries X, C granted\n"
		    "B gone" },
	{ KIND_OFD, A_HOLDS "A may_die, A gone, A tries X, A granted" },
	{ KIND_OFD, A_HOLDS "B locks X, B asleep, B may_die, B gone, A releases, A returns\n"
		    "C tries X, C granted" },
	/* C closes A's descriptor */
	{ KIND_POSIX, "A tries X, C closes, C returns, A EBADF, B tries X, B granted" },
	{ KIND_POSIX, "A tries X, C closes, C returns, A granted, B tries X, B granted" },
	{ KIND_OFD, "A tries X, C closes, C returns, B tries X, B EAGAIN, A granted\n"
		    "B tries X, B granted" },
	{ KIND_OFD, "A tries X, A granted, C closes, C returns, A opens, B tries X, B granted" },
	{ KIND_POSIX, "B locks X, B granted, A locks X, A asleep, C closes, C returns, A EBADF" },
	/* A's call keeps the description open until it returns, even if the file is opened again */
	{ KIND_OFD, "A tries X, C closes, C returns, C opens, B tries X, B EAGAIN, A granted\n"
		    "B tries X, B granted" },
	{ KIND_OFD, "B tries X, B granted, A locks X, A asleep, C closes, C returns, C opens\n"
		    "C tries X, C EAGAIN, B releases, B returns, C tries X, C EAGAIN, A granted\n"
		    "C tries X, C granted" },
	{ KIND_FLOCK, "A tries X, B tries X, B EAGAIN, C closes, C returns, B tries X, B EAGAIN\n"
		      "A granted, B tries X, B granted" },
	/* two calls of one owner */
	{ KIND_POSIX, C_OF_A "B tries X, B granted, A locks X, A asleep, C locks X, C asleep\n"
		      "B releases, B returns, A granted, C granted, C releases, C returns\n"
		      "B tries X, B granted" },
	{ KIND_POSIX, C_OF_A "A locks S, A granted, B locks S, B granted, A locks X, A asleep\n"
		      "C releases, C returns, B tries X, B granted, B releases, B returns\n"
		      "A granted" },
	/* C opens it again beside A's call */
	{ KIND_OFD, "C closes, C returns, A tries X, C opens, A granted, B tries X, B EAGAIN" },
	{ KIND_OFD, "C closes, C returns, A tries X, C opens, A EBADF, B tries X, B granted" },
};

static const struct counter_example impossible[] = {
	{ { KIND_OFD, A_HOLDS "B locks X, B granted, A releases" }, 3,
	  "B was granted the lock while A held" },
	{ { KIND_OFD, A_HOLDS "B locks S, B granted" }, 3,
	  "while A held it" },
	{ { KIND_OFD, "A locks S, A granted, B locks X, B granted" }, 3,
	  "while A held it" },
	{ { KIND_OFD, "A tries X, A EAGAIN" }, 1,
	  "A was refused the lock (EAGAIN), and nobody held it" },
	{ { KIND_OFD, A_HOLDS "A releases, A returns, B tries X, B EAGAIN" }, 5,
	  "nobody held it" },
	{ { KIND_OFD, A_HOLDS "B tries X, B EACCES" }, 3,
	  "(EACCES)" },
	{ { KIND_OFD, A_HOLDS "B locks X, B EAGAIN" }, 3,
	  "(EAGAIN)" },
	{ { KIND_OFD, A_HOLDS "B tries X, B EINTR" }, 3,
	  "(EINTR)" },
	{ { KIND_OFD, A_HOLDS "B locks X, B ENOLCK" }, 3,
	  "(ENOLCK)" },
	/* EINTR, but the lock is held */
	{ { KIND_OFD, A_HOLDS "B locks X, B EINTR, A releases, A returns, C tries X, C EAGAIN" }, 7,
	  "nobody" },
	/* an upgrade keeps the shared lock until it is granted */
	{ { KIND_OFD, "A locks S, A granted, A locks X, B locks X, B granted" }, 4,
	  "while A held it" },
	{ { KIND_FLOCK, "A locks S, A granted, A locks S, B locks X, B granted" }, 4,
	  "while A held it" },
	/* a dead process holds nothing, and one that is about to die still does */
	{ { KIND_OFD, A_HOLDS "A may_die, A gone, B tries X, B EAGAIN" }, 5,
	  "nobody held it" },
	{ { KIND_OFD, A_HOLDS "B tries X, B granted, A may_die, A gone" }, 3,
	  "while A held it" },
	{ { KIND_POSIX, "A tries X, C closes, A granted, C returns, B tries X, B EAGAIN" }, 5,
	  "nobody" },
	{ { KIND_OFD, "A tries X, C closes, C returns, A granted, B tries X, B EAGAIN" }, 5,
	  "nobody" },
	{ { KIND_OFD, "C closes, C returns, A tries X, A granted" }, 3,
	  "no order of the calls" },
	{ { KIND_OFD, "A tries X, A EBADF, C closes, C returns" }, 1,
	  "(EBADF)" },
	{ { KIND_OFD, "B locks X, B granted, A locks X, A asleep, C closes, C returns, A EBADF" },
	  6, "(EBADF)" },
	{ { KIND_POSIX, "B locks X, B granted, A tries X, C closes, C returns, A granted" }, 5,
	  "while B held it" },
	/* the reopened descriptor is another one, and A's call has not kept the old one open */
	{ { KIND_OFD, "C closes, C returns, A tries X, A EBADF, C opens, B tries X, B EAGAIN" }, 6,
	  "nobody held it" },
	/* the description is closed when the call has returned */
	{ { KIND_OFD, "B tries X, B granted, A locks X, A asleep, C closes, C returns, C opens\n"
		      "B releases, B returns, A granted, B tries X, B EAGAIN" }, 11, "nobody" },
	{ { KIND_POSIX, C_OF_A "B tries X, B granted, A locks X, C locks X, B releases, B returns\n"
			"A granted, C granted, C releases, C returns, B tries X, B EAGAIN" }, 11,
	  "nobody" },
	/* B may have released it: it is not what stands in the way */
	{ { KIND_OFD, "B tries X, B granted, B releases, C closes, C returns\n"
		      "A tries X, A granted" }, 6,
	  "no order of the calls" },
	/* a process that makes a call has not died before it */
	{ { KIND_OFD, A_HOLDS "A may_die, B tries X, B granted, A tries X" }, 5, "no order" },
};

static bool is_closed_by_another(const char *script)
{
	return strstr(script, "C closes");
}

static struct linearize_verdict judge_example(struct linearizer *judge, struct history *h,
					      const struct example *example)
{
	bool shared = !strncmp(example->script, C_OF_A, strlen(C_OF_A));

	write_down(h, example->kind, example->script + (shared ? strlen(C_OF_A) : 0));
	if (shared || is_closed_by_another(example->script))
		h->owner[2] = 0;
	return linearize(judge, h, model_rules(MODEL_PROMISE));
}

TEST_F(linearize, what_some_order_explains_is_allowed)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(allowed); i++) {
		struct linearize_verdict found = judge_example(self->judge, self->h, &allowed[i]);

		EXPECT_EQ(LINEARIZE_ALLOWED, found.answer) {
			TH_LOG("%s: %s", allowed[i].script, found.why);
		}
	}
}

TEST_F(linearize, the_first_event_that_no_order_explains_is_named)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(impossible); i++) {
		struct linearize_verdict found = judge_example(self->judge, self->h,
							      &impossible[i].history);

		EXPECT_EQ(LINEARIZE_IMPOSSIBLE, found.answer);
		EXPECT_EQ(impossible[i].event, found.at.event);
		EXPECT_NE(NULL, strstr(found.why, impossible[i].why)) {
			TH_LOG("%s: %s", impossible[i].history.script, found.why);
		}
	}
}

/* The rules are a value: what Linux does is not what people believe. */
TEST_F(linearize, a_level_allows_what_another_does_not)
{
	write_down(self->h, KIND_OFD, A_HOLDS "B locks X, B asleep, C locks X, A releases\n"
				      "A returns, C granted");
	EXPECT_EQ(LINEARIZE_ALLOWED,
		  linearize(self->judge, self->h, model_rules(MODEL_PROMISE)).answer);
	EXPECT_EQ(LINEARIZE_ALLOWED,
		  linearize(self->judge, self->h, model_rules(MODEL_PRACTICE)).answer);
	EXPECT_EQ(LINEARIZE_IMPOSSIBLE,
		  linearize(self->judge, self->h, model_rules(MODEL_FOLKLORE)).answer);
}

/* ---- what the documentation allows, and Linux does not do; and the other way round ---- */

static const struct counter_example not_practised[] = {
	/* Linux waits on until it could grant it, and is EBADF then. */
	{ { KIND_POSIX, "B locks X, B granted, A locks X, A asleep, C closes, C returns, A EBADF" },
	  6, "(EBADF)" },
	{ { KIND_POSIX, "B locks X, B granted, A locks X, A asleep, C closes, C returns\n"
			"B releases, A granted" }, 7, "no order of the calls" },
	{ { KIND_POSIX, A_HOLDS "B tries X, B EACCES" }, 3, "(EACCES)" },
	/* A has dropped its lock, and B cannot get in between */
	{ { KIND_FLOCK, "A locks S, A granted, A locks X, B tries X, B granted, A EINTR" }, 4,
	  "while A held it" },
};

static const struct example practised[] = {
	{ KIND_POSIX, "B locks X, B granted, A locks X, A asleep, C closes, C returns\n"
		      "B releases, B returns, A EBADF, B tries X, B granted" },
	/* C's close comes after the grant, and before the kernel looks for the descriptor. */
	{ KIND_POSIX, "A tries X, B tries X, B EAGAIN, C closes, C returns, A EBADF\n"
		      "B tries X, B granted" },
	/* The lock that is taken back is in the way for a moment. */
	{ KIND_POSIX, "A tries X, C closes, C returns, B tries X, B EAGAIN, A EBADF\n"
		      "B tries X, B granted" },
};

TEST_F(linearize, rules_of_practice_are_stricter)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(not_practised); i++) {
		const struct counter_example *it = &not_practised[i];
		struct linearize_verdict found = judge_example(self->judge, self->h, &it->history);

		EXPECT_EQ(LINEARIZE_ALLOWED, found.answer) {
			TH_LOG("%s: %s", it->history.script, found.why);
		}
		found = linearize(self->judge, self->h, model_rules(MODEL_PRACTICE));
		EXPECT_EQ(LINEARIZE_IMPOSSIBLE, found.answer);
		EXPECT_EQ(it->event, found.at.event);
		EXPECT_NE(NULL, strstr(found.why, it->why)) {
			TH_LOG("%s: %s", it->history.script, found.why);
		}
	}
}

/* If the documentation does not allow it either, that weighs more. */
TEST_F(linearize, a_verdict_names_the_strongest_rules_that_are_broken)
{
	struct linearize_verdict found;

	for (unsigned int i = 0; i < ARRAY_SIZE(not_practised); i++) {
		judge_example(self->judge, self->h, &not_practised[i].history);
		found = linearize_by(self->judge, self->h, MODEL_PRACTICE);
		EXPECT_EQ(LINEARIZE_IMPOSSIBLE, found.answer);
		EXPECT_EQ(MODEL_PRACTICE, found.level);
		EXPECT_EQ(not_practised[i].event, found.at.event);
		found = linearize_by(self->judge, self->h, MODEL_PROMISE);
		EXPECT_EQ(LINEARIZE_ALLOWED, found.answer);
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(impossible); i++) {
		judge_example(self->judge, self->h, &impossible[i].history);
		found = linearize_by(self->judge, self->h, MODEL_PRACTICE);
		EXPECT_EQ(LINEARIZE_IMPOSSIBLE, found.answer);
		EXPECT_EQ(MODEL_PROMISE, found.level);
		EXPECT_EQ(impossible[i].event, found.at.event);
	}
	EXPECT_STREQ("by the documentation", linearize_rules_name(MODEL_PROMISE));
	EXPECT_STREQ("by what Linux does", linearize_rules_name(MODEL_PRACTICE));
}

TEST_F(linearize, what_linux_does_is_allowed_by_the_rules_of_practice)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(practised); i++) {
		struct linearize_verdict found;

		judge_example(self->judge, self->h, &practised[i]);
		found = linearize(self->judge, self->h, model_rules(MODEL_PRACTICE));
		EXPECT_EQ(LINEARIZE_ALLOWED, found.answer) {
			TH_LOG("%s: %s", practised[i].script, found.why);
		}
	}
}

TEST_F(linearize, locks_of_two_kinds_on_one_file_exclude_each_other)
{
	static const struct lock_request other = { .mode = MODE_EXCLUSIVE, .site = 1 };

	for (int file = 0; file <= 1; file++) {
		write_down(self->h, KIND_POSIX, A_HOLDS);
		history_add_site(self->h, KIND_OFD, file);
		history_ask(self->h, 1, &other, true);
		history_answer(self->h, 1, &other, 0);
		EXPECT_EQ(file ? LINEARIZE_ALLOWED : LINEARIZE_IMPOSSIBLE,
			  linearize(self->judge, self->h, model_rules(MODEL_PROMISE)).answer);
	}
}

/* ---- what is not decided ---- */

static const struct counter_example undecided[] = {
	{ { KIND_OFD, "A granted" }, 0, "an answer to no request" },
	{ { KIND_OFD, "A returns" }, 0, "a return from no call" },
	{ { KIND_OFD, "A locks X, A tries X" }, 1, "before the last has returned" },
	{ { KIND_OFD, "C closes, A opens" }, 1, "an open before the close has returned" },
	{ { KIND_OFD, C_OF_A "A may_die" }, 0, "a process that shares its locks" },
	{ { KIND_OFD, "C closes, C returns, C closes, B may_die" }, 3,
	  "two closes or ends at the same time" },
	{ { KIND_OFD, "B gone" }, 0, "gone without an end" },
};

TEST_F(linearize, what_the_model_does_not_know_is_undecided)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(undecided); i++) {
		struct linearize_verdict found = judge_example(self->judge, self->h,
							      &undecided[i].history);

		EXPECT_EQ(LINEARIZE_UNDECIDED, found.answer);
		EXPECT_EQ(undecided[i].event, found.at.event);
		EXPECT_NE(NULL, strstr(found.why, undecided[i].why)) {
			TH_LOG("%s: %s", undecided[i].history.script, found.why);
		}
	}
}

static bool is_undecided(struct linearizer *judge, const struct history *h, const char *why)
{
	struct linearize_verdict found = linearize(judge, h, model_rules(MODEL_PRACTICE));

	return found.answer == LINEARIZE_UNDECIDED && strstr(found.why, why);
}

TEST_F(linearize, what_is_too_much_is_undecided)
{
	for (int i = 0; i < 6; i++)
		history_row(self->h, "one");
	history_add_site(self->h, KIND_OFD, 0);
	EXPECT_FALSE(is_undecided(self->judge, self->h, ""));
	for (int i = 0; i < 6; i++)
		history_ask(self->h, i, &EXCLUSIVE, true);
	EXPECT_TRUE(is_undecided(self->judge, self->h, "too many orders"));
	for (int i = 0; i < 6; i++)
		history_ask(self->h, i, &EXCLUSIVE_ON(i, 1), true);
	EXPECT_TRUE(is_undecided(self->judge, self->h, "too many ranges"));
	history_row(self->h, "one too many");
	EXPECT_TRUE(is_undecided(self->judge, self->h, "too many actors"));
}

TEST_F(linearize, a_full_history_is_undecided_unless_it_is_impossible)
{
	write_down(self->h, KIND_OFD, "");
	while (history_length(self->h) < HISTORY_EVENTS)
		history_mark(self->h, 0, '-');
	EXPECT_TRUE(is_undecided(self->judge, self->h, "full"));
	write_down(self->h, KIND_OFD, A_HOLDS "B locks X, B granted");
	while (history_length(self->h) < HISTORY_EVENTS)
		history_mark(self->h, 0, '-');
	EXPECT_EQ(LINEARIZE_IMPOSSIBLE,
		  linearize(self->judge, self->h, model_rules(MODEL_PROMISE)).answer);
}

TEST_HARNESS_MAIN
