// SPDX-License-Identifier: GPL-2.0
/* The specification does what its rules say; scenarios are written, read, generated, shortened. */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>

#include "kselftest_harness.h"

#include "model/generate.h"
#include "model/shrink.h"
#include "model/visible.h"
#include "run_steps.h"
#include "through_a_file.h"

#define STEPS	30

static struct scenario scenario, other;

/* ---- scenarios as text ---- */

TEST(what_is_listed_can_be_read_again)
{
	for (int kind = 0; kind <= SCENARIO_MIXED; kind++) {
		for (int seed = 1; seed <= 20; seed++) {
			ASSERT_EQ(0, generate_scenario(&scenario, seed, kind, STEPS));
			ASSERT_EQ(0, through_a_file(&scenario, &other));
			other.seed = seed;
			ASSERT_EQ(scenario.count, other.count);
			for (int i = 0; i < scenario.count; i++)
				ASSERT_EQ(0, memcmp(&scenario.step[i], &other.step[i],
						    sizeof(*scenario.step)));
			ASSERT_EQ(0, memcmp(scenario.cell, other.cell, sizeof(scenario.cell)));
			ASSERT_EQ(scenario.actors, other.actors);
			ASSERT_EQ(scenario.kind, other.kind);
			ASSERT_EQ(scenario.processes, other.processes);
		}
	}
}

TEST(what_is_no_step_is_not_read)
{
	static const char * const lines[] = {
		"A: fd4 = open(file0);", "A: fd0 = open(file3);", "G: exit();", "A: fork(G);",
		"A: thread(G);", "A: thread(B)", "A: thread();",
		"A: posix_lock(fd0, EXCLUSIVE, 0, 7);", "A: posix_lock(fd0, SOMEHOW, 0, 1);",
		"A: posix_lock(fd0, EXCLUSIVE, 3, 1)", "A: mixed_lock(fd0, EXCLUSIVE, 0, 1);",
		"A: flock_lock(fd0, EXCLUSIVE, 0, 1);", "A: posix_frob(fd0, EXCLUSIVE, 0, 1);",
		"A close(fd0);", "A: close(fd0)",
	};
	struct model_step step;

	ASSERT_EQ(0, generate_scenario(&scenario, 1, KIND_POSIX, 1));
	for (int i = 0; i < MODEL_CELLS; i++)
		scenario.cell[i] = i;
	EXPECT_TRUE(trace_parse_line(&scenario, "A: posix_lock(fd0, EXCLUSIVE, 3, 1);", &step));
	for (unsigned int i = 0; i < ARRAY_SIZE(lines); i++) {
		EXPECT_FALSE(trace_parse_line(&scenario, lines[i], &step)) {
			TH_LOG("%s", lines[i]);
		}
	}
}

TEST(a_seed_is_a_scenario)
{
	for (int kind = 0; kind <= SCENARIO_MIXED; kind++) {
		ASSERT_EQ(0, generate_scenario(&scenario, 7, kind, STEPS));
		ASSERT_EQ(0, generate_scenario(&other, 7, kind, STEPS));
		EXPECT_EQ(0, memcmp(&scenario, &other, sizeof(scenario)));
		ASSERT_EQ(0, generate_scenario(&other, 8, kind, STEPS));
		EXPECT_NE(0, memcmp(scenario.step, other.step, sizeof(scenario.step)));
	}
}

/* Threads are in every kind of scenario, and not in all. */
TEST(some_scenarios_have_threads)
{
	for (int kind = 0; kind <= SCENARIO_MIXED; kind++) {
		int with = 0;

		for (int seed = 1; seed <= 100; seed++) {
			bool any = false;

			ASSERT_EQ(0, generate_scenario(&scenario, seed, kind, STEPS));
			for (int i = 0; i < scenario.count; i++)
				any |= scenario.step[i].what == STEP_THREAD;
			with += any;
		}
		if (scenario_is_control(&scenario)) {
			EXPECT_EQ(0, with);
			continue;
		}
		EXPECT_LT(15, with);
		EXPECT_GT(50, with);
	}
}

static bool has_three_exits(const struct scenario *smaller, void *arg)
{
	int exits = 0;

	(void)arg;
	for (int i = 0; i < smaller->count; i++)
		exits += smaller->step[i].what == STEP_EXIT;
	return exits >= 3;
}

static bool has_a_thread_of_a_thread(const struct scenario *smaller, void *arg)
{
	int thread = -1;

	(void)arg;
	for (int i = 0; i < smaller->count; i++) {
		const struct model_step *step = &smaller->step[i];

		if (step->what != STEP_THREAD)
			continue;
		if (step->actor == thread)
			return true;
		thread = step->other;
	}
	return false;
}

TEST(threads_are_renamed_as_well)
{
	char line[TRACE_LINE];

	scenario.count = 0;
	for (int seed = 1; !has_a_thread_of_a_thread(&scenario, NULL); seed++)
		ASSERT_EQ(0, generate_scenario(&scenario, seed, KIND_OFD, 400));
	shrink_scenario(&scenario, has_a_thread_of_a_thread, NULL, 5000);
	ASSERT_EQ(2, scenario.count);
	trace_line(&scenario, &scenario.step[0], line);
	EXPECT_STREQ("A: thread(B);", line);
	trace_line(&scenario, &scenario.step[1], line);
	EXPECT_STREQ("B: thread(C);", line);
}

TEST(nothing_is_left_but_what_is_needed)
{
	scenario.count = 0;
	for (int seed = 1; !has_three_exits(&scenario, NULL); seed++)
		ASSERT_EQ(0, generate_scenario(&scenario, seed, KIND_POSIX, 400));
	shrink_scenario(&scenario, has_three_exits, NULL, 5000);
	EXPECT_EQ(3, scenario.count);
}

/* ---- the model ---- */

FIXTURE(model) {
	struct sets sets;
};

FIXTURE_SETUP(model)
{
	ASSERT_EQ(0, sets_open(&self->sets));
}

FIXTURE_TEARDOWN(model)
{
	sets_close(&self->sets);
}

static enum model_status status(struct sets *sets, int state, char actor)
{
	return sets->now.state[state].request[actor - 'A'].status;
}

static int result_of(struct sets *sets, int state, char actor)
{
	return sets->now.state[state].request[actor - 'A'].result;
}

TEST_F(model, the_first_writer_is_next_in_practice_and_either_by_the_documentation)
{
	static const char lines[] = OPEN3
		"A: flock_lock(fd0, EXCLUSIVE);\nB: flock_lock(fd0, EXCLUSIVE);\n"
		"C: flock_lock(fd0, EXCLUSIVE);\nA: flock_unlock(fd0);\n";

	ASSERT_EQ(NULL, run_steps(&self->sets, MODEL_PRACTICE, 3, lines));
	ASSERT_EQ(1, self->sets.now.count);
	EXPECT_EQ(REQUEST_DONE, status(&self->sets, 0, 'B'));
	EXPECT_EQ(REQUEST_ASLEEP, status(&self->sets, 0, 'C'));
	ASSERT_EQ(NULL, run_steps(&self->sets, MODEL_FOLKLORE, 3, lines));
	EXPECT_EQ(1, self->sets.now.count);
	ASSERT_EQ(NULL, run_steps(&self->sets, MODEL_PROMISE, 3, lines));
	EXPECT_EQ(2, self->sets.now.count);
}

TEST_F(model, a_cycle_of_posix_locks_is_a_deadlock)
{
	static const char lines[] = OPEN3
		"A: posix_lock(fd0, EXCLUSIVE, 0, 1);\nB: posix_lock(fd0, EXCLUSIVE, 1, 1);\n"
		"B: posix_lock(fd0, EXCLUSIVE, 0, 1);\nA: posix_lock(fd0, EXCLUSIVE, 1, 1);\n";

	ASSERT_EQ(NULL, run_steps(&self->sets, MODEL_PRACTICE, 3, lines));
	ASSERT_EQ(1, self->sets.now.count);
	EXPECT_EQ(-EDEADLK, result_of(&self->sets, 0, 'A'));
	/* It may go unseen. */
	ASSERT_EQ(NULL, run_steps(&self->sets, MODEL_PROMISE, 3, lines));
	EXPECT_EQ(2, self->sets.now.count);
}

TEST_F(model, a_deadlock_behind_an_ofd_waiter_may_be_seen_or_not)
{
	static const char lines[] = OPEN3
		"A: posix_lock(fd0, EXCLUSIVE, 0, 1);\nC: ofd_lock(fd0, EXCLUSIVE, 0, 1);\n"
		"B: posix_lock(fd0, EXCLUSIVE, 1, 1);\nB: posix_lock(fd0, EXCLUSIVE, 0, 1);\n"
		"A: posix_lock(fd0, EXCLUSIVE, 1, 1);\n";

	ASSERT_EQ(NULL, run_steps(&self->sets, MODEL_PRACTICE, 3, lines));
	EXPECT_EQ(2, self->sets.now.count);
}

TEST_F(model, ofd_locks_know_no_deadlock)
{
	static const char lines[] = OPEN3
		"A: ofd_lock(fd0, SHARED, 0, 1);\nB: ofd_lock(fd0, SHARED, 0, 1);\n"
		"A: ofd_lock(fd0, EXCLUSIVE, 0, 1);\nB: ofd_lock(fd0, EXCLUSIVE, 0, 1);\n";

	for (int level = MODEL_PROMISE; level <= MODEL_PRACTICE; level++) {
		ASSERT_EQ(NULL, run_steps(&self->sets, level, 3, lines));
		ASSERT_EQ(1, self->sets.now.count);
		EXPECT_EQ(REQUEST_ASLEEP, status(&self->sets, 0, 'A'));
		EXPECT_EQ(REQUEST_ASLEEP, status(&self->sets, 0, 'B'));
	}
}

TEST_F(model, an_flock_conversion_that_is_refused_has_dropped_the_lock)
{
	static const char lines[] = OPEN3
		"A: flock_lock(fd0, SHARED);\nB: flock_lock(fd0, SHARED);\n"
		"A: flock_try(fd0, EXCLUSIVE);\nB: flock_try(fd0, EXCLUSIVE);\n";

	ASSERT_EQ(NULL, run_steps(&self->sets, MODEL_PRACTICE, 3, lines));
	ASSERT_EQ(1, self->sets.now.count);
	EXPECT_EQ(0, result_of(&self->sets, 0, 'B'));
	ASSERT_EQ(NULL, run_steps(&self->sets, MODEL_PROMISE, 3, lines));
	EXPECT_LT(1, self->sets.now.count);
}

TEST_F(model, a_close_loses_posix_locks_and_the_last_one_ofd_locks)
{
	static const char posix[] = OPEN3
		"A: fd1 = dup(fd0);\nA: posix_lock(fd0, EXCLUSIVE, 0, 1);\n"
		"A: ofd_lock(fd0, EXCLUSIVE, 1, 1);\nA: close(fd1);\n"
		"B: posix_try(fd0, EXCLUSIVE, 0, 1);\n";
	static const char first_of_two[] = OPEN3
		"A: fd1 = dup(fd0);\nA: ofd_lock(fd0, EXCLUSIVE, 1, 1);\nA: close(fd1);\n"
		"B: posix_try(fd0, EXCLUSIVE, 1, 1);\n";
	static const char last[] = OPEN3
		"A: ofd_lock(fd0, EXCLUSIVE, 1, 1);\nA: close(fd0);\n"
		"B: posix_try(fd0, EXCLUSIVE, 1, 1);\n";

	ASSERT_EQ(NULL, run_steps(&self->sets, MODEL_PROMISE, 3, posix));
	EXPECT_EQ(0, result_of(&self->sets, 0, 'B'));
	ASSERT_EQ(NULL, run_steps(&self->sets, MODEL_PROMISE, 3, first_of_two));
	EXPECT_EQ(-EAGAIN, result_of(&self->sets, 0, 'B'));
	ASSERT_EQ(NULL, run_steps(&self->sets, MODEL_PROMISE, 3, last));
	EXPECT_EQ(0, result_of(&self->sets, 0, 'B'));
}

TEST_F(model, a_child_shares_descriptions_and_not_posix_locks)
{
	static const char ofd[] =
		"A: fd0 = open(file0);\nA: posix_lock(fd0, EXCLUSIVE, 0, 1);\n"
		"A: ofd_lock(fd0, EXCLUSIVE, 1, 1);\nA: fork(B);\n"
		"B: ofd_try(fd0, SHARED, 1, 1);\n";
	static const char posix[] =
		"A: fd0 = open(file0);\nA: posix_lock(fd0, EXCLUSIVE, 0, 1);\nA: fork(B);\n"
		"B: posix_try(fd0, SHARED, 0, 1);\n";

	ASSERT_EQ(NULL, run_steps(&self->sets, MODEL_PROMISE, 1, ofd));
	EXPECT_EQ(0, result_of(&self->sets, 0, 'B'));
	ASSERT_EQ(NULL, run_steps(&self->sets, MODEL_PROMISE, 1, posix));
	EXPECT_EQ(-EAGAIN, result_of(&self->sets, 0, 'B'));
}

/* Whatever is practised is allowed; states of rest and of rest alone count. */
TEST_F(model, practice_is_within_the_documentation)
{
	for (int seed = 1; seed <= 300; seed++) {
		struct model_set *promised = &self->sets.next;
		struct model_state state;

		ASSERT_EQ(0, generate_scenario(&scenario, seed, SCENARIO_MIXED, STEPS));
		model_begin(&state, scenario.actors);
		for (int i = 0; i < scenario.count; i++) {
			struct model_call call[MODEL_ACTORS];
			bool allowed = false;

			if (!model_applies(&state, &scenario.step[i]))
				continue;
			model_set_clear(&self->sets.now);
			model_set_clear(promised);
			model_step(model_rules(MODEL_PRACTICE), &state, &scenario.step[i],
				   &self->sets.now, &self->sets.scratch);
			model_step(model_rules(MODEL_PROMISE), &state, &scenario.step[i], promised,
				   &self->sets.scratch);
			state = self->sets.now.state[seed % self->sets.now.count];
			for (int j = 0; j < MODEL_ACTORS; j++) {
				call[j].status = state.request[j].status;
				call[j].result = state.request[j].result;
			}
			for (int j = 0; j < promised->count; j++)
				allowed |= model_allows_calls(model_rules(MODEL_PROMISE),
							      &promised->state[j], call);
			ASSERT_TRUE(allowed) {
				TH_LOG("seed %d, step %d", seed, i);
			}
		}
	}
}

TEST_HARNESS_MAIN
