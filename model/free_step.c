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
	       model_description(&point->state, e->row, e->site) >= 0;
}

/*
 * POSIX.1-2024, 2.9.7: of the calls of other threads, close() sees "all of the specified effects"
 * or "none of them": a request that comes after it is EBADF. One that found its description before
 * keeps that open until it returns.
 */
static void begin_call(const struct free_run *run, struct free_point *next, int row)
{
	const struct history_event *e = run->row[row].call;
	struct model_step step;

	next->begun |= 1u << row;
	if (e->what == HISTORY_REQUEST) {
		step = free_run_step_of(run, e, STEP_LOCK);
		if (is_open(run, next, e))
			model_start(run->rules, &next->state, &step);
		else
			grant_finish(&next->state, row, -EBADF);
		return;
	}
	step = free_run_step_of(run, e, e->what == HISTORY_RELEASE ? STEP_UNLOCK : STEP_CLOSE);
	if (is_open(run, next, e))
		model_start(run->rules, &next->state, &step);
	clear_request(&next->state, row);
}

/*
 * Add the points in which the close of a row comes after the grant of a POSIX lock, and before the
 * kernel looks for the descriptor of that request.
 */
static void close_after_grants(struct free_run *run, const struct free_point *from, int row)
{
	const struct history_event *e = run->row[row].call;

	for (int i = 0; i < run->history->rows; i++) {
		struct free_point next = *from;
		struct model_request *request = &next.state.request[i];
		int table = next.state.table[i];

		if (table != next.state.table[row] || !free_run_may_be_ebadf(run, from, i) ||
		    request->slot != e->site)
			continue;
		begin_call(run, &next, row);
		request->result = -EBADF;
		next.state.takes_back[table] |= 1u << request->file;
		next.state.closes = true;
		free_run_add(run, &next);
	}
}

/* When a process ends, its locks go at any time after it has left its wait. */
static bool begin_end(const struct free_run *run, struct free_point *next, int row)
{
	struct model_step step = { .what = STEP_EXIT, .actor = row };

	if (model_pending(&next->state.request[row]) || free_run_closes(next))
		return false;
	next->ended |= 1u << row;
	model_start(run->rules, &next->state, &step);
	clear_request(&next->state, row);
	return true;
}

static void give_description_back(struct model_state *state, int actor)
{
	const struct model_request request = state->request[actor];

	state->request[actor] = (struct model_request){
		.status = REQUEST_DONE, .result = request.result, .kind = request.kind,
	};
	state->closes = true;
}

/* May the request end with EINTR? */
static bool leaves(const struct free_run *run, const struct free_point *point, int number)
{
	const struct free_row *row = &run->row[number];

	return row->call && row->call->wait && model_pending(&point->state.request[number]) &&
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
		begin_call(run, &next, number);
		free_run_add(run, &next);
		if (row->call->what == HISTORY_CLOSE)
			close_after_grants(run, from, number);
	}
	if (begun && leaves(run, from, number)) {
		next = *from;
		model_interrupt(run->rules, &next.state, number);
		free_run_add(run, &next);
	}
	/* The call does not refer to its description any more. */
	if (from->state.request[number].status == REQUEST_LEAVES &&
	    model_has_lost_descriptor(&from->state, number)) {
		next = *from;
		give_description_back(&next.state, number);
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
		struct free_point next = {
			.state = run->reached.state[i], .begun = from.begun, .ended = from.ended,
		};

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

/*
 * Return a row that the owner belongs to: its table, a table that has the description, or a call
 * that keeps the description open.
 */
static int row_of(const struct model_state *state, int owner)
{
	int description = owner - MODEL_ACTORS;

	if (description < 0)
		return owner;
	for (int table = 0; table < MODEL_ACTORS; table++) {
		if (memchr(state->slot[table], description, MODEL_SLOTS))
			return table;
	}
	for (int i = 0; i < MODEL_ACTORS; i++) {
		if (state->request[i].status && state->request[i].description == description)
			return state->table[i];
	}
	return -1;
}

/* Return a row that holds, at this point, what is in the way of the row's request; or -1. */
static int holder_at(const struct free_point *point, int row, const struct model_request *request)
{
	struct model_state state = point->state;

	state.request[row] = *request;
	state.request[row].description = model_description(&state, row, request->slot);
	for (int owner = 0; owner < MODEL_OWNERS; owner++) {
		if (conflict_in_the_way(&state, row, owner))
			return row_of(&point->state, owner);
	}
	return -1;
}

int free_run_holder(const struct free_run *run, const struct history_event *e, bool always)
{
	struct model_step step = free_run_step_of(run, e, STEP_LOCK);
	struct model_request request = {
		.kind = step.kind, .mode = step.mode, .file = run->history->site[e->site].file,
		.slot = e->site, .cells = model_range(step.first, step.last),
	};
	int holder = -1;

	for (int i = 0; i < run->count; i++) {
		int here = holder_at(&run->point[i], e->row, &request);

		if (!always && here >= 0)
			return here;
		if (i && here != holder)
			return -1;
		holder = here;
	}
	return holder;
}
