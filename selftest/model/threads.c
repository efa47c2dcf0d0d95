// SPDX-License-Identifier: GPL-2.0
/* Threads that share a table of descriptors, in the specification. */
#include <errno.h>

#include "kselftest_harness.h"

#include "model/visible.h"
#include "run_steps.h"

FIXTURE(threads) {
	struct sets sets;
};

FIXTURE_SETUP(threads)
{
	ASSERT_EQ(0, sets_open(&self->sets));
}

FIXTURE_TEARDOWN(threads)
{
	sets_close(&self->sets);
}

/* In how many of the states has the actor's call returned this? Or does it sleep (1)? */
#define SLEEPS	1

static int states_where(const struct sets *sets, char actor, int result)
{
	int count = 0;

	for (int i = 0; i < sets->now.count; i++) {
		const struct model_request *request = &sets->now.state[i].request[actor - 'A'];

		count += result == SLEEPS ? request->status == REQUEST_ASLEEP :
			request->status == REQUEST_DONE && request->result == result;
	}
	return count;
}

static bool all_say(const struct sets *sets, char actor, int result)
{
	return sets->now.count && states_where(sets, actor, result) == sets->now.count;
}

/* What is locked of file0, by all owners together, in all states? -1: they differ. */
static int locked(const struct sets *sets)
{
	int all = -1;

	for (int i = 0; i < sets->now.count; i++) {
		const struct model_state *state = &sets->now.state[i];
		unsigned int cells = 0;

		for (int j = 0; j < MODEL_ACTORS; j++)
			cells |= state->posix[0][j].shared | state->posix[0][j].exclusive;
		for (int j = 0; j < MODEL_DESCRIPTIONS; j++)
			cells |= state->ofd[j].shared | state->ofd[j].exclusive |
				 state->flock[j].shared | state->flock[j].exclusive;
		if (i && all != (int)cells)
			return -1;
		all = cells;
	}
	return all;
}

/* B is another process, and C a thread of A. */
#define A_WITH_C	"A: fd0 = open(file0);\nB: fd0 = open(file0);\nA: thread(C);\n"
#define A_LOCKS		"A: posix_lock(fd0, EXCLUSIVE, 0, 1);\n"
#define B_LOCKS		"B: posix_lock(fd0, EXCLUSIVE, 0, 1);\n"
#define B_RELEASES	"B: posix_unlock(fd0, 0, 1);\n"
#define C_CLOSES	"C: close(fd0);\n"

static const enum model_level levels[] = { MODEL_PROMISE, MODEL_PRACTICE };

TEST_F(threads, are_one_owner_of_posix_locks)
{
	struct sets *sets = &self->sets;

	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(NULL, run_steps(sets, levels[i], 2, A_WITH_C A_LOCKS
					  "C: posix_try(fd0, SHARED, 0, 1);\n"));
		EXPECT_TRUE(all_say(sets, 'C', 0));
		ASSERT_EQ(NULL, run_steps(sets, levels[i], 2, A_WITH_C A_LOCKS
					  "C: posix_unlock(fd0, 0, 1);\n"));
		EXPECT_EQ(0, locked(sets));
		/* A child of a thread is another owner. */
		ASSERT_EQ(NULL, run_steps(sets, levels[i], 2, A_WITH_C A_LOCKS
					  "C: fork(D);\nD: posix_try(fd0, SHARED, 0, 1);\n"));
		EXPECT_TRUE(all_say(sets, 'D', -EAGAIN));
	}
}

TEST_F(threads, an_exit_ends_nothing_unless_it_is_the_last)
{
	static const char one[] = A_WITH_C A_LOCKS "A: ofd_lock(fd0, EXCLUSIVE, 1, 1);\n"
		"A: exit();\n";
	static const char both[] = A_WITH_C A_LOCKS "A: ofd_lock(fd0, EXCLUSIVE, 1, 1);\n"
		"A: exit();\nC: exit();\n";

	ASSERT_EQ(NULL, run_steps(&self->sets, MODEL_PROMISE, 2, one));
	EXPECT_EQ(3, locked(&self->sets));
	ASSERT_EQ(NULL, run_steps(&self->sets, MODEL_PROMISE, 2, both));
	EXPECT_EQ(0, locked(&self->sets));
}

/* The number of an actor stays in use until its table is gone. */
TEST_F(threads, a_table_keeps_its_number)
{
	struct sets *sets = &self->sets;

	EXPECT_NE(NULL, run_steps(sets, MODEL_PROMISE, 2, A_WITH_C "A: exit();\nC: fork(A);\n"));
	EXPECT_NE(NULL, run_steps(sets, MODEL_PROMISE, 2, A_WITH_C "A: exit();\nC: thread(A);\n"));
	EXPECT_EQ(NULL, run_steps(sets, MODEL_PROMISE, 2, A_WITH_C "C: exit();\nA: fork(C);\n"));
	EXPECT_EQ(NULL, run_steps(sets, MODEL_PROMISE, 2, A_WITH_C "A: exit();\nC: exit();\n"
				  "B: thread(A);\n"));
}

/* ---- one waits, and another acts ---- */

TEST_F(threads, a_release_takes_what_the_owner_has_and_ends_no_wait)
{
	static const char released[] = A_WITH_C "A: posix_lock(fd0, SHARED, 0, 1);\n"
		"B: posix_lock(fd0, SHARED, 0, 1);\nA: posix_lock(fd0, EXCLUSIVE, 0, 1);\n"
		"C: posix_unlock(fd0, 0, 1);\n";
	char granted[sizeof(released) + 32];
	struct sets *sets = &self->sets;

	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(NULL, run_steps(sets, levels[i], 2, released));
		ASSERT_EQ(1, sets->now.count);
		EXPECT_EQ(REQUEST_ASLEEP, sets->now.state[0].request[0].status);
		EXPECT_EQ(0, sets->now.state[0].posix[0][0].shared);
		snprintf(granted, sizeof(granted), "%s%s", released, B_RELEASES);
		ASSERT_EQ(NULL, run_steps(sets, levels[i], 2, granted));
		EXPECT_TRUE(all_say(sets, 'A', 0));
		EXPECT_EQ(1, sets->now.state[0].posix[0][0].exclusive);
	}
}

TEST_F(threads, two_that_wait_are_both_granted)
{
	ASSERT_EQ(NULL, run_steps(&self->sets, MODEL_PRACTICE, 2, A_WITH_C B_LOCKS A_LOCKS
				  "C: posix_lock(fd0, EXCLUSIVE, 0, 1);\n" B_RELEASES));
	EXPECT_TRUE(all_say(&self->sets, 'A', 0));
	EXPECT_TRUE(all_say(&self->sets, 'C', 0));
}

/* ---- one waits, and another closes its descriptor ---- */

TEST_F(threads, a_posix_request_waits_on_and_is_ebadf)
{
	struct sets *sets = &self->sets;

	ASSERT_EQ(NULL, run_steps(sets, MODEL_PRACTICE, 2, A_WITH_C B_LOCKS A_LOCKS C_CLOSES));
	EXPECT_TRUE(all_say(sets, 'A', SLEEPS));
	ASSERT_EQ(NULL, run_steps(sets, MODEL_PRACTICE, 2, A_WITH_C B_LOCKS A_LOCKS C_CLOSES
				  B_RELEASES));
	EXPECT_TRUE(all_say(sets, 'A', -EBADF));
	EXPECT_EQ(0, locked(sets));
	/* By the documentation it may also end at once, or be granted and lose the lock. */
	ASSERT_EQ(NULL, run_steps(sets, MODEL_PROMISE, 2, A_WITH_C B_LOCKS A_LOCKS C_CLOSES));
	EXPECT_EQ(1, states_where(sets, 'A', SLEEPS));
	EXPECT_EQ(1, states_where(sets, 'A', -EBADF));
	ASSERT_EQ(NULL, run_steps(sets, MODEL_PROMISE, 2, A_WITH_C B_LOCKS A_LOCKS C_CLOSES
				  B_RELEASES));
	EXPECT_LE(1, states_where(sets, 'A', -EBADF));
	EXPECT_EQ(1, states_where(sets, 'A', 0));
	EXPECT_EQ(0, locked(sets));
}

TEST_F(threads, ebadf_takes_the_other_locks_of_the_owner_along)
{
	struct sets *sets = &self->sets;

	ASSERT_EQ(NULL, run_steps(sets, MODEL_PRACTICE, 2, A_WITH_C B_LOCKS A_LOCKS
				  "C: fd1 = open(file0);\n" C_CLOSES
				  "C: posix_lock(fd1, EXCLUSIVE, 2, 1);\n" B_RELEASES));
	EXPECT_TRUE(all_say(sets, 'A', -EBADF));
	EXPECT_EQ(0, locked(sets));
}

/* What counts is the description that the number refers to when the lock is granted. */
TEST_F(threads, another_descriptor_of_the_number_will_do_if_it_is_a_duplicate)
{
	struct sets *sets = &self->sets;

	ASSERT_EQ(NULL, run_steps(sets, MODEL_PRACTICE, 2, A_WITH_C "A: fd1 = dup(fd0);\n" B_LOCKS
				  A_LOCKS C_CLOSES "C: fd0 = dup(fd1);\n" B_RELEASES));
	EXPECT_TRUE(all_say(sets, 'A', 0));
	EXPECT_EQ(1, locked(sets));
	ASSERT_EQ(NULL, run_steps(sets, MODEL_PRACTICE, 2, A_WITH_C B_LOCKS A_LOCKS C_CLOSES
				  "C: fd0 = open(file0);\n" B_RELEASES));
	EXPECT_TRUE(all_say(sets, 'A', -EBADF));
	EXPECT_EQ(0, locked(sets));
	ASSERT_EQ(NULL, run_steps(sets, MODEL_PRACTICE, 2, A_WITH_C "C: fd1 = open(file0);\n"
				  B_LOCKS A_LOCKS "C: fd0 = dup(fd1);\n" B_RELEASES));
	EXPECT_TRUE(all_say(sets, 'A', -EBADF));
	EXPECT_EQ(0, locked(sets));
}

/* The call keeps the description open until it returns, and its locks as long. */
TEST_F(threads, other_locks_go_when_the_call_returns)
{
	static const char * const granted[] = {
		A_WITH_C B_LOCKS "A: ofd_lock(fd0, EXCLUSIVE, 0, 1);\n" C_CLOSES B_RELEASES,
		A_WITH_C "B: flock_lock(fd0, EXCLUSIVE);\nA: flock_lock(fd0, EXCLUSIVE);\n"
			C_CLOSES "B: flock_unlock(fd0);\n",
	};
	static const char kept[] = A_WITH_C "A: ofd_lock(fd0, EXCLUSIVE, 2, 1);\n" B_LOCKS A_LOCKS
		C_CLOSES;
	struct sets *sets = &self->sets;

	for (int i = 0; i < 2; i++) {
		for (int j = 0; j < 2; j++) {
			ASSERT_EQ(NULL, run_steps(sets, levels[i], 2, granted[j]));
			EXPECT_TRUE(all_say(sets, 'A', 0));
			EXPECT_EQ(0, locked(sets));
		}
	}
	ASSERT_EQ(NULL, run_steps(sets, MODEL_PRACTICE, 2, kept));
	EXPECT_EQ(5, locked(sets));
	ASSERT_EQ(NULL, run_steps(sets, MODEL_PRACTICE, 2, A_WITH_C
				  "A: ofd_lock(fd0, EXCLUSIVE, 2, 1);\n" B_LOCKS A_LOCKS C_CLOSES
				  "A: interrupted();\n"));
	EXPECT_TRUE(all_say(sets, 'A', -EINTR));
	EXPECT_EQ(1, locked(sets));
}

/* ---- EDEADLK ---- */

#define B_HAS_0_AND_1	B_LOCKS "B: posix_lock(fd0, EXCLUSIVE, 1, 1);\n"
#define A_HAS_4		"A: posix_lock(fd0, EXCLUSIVE, 4, 1);\n"

/* One of the requests of an owner is followed; which is not specified. */
TEST_F(threads, a_cycle_is_seen_if_every_wait_of_the_owner_closes_it)
{
	static const char both[] = A_WITH_C B_HAS_0_AND_1 A_HAS_4
		"A: posix_lock(fd0, EXCLUSIVE, 0, 1);\nC: posix_lock(fd0, EXCLUSIVE, 1, 1);\n"
		"B: posix_lock(fd0, EXCLUSIVE, 4, 1);\n";
	static const char one_of_two[] =
		A_WITH_C B_LOCKS A_HAS_4 "A: fork(D);\nD: posix_lock(fd0, EXCLUSIVE, 1, 1);\n"
		"A: posix_lock(fd0, EXCLUSIVE, 0, 1);\nC: posix_lock(fd0, EXCLUSIVE, 1, 1);\n"
		"B: posix_lock(fd0, EXCLUSIVE, 4, 1);\n";
	struct sets *sets = &self->sets;

	ASSERT_EQ(NULL, run_steps(sets, MODEL_PRACTICE, 2, both));
	EXPECT_TRUE(all_say(sets, 'B', -EDEADLK));
	ASSERT_EQ(NULL, run_steps(sets, MODEL_PRACTICE, 2, one_of_two));
	EXPECT_EQ(1, states_where(sets, 'B', -EDEADLK));
	EXPECT_EQ(1, states_where(sets, 'B', SLEEPS));
}

/* A cycle is seen although the owner's other thread can end it. */
TEST_F(threads, a_wait_of_another_thread_closes_a_cycle)
{
	ASSERT_EQ(NULL, run_steps(&self->sets, MODEL_PRACTICE, 2, A_WITH_C B_LOCKS A_HAS_4
				  "B: posix_lock(fd0, EXCLUSIVE, 4, 1);\n"
				  "C: posix_lock(fd0, EXCLUSIVE, 0, 1);\n"));
	EXPECT_TRUE(all_say(&self->sets, 'C', -EDEADLK));
}

/*
 * Found by a random scenario: A and E are threads of one process, B and C of another. When D
 * releases byte 3, A tries again while B stands behind E, which has not tried yet: B seems to wait
 * for A's process. fcntl(2) says that this may happen.
 */
TEST_F(threads, a_false_cycle_is_allowed_where_threads_share)
{
	static const char lines[] = A_WITH_C "C: exit();\nB: thread(C);\nA: fork(D);\n"
		"B: posix_try(fd0, EXCLUSIVE, 1, 1);\nA: thread(E);\n"
		"E: posix_lock(fd0, EXCLUSIVE, 1, 4);\nD: posix_try(fd0, EXCLUSIVE, 3, 2);\n"
		"C: posix_unlock(fd0, 1, 1);\nB: posix_lock(fd0, EXCLUSIVE, 4, 1);\n"
		"A: posix_lock(fd0, EXCLUSIVE, 2, 2);\nC: posix_try(fd0, EXCLUSIVE, 2, 1);\n"
		"D: posix_unlock(fd0, 3, 1);\n";
	struct sets *sets = &self->sets;

	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(NULL, run_steps(sets, levels[i], 2, lines));
		EXPECT_LE(1, states_where(sets, 'A', -EDEADLK));
		EXPECT_LE(1, states_where(sets, 'A', SLEEPS));
	}
}

TEST_HARNESS_MAIN
