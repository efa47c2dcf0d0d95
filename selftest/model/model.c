// SPDX-License-Identifier: GPL-2.0
/*
 * The comparison finds differences: an observation is distorted in every possible way. Each time
 * the difference is found at its level, and reduced to a scenario of a few steps.
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

#include "model/compare.h"
#include "model/generate.h"
#include "through_a_file.h"

#define STEPS	30

static struct scenario scenario, other;
static struct outcome outcome;
static struct comparison compared;
static struct coverage coverage;

/* ---- the comparison finds differences ---- */

/* How an observation is distorted, at the first step where that is possible. */
enum distortion {
	LOST_LOCK, EXTRA_LOCK, RANGE_CHANGED, RANGE_TOO_WIDE, RANGE_TOO_NARROW, WRONG_OWNER,
	WRONG_SORT, OWN_LOCK_IN_THE_WAY, EARLY_GRANT, LOST_WAKEUP, WRONG_WAITER, WRONG_ERRNO,
	OTHER_ERRNO, FALSE_DEADLOCK, LOST_LINE, EXTRA_LINE, WRONG_PLACE, FLOCK_FREE, FLOCK_TAKEN,
	DISTORTIONS
};

static const struct {
	const char *name;
	enum model_level level;
	int most;		/* steps in the shortened scenario */
	int kind;
	bool processes;
} distortions[DISTORTIONS] = {
	[LOST_LOCK] = { "lost lock", MODEL_PROMISE, 2, KIND_POSIX, false },
	[EXTRA_LOCK] = { "extra lock", MODEL_PROMISE, 1, KIND_POSIX, false },
	[RANGE_CHANGED] = { "range changed", MODEL_PROMISE, 1, KIND_OFD, false },
	[RANGE_TOO_WIDE] = { "range too wide", MODEL_PROMISE, 2, KIND_OFD, false },
	[RANGE_TOO_NARROW] = { "range too narrow", MODEL_PRACTICE, 2, KIND_OFD, false },
	[WRONG_OWNER] = { "wrong owner", MODEL_PROMISE, 3, KIND_POSIX, true },
	[WRONG_SORT] = { "wrong sort of owner", MODEL_PROMISE, 2, KIND_POSIX, false },
	[OWN_LOCK_IN_THE_WAY] = { "own lock in the way", MODEL_PROMISE, 3, KIND_POSIX, false },
	[EARLY_GRANT] = { "early grant", MODEL_PROMISE, 4, KIND_POSIX, false },
	[LOST_WAKEUP] = { "lost wake-up", MODEL_PROMISE, 6, KIND_FLOCK, false },
	[WRONG_WAITER] = { "wrong waiter", MODEL_PRACTICE, 8, KIND_FLOCK, false },
	[WRONG_ERRNO] = { "wrong errno", MODEL_PROMISE, 4, KIND_OFD, false },
	[OTHER_ERRNO] = { "other errno", MODEL_PRACTICE, 4, KIND_POSIX, false },
	[FALSE_DEADLOCK] = { "false deadlock", MODEL_PROMISE, 4, KIND_POSIX, false },
	[LOST_LINE] = { "lost line", MODEL_PRACTICE, 2, KIND_POSIX, false },
	[EXTRA_LINE] = { "extra line", MODEL_PRACTICE, 2, KIND_POSIX, false },
	[WRONG_PLACE] = { "wrong place", MODEL_PRACTICE, 6, KIND_FLOCK, false },
	[FLOCK_FREE] = { "flock seems free", MODEL_PROMISE, 2, KIND_FLOCK, false },
	[FLOCK_TAKEN] = { "flock seems taken", MODEL_PROMISE, 1, KIND_FLOCK, false },
};

static struct model_answer *first_answer(struct observation *seen, bool locked)
{
	for (int i = 0; seen->used[0] && i < QUESTIONS; i++) {
		if (seen->answer[0][i].locked == locked)
			return &seen->answer[0][i];
	}
	return NULL;
}

static void about_locks(enum distortion distortion, struct observation *seen)
{
	struct model_answer *answer = first_answer(seen, distortion != EXTRA_LOCK &&
						   distortion != RANGE_CHANGED);

	if (!answer)
		return;
	switch (distortion) {
	case LOST_LOCK:
		answer->locked = false;
		break;
	case EXTRA_LOCK:
		answer->locked = true;
		answer->actors = 1;
		answer->mode = MODE_EXCLUSIVE;
		break;
	case RANGE_CHANGED:
		*answer = (struct model_answer){ .locked = true, .altered = true };
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

static void about_calls(enum distortion distortion, struct observation *seen,
			const struct model_step *step)
{
	struct model_call *own = &seen->call[step->actor];
	bool lock = step->what == STEP_LOCK;

	for (int i = 0; i < MODEL_ACTORS; i++) {
		struct model_call *call = &seen->call[i];

		if (distortion == LOST_WAKEUP && i != step->actor && call->status == REQUEST_DONE &&
		    !call->result)
			*call = (struct model_call){ .status = REQUEST_ASLEEP };
	}
	if (distortion == EARLY_GRANT && own->status == REQUEST_ASLEEP)
		*own = (struct model_call){ .status = REQUEST_DONE };
	if (distortion == FALSE_DEADLOCK && own->status == REQUEST_ASLEEP)
		*own = (struct model_call){ .status = REQUEST_DONE, .result = -EDEADLK };
	if (distortion == WRONG_ERRNO && lock && own->result == -EAGAIN)
		own->result = -EINTR;
	if (distortion == OTHER_ERRNO && lock && own->result == -EAGAIN)
		own->result = -EACCES;
}

/* Of two writers that wait for the same range, report the other one as granted. */
static void swap_waiters(struct observation *seen, const struct model_state *before,
			 const struct model_step *step)
{
	for (int i = 0; i < MODEL_ACTORS; i++) {
		for (int j = 0; j < MODEL_ACTORS; j++) {
			const struct model_request *a = &before->request[i];
			const struct model_request *b = &before->request[j];
			struct model_call swap = seen->call[i];

			if (i == step->actor || j == step->actor || i == j ||
			    step->what != STEP_UNLOCK || a->status != REQUEST_ASLEEP ||
			    b->status != REQUEST_ASLEEP || a->mode != MODE_EXCLUSIVE ||
			    b->mode != MODE_EXCLUSIVE || a->file || b->file ||
			    seen->call[i].status != REQUEST_DONE || seen->call[i].result ||
			    seen->call[j].status != REQUEST_ASLEEP)
				continue;
			seen->call[i] = seen->call[j];
			seen->call[j] = swap;
			return;
		}
	}
}

static void about_lines(enum distortion distortion, struct observation *seen)
{
	int *lines = &seen->lines.count[0];
	struct model_line *line = seen->lines.line[0];

	if (distortion == LOST_LINE && *lines)
		--*lines;
	if (distortion == EXTRA_LINE && *lines && *lines < LINES_ROOM) {
		line[*lines] = line[*lines - 1];
		++*lines;
	}
	for (int i = 0; distortion == WRONG_PLACE && i < *lines; i++) {
		if (line[i].depth == 2)
			line[i].depth = 1;
	}
}

static void distort(struct observation *seen, const struct model_state *before,
		    const struct model_step *step, void *arg)
{
	enum distortion distortion = *(enum distortion *)arg;

	switch (distortion) {
	case OWN_LOCK_IN_THE_WAY:
		if (step->what <= STEP_QUERY && before->posix[0][step->actor].exclusive & 1)
			seen->own[0] = (struct model_answer){ .locked = true, .actors = 63,
				.mode = MODE_EXCLUSIVE, .cells = 1 };
		break;
	case EARLY_GRANT ... LOST_WAKEUP:
	case WRONG_ERRNO ... FALSE_DEADLOCK:
		about_calls(distortion, seen, step);
		break;
	case WRONG_WAITER:
		swap_waiters(seen, before, step);
		break;
	case LOST_LINE ... WRONG_PLACE:
		about_lines(distortion, seen);
		break;
	case FLOCK_FREE:
		seen->flock_free[0][MODE_EXCLUSIVE] = true;
		break;
	case FLOCK_TAKEN:
		seen->flock_free[0][MODE_SHARED] = false;
		break;
	default:
		about_locks(distortion, seen);
	}
}

FIXTURE(comparison) {
	enum distortion distortion;
};

FIXTURE_VARIANT(comparison) {
	enum distortion distortion;
};

FIXTURE_SETUP(comparison)
{
	unsigned int levels = 1u << MODEL_PROMISE | 1u << MODEL_PRACTICE;

	self->distortion = variant->distortion;
	/* Where /proc/locks is read, nobody tries flock(). */
	if (self->distortion == FLOCK_FREE || self->distortion == FLOCK_TAKEN)
		levels = 1u << MODEL_PROMISE;
	ASSERT_EQ(0, compare_open(&compared, NULL, levels));
}

FIXTURE_TEARDOWN(comparison)
{
	compare_close(&compared);
}

FIXTURE_VARIANT_ADD(comparison, LOST_LOCK) { LOST_LOCK };
FIXTURE_VARIANT_ADD(comparison, EXTRA_LOCK) { EXTRA_LOCK };
FIXTURE_VARIANT_ADD(comparison, RANGE_CHANGED) { RANGE_CHANGED };
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

/* With many locks of other processes, it does not prove what is missing, or is not read. */
static bool lines_are_read(void)
{
	const struct lines_reader *reader = &compared.observer.lines;

	return reader->fd >= 0 && !reader->pause && !coverage.unread && !coverage.partial;
}

TEST_F(comparison, catches_it_and_makes_it_short)
{
	enum distortion distortion = self->distortion;
	bool about_queries = distortion <= OWN_LOCK_IN_THE_WAY;
	bool about_locks_file = distortion >= LOST_LINE && distortion <= WRONG_PLACE;
	int seed = 0;

	compared.coverage = &coverage;
	if ((about_queries && !(compared.observer.queries[0] && compared.observer.queries[1])) ||
	    (about_locks_file && !lines_are_read()) ||
	    (distortion == WRONG_PLACE && compared.observer.depth < 2))
		SKIP(return, "that cannot be seen here");
	do {
		ASSERT_EQ(0, generate_scenario(&scenario, ++seed, distortions[distortion].kind,
					       STEPS));
		scenario.processes = distortions[distortion].processes;
		compared.distort = distort;
		compared.arg = &distortion;
		ASSERT_EQ(0, compare_scenario(&compared, &scenario, &outcome));
	} while (!outcome.differs && seed < 50);
	if (about_locks_file && !lines_are_read())
		SKIP(return, "too many locks in /proc/locks");
	ASSERT_TRUE(outcome.differs);
	EXPECT_EQ(distortions[distortion].level, outcome.level) {
		TH_LOG("%s: %s", distortions[distortion].name, outcome.what);
	}
	compare_shrink(&compared, &scenario, &outcome);
	if (about_locks_file && !lines_are_read())
		SKIP(return, "too many locks in /proc/locks");
	EXPECT_TRUE(outcome.differs);
	EXPECT_EQ(distortions[distortion].level, outcome.level);
	EXPECT_GE(distortions[distortion].most + scenario.actors - 1, scenario.count) {
		TH_LOG("%s: %s", distortions[distortion].name, outcome.what);
	}
	/* The explanation may only then name a change; otherwise it would name a holder. */
	EXPECT_EQ(distortion == RANGE_CHANGED, !!strstr(outcome.what, "was changed"));
	/* It was the distortion, and replays show it. */
	ASSERT_EQ(0, through_a_file(&scenario, &other));
	ASSERT_EQ(0, compare_scenario(&compared, &other, &outcome));
	EXPECT_TRUE(outcome.differs || (about_locks_file && !lines_are_read()));
	compared.distort = NULL;
	ASSERT_EQ(0, compare_scenario(&compared, &other, &outcome));
	EXPECT_FALSE(outcome.differs) {
		TH_LOG("%s: %s", distortions[distortion].name, outcome.what);
	}
}

/* ---- incomplete evidence is not used ---- */

/* A child has many locks on a file of its own; it releases one, takes it again, and so on. */
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
	ASSERT_EQ(0, compare_open(&compared, NULL, 1u << MODEL_PROMISE | 1u << MODEL_PRACTICE));
	self->others = others_lock(variant->locks);
	ASSERT_LT(0, self->others);
}

FIXTURE_TEARDOWN(beside)
{
	kill(self->others, SIGKILL);
	waitpid(self->others, NULL, 0);
	compare_close(&compared);
}

FIXTURE_VARIANT_ADD(beside, a_few_pages) { 300 };
FIXTURE_VARIANT_ADD(beside, more_than_is_read) { 5000 };

TEST_F(beside, others_who_lock_make_no_difference)
{
	for (int seed = 1; seed <= 25; seed++) {
		ASSERT_EQ(0, generate_scenario(&scenario, seed, SCENARIO_MIXED, STEPS));
		ASSERT_EQ(0, compare_scenario(&compared, &scenario, &outcome));
		ASSERT_FALSE(outcome.differs) {
			TH_LOG("seed %d: %s", seed, outcome.what);
		}
	}
}

/* Every page proves what is there. */
TEST_F(beside, a_line_too_many_is_caught)
{
	static enum distortion distortion = EXTRA_LINE;

	if (compared.observer.lines.fd < 0 || variant->locks > 1000)
		SKIP(return, "no lines are read here");
	compared.distort = distort;
	compared.arg = &distortion;
	outcome.differs = false;
	for (int seed = 1; seed <= 50 && !outcome.differs; seed++) {
		ASSERT_EQ(0, generate_scenario(&scenario, seed, KIND_POSIX, STEPS));
		ASSERT_EQ(0, compare_scenario(&compared, &scenario, &outcome));
	}
	EXPECT_TRUE(outcome.differs);
	EXPECT_EQ(MODEL_PRACTICE, outcome.level);
}

TEST_HARNESS_MAIN
