// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>

#include "model/attempt.h"
#include "model/grant.h"
#include "model/invariant.h"
#include "model/queue.h"
#include "model/step.h"

/* One step being worked out: the rules, and the states on their way to rest. */
struct work {
	const struct model_rules *rules;
	struct model_set *reached;
};

/* ---- descriptors ---- */

static bool is_open(const struct model_state *state, int description)
{
	for (int actor = 0; actor < MODEL_ACTORS; actor++) {
		if (memchr(state->slot[actor], description, MODEL_SLOTS))
			return true;
	}
	return memchr(state->closing, description, MODEL_SLOTS);
}

/*
 * Promise, fcntl(2): "If a process closes any file descriptor referring to a file, then all of
 * the process's locks on that file are released".
 */
static void forget(const struct work *work, const struct model_state *from, int file)
{
	struct model_request in = { .kind = KIND_POSIX, .file = file };
	struct model_state state = *from;

	grant_release(work->rules, &state, &in, state.closer, MODEL_WHOLE);
	state.forgets &= ~(1u << file);
	model_set_add(work->reached, &state);
}

/*
 * Promise, fcntl(2): OFD locks go "on the last close of the open file description"; flock(2):
 * "when all such file descriptors have been closed".
 */
static void give_up(const struct work *work, const struct model_state *from, int number)
{
	struct model_state state = *from;
	int description = state.closing[number];

	state.closing[number] = -1;
	if (!is_open(&state, description)) {
		struct model_request in = { .kind = KIND_OFD, .file = state.file[description] };
		int owner = MODEL_ACTORS + description;

		grant_release(work->rules, &state, &in, owner, MODEL_WHOLE);
		in.kind = KIND_FLOCK;
		grant_release(work->rules, &state, &in, owner, MODEL_WHOLE);
		state.file[description] = -1;
	}
	model_set_add(work->reached, &state);
}

static void close_slot(struct model_state *state, int actor, int slot)
{
	int description = state->slot[actor][slot];

	if (description < 0)
		return;
	state->closer = actor;
	state->forgets |= 1u << state->file[description];
	state->closing[slot] = description;
	state->slot[actor][slot] = -1;
}

/* open(2): "a new open file description". */
static void open_slot(struct model_state *state, int actor, int slot, int file)
{
	int description = 0;

	while (state->file[description] >= 0)
		description++;
	state->file[description] = file;
	state->slot[actor][slot] = description;
}

/* ---- a step begins ---- */

static void request(const struct model_rules *rules, struct model_state *state,
		    const struct model_step *step)
{
	struct model_request request = {
		.status = REQUEST_AWAKE, .kind = step->kind, .mode = step->mode,
		.wait = step->wait, .cells = model_range(step->first, step->last),
		.behind = MODEL_NOBODY,
	};

	if (lock_kind_traits(step->kind) & TRAIT_FILE) {
		request.description = state->slot[step->actor][step->slot];
		request.file = state->file[request.description];
	}
	if (step->what == STEP_UNLOCK) {
		grant_release(rules, state, &request, model_owner(&request, step->actor),
			      request.cells);
		grant_finish(state, step->actor, 0);
		return;
	}
	for (int i = 0; rules->in_order && i < MODEL_ACTORS; i++) {
		if (model_pending(&state->request[i]) && state->request[i].place >= request.place)
			request.place = state->request[i].place + 1;
	}
	state->request[step->actor] = request;
}

void model_start(const struct model_rules *rules, struct model_state *state,
		 const struct model_step *step)
{
	int actor = step->actor;
	signed char *slot = state->slot[actor];

	grant_finish(state, actor, 0);
	switch (step->what) {
	case STEP_LOCK:
	case STEP_UNLOCK:
		request(rules, state, step);
		break;
	case STEP_OPEN:
		open_slot(state, actor, step->slot, step->other);
		break;
	case STEP_DUP:
		/* dup(2): it "refers to the same open file description" */
		close_slot(state, actor, step->other);
		slot[step->other] = slot[step->slot];
		break;
	case STEP_CLOSE:
		close_slot(state, actor, step->slot);
		break;
	case STEP_FORK:
		/*
		 * fork(2): each copy "refers to the same open file description"; fcntl(2):
		 * "Record locks are not inherited by a child".
		 */
		memcpy(state->slot[step->other], slot, MODEL_SLOTS);
		state->alive |= 1u << step->other;
		break;
	case STEP_EXIT:
		/* fcntl(2): "automatically released when the process terminates" */
		for (int i = 0; i < MODEL_SLOTS; i++)
			close_slot(state, actor, i);
		state->alive &= ~(1u << actor);
		break;
	}
}

/* Promise, fcntl(2) and flock(2), EINTR: the wait "was interrupted by a signal". */
void model_interrupt(const struct model_rules *rules, struct model_state *state, int actor)
{
	queue_leave(rules, state, actor);
	queue_wake_followers(state, actor);
	/*
	 * Promise: the kernel may detect an existing deadlock now, earlier or never. Folklore:
	 * nobody has to wait for this actor any more.
	 */
	for (int i = 0; !rules->queues && i < MODEL_ACTORS; i++) {
		if (model_waits(&state->request[i]))
			queue_wake(&state->request[i]);
	}
	grant_finish(state, actor, -EINTR);
}

/* ---- it goes on, until everybody is at rest ---- */

/* A close that releases nothing cannot be observed, so its time does not matter. */
static bool goes_unnoticed(const struct model_state *state, int file, int description)
{
	struct model_cells cells = state->posix[file][state->closer];

	if (description >= 0) {
		cells = state->ofd[description];
		if (state->flock[description].shared || state->flock[description].exclusive)
			return false;
	}
	return !cells.shared && !cells.exclusive;
}

static bool something_goes_unnoticed(const struct work *work, const struct model_state *state)
{
	for (int file = 0; file < MODEL_FILES; file++) {
		if ((state->forgets & 1u << file) && goes_unnoticed(state, file, -1)) {
			forget(work, state, file);
			return true;
		}
	}
	for (int i = 0; i < MODEL_SLOTS; i++) {
		int description = state->closing[i];

		if (description >= 0 && !(state->forgets & 1u << state->file[description]) &&
		    goes_unnoticed(state, 0, description)) {
			give_up(work, state, i);
			return true;
		}
	}
	return false;
}

/* Add a state for each thing that can happen next in a close or an exit. */
static bool closing_goes_on(const struct work *work, const struct model_state *state)
{
	bool any = false;

	for (int file = 0; file < MODEL_FILES; file++) {
		if (!(state->forgets & 1u << file))
			continue;
		any = true;
		forget(work, state, file);
	}
	for (int i = 0; i < MODEL_SLOTS; i++) {
		int description = state->closing[i];

		if (description < 0 || (state->forgets & 1u << state->file[description]))
			continue;
		any = true;
		give_up(work, state, i);
	}
	return any;
}

bool model_go_on(const struct model_rules *rules, const struct model_state *state,
		 struct model_set *to)
{
	const struct work work = { .rules = rules, .reached = to };
	bool any = false;
	int first = -1;

	if (something_goes_unnoticed(&work, state))
		return true;
	any = closing_goes_on(&work, state);
	for (int i = 0; i < MODEL_ACTORS; i++) {
		if (state->request[i].status != REQUEST_AWAKE)
			continue;
		if (!rules->in_order)
			attempt(rules, state, i, to);
		else if (first < 0 || state->request[i].place < state->request[first].place)
			first = i;
		any = true;
	}
	if (first >= 0)
		attempt(rules, state, first, to);
	return any;
}

void model_step(const struct model_rules *rules, const struct model_state *from,
		const struct model_step *step, struct model_set *to, struct model_set *scratch)
{
	struct model_state state = *from;

	for (int i = 0; i < MODEL_ACTORS; i++) {
		if (state.request[i].status == REQUEST_DONE)
			memset(&state.request[i], 0, sizeof(state.request[i]));
	}
	model_set_clear(scratch);
	if (step->what == STEP_INTERRUPT)
		model_interrupt(rules, &state, step->actor);
	else
		model_start(rules, &state, step);
	model_set_add(scratch, &state);
	for (int i = 0; i < scratch->count; i++) {
		state = scratch->state[i];
		if (model_go_on(rules, &state, scratch))
			continue;
		state.closer = 0;
		if (model_set_add(to, &state))
			invariant_check(rules, &state);
	}
	to->full |= scratch->full;
}

/* ---- may it begin? ---- */

static bool holds_any(const struct model_state *state, int actor)
{
	return state->posix[0][actor].shared || state->posix[0][actor].exclusive;
}

bool model_applies(const struct model_state *state, const struct model_step *step)
{
	const signed char *slot = state->slot[step->actor];

	if (!(state->alive & 1u << step->actor))
		return false;
	if (step->what == STEP_INTERRUPT)
		return model_waits(&state->request[step->actor]);
	if (model_waits(&state->request[step->actor]))
		return false;
	switch (step->what) {
	case STEP_OPEN:
		return slot[step->slot] < 0;
	case STEP_FORK:
		return !(state->alive & 1u << step->other);
	case STEP_EXIT:
		return true;
	case STEP_LOCK:
	case STEP_UNLOCK:
		/* The controls cannot be taken twice. */
		if (!(lock_kind_traits(step->kind) & TRAIT_FILE))
			return holds_any(state, step->actor) == (step->what == STEP_UNLOCK);
	}
	if (step->what == STEP_DUP && step->slot == step->other)
		return false;
	return slot[step->slot] >= 0;
}
