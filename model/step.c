// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>

#include "model/attempt.h"
#include "model/grant.h"
#include "model/invariant.h"
#include "model/queue.h"
#include "model/step.h"

/* A step that is being worked out: the rules, and the states that have not come to rest. */
struct work {
	const struct model_rules *rules;
	struct model_set *reached;
};

/* ---- descriptors ---- */

static void release_all(const struct work *work, struct model_state *state, enum lock_kind kind,
			int file, int owner)
{
	struct model_request in = { .kind = kind, .file = file };

	grant_release(work->rules, state, &in, owner, MODEL_WHOLE);
}

/*
 * Promise, fcntl(2): "If a process closes any file descriptor referring to a file, then all of
 * the process's locks on that file are released".
 */
static void forget(const struct work *work, const struct model_state *from, int file)
{
	struct model_state state = *from;

	release_all(work, &state, KIND_POSIX, file, state.closer);
	state.forgets &= ~(1u << file);
	model_set_add(work->reached, &state);
}

static void take_back(const struct work *work, const struct model_state *from, int table, int file)
{
	struct model_state state = *from;

	release_all(work, &state, KIND_POSIX, file, table);
	state.takes_back[table] &= ~(1u << file);
	model_set_add(work->reached, &state);
}

/*
 * Promise, fcntl(2): OFD locks go "on the last close of the open file description"; flock(2):
 * "when all such file descriptors have been closed".
 */
static void give_up(const struct work *work, const struct model_state *from, int description)
{
	struct model_state state = *from;
	int file = state.file[description], owner = MODEL_ACTORS + description;

	release_all(work, &state, KIND_OFD, file, owner);
	release_all(work, &state, KIND_FLOCK, file, owner);
	state.file[description] = -1;
	model_set_add(work->reached, &state);
}

/* Where waiters do not queue, those that wait with the descriptor may notice at once. */
static void close_slot(const struct model_rules *rules, struct model_state *state, int table,
		       int slot)
{
	int description = state->slot[table][slot];

	if (description < 0)
		return;
	state->closes = true;
	state->closer = table;
	state->forgets |= 1u << state->file[description];
	state->slot[table][slot] = -1;
	for (int i = 0; !rules->ebadf_at_the_grant && i < MODEL_ACTORS; i++) {
		if (model_waits(&state->request[i]) && grant_comes_too_late(state, i))
			queue_wake(&state->request[i]);
	}
}

/* open(2): "a new open file description". */
static void open_slot(struct model_state *state, int table, int slot, int file)
{
	int description = 0;

	while (state->file[description] >= 0)
		description++;
	state->file[description] = file;
	state->slot[table][slot] = description;
}

/*
 * The actor's table goes with the last actor that uses it. fcntl(2): locks are "automatically
 * released when the process terminates".
 */
static void exit_actor(const struct model_rules *rules, struct model_state *state, int actor)
{
	int table = state->table[actor];

	state->alive &= ~(1u << actor);
	state->table[actor] = actor;
	if (model_is_table_used(state, table))
		return;
	for (int i = 0; i < MODEL_SLOTS; i++)
		close_slot(rules, state, table, i);
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
		request.slot = step->slot;
		request.description = model_description(state, step->actor, step->slot);
		request.file = state->file[request.description];
	}
	if (step->what == STEP_UNLOCK) {
		grant_release(rules, state, &request, model_owner(state, &request, step->actor),
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
	int actor = step->actor, table = state->table[actor];
	signed char *slot = state->slot[table];

	grant_finish(state, actor, 0);
	switch (step->what) {
	case STEP_LOCK:
	case STEP_UNLOCK:
		request(rules, state, step);
		break;
	case STEP_OPEN:
		open_slot(state, table, step->slot, step->other);
		break;
	case STEP_DUP:
		/* dup(2): it "refers to the same open file description" */
		close_slot(rules, state, table, step->other);
		slot[step->other] = slot[step->slot];
		break;
	case STEP_CLOSE:
		close_slot(rules, state, table, step->slot);
		break;
	case STEP_FORK:
		/*
		 * fork(2): each copy "refers to the same open file description"; fcntl(2):
		 * "Record locks are not inherited by a child".
		 */
		memcpy(state->slot[step->other], slot, MODEL_SLOTS);
		state->alive |= 1u << step->other;
		break;
	case STEP_THREAD:
		/* pthreads(7): threads share "open file descriptors" and "record locks" */
		state->table[step->other] = table;
		state->alive |= 1u << step->other;
		break;
	case STEP_EXIT:
		exit_actor(rules, state, actor);
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
static bool is_empty(struct model_cells cells)
{
	return !cells.shared && !cells.exclusive;
}

static bool goes_unnoticed(const struct model_state *state, int description)
{
	return is_empty(state->ofd[description]) && is_empty(state->flock[description]);
}

/*
 * Add a state for each thing that can happen next in a close or an exit; or, with @unnoticed, for
 * the first that cannot be observed. A close() ends the locks of the process first.
 */
static bool closing_goes_on(const struct work *work, const struct model_state *state,
			    bool unnoticed)
{
	unsigned int gone = model_unused(state);
	bool any = false;

	for (int file = 0; file < MODEL_FILES && !(any && unnoticed); file++) {
		if (!(state->forgets & 1u << file) ||
		    (unnoticed && !is_empty(state->posix[file][state->closer])))
			continue;
		any = true;
		forget(work, state, file);
	}
	for (int i = 0; i < MODEL_ACTORS * MODEL_FILES && !(any && unnoticed); i++) {
		int table = i / MODEL_FILES, file = i % MODEL_FILES;

		if (!(state->takes_back[table] & 1u << file) ||
		    (unnoticed && !is_empty(state->posix[file][table])))
			continue;
		any = true;
		take_back(work, state, table, file);
	}
	for (int i = 0; gone >> i && !(any && unnoticed); i++) {
		if (!(gone & 1u << i) || (state->forgets & 1u << state->file[i]) ||
		    (unnoticed && !goes_unnoticed(state, i)))
			continue;
		any = true;
		give_up(work, state, i);
	}
	return any;
}

bool model_closes(const struct model_state *state)
{
	bool any = state->forgets;

	for (int i = 0; i < MODEL_ACTORS; i++)
		any |= state->takes_back[i];
	return state->closes && (any || model_unused(state));
}

bool model_go_on(const struct model_rules *rules, const struct model_state *state,
		 struct model_set *to)
{
	const struct work work = { .rules = rules, .reached = to };
	bool any = false;
	int first = -1;

	if (state->closes && closing_goes_on(&work, state, true))
		return true;
	if (state->closes)
		any = closing_goes_on(&work, state, false);
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
		state.closes = false;
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
	const signed char *slot = state->slot[state->table[step->actor]];

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
	case STEP_THREAD:
		/* A table has the number of the actor that it began with. */
		return !(state->alive & 1u << step->other) &&
		       !model_is_table_used(state, step->other);
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
