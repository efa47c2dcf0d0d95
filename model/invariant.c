// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/conflict.h"
#include "model/invariant.h"
#include "model/queue.h"

/* ---- locks ---- */

/*
 * Add an owner's locks to @taken, all locks of the same file and sort. Return false if two exclude
 * each other.
 */
static bool take(struct model_cells *taken, struct model_cells own)
{
	bool excluded = (own.exclusive & (taken->exclusive | taken->shared | own.shared)) ||
			(own.shared & taken->exclusive);

	taken->shared |= own.shared;
	taken->exclusive |= own.exclusive;
	return !excluded;
}

static bool nothing_or_all(struct model_cells cells)
{
	return cells.shared + cells.exclusive == 0 || cells.shared + cells.exclusive == MODEL_WHOLE;
}

static const char *broken_lock(const struct model_state *state)
{
	struct model_cells record[MODEL_FILES] = { 0 }, flock[MODEL_FILES] = { 0 };
	bool alone = true;

	for (int file = 0; file < MODEL_FILES; file++) {
		for (int actor = 0; actor < MODEL_ACTORS; actor++)
			alone &= take(&record[file], state->posix[file][actor]);
	}
	for (int i = 0; i < MODEL_DESCRIPTIONS; i++) {
		int file = state->file[i];

		if (file < 0) {
			if (state->ofd[i].shared || state->ofd[i].exclusive ||
			    state->flock[i].shared || state->flock[i].exclusive)
				return "a description that is closed has locks";
			continue;
		}
		alone &= take(&record[file], state->ofd[i]);
		alone &= take(&flock[file], state->flock[i]);
		if (!nothing_or_all(state->flock[i]))
			return "an flock() lock is not on the whole file";
	}
	return alone ? NULL : "a byte is exclusive to two owners";
}

/* ---- actors and descriptors ---- */

static bool has_lock(const struct model_state *state, int table)
{
	for (int file = 0; file < MODEL_FILES; file++) {
		if (state->posix[file][table].shared || state->posix[file][table].exclusive)
			return true;
	}
	return false;
}

static const char *broken_actor(const struct model_state *state)
{
	for (int actor = 0; actor < MODEL_ACTORS; actor++) {
		bool alive = state->alive & 1u << actor;
		int table = state->table[actor];

		if (!alive && table != actor)
			return "an actor that has exited has a table of descriptors";
		if ((state->alive & 1u << table) && state->table[table] != table)
			return "a table has the number of an actor that uses another";
		if (!alive && model_pending(&state->request[actor]))
			return "an actor that has exited asks for a lock";
	}
	return NULL;
}

static const char *broken_descriptor(const struct model_state *state)
{
	unsigned int used = 0, open = 0;

	for (int table = 0; table < MODEL_ACTORS; table++) {
		bool is_used = model_is_table_used(state, table);

		for (int i = 0; i < MODEL_SLOTS; i++) {
			if (state->slot[table][i] < 0)
				continue;
			if (!is_used)
				return "a table that nobody uses has a descriptor";
			used |= 1u << state->slot[table][i];
		}
		if (!is_used && has_lock(state, table))
			return "a table that nobody uses holds a lock";
	}
	for (int i = 0; i < MODEL_ACTORS; i++) {
		if (model_waits(&state->request[i]) &&
		    (lock_kind_traits(state->request[i].kind) & TRAIT_FILE))
			used |= 1u << state->request[i].description;
	}
	for (int i = 0; i < MODEL_DESCRIPTIONS; i++)
		open |= (state->file[i] >= 0) << i;
	return used == open ? NULL : "a description is open without a use, or is not open";
}

/* ---- requests ---- */

/* The actor's number must be the count of the waiters before it at the same place. */
static bool is_in_place(const struct model_state *state, int actor)
{
	const struct model_request *request = &state->request[actor];
	int before = 0;

	for (int i = 0; i < MODEL_ACTORS; i++) {
		if (i == actor ||
		    !queue_is_behind(state, i, request->behind, request->cell, request->file,
				     request->kind == KIND_FLOCK))
			continue;
		if (state->request[i].place == request->place)
			return false;
		before += state->request[i].place < request->place;
	}
	return before == request->place;
}

/* Follow the chain of waiters. Other checks cover whether each of them really waits. */
static bool is_in_a_circle(const struct model_state *state, int behind)
{
	for (int length = 0; length < MODEL_ACTORS; length++) {
		if (behind < MODEL_WAITER || behind >= MODEL_WAITER + MODEL_ACTORS)
			return false;
		behind = state->request[behind - MODEL_WAITER].behind;
	}
	return true;
}

static const char *broken_queue(const struct model_state *state, int actor)
{
	const struct model_request *request = &state->request[actor];
	int behind = request->behind;

	if (behind < MODEL_OWNERS) {
		unsigned int lock = model_lock_at(model_held(state, request, behind),
						  request->cell);

		if (!(lock & conflict_in_the_way(state, actor, behind)))
			return "a waiter stands behind a lock that is not in its way";
		if (model_lowest(lock) != request->cell)
			return "a waiter stands behind the middle of a lock";
	} else {
		int other = behind - MODEL_WAITER;

		if (other < 0 || other >= MODEL_ACTORS || !model_waits(&state->request[other]) ||
		    !conflict_of_requests(state, actor, other))
			return "a waiter stands behind nobody who is in its way";
	}
	if (is_in_a_circle(state, behind))
		return "waiters stand behind each other in a circle";
	return is_in_place(state, actor) ? NULL : "the places of waiters are not 0, 1, 2, …";
}

/* First come, first served: no two requests may have the same place. */
static bool shares_its_place(const struct model_state *state, int actor)
{
	for (int i = 0; i < MODEL_ACTORS; i++) {
		if (i != actor && model_pending(&state->request[i]) &&
		    state->request[i].place == state->request[actor].place)
			return true;
	}
	return false;
}

static const char *broken_wait(const struct model_rules *rules, const struct model_state *state,
			       int actor)
{
	const struct model_request *request = &state->request[actor];
	bool file = lock_kind_traits(request->kind) & TRAIT_FILE;

	if (!request->wait || !request->cells || request->result)
		return "a request that sleeps is not one that waits";
	if (file && state->file[request->description] != request->file)
		return "a request that sleeps is about a file that is not open";
	if (rules->queues)
		return broken_queue(state, actor);
	if (!conflict_blocks(rules, state, actor))
		return "a request sleeps with nothing in its way";
	if (rules->in_order && shares_its_place(state, actor))
		return "two requests have the same number";
	return NULL;
}

/* Equal states must be equal bytes. */
static bool is_plain(const struct model_request *request)
{
	const struct model_request plain = {
		.status = request->status, .result = request->result, .kind = request->kind,
	};
	const struct model_request none = { 0 };

	return !memcmp(request, request->status == REQUEST_NONE ? &none : &plain, sizeof(none));
}

static const char *broken_request(const struct model_rules *rules, const struct model_state *state)
{
	for (int actor = 0; actor < MODEL_ACTORS; actor++) {
		const struct model_request *request = &state->request[actor];
		const char *broken = NULL;

		if (request->status == REQUEST_AWAKE)
			return "not everybody is at rest";
		if (model_waits(request))
			broken = broken_wait(rules, state, actor);
		else if (!is_plain(request))
			broken = "a request that has returned has left something";
		if (broken)
			return broken;
	}
	return NULL;
}

/* ---- all of it ---- */

const char *invariant_broken(const struct model_rules *rules, const struct model_state *state)
{
	const char *broken;

	if (state->closes || state->forgets || state->closer)
		return "a close is under way";
	for (int i = 0; i < MODEL_ACTORS; i++) {
		if (state->takes_back[i])
			return "a lock is still to be taken back";
	}
	broken = broken_lock(state);
	if (!broken)
		broken = broken_actor(state);
	if (!broken)
		broken = broken_descriptor(state);
	return broken ? broken : broken_request(rules, state);
}

void invariant_check(const struct model_rules *rules, const struct model_state *state)
{
	const char *broken = invariant_broken(rules, state);

	if (!broken)
		return;
	fprintf(stderr, "the model is wrong: %s\n", broken);
	abort();
}
