// SPDX-License-Identifier: GPL-2.0
/* Each invariant of the model can be broken, and that is noticed. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "model/invariant.h"
#include "run_steps.h"

FIXTURE(invariant) {
	struct sets sets;
};

FIXTURE_SETUP(invariant)
{
	ASSERT_EQ(0, sets_open(&self->sets));
}

FIXTURE_TEARDOWN(invariant)
{
	sets_close(&self->sets);
}

/* A has byte 0, which B and C are waiting for to read; D has exited. */
static const char two_readers_wait[] = OPEN3
	"D: exit();\nA: posix_lock(fd0, EXCLUSIVE, 0, 1);\n"
	"B: posix_lock(fd0, SHARED, 0, 1);\nC: posix_lock(fd0, SHARED, 0, 1);\n";

static void two_own_a_byte(struct model_state *state)
{
	state->ofd[1].exclusive = 1;
}

static void a_reader_beside_a_writer(struct model_state *state)
{
	state->posix[0][1].shared = 1;
}

static void half_an_flock(struct model_state *state)
{
	state->flock[0].shared = 1;
}

static void a_lock_of_nobody(struct model_state *state)
{
	state->ofd[MODEL_DESCRIPTIONS - 1].shared = 1;
}

static void an_open_descriptor_of_the_dead(struct model_state *state)
{
	state->slot[3][0] = 0;
}

static void a_lock_of_the_dead(struct model_state *state)
{
	state->posix[1][3].shared = 1;
}

static void an_open_description_without_descriptor(struct model_state *state)
{
	state->file[MODEL_DESCRIPTIONS - 1] = 0;
}

static void a_descriptor_without_description(struct model_state *state)
{
	state->slot[0][1] = MODEL_DESCRIPTIONS - 1;
}

static void a_try_that_sleeps(struct model_state *state)
{
	state->request[1].wait = false;
}

static void a_request_about_another_file(struct model_state *state)
{
	state->request[1].file = 1;
}

static void behind_an_owner_of_nothing(struct model_state *state)
{
	state->request[1].behind = 2;
}

static void behind_the_second_byte(struct model_state *state)
{
	state->posix[0][0].exclusive = 3;
	state->request[1].cell = 1;
	state->request[1].cells = 2;
}

static void a_reader_behind_a_reader(struct model_state *state)
{
	state->request[1].behind = MODEL_WAITER + 2;
}

static void behind_nobody(struct model_state *state)
{
	state->request[1].behind = MODEL_NOBODY;
}

static void behind_each_other(struct model_state *state)
{
	state->request[1].mode = MODE_EXCLUSIVE;
	state->request[2].mode = MODE_EXCLUSIVE;
	state->request[1].behind = MODEL_WAITER + 2;
	state->request[2].behind = MODEL_WAITER + 1;
	state->request[2].place = 0;
}

static void the_same_place(struct model_state *state)
{
	state->request[2].place = state->request[1].place;
}

static void a_gap(struct model_state *state)
{
	state->request[2].place++;
}

static void nothing_in_the_way(struct model_state *state)
{
	state->posix[0][0].exclusive = 0;
}

static void something_left(struct model_state *state)
{
	state->request[0].status = REQUEST_DONE;
	state->request[0].cells = 1;
}

static void something_of_nothing(struct model_state *state)
{
	state->request[0] = (struct model_request){ .result = -EINTR };
}

static void awake(struct model_state *state)
{
	state->request[1].status = REQUEST_AWAKE;
}

static void a_file_to_be_forgotten(struct model_state *state)
{
	state->forgets = 1;
}

static void a_description_to_be_closed(struct model_state *state)
{
	state->closes = true;
}

static void a_lock_to_be_taken_back(struct model_state *state)
{
	state->takes_back[0] = 1;
}

static void a_table_of_the_dead(struct model_state *state)
{
	state->table[3] = 0;
}

static void a_thread_of_a_thread_that_is_none(struct model_state *state)
{
	state->table[1] = 0;
	state->table[2] = 1;
}

static void a_request_of_the_dead(struct model_state *state)
{
	state->request[3] = state->request[2];
	state->request[3].place++;
}

/* B has closed, and its thread waits on: the description is open for this call alone. */
static void a_waiter_without_a_descriptor(struct model_state *state)
{
	state->slot[1][0] = -1;
}

static const struct {
	enum model_level level;
	void (*damage)(struct model_state *state);
	const char *broken;
} damages[] = {
	{ MODEL_PROMISE, two_own_a_byte, "a byte is exclusive to two owners" },
	{ MODEL_PROMISE, a_reader_beside_a_writer, "a byte is exclusive to two owners" },
	{ MODEL_PROMISE, half_an_flock, "an flock() lock is not on the whole file" },
	{ MODEL_PROMISE, a_lock_of_nobody, "a description that is closed has locks" },
	{ MODEL_PROMISE, an_open_descriptor_of_the_dead,
	  "a table that nobody uses has a descriptor" },
	{ MODEL_PROMISE, a_lock_of_the_dead, "a table that nobody uses holds a lock" },
	{ MODEL_PROMISE, a_table_of_the_dead,
	  "an actor that has exited has a table of descriptors" },
	{ MODEL_PROMISE, a_thread_of_a_thread_that_is_none,
	  "a table has the number of an actor that uses another" },
	{ MODEL_PROMISE, a_request_of_the_dead, "an actor that has exited asks for a lock" },
	{ MODEL_PROMISE, an_open_description_without_descriptor,
	  "a description is open without a use, or is not open" },
	{ MODEL_PROMISE, a_descriptor_without_description,
	  "a description is open without a use, or is not open" },
	{ MODEL_PROMISE, a_try_that_sleeps, "a request that sleeps is not one that waits" },
	{ MODEL_PROMISE, a_request_about_another_file,
	  "a request that sleeps is about a file that is not open" },
	{ MODEL_PRACTICE, behind_an_owner_of_nothing,
	  "a waiter stands behind a lock that is not in its way" },
	{ MODEL_PRACTICE, behind_the_second_byte,
	  "a waiter stands behind the middle of a lock" },
	{ MODEL_PRACTICE, a_reader_behind_a_reader,
	  "a waiter stands behind nobody who is in its way" },
	{ MODEL_PRACTICE, behind_nobody, "a waiter stands behind nobody who is in its way" },
	{ MODEL_PRACTICE, behind_each_other, "waiters stand behind each other in a circle" },
	{ MODEL_PRACTICE, the_same_place, "the places of waiters are not 0, 1, 2, …" },
	{ MODEL_PRACTICE, a_gap, "the places of waiters are not 0, 1, 2, …" },
	{ MODEL_PROMISE, nothing_in_the_way, "a request sleeps with nothing in its way" },
	{ MODEL_FOLKLORE, nothing_in_the_way, "a request sleeps with nothing in its way" },
	{ MODEL_FOLKLORE, the_same_place, "two requests have the same number" },
	{ MODEL_PROMISE, something_left, "a request that has returned has left something" },
	{ MODEL_PROMISE, something_of_nothing, "a request that has returned has left something" },
	{ MODEL_PROMISE, awake, "not everybody is at rest" },
	{ MODEL_PROMISE, a_file_to_be_forgotten, "a close is under way" },
	{ MODEL_PROMISE, a_description_to_be_closed, "a close is under way" },
	{ MODEL_PROMISE, a_lock_to_be_taken_back, "a lock is still to be taken back" },
};

TEST_F(invariant, each_invariant_can_be_broken)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(damages); i++) {
		const struct model_rules *rules = model_rules(damages[i].level);
		struct model_state state;
		const char *broken;

		ASSERT_EQ(NULL, run_steps(&self->sets, damages[i].level, 4, two_readers_wait));
		ASSERT_EQ(1, self->sets.now.count);
		state = self->sets.now.state[0];
		ASSERT_EQ(NULL, invariant_broken(rules, &state));
		damages[i].damage(&state);
		broken = invariant_broken(rules, &state);
		ASSERT_NE(NULL, broken) {
			TH_LOG("not noticed: %s", damages[i].broken);
		}
		EXPECT_STREQ(damages[i].broken, broken);
	}
}

TEST_F(invariant, a_call_that_sleeps_keeps_its_description_open)
{
	struct model_state state;

	ASSERT_EQ(NULL, run_steps(&self->sets, MODEL_PRACTICE, 4, two_readers_wait));
	state = self->sets.now.state[0];
	a_waiter_without_a_descriptor(&state);
	EXPECT_EQ(NULL, invariant_broken(model_rules(MODEL_PRACTICE), &state));
}

/* A state that the rules cannot have led to ends the program. */
TEST_F(invariant, a_broken_one_ends_the_program)
{
	pid_t child;
	int status;

	ASSERT_EQ(NULL, run_steps(&self->sets, MODEL_PRACTICE, 4, two_readers_wait));
	the_same_place(&self->sets.now.state[0]);
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		/* Neither a message nor a core. */
		close(STDERR_FILENO);
		prctl(PR_SET_DUMPABLE, 0);
		invariant_check(model_rules(MODEL_PRACTICE), &self->sets.now.state[0]);
		_exit(0);
	}
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

TEST_HARNESS_MAIN
