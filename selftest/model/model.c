// SPDX-License-Identifier: GPL-2.0
/*
 * The model, the scenarios, and above all that the comparison bites: it is told wrong answers of
 * each sort, and each is caught at its level and made into a scenario of a few steps.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "model/play.h"

#define STEPS	30

static struct scenario scenario, other;
static struct play_result result;
static struct play game;
static struct play_census census;

/* ---- scenarios as text ---- */

static void write_line(const char *line, void *arg)
{
	fprintf(arg, "%s\n", line);
}

static int through_a_file(const struct scenario *from, struct scenario *to)
{
	FILE *file = tmpfile();
	int err;

	if (!file)
		return -errno;
	scenario_head(from, write_line, file);
	for (int i = 0; i < from->count; i++) {
		char line[SCENARIO_LINE];

		scenario_line(from, &from->step[i], line);
		fprintf(file, "# %s  /* a note */\n", line);
	}
	rewind(file);
	err = scenario_read(to, file);
	fclose(file);
	return err;
}

TEST(what_is_listed_can_be_read_again)
{
	for (int kind = 0; kind <= SCENARIO_MIXED; kind++) {
		for (int seed = 1; seed <= 20; seed++) {
			ASSERT_EQ(0, scenario_make(&scenario, seed, kind, STEPS));
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
		"A: posix_lock(fd0, EXCLUSIVE, 0, 7);", "A: posix_lock(fd0, SOMEHOW, 0, 1);",
		"A: posix_lock(fd0, EXCLUSIVE, 3, 1)", "A: mixed_lock(fd0, EXCLUSIVE, 0, 1);",
		"A: flock_lock(fd0, EXCLUSIVE, 0, 1);", "A: posix_frob(fd0, EXCLUSIVE, 0, 1);",
		"A close(fd0);", "A: close(fd0)",
	};
	struct model_step step;

	ASSERT_EQ(0, scenario_make(&scenario, 1, LOCK_POSIX, 1));
	for (int i = 0; i < MODEL_CELLS; i++)
		scenario.cell[i] = i;
	EXPECT_TRUE(scenario_parse_line(&scenario, "A: posix_lock(fd0, EXCLUSIVE, 3, 1);", &step));
	for (unsigned int i = 0; i < ARRAY_SIZE(lines); i++) {
		EXPECT_FALSE(scenario_parse_line(&scenario, lines[i], &step)) {
			TH_LOG("%s", lines[i]);
		}
	}
}

TEST(a_seed_is_a_scenario)
{
	for (int kind = 0; kind <= SCENARIO_MIXED; kind++) {
		ASSERT_EQ(0, scenario_make(&scenario, 7, kind, STEPS));
		ASSERT_EQ(0, scenario_make(&other, 7, kind, STEPS));
		EXPECT_EQ(0, memcmp(&scenario, &other, sizeof(scenario)));
		ASSERT_EQ(0, scenario_make(&other, 8, kind, STEPS));
		EXPECT_NE(0, memcmp(scenario.step, other.step, sizeof(scenario.step)));
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

TEST(nothing_is_left_but_what_is_needed)
{
	scenario.count = 0;
	for (int seed = 1; !has_three_exits(&scenario, NULL); seed++)
		ASSERT_EQ(0, scenario_make(&scenario, seed, LOCK_POSIX, 400));
	scenario_shrink(&scenario, has_three_exits, NULL, 5000);
	EXPECT_EQ(3, scenario.count);
}

/* ---- the model ---- */

struct sets {
	struct model_set now, next, scratch;
};

FIXTURE(model) {
	struct sets sets;
};

FIXTURE_SETUP(model)
{
	ASSERT_EQ(0, model_set_open(&self->sets.now, 4096));
	ASSERT_EQ(0, model_set_open(&self->sets.next, 4096));
	ASSERT_EQ(0, model_set_open(&self->sets.scratch, 4096));
}

FIXTURE_TEARDOWN(model)
{
	model_set_close(&self->sets.now);
	model_set_close(&self->sets.next);
	model_set_close(&self->sets.scratch);
}

/* What all of these steps, a line each, may lead to is in sets->now. */
static void model_plays(struct __test_metadata *_metadata, struct sets *sets,
			enum model_level level, int actors, const char *lines)
{
	struct scenario all = { .kind = SCENARIO_MIXED, .actors = actors,
		.cell = { 0, 1, 2, 3, 4, 5 } };
	struct model_state state;

	model_begin(&state, actors);
	model_set_clear(&sets->now);
	model_set_add(&sets->now, &state);
	for (const char *line = lines; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		struct model_set swap = sets->next;
		struct model_step step;

		ASSERT_TRUE(scenario_parse_line(&all, line, &step)) {
			TH_LOG("%s", line);
		}
		model_set_clear(&swap);
		for (int i = 0; i < sets->now.count; i++) {
			ASSERT_TRUE(model_applies(&sets->now.state[i], &step)) {
				TH_LOG("%s", line);
			}
			model_step(level, &sets->now.state[i], &step, &swap, &sets->scratch);
		}
		sets->next = sets->now;
		sets->now = swap;
	}
}

#define OPEN3	"A: fd0 = open(file0);\nB: fd0 = open(file0);\nC: fd0 = open(file0);\n"

static enum model_status status(struct sets *sets, int state, char actor)
{
	return sets->now.state[state].request[actor - 'A'].status;
}

static int result_of(struct sets *sets, int state, char actor)
{
	return sets->now.state[state].request[actor - 'A'].result;
}

#define PLAYS(level, lines)	model_plays(_metadata, &self->sets, level, 3, lines)

TEST_F(model, the_first_writer_is_next_in_practice_and_either_by_the_documentation)
{
	static const char lines[] = OPEN3
		"A: flock_lock(fd0, EXCLUSIVE);\nB: flock_lock(fd0, EXCLUSIVE);\n"
		"C: flock_lock(fd0, EXCLUSIVE);\nA: flock_unlock(fd0);\n";

	PLAYS(MODEL_PRACTICE, lines);
	ASSERT_EQ(1, self->sets.now.count);
	EXPECT_EQ(REQUEST_DONE, status(&self->sets, 0, 'B'));
	EXPECT_EQ(REQUEST_ASLEEP, status(&self->sets, 0, 'C'));
	PLAYS(MODEL_FOLKLORE, lines);
	EXPECT_EQ(1, self->sets.now.count);
	PLAYS(MODEL_PROMISE, lines);
	EXPECT_EQ(2, self->sets.now.count);
}

TEST_F(model, a_cycle_of_posix_locks_is_a_deadlock)
{
	static const char lines[] = OPEN3
		"A: posix_lock(fd0, EXCLUSIVE, 0, 1);\nB: posix_lock(fd0, EXCLUSIVE, 1, 1);\n"
		"B: posix_lock(fd0, EXCLUSIVE, 0, 1);\nA: posix_lock(fd0, EXCLUSIVE, 1, 1);\n";

	PLAYS(MODEL_PRACTICE, lines);
	ASSERT_EQ(1, self->sets.now.count);
	EXPECT_EQ(-EDEADLK, result_of(&self->sets, 0, 'A'));
	/* It may go unseen. */
	PLAYS(MODEL_PROMISE, lines);
	EXPECT_EQ(2, self->sets.now.count);
}

TEST_F(model, a_deadlock_behind_an_ofd_waiter_may_be_seen_or_not)
{
	PLAYS(MODEL_PRACTICE, OPEN3
	      "A: posix_lock(fd0, EXCLUSIVE, 0, 1);\nC: ofd_lock(fd0, EXCLUSIVE, 0, 1);\n"
	      "B: posix_lock(fd0, EXCLUSIVE, 1, 1);\nB: posix_lock(fd0, EXCLUSIVE, 0, 1);\n"
	      "A: posix_lock(fd0, EXCLUSIVE, 1, 1);\n");
	EXPECT_EQ(2, self->sets.now.count);
}

TEST_F(model, ofd_locks_know_no_deadlock)
{
	static const char lines[] = OPEN3
		"A: ofd_lock(fd0, SHARED, 0, 1);\nB: ofd_lock(fd0, SHARED, 0, 1);\n"
		"A: ofd_lock(fd0, EXCLUSIVE, 0, 1);\nB: ofd_lock(fd0, EXCLUSIVE, 0, 1);\n";

	for (int level = MODEL_PROMISE; level <= MODEL_PRACTICE; level++) {
		PLAYS(level, lines);
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

	PLAYS(MODEL_PRACTICE, lines);
	ASSERT_EQ(1, self->sets.now.count);
	EXPECT_EQ(0, result_of(&self->sets, 0, 'B'));
	PLAYS(MODEL_PROMISE, lines);
	EXPECT_LT(1, self->sets.now.count);
}

TEST_F(model, a_close_loses_posix_locks_and_the_last_one_ofd_locks)
{
	PLAYS(MODEL_PROMISE, OPEN3
	      "A: fd1 = dup(fd0);\nA: posix_lock(fd0, EXCLUSIVE, 0, 1);\n"
	      "A: ofd_lock(fd0, EXCLUSIVE, 1, 1);\nA: close(fd1);\n"
	      "B: posix_try(fd0, EXCLUSIVE, 0, 1);\n");
	EXPECT_EQ(0, result_of(&self->sets, 0, 'B'));
	PLAYS(MODEL_PROMISE, OPEN3
	      "A: fd1 = dup(fd0);\nA: ofd_lock(fd0, EXCLUSIVE, 1, 1);\nA: close(fd1);\n"
	      "B: posix_try(fd0, EXCLUSIVE, 1, 1);\n");
	EXPECT_EQ(-EAGAIN, result_of(&self->sets, 0, 'B'));
	PLAYS(MODEL_PROMISE, OPEN3
	      "A: ofd_lock(fd0, EXCLUSIVE, 1, 1);\nA: close(fd0);\n"
	      "B: posix_try(fd0, EXCLUSIVE, 1, 1);\n");
	EXPECT_EQ(0, result_of(&self->sets, 0, 'B'));
}

TEST_F(model, a_child_shares_descriptions_and_not_posix_locks)
{
	model_plays(_metadata, &self->sets, MODEL_PROMISE, 1,
		    "A: fd0 = open(file0);\nA: posix_lock(fd0, EXCLUSIVE, 0, 1);\n"
		    "A: ofd_lock(fd0, EXCLUSIVE, 1, 1);\nA: fork(B);\n"
		    "B: ofd_try(fd0, SHARED, 1, 1);\n");
	EXPECT_EQ(0, result_of(&self->sets, 0, 'B'));
	model_plays(_metadata, &self->sets, MODEL_PROMISE, 1,
		    "A: fd0 = open(file0);\nA: posix_lock(fd0, EXCLUSIVE, 0, 1);\nA: fork(B);\n"
		    "B: posix_try(fd0, SHARED, 0, 1);\n");
	EXPECT_EQ(-EAGAIN, result_of(&self->sets, 0, 'B'));
}

/* Whatever is practised is allowed; states of rest and of rest alone count. */
TEST_F(model, practice_is_within_the_documentation)
{
	for (int seed = 1; seed <= 300; seed++) {
		struct model_set *promised = &self->sets.next;
		struct model_state state;

		ASSERT_EQ(0, scenario_make(&scenario, seed, SCENARIO_MIXED, STEPS));
		model_begin(&state, scenario.actors);
		for (int i = 0; i < scenario.count; i++) {
			struct model_sight sight[MODEL_ACTORS];
			bool allowed = false;

			if (!model_applies(&state, &scenario.step[i]))
				continue;
			model_set_clear(&self->sets.now);
			model_set_clear(promised);
			model_step(MODEL_PRACTICE, &state, &scenario.step[i], &self->sets.now,
				   &self->sets.scratch);
			model_step(MODEL_PROMISE, &state, &scenario.step[i], promised,
				   &self->sets.scratch);
			state = self->sets.now.state[seed % self->sets.now.count];
			for (int j = 0; j < MODEL_ACTORS; j++) {
				sight[j].status = state.request[j].status;
				sight[j].result = state.request[j].result;
			}
			for (int j = 0; j < promised->count; j++)
				allowed |= model_allows_sight(MODEL_PROMISE, &promised->state[j],
							      sight);
			ASSERT_TRUE(allowed) {
				TH_LOG("seed %d, step %d", seed, i);
			}
		}
	}
}

/* ---- the comparison bites ---- */

/* One untruth; told once it is possible to tell it. */
enum untruth {
	LOST_LOCK, EXTRA_LOCK, RANGE_TOO_WIDE, RANGE_TOO_NARROW, WRONG_OWNER, WRONG_SORT,
	OWN_LOCK_IN_THE_WAY, EARLY_GRANT, LOST_WAKEUP, WRONG_WAITER, WRONG_ERRNO, OTHER_ERRNO,
	FALSE_DEADLOCK, LOST_LINE, EXTRA_LINE, WRONG_PLACE, FLOCK_FREE, FLOCK_TAKEN,
	UNTRUTHS
};

static const struct {
	const char *name;
	enum model_level level;
	int most;		/* steps in the shortened scenario */
	int kind;
	bool processes;
} untruths[UNTRUTHS] = {
	[LOST_LOCK] = { "lost lock", MODEL_PROMISE, 2, LOCK_POSIX, false },
	[EXTRA_LOCK] = { "extra lock", MODEL_PROMISE, 1, LOCK_POSIX, false },
	[RANGE_TOO_WIDE] = { "range too wide", MODEL_PROMISE, 2, LOCK_OFD, false },
	[RANGE_TOO_NARROW] = { "range too narrow", MODEL_PRACTICE, 2, LOCK_OFD, false },
	[WRONG_OWNER] = { "wrong owner", MODEL_PROMISE, 3, LOCK_POSIX, true },
	[WRONG_SORT] = { "wrong sort of owner", MODEL_PROMISE, 2, LOCK_POSIX, false },
	[OWN_LOCK_IN_THE_WAY] = { "own lock in the way", MODEL_PROMISE, 3, LOCK_POSIX, false },
	[EARLY_GRANT] = { "early grant", MODEL_PROMISE, 4, LOCK_POSIX, false },
	[LOST_WAKEUP] = { "lost wake-up", MODEL_PROMISE, 6, LOCK_FLOCK, false },
	[WRONG_WAITER] = { "wrong waiter", MODEL_PRACTICE, 8, LOCK_FLOCK, false },
	[WRONG_ERRNO] = { "wrong errno", MODEL_PROMISE, 4, LOCK_OFD, false },
	[OTHER_ERRNO] = { "other errno", MODEL_PRACTICE, 4, LOCK_POSIX, false },
	[FALSE_DEADLOCK] = { "false deadlock", MODEL_PROMISE, 4, LOCK_POSIX, false },
	[LOST_LINE] = { "lost line", MODEL_PRACTICE, 2, LOCK_POSIX, false },
	[EXTRA_LINE] = { "extra line", MODEL_PRACTICE, 2, LOCK_POSIX, false },
	[WRONG_PLACE] = { "wrong place", MODEL_PRACTICE, 6, LOCK_FLOCK, false },
	[FLOCK_FREE] = { "flock seems free", MODEL_PROMISE, 2, LOCK_FLOCK, false },
	[FLOCK_TAKEN] = { "flock seems taken", MODEL_PROMISE, 1, LOCK_FLOCK, false },
};

static struct model_answer *first_answer(struct play_seen *seen, bool locked)
{
	for (int i = 0; seen->used[0] && i < PLAYER_QUERIES; i++) {
		if (seen->answer[0][i].locked == locked)
			return &seen->answer[0][i];
	}
	return NULL;
}

static void about_locks(enum untruth untruth, struct play_seen *seen)
{
	struct model_answer *answer = first_answer(seen, untruth != EXTRA_LOCK);

	if (!answer)
		return;
	switch (untruth) {
	case LOST_LOCK:
		answer->locked = false;
		break;
	case EXTRA_LOCK:
		answer->locked = true;
		answer->actors = 1;
		answer->mode = MODE_EXCLUSIVE;
		break;
	case RANGE_TOO_WIDE:
		/* a file that is locked from end to end has no room for this one */
		answer->cells = answer->cells == MODEL_WHOLE ? 0 : MODEL_WHOLE;
		break;
	case RANGE_TOO_NARROW:
		answer = &seen->answer[0][MODEL_CELLS];
		if (answer->cells & (answer->cells - 1))
			answer->cells &= answer->cells - 1;
		break;
	case WRONG_OWNER:
		answer->actors ^= 3;
		break;
	default:
		answer->description = !answer->description;
		break;
	}
}

static void about_calls(enum untruth untruth, struct play_seen *seen,
			const struct model_step *step)
{
	struct model_sight *own = &seen->sight[step->actor];
	bool lock = step->what == STEP_LOCK;

	for (int i = 0; i < MODEL_ACTORS; i++) {
		struct model_sight *sight = &seen->sight[i];

		if (untruth == LOST_WAKEUP && i != step->actor && sight->status == REQUEST_DONE &&
		    !sight->result)
			*sight = (struct model_sight){ .status = REQUEST_ASLEEP };
	}
	if (untruth == EARLY_GRANT && own->status == REQUEST_ASLEEP)
		*own = (struct model_sight){ .status = REQUEST_DONE };
	if (untruth == FALSE_DEADLOCK && own->status == REQUEST_ASLEEP)
		*own = (struct model_sight){ .status = REQUEST_DONE, .result = -EDEADLK };
	if (untruth == WRONG_ERRNO && lock && own->result == -EAGAIN)
		own->result = -EINTR;
	if (untruth == OTHER_ERRNO && lock && own->result == -EAGAIN)
		own->result = -EACCES;
}

/* Of two writers who wait for the same, it was the other one that was granted. */
static void swap_waiters(struct play_seen *seen, const struct model_state *before,
			 const struct model_step *step)
{
	for (int i = 0; i < MODEL_ACTORS; i++) {
		for (int j = 0; j < MODEL_ACTORS; j++) {
			const struct model_request *a = &before->request[i];
			const struct model_request *b = &before->request[j];
			struct model_sight swap = seen->sight[i];

			if (i == step->actor || j == step->actor || i == j ||
			    step->what != STEP_UNLOCK || a->status != REQUEST_ASLEEP ||
			    b->status != REQUEST_ASLEEP || a->mode != MODE_EXCLUSIVE ||
			    b->mode != MODE_EXCLUSIVE || a->file || b->file ||
			    seen->sight[i].status != REQUEST_DONE || seen->sight[i].result ||
			    seen->sight[j].status != REQUEST_ASLEEP)
				continue;
			seen->sight[i] = seen->sight[j];
			seen->sight[j] = swap;
			return;
		}
	}
}

static void about_lines(enum untruth untruth, struct play_seen *seen)
{
	int *lines = &seen->known.count[0];
	struct model_line *line = seen->known.line[0];

	if (untruth == LOST_LINE && *lines)
		--*lines;
	if (untruth == EXTRA_LINE && *lines && *lines < PLAY_LINES) {
		line[*lines] = line[*lines - 1];
		++*lines;
	}
	for (int i = 0; untruth == WRONG_PLACE && i < *lines; i++) {
		if (line[i].depth == 2)
			line[i].depth = 1;
	}
}

static void tell_untruth(struct play_seen *seen, const struct model_state *before,
			 const struct model_step *step, void *arg)
{
	enum untruth untruth = *(enum untruth *)arg;

	switch (untruth) {
	case OWN_LOCK_IN_THE_WAY:
		if (step->what <= STEP_QUERY && before->posix[0][step->actor].exclusive & 1)
			seen->own[0] = (struct model_answer){ .locked = true, .actors = 63,
				.mode = MODE_EXCLUSIVE, .cells = 1 };
		break;
	case EARLY_GRANT ... LOST_WAKEUP:
	case WRONG_ERRNO ... FALSE_DEADLOCK:
		about_calls(untruth, seen, step);
		break;
	case WRONG_WAITER:
		swap_waiters(seen, before, step);
		break;
	case LOST_LINE ... WRONG_PLACE:
		about_lines(untruth, seen);
		break;
	case FLOCK_FREE:
		seen->flock_free[0][MODE_EXCLUSIVE] = true;
		break;
	case FLOCK_TAKEN:
		seen->flock_free[0][MODE_SHARED] = false;
		break;
	default:
		about_locks(untruth, seen);
	}
}

FIXTURE(comparison) {
	enum untruth untruth;
};

FIXTURE_VARIANT(comparison) {
	enum untruth untruth;
};

FIXTURE_SETUP(comparison)
{
	unsigned int levels = 1u << MODEL_PROMISE | 1u << MODEL_PRACTICE;

	self->untruth = variant->untruth;
	/* Where /proc/locks is looked at, nobody tries. */
	if (self->untruth == FLOCK_FREE || self->untruth == FLOCK_TAKEN)
		levels = 1u << MODEL_PROMISE;
	ASSERT_EQ(0, play_open(&game, NULL, levels));
}

FIXTURE_TEARDOWN(comparison)
{
	play_close(&game);
}

FIXTURE_VARIANT_ADD(comparison, LOST_LOCK) { LOST_LOCK };
FIXTURE_VARIANT_ADD(comparison, EXTRA_LOCK) { EXTRA_LOCK };
FIXTURE_VARIANT_ADD(comparison, RANGE_TOO_WIDE) { RANGE_TOO_WIDE };
FIXTURE_VARIANT_ADD(comparison, RANGE_TOO_NARROW) { RANGE_TOO_NARROW };
FIXTURE_VARIANT_ADD(comparison, WRONG_OWNER) { WRONG_OWNER };
FIXTURE_VARIANT_ADD(comparison, WRONG_SORT) { WRONG_SORT };
FIXTURE_VARIANT_ADD(comparison, OWN_LOCK_IN_THE_WAY) { OWN_LOCK_IN_THE_WAY };
FIXTURE_VARIANT_ADD(comparison, EARLY_GRANT) { EARLY_GRANT };
FIXTURE_VARIANT_ADD(comparison, LOST_WAKEUP) { LOST_WAKEUP };
FIXTURE_VARIANT_ADD(comparison, WRONG_WAITER) { WRONG_WAITER };
FIXTURE_VARIANT_ADD(comparison, WRONG_ERRNO) { WRONG_ERRNO };
FIXTURE_VARIANT_ADD(comparison, OTHER_ERRNO) { OTHER_ERRNO };
FIXTURE_VARIANT_ADD(comparison, FALSE_DEADLOCK) { FALSE_DEADLOCK };
FIXTURE_VARIANT_ADD(comparison, LOST_LINE) { LOST_LINE };
FIXTURE_VARIANT_ADD(comparison, EXTRA_LINE) { EXTRA_LINE };
FIXTURE_VARIANT_ADD(comparison, WRONG_PLACE) { WRONG_PLACE };
FIXTURE_VARIANT_ADD(comparison, FLOCK_FREE) { FLOCK_FREE };
FIXTURE_VARIANT_ADD(comparison, FLOCK_TAKEN) { FLOCK_TAKEN };

/* Beside somebody who has many locks, it does not tell what is not there, or is not looked at. */
static bool lines_are_read(void)
{
	return game.locks >= 0 && !game.look_again && !census.unread && !census.partial;
}

TEST_F(comparison, catches_it_and_makes_it_short)
{
	enum untruth untruth = self->untruth;
	bool about_queries = untruth <= OWN_LOCK_IN_THE_WAY;
	bool about_locks_file = untruth >= LOST_LINE && untruth <= WRONG_PLACE;
	int seed = 0;

	game.census = &census;
	if ((about_queries && !(game.queries[0] && game.queries[1])) ||
	    (about_locks_file && !lines_are_read()) ||
	    (untruth == WRONG_PLACE && game.shows < 2))
		SKIP(return, "nobody tells that here");
	do {
		ASSERT_EQ(0, scenario_make(&scenario, ++seed, untruths[untruth].kind, STEPS));
		scenario.processes = untruths[untruth].processes;
		game.lie = tell_untruth;
		game.arg = &untruth;
		ASSERT_EQ(0, play_scenario(&game, &scenario, &result));
	} while (!result.differs && seed < 50);
	if (about_locks_file && !lines_are_read())
		SKIP(return, "too many locks in /proc/locks");
	ASSERT_TRUE(result.differs);
	EXPECT_EQ(untruths[untruth].level, result.level) {
		TH_LOG("%s: %s", untruths[untruth].name, result.what);
	}
	play_shrink(&game, &scenario, &result);
	if (about_locks_file && !lines_are_read())
		SKIP(return, "too many locks in /proc/locks");
	EXPECT_TRUE(result.differs);
	EXPECT_EQ(untruths[untruth].level, result.level);
	EXPECT_GE(untruths[untruth].most + scenario.actors - 1, scenario.count) {
		TH_LOG("%s: %s", untruths[untruth].name, result.what);
	}
	/* It was the untruth, and it is what replays show. */
	ASSERT_EQ(0, through_a_file(&scenario, &other));
	ASSERT_EQ(0, play_scenario(&game, &other, &result));
	EXPECT_TRUE(result.differs || (about_locks_file && !lines_are_read()));
	game.lie = NULL;
	ASSERT_EQ(0, play_scenario(&game, &other, &result));
	EXPECT_FALSE(result.differs) {
		TH_LOG("%s: %s", untruths[untruth].name, result.what);
	}
}

/* ---- what is no evidence is not taken for it ---- */

/* A child has many locks on a file of its own, and lets go of one and takes it again for ever. */
static pid_t others_lock(int locks)
{
	struct flock range = { .l_whence = SEEK_SET, .l_len = 1 };
	pid_t parent = getpid(), child = fork();
	int fd;

	if (child)
		return child;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	fd = memfd_create("others", MFD_CLOEXEC);
	if (getppid() != parent || fd < 0)
		_exit(1);
	for (long i = 0; ; i++) {
		range.l_start = i % locks * 2;
		range.l_type = F_UNLCK;
		if (i >= locks)
			fcntl(fd, F_SETLK, &range);
		range.l_type = F_WRLCK;
		fcntl(fd, F_SETLK, &range);
	}
}

FIXTURE(beside) {
	pid_t others;
};

FIXTURE_VARIANT(beside) {
	int locks;
};

FIXTURE_SETUP(beside)
{
	ASSERT_EQ(0, play_open(&game, NULL, 1u << MODEL_PROMISE | 1u << MODEL_PRACTICE));
	self->others = others_lock(variant->locks);
	ASSERT_LT(0, self->others);
}

FIXTURE_TEARDOWN(beside)
{
	kill(self->others, SIGKILL);
	waitpid(self->others, NULL, 0);
	play_close(&game);
}

FIXTURE_VARIANT_ADD(beside, a_few_pages) { 300 };
FIXTURE_VARIANT_ADD(beside, more_than_is_read) { 5000 };

TEST_F(beside, others_who_lock_make_no_difference)
{
	for (int seed = 1; seed <= 25; seed++) {
		ASSERT_EQ(0, scenario_make(&scenario, seed, SCENARIO_MIXED, STEPS));
		ASSERT_EQ(0, play_scenario(&game, &scenario, &result));
		ASSERT_FALSE(result.differs) {
			TH_LOG("seed %d: %s", seed, result.what);
		}
	}
}

/* What is there is told by every page. */
TEST_F(beside, a_line_too_many_is_caught)
{
	enum untruth untruth = EXTRA_LINE;

	if (game.locks < 0 || variant->locks > 1000)
		SKIP(return, "no lines are read here");
	game.lie = tell_untruth;
	game.arg = &untruth;
	result.differs = false;
	for (int seed = 1; seed <= 50 && !result.differs; seed++) {
		ASSERT_EQ(0, scenario_make(&scenario, seed, LOCK_POSIX, STEPS));
		ASSERT_EQ(0, play_scenario(&game, &scenario, &result));
	}
	EXPECT_TRUE(result.differs);
	EXPECT_EQ(MODEL_PRACTICE, result.level);
}

TEST_HARNESS_MAIN
