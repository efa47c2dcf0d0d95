// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>

#include "model/conflict.h"
#include "model/free_run.h"
#include "model/grant.h"
#include "model/step.h"

static void clear_request(struct model_state *state, int actor)
{
	memset(&state->request[actor], 0, sizeof(state->request[actor]));
}

static bool is_open(const struct free_run *run, const struct free_point *point,
		    const struct history_event *e)
{
	return !(lock_kind_traits(run->history->site[e->site].kind) & TRAIT_FILE) ||
	       point->state.slot[run->row[e->row].actor][e->site] >= 0;
}

/*
 * POSIX.1-2024, 2.9.7: of the calls of other threads, close() sees "all of the specified effects"
 * or "none of them". A request that comes after it is EBADF; but one that already has the
 * description of an ofd lock or flock keeps it open until it returns.
 */
static bool begin_close(const struct free_run *run, struct free_point *next,
			const struct history_event *e)
{
	struct model_step step = free_run_step_of(run, e, STEP_CLOSE);
	struct model_request *request = &next->state.request[step.actor];
	struct model_request kept;

	if (model_pending(request) &&
	    request->description == next->state.slot[step.actor][step.slot]) {
		if (model_owner(&next->state, request, step.actor) != step.actor)
			return false;
		model_interrupt(run->rules, &next->state, step.actor);
		request->result = -EBADF;
	}
	kept = *request;
	model_start(run->rules, &next->state, &step);
	*request = kept;
	return true;
}

/* Begin the row's call; false if it cannot begin yet. */
static bool begin_call(const struct free_run *run, struct free_point *next, int row)
{
	const struct history_event *e = run->row[row].call;
	struct model_step step;

	next->begun |= FREE_CALL(row);
	switch (e->what) {
	case HISTORY_REQUEST:
		step = free_run_step_of(run, e, STEP_LOCK);
		if (is_open(run, next, e))
			model_start(run->rules, &next->state, &step);
		else
			grant_finish(&next->state, step.actor, -EBADF);
		return true;
	case HISTORY_RELEASE:
		step = free_run_step_of(run, e, STEP_UNLOCK);
		if (is_open(run, next, e))
			model_start(run->rules, &next->state, &step);
		clear_request(&next->state, step.actor);
		return true;
	default:
		return begin_close(run, next, e);
	}
}

/* What a process holds goes when it ends, at any time after it has left its wait. */
static bool begin_end(const struct free_run *run, struct free_point *next, int row)
{
	struct model_step step = { .what = STEP_EXIT, .actor = run->row[row].actor };

	if (model_pending(&next->state.request[step.actor]) || free_run_closes(next))
		return false;
	next->begun |= FREE_END(row);
	model_start(run->rules, &next->state, &step);
	clear_request(&next->state, step.actor);
	return true;
}

/* May the request end with EINTR? */
static bool leaves(const struct free_row *row, const struct free_point *point)
{
	return row->call && row->call->wait && model_pending(&point->state.request[row->actor]) &&
	       (row->ending || (row->answer && row->answer->result == -EINTR));
}

static void follow_row(struct free_run *run, const struct free_point *from, int number)
{
	const struct free_row *row = &run->row[number];
	bool begun = free_run_has_begun(from, number);
	struct free_point next;

	if (free_run_has_ended(from, number))
		return;
	if (row->call && !begun) {
		next = *from;
		if (begin_call(run, &next, number))
			free_run_add(run, &next);
	}
	if (begun && leaves(row, from)) {
		next = *from;
		model_interrupt(run->rules, &next.state, row->actor);
		free_run_add(run, &next);
	}
	if (row->ending) {
		next = *from;
		if (begin_end(run, &next, number))
			free_run_add(run, &next);
	}
}

/* Add the points that follow from one more thing that an actor, or the kernel, may do. */
static void follow(struct free_run *run, int number)
{
	const struct free_point from = run->point[number];

	for (int row = 0; row < run->history->rows; row++)
		follow_row(run, &from, row);
	model_set_clear(&run->reached);
	model_go_on(run->rules, &from.state, &run->reached);
	for (int i = 0; i < run->reached.count; i++) {
		struct free_point next = { .state = run->reached.state[i], .begun = from.begun };

		free_run_add(run, &next);
	}
	run->full |= run->reached.full;
}

bool free_run_go_on(struct free_run *run, int row)
{
	int before = run->count;

	for (int i = 0; i < before; i++) {
		const struct free_point from = run->point[i];

		follow_row(run, &from, row);
	}
	for (int i = before; i < run->count; i++)
		follow(run, i);
	return !run->full;
}

/* A row that holds, at this point, what is in the way of the actor's request; or -1. */
static int holder_at(const struct free_run *run, const struct free_point *point, int actor,
		     const struct model_request *request)
{
	struct model_state state = point->state;

	state.request[actor] = *request;
	for (int owner = 0; owner < MODEL_OWNERS; owner++) {
		if (conflict_in_the_way(&state, actor, owner))
			return run->owners[owner < MODEL_ACTORS ? owner :
					   (owner - MODEL_ACTORS) / MODEL_SLOTS];
	}
	return -1;
}

int free_run_holder(const struct free_run *run, const struct history_event *e, bool always)
{
	struct model_step step = free_run_step_of(run, e, STEP_LOCK);
	struct model_request request = {
		.kind = step.kind, .mode = step.mode, .file = run->history->site[e->site].file,
		.description = step.actor * MODEL_SLOTS + e->site,
		.cells = model_range(step.first, step.last),
	};
	int holder = -1;

	for (int i = 0; i < run->count; i++) {
		int here = holder_at(run, &run->point[i], step.actor, &request);

		if (!always && here >= 0)
			return here;
		if (i && here != holder)
			return -1;
		holder = here;
	}
	return holder;
}
