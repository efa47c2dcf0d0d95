// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stddef.h>

#include "model/ending.h"
#include "model/step.h"

#define STATES	512

int endings_open(struct endings *endings)
{
	int err = model_set_open(&endings->now, STATES);

	if (!err)
		err = model_set_open(&endings->next, STATES);
	if (!err)
		err = model_set_open(&endings->scratch, STATES);
	return err;
}

void endings_close(struct endings *endings)
{
	model_set_close(&endings->now);
	model_set_close(&endings->next);
	model_set_close(&endings->scratch);
}

static void begin(struct endings *endings, const struct scenario *scenario)
{
	struct model_state first;

	model_begin(&first, scenario->actors);
	model_set_clear(&endings->now);
	model_set_add(&endings->now, &first);
}

static bool applies_in_all(const struct endings *endings, const struct model_step *step)
{
	for (int i = 0; i < endings->now.count; i++) {
		if (!model_applies(&endings->now.state[i], step))
			return false;
	}
	return endings->now.count;
}

static bool applies_in_any(const struct endings *endings, const struct model_step *step)
{
	for (int i = 0; i < endings->now.count; i++) {
		if (model_applies(&endings->now.state[i], step))
			return true;
	}
	return false;
}

/* Work out the next states. Where the step cannot be made, the state stays. */
static void work_out(struct endings *endings, enum model_level level, const struct model_step *step)
{
	model_set_clear(&endings->next);
	for (int i = 0; i < endings->now.count; i++) {
		const struct model_state *state = &endings->now.state[i];

		if (model_applies(state, step))
			model_step(model_rules(level), state, step, &endings->next,
				   &endings->scratch);
		else
			model_set_add(&endings->next, state);
	}
}

static void go_on(struct endings *endings)
{
	struct model_set before = endings->now;

	endings->now = endings->next;
	endings->next = before;
}

/* Has a call just been refused because of a deadlock, or, with @any, failed otherwise? */
static bool is_refused(const struct model_state *state, bool any)
{
	for (int i = 0; i < MODEL_ACTORS; i++) {
		const struct model_request *request = &state->request[i];

		if (request->status == REQUEST_DONE &&
		    (request->result == -EDEADLK ||
		     (any && request->result && request->result != -EAGAIN)))
			return true;
	}
	return false;
}

static bool any_is_refused(const struct model_set *set)
{
	for (int i = 0; i < set->count; i++) {
		if (is_refused(&set->state[i], true))
			return true;
	}
	return false;
}

/* Drop the states in which a deadlock was refused. Return whether there were any. */
static bool leave_refused(struct endings *endings)
{
	bool any = false;

	model_set_clear(&endings->scratch);
	for (int i = 0; i < endings->now.count; i++) {
		if (is_refused(&endings->now.state[i], false))
			any = true;
		else
			model_set_add(&endings->scratch, &endings->now.state[i]);
	}
	if (any) {
		struct model_set left = endings->scratch;

		endings->scratch = endings->now;
		endings->now = left;
	}
	return any;
}

/* A scenario and the exits after it. */
struct course {
	struct endings *endings;
	enum model_level level;
	bool passes_refusals;		/* a refusal does not end it */
	bool passed_over, failed, refused, full;
};

static void make(struct course *course, const struct model_step *step)
{
	struct endings *endings = course->endings;

	work_out(endings, course->level, step);
	go_on(endings);
	course->full |= endings->now.full;
	course->failed |= any_is_refused(&endings->now);
	if (!course->passes_refusals)
		course->refused |= leave_refused(endings);
}

static void make_all(struct course *course, const struct scenario *scenario)
{
	begin(course->endings, scenario);
	for (int i = 0; i < scenario->count; i++) {
		course->passed_over |= !applies_in_all(course->endings, &scenario->step[i]);
		make(course, &scenario->step[i]);
	}
}

/* Each exit may let another actor go on. Append those that are possible to @appended, if any. */
static void all_exit(struct course *course, struct scenario *appended)
{
	for (int i = 0; i < MODEL_ACTORS * MODEL_ACTORS; i++) {
		const struct model_step step = { .what = STEP_EXIT, .actor = i % MODEL_ACTORS };

		if (!applies_in_any(course->endings, &step) ||
		    (appended && appended->count == SCENARIO_STEPS))
			continue;
		make(course, &step);
		if (appended)
			appended->step[appended->count++] = step;
	}
}

enum ending ending_of(struct endings *endings, enum model_level level,
		      const struct scenario *scenario)
{
	struct course course = { .endings = endings, .level = level };
	int stuck = 0;

	make_all(&course, scenario);
	all_exit(&course, NULL);
	for (int i = 0; i < endings->now.count; i++)
		stuck += endings->now.state[i].alive != 0;
	if (course.full)
		return ENDS_SOMEHOW;
	if (!course.passed_over && !course.failed && !stuck)
		return ENDS_WELL;
	if (stuck == endings->now.count && (stuck || course.refused))
		return ENDS_BADLY;
	return ENDS_SOMEHOW;
}

void ending_keep_made(struct endings *endings, enum model_level level, struct scenario *scenario)
{
	int kept = 0;

	begin(endings, scenario);
	for (int i = 0; i < scenario->count; i++) {
		const struct model_step *step = &scenario->step[i];

		if (!applies_in_all(endings, step))
			continue;
		work_out(endings, level, step);
		if (endings->next.full || any_is_refused(&endings->next))
			continue;
		go_on(endings);
		scenario->step[kept++] = *step;
	}
	scenario->count = kept;
}

void ending_append_exits(struct endings *endings, enum model_level level, struct scenario *scenario)
{
	struct course course = { .endings = endings, .level = level, .passes_refusals = true };

	make_all(&course, scenario);
	all_exit(&course, scenario);
}
