// SPDX-License-Identifier: GPL-2.0
#include "model/conflict.h"
#include "model/queue.h"

void queue_wake(struct model_request *request)
{
	request->status = REQUEST_AWAKE;
	request->behind = MODEL_NOBODY;
	request->cell = 0;
}

void queue_wake_all(struct model_state *state, const struct model_request *in)
{
	for (int i = 0; i < MODEL_ACTORS; i++) {
		if (model_waits(&state->request[i]) && conflict_same_domain(&state->request[i], in))
			queue_wake(&state->request[i]);
	}
}

/* Practice: waiters behind the woken waiters stay where they are. */
void queue_wake_behind(const struct model_rules *rules, struct model_state *state,
		       const struct model_request *in, int owner, unsigned int lock)
{
	if (!rules->queues)
		queue_wake_all(state, in);
	for (int i = 0; i < MODEL_ACTORS; i++) {
		struct model_request *waiter = &state->request[i];

		if (model_waits(waiter) && conflict_same_domain(waiter, in) &&
		    waiter->behind == owner && (lock & 1u << waiter->cell)) {
			queue_wake(waiter);
			waiter->place = 0;
		}
	}
}

static bool follows(const struct model_request *request, int actor)
{
	return model_waits(request) && request->behind == MODEL_WAITER + actor;
}

void queue_wake_followers(struct model_state *state, int actor)
{
	for (int i = 0; i < MODEL_ACTORS; i++) {
		if (follows(&state->request[i], actor))
			queue_wake(&state->request[i]);
	}
}

void queue_follow(struct model_state *state, int actor, int owner, int cell)
{
	for (int i = 0; i < MODEL_ACTORS; i++) {
		if (follows(&state->request[i], actor)) {
			state->request[i].behind = owner;
			state->request[i].cell = cell;
		}
	}
}

bool queue_is_behind(const struct model_state *state, int actor, int whom, int cell, int file,
		     bool flock)
{
	const struct model_request *request = &state->request[actor];

	return model_waits(request) && request->behind == whom && request->cell == cell &&
	       request->file == file && (request->kind == KIND_FLOCK) == flock;
}

/*
 * Practice: a request stands behind a lock in its way. If a waiter that stands there already
 * conflicts with it, it stands behind the first such waiter instead, and so on from there. It is
 * always the last at its place.
 */
void queue_stand_behind(struct model_state *state, int actor, int owner, int cell)
{
	struct model_request *request = &state->request[actor];
	int whom = owner, at = cell, first, others;

	for (;;) {
		first = -1;
		others = 0;
		for (int i = 0; i < MODEL_ACTORS; i++) {
			if (i == actor || !queue_is_behind(state, i, whom, at, request->file,
							   request->kind == KIND_FLOCK))
				continue;
			others++;
			if (conflict_of_requests(state, i, actor) &&
			    (first < 0 || state->request[i].place < state->request[first].place))
				first = i;
		}
		if (first < 0)
			break;
		whom = MODEL_WAITER + first;
		at = 0;
	}
	request->status = REQUEST_ASLEEP;
	request->behind = whom;
	request->cell = at;
	request->place = others;
}

void queue_leave(const struct model_rules *rules, struct model_state *state, int actor)
{
	const struct model_request left = state->request[actor];

	for (int i = 0; rules->queues && i < MODEL_ACTORS; i++) {
		if (i != actor && state->request[i].place > left.place &&
		    queue_is_behind(state, i, left.behind, left.cell, left.file,
				    left.kind == KIND_FLOCK))
			state->request[i].place--;
	}
	queue_wake(&state->request[actor]);
}

void queue_name_locks(struct model_state *state, const struct model_request *in, int owner)
{
	struct model_cells own = model_held(state, in, owner);

	for (int i = 0; i < MODEL_ACTORS; i++) {
		struct model_request *waiter = &state->request[i];

		if (model_waits(waiter) && waiter->behind == owner &&
		    conflict_same_domain(waiter, in))
			waiter->cell = model_lowest(model_lock_at(own, waiter->cell));
	}
}
