// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/compare.h"
#include "model/judge.h"
#include "model/shrink.h"
#include "model/step.h"

#define PATIENCE		2000
#define PATIENCE_TO_SHRINK	200

/* ---- /proc/locks ---- */

struct reading {
	struct comparison *comparison;
	struct judgement *judgement;
	struct observation *seen;
	int count;
};

/* Return 1 if it is no use to read /proc/locks again. */
static int lines_are_right(void *arg)
{
	struct reading *reading = arg;
	struct observation *seen = reading->seen;
	struct agreement *with = &reading->judgement->with;
	const struct model_rules *rules = model_rules(MODEL_PRACTICE);
	const struct model_set *set = &reading->comparison->possible.next[MODEL_PRACTICE];
	bool agrees = false;

	/* /proc/locks was not read at all. */
	if (!seen->has_lines)
		return 1;
	for (int i = 0; i < set->count; i++) {
		if (!agree_calls(with, rules, &set->state[i]))
			continue;
		agrees = true;
		if (agree_lines_to(with, seen->extent == LINES_ALL ? LINES_ALL : LINES_ONCE,
				   &set->state[i]))
			return 1;
	}
	if (!agrees)
		return 1;
	observe_lines(&reading->comparison->observer, &reading->comparison->execution.stage, seen);
	reading->count++;
	return 0;
}

/*
 * A reading of several pages can miss lines, so a missing line does not rule out a state that has
 * it. Several states may then remain. A line that this many readings, with pauses in between, do
 * not show does not exist.
 */
#define READINGS	40

static void read_again(struct comparison *comparison, struct judgement *judgement,
		       struct observation *seen)
{
	struct reading reading = { comparison, judgement, seen, 0 };
	struct coverage *coverage = comparison->coverage;

	if (!comparison->observer.reads_lines)
		return;
	if (asleep_poll(lines_are_right, &reading, comparison->patience) < 0 &&
	    seen->extent == LINES_IN_PART && reading.count >= READINGS)
		seen->extent = LINES_ONCE;
	if (!coverage)
		return;
	if (!seen->has_lines)
		coverage_count(&coverage->unread);
	else if (seen->extent != LINES_ALL)
		coverage_count(&coverage->partial);
}

/* While probing, note how deep /proc/locks shows waiters. Nothing is compared. */
static void learn_depth(struct comparison *comparison, struct observation *seen)
{
	const struct lines *lines = &seen->lines;

	for (int i = 0; i < lines->count[0]; i++) {
		if (lines->line[0][i].depth > comparison->observer.depth)
			comparison->observer.depth = lines->line[0][i].depth;
	}
	seen->has_lines = false;
}

/* ---- a scenario ---- */

static bool is_expected(void *arg)
{
	const struct comparison *comparison = arg;

	return possible_asleep(&comparison->possible, execute_busy(&comparison->execution));
}

static int run_step(struct comparison *comparison, const struct scenario *scenario, int number,
		    struct observation *seen)
{
	struct execution *execution = &comparison->execution;
	const struct model_step *step = &scenario->step[number];
	unsigned int busy = execute_busy(execution);
	int err = possible_step(&comparison->possible, step);

	if (!err)
		err = execute_step(execution, step);
	if (!err)
		err = execute_settle(execution, is_expected, comparison);
	if (!err)
		observe(&comparison->observer, execution, number, busy, seen);
	return err;
}

static int compare_step(struct comparison *comparison, const struct scenario *scenario, int number,
			struct outcome *outcome)
{
	const struct model_step *step = &scenario->step[number];
	struct possible *possible = &comparison->possible;
	struct observation seen;
	struct judgement judgement = {
		.with = {
			.observer = &comparison->observer, .made = step, .seen = &seen,
			.processes = comparison->execution.stage.processes,
		},
		.scenario = scenario, .possible = possible, .step = number, .outcome = outcome,
	};
	int err = run_step(comparison, scenario, number, &seen);

	if (err)
		return err;
	if (comparison->probing)
		learn_depth(comparison, &seen);
	else if (!scenario_is_control(scenario))
		read_again(comparison, &judgement, &seen);
	if (comparison->distort)
		comparison->distort(&seen, possible_any(possible), step, comparison->arg);
	outcome->made[number] = true;
	memcpy(outcome->call[number], seen.call, sizeof(seen.call));
	err = judge_before(&judgement);
	if (err)
		return err;
	judge_after(&judgement);
	if (comparison->coverage)
		coverage_step(comparison->coverage, possible_covered(possible));
	return 0;
}

static int compare_steps(struct comparison *comparison, const struct scenario *scenario,
			 struct outcome *outcome)
{
	struct possible *possible = &comparison->possible;
	int err = execute_begin(&comparison->execution, scenario);

	possible_begin(possible, scenario->actors);
	for (int i = 0; i < scenario->count && !err && !outcome->differs; i++) {
		if (model_applies(possible_any(possible), &scenario->step[i]))
			err = compare_step(comparison, scenario, i, outcome);
	}
	if (err != -E2BIG)
		return err;
	/* If /proc/locks does not distinguish the states, they are soon too many to go on. */
	if (comparison->coverage)
		coverage_count(&comparison->coverage->cut);
	return 0;
}

static int compare_rest(struct comparison *comparison, const struct scenario *scenario,
			struct outcome *outcome)
{
	struct stage *stage = &comparison->execution.stage;
	int err;

	if (observe_clean(&comparison->observer, stage))
		return 0;
	if (!outcome->differs) {
		outcome->differs = true;
		outcome->level = MODEL_PROMISE;
		outcome->step = scenario->count - 1;
		snprintf(outcome->what, sizeof(outcome->what),
			 "all have exited, and something is still locked");
	}
	err = stage_renew(stage);
	return err ? err : lines_name_files(&comparison->observer.lines, stage);
}

int compare_scenario(struct comparison *comparison, const struct scenario *scenario,
		     struct outcome *outcome)
{
	int err, ret;

	memset(outcome, 0, sizeof(*outcome));
	err = compare_steps(comparison, scenario, outcome);
	ret = execute_end(&comparison->execution);
	if (!err)
		err = ret;
	if (!err)
		err = compare_rest(comparison, scenario, outcome);
	if (comparison->coverage)
		coverage_count(&comparison->coverage->scenarios);
	return err;
}

/* ---- the beginning and the end ---- */

/*
 * Does /proc/locks show waiters behind waiters? Queue three writers to find out. If it does not
 * show our files at all, it is not read.
 */
static int probe_lines(struct comparison *comparison)
{
	static const struct model_step writes = {
		.what = STEP_LOCK, .kind = KIND_POSIX, .mode = MODE_EXCLUSIVE, .wait = true,
		.last = MODEL_CELLS - 1,
	};
	struct scenario three = { .kind = KIND_POSIX, .actors = 3, .cell = { 0, 1, 2, 3, 4, 5 } };
	struct outcome *outcome = malloc(sizeof(*outcome));
	struct observer *observer = &comparison->observer;
	int err;

	if (!outcome)
		return -ENOMEM;
	for (int i = 0; i < 3; i++) {
		three.step[i] = (struct model_step){ .what = STEP_OPEN, .actor = i };
		three.step[3 + i] = writes;
		three.step[3 + i].actor = i;
	}
	three.count = 6;
	comparison->probing = true;
	observer->reads_lines = true;
	err = compare_scenario(comparison, &three, outcome);
	comparison->probing = false;
	observer->reads_lines = observer->depth &&
		possible_asked(&comparison->possible, MODEL_PRACTICE);
	if (!observer->depth)
		lines_close(&observer->lines);
	free(outcome);
	return err;
}

int compare_open(struct comparison *comparison, const char *dir, unsigned int levels)
{
	int err;

	memset(comparison, 0, sizeof(*comparison));
	comparison->observer.lines.fd = -1;
	comparison->patience = PATIENCE;
	err = execute_open(&comparison->execution, dir);
	if (!err)
		err = observe_open(&comparison->observer, &comparison->execution.stage);
	if (!err)
		err = possible_open(&comparison->possible, levels);
	if (!err && comparison->observer.lines.fd >= 0)
		err = probe_lines(comparison);
	return err;
}

void compare_close(struct comparison *comparison)
{
	possible_close(&comparison->possible);
	observe_close(&comparison->observer);
	execute_close(&comparison->execution);
}

bool compare_offers(const struct comparison *comparison, int kind)
{
	const struct observer *observer = &comparison->observer;

	switch (kind) {
	case KIND_OFD:
		return observer->ofds;
	case KIND_FLOCK:
		return observer->flocks;
	case SCENARIO_MIXED:
		return observer->ofds && observer->flocks;
	default:
		return true;
	}
}

/* ---- shrinking ---- */

struct still {
	struct comparison *comparison;
	struct outcome *outcome;
	enum model_level level;
};

static bool still_differs(const struct scenario *scenario, void *arg)
{
	struct still *still = arg;

	return !compare_scenario(still->comparison, scenario, still->outcome) &&
	       still->outcome->differs && still->outcome->level == still->level;
}

#define RUNS_TO_SHRINK	2000

int compare_shrink(struct comparison *comparison, struct scenario *scenario,
		   struct outcome *outcome)
{
	struct still still = { comparison, outcome, outcome->level };
	struct coverage *coverage = comparison->coverage;
	int tries, last = 0;

	comparison->coverage = NULL;
	comparison->patience = PATIENCE_TO_SHRINK;
	/* Leave out the steps that were not made, and all steps after the one that differs. */
	for (int i = 0; i <= outcome->step && i < scenario->count; i++) {
		if (outcome->made[i])
			scenario->step[last++] = scenario->step[i];
	}
	scenario->count = last;
	tries = shrink_scenario(scenario, still_differs, &still, RUNS_TO_SHRINK);
	/* Get the outcome of the shortened scenario. */
	comparison->patience = PATIENCE;
	for (int i = 0; i < 10 && !still_differs(scenario, &still); i++)
		tries++;
	comparison->coverage = coverage;
	return tries;
}
