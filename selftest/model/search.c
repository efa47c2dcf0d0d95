// SPDX-License-Identifier: GPL-2.0
/* The search finds what a strict order breaks, and nothing else; and shortens it. */
#define _GNU_SOURCE
#include <string.h>

#include "kselftest_harness.h"

#include "model/generate.h"
#include "model/search.h"
#include "run_steps.h"

/* A reader asks for a second range while a writer waits for both. */
#define SECOND_RANGE							\
	"A: ofd_lock(fd0, SHARED, 0, 1);\nB: ofd_lock(fd0, EXCLUSIVE, 0, 2);\n"	\
	"A: ofd_lock(fd0, SHARED, 1, 1);\n"

/* Two that lock in different orders. */
#define CROSSED								\
	"A: posix_lock(fd0, EXCLUSIVE, 0, 1);\nB: posix_lock(fd0, EXCLUSIVE, 1, 1);\n"	\
	"A: posix_lock(fd0, EXCLUSIVE, 1, 1);\nB: posix_lock(fd0, EXCLUSIVE, 0, 1);\n"

FIXTURE(search) {
	struct search *search;
	struct scenario scenario;
};

FIXTURE_SETUP(search)
{
	self->search = search_new();
	ASSERT_NE(NULL, self->search);
}

FIXTURE_TEARDOWN(search)
{
	search_free(self->search);
}

/* Three actors make these steps. */
static bool script(struct scenario *scenario, const char *lines)
{
	*scenario = (struct scenario){ .kind = SCENARIO_MIXED, .actors = 3,
		.cell = { 0, 1, 2, 3, 4, 5 } };
	for (const char *line = lines; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		if (!trace_parse_line(scenario, line, &scenario->step[scenario->count++]))
			return false;
	}
	return true;
}

/* The steps as @lines. */
static bool is_now(const struct scenario *scenario, const char *lines)
{
	struct scenario other;

	return script(&other, lines) && other.count == scenario->count &&
	       !memcmp(other.step, scenario->step, other.count * sizeof(*other.step));
}

TEST_F(search, a_planted_deadlock_is_found_and_shortened)
{
	static const char planted[] = OPEN3
		"C: ofd_lock(fd0, EXCLUSIVE, 0, 0);\nC: fd2 = open(file1);\n"
		"A: ofd_query(fd0, SHARED, 0, 1);\nC: ofd_unlock(fd0, 0, 0);\n"
		"B: ofd_lock(fd0, SHARED, 3, 2);\nC: posix_lock(fd2, SHARED, 0, 1);\n"
		"A: ofd_lock(fd0, EXCLUSIVE, 2, 1);\nA: ofd_try(fd0, SHARED, 2, 1);\n"
		"C: ofd_lock(fd0, EXCLUSIVE, 1, 2);\nC: interrupted();\n"
		"C: ofd_lock(fd0, EXCLUSIVE, 1, 2);\nB: ofd_lock(fd0, SHARED, 4, 1);\n"
		"A: ofd_lock(fd0, SHARED, 1, 1);\nA: ofd_unlock(fd0, 0, 0);\n";
	static const char shortened[] =
		"A: fd0 = open(file0);\nB: fd0 = open(file0);\n"
		"A: ofd_try(fd0, SHARED, 0, 1);\nB: ofd_lock(fd0, EXCLUSIVE, 0, 2);\n"
		"A: ofd_lock(fd0, SHARED, 1, 1);\n";

	ASSERT_TRUE(script(&self->scenario, planted));
	ASSERT_TRUE(search_shorten(self->search, &self->scenario));
	EXPECT_TRUE(is_now(&self->scenario, shortened));
	EXPECT_EQ(2, self->scenario.actors);
	search_append_exits(self->search, &self->scenario);
	EXPECT_EQ(7, self->scenario.count);
	EXPECT_EQ(ENDS_WELL, ending_of(&self->search->endings, MODEL_PRACTICE, &self->scenario));
	EXPECT_EQ(ENDS_BADLY, ending_of(&self->search->endings, MODEL_FOLKLORE, &self->scenario));
}

/* posix is refused, and ofd sleeps for ever: both are a bad end. */
TEST_F(search, a_refusal_is_a_bad_end_as_a_sleep_is)
{
	struct endings *endings = &self->search->endings;

	ASSERT_TRUE(script(&self->scenario, OPEN3 SECOND_RANGE));
	EXPECT_TRUE(search_shows(self->search, &self->scenario));
	for (int i = 3; i < self->scenario.count; i++)
		self->scenario.step[i].kind = KIND_POSIX;
	EXPECT_TRUE(search_shows(self->search, &self->scenario));
	/* Without the writer in between all is well. */
	self->scenario.step[4] = self->scenario.step[5];
	self->scenario.count--;
	EXPECT_EQ(ENDS_WELL, ending_of(endings, MODEL_FOLKLORE, &self->scenario));
}

TEST_F(search, a_deadlock_of_linux_too_is_none_that_a_strict_order_makes)
{
	struct endings *endings = &self->search->endings;

	ASSERT_TRUE(script(&self->scenario, OPEN3 CROSSED));
	EXPECT_EQ(ENDS_BADLY, ending_of(endings, MODEL_FOLKLORE, &self->scenario));
	EXPECT_EQ(ENDS_BADLY, ending_of(endings, MODEL_PRACTICE, &self->scenario));
	EXPECT_FALSE(search_shorten(self->search, &self->scenario));
	ASSERT_TRUE(script(&self->scenario, OPEN3 CROSSED));
	for (int i = 3; i < self->scenario.count; i++)
		self->scenario.step[i].kind = KIND_OFD;
	EXPECT_EQ(ENDS_BADLY, ending_of(endings, MODEL_PRACTICE, &self->scenario));
	EXPECT_FALSE(search_shows(self->search, &self->scenario));
}

/* A step that Linux cannot make does not end well, though nobody hangs. */
TEST_F(search, who_waits_makes_no_step)
{
	struct endings *endings = &self->search->endings;

	ASSERT_TRUE(script(&self->scenario, OPEN3
		"A: flock_lock(fd0, EXCLUSIVE);\nB: flock_lock(fd0, EXCLUSIVE);\n"
		"B: flock_unlock(fd0);\n"));
	EXPECT_EQ(ENDS_SOMEHOW, ending_of(endings, MODEL_PRACTICE, &self->scenario));
	ending_keep_made(endings, MODEL_PRACTICE, &self->scenario);
	EXPECT_EQ(5, self->scenario.count);
	EXPECT_EQ(ENDS_WELL, ending_of(endings, MODEL_PRACTICE, &self->scenario));
	/* No beginning of it ends in a deadlock, and no step comes to it. */
	EXPECT_FALSE(search_shorten(self->search, &self->scenario));
	EXPECT_EQ(5, self->scenario.count);
}

/* The same thing with other names, ranges and descriptors is one scenario. */
TEST_F(search, what_means_the_same_is_written_alike)
{
	static const char renamed[] =
		"C: fd3 = open(file2);\nB: fd1 = open(file2);\nB: ofd_try(fd1, SHARED, 4, 1);\n"
		"C: ofd_lock(fd3, EXCLUSIVE, 2, 3);\nB: ofd_lock(fd1, SHARED, 2, 1);\n";
	struct scenario *other = malloc(sizeof(*other));

	ASSERT_NE(NULL, other);
	ASSERT_TRUE(script(&self->scenario, OPEN3 SECOND_RANGE));
	ASSERT_TRUE(search_shorten(self->search, &self->scenario));
	ASSERT_TRUE(script(other, renamed));
	ASSERT_TRUE(search_shorten(self->search, other));
	EXPECT_EQ(self->scenario.count, other->count);
	EXPECT_EQ(0, memcmp(self->scenario.step, other->step,
			    other->count * sizeof(*other->step)));
	free(other);
}

/* lockf() has no shared locks. */
static bool can_be_made(const struct scenario *scenario)
{
	for (int i = 0; i < scenario->count; i++) {
		const struct model_step *step = &scenario->step[i];

		if (step->what == STEP_LOCK && step->mode == MODE_SHARED &&
		    !(lock_kind_traits(step->kind) & TRAIT_SHARED))
			return false;
	}
	return true;
}

/* As for doc/fair.md: each kind has some, and the shortest comes first. */
TEST_F(search, random_scenarios_of_each_kind_show_it)
{
	static const int kinds[] = { KIND_POSIX, KIND_OFD, KIND_FLOCK, KIND_LOCKF };

	for (unsigned int i = 0; i < ARRAY_SIZE(kinds); i++) {
		unsigned long long hits = 0;
		int shortest = 0;

		search_free(self->search);
		self->search = search_new();
		ASSERT_NE(NULL, self->search);
		for (int seed = 1; seed <= 200; seed++)
			ASSERT_EQ(0, search_seed(self->search, seed, kinds[i], 30));
		ASSERT_GT(self->search->count, 0);
		for (int j = 0; j < self->search->count; j++) {
			const struct found *found = &self->search->found[j];

			hits += found->hits;
			EXPECT_TRUE(search_shows(self->search, &found->scenario));
			EXPECT_TRUE(can_be_made(&found->scenario));
			EXPECT_LE(shortest, found->scenario.count);
			shortest = found->scenario.count;
		}
		EXPECT_EQ(self->search->hits, hits + self->search->others);
	}
}

/* This one comes to more states than there is room for. It ends before that step. */
TEST_F(search, a_random_scenario_ends_where_there_is_no_room_for_states)
{
	ASSERT_EQ(0, search_seed(self->search, 1795874961001129ull, KIND_OFD, 30));
	ASSERT_EQ(0, generate_scenario(&self->scenario, 1795874961001129ull, KIND_OFD, 30));
	EXPECT_GT(30, self->scenario.count);
}

TEST_HARNESS_MAIN
