// SPDX-License-Identifier: GPL-2.0
#include "model/conflict.h"

/*
 * Promise, fcntl(2): "Conflicting lock combinations […] where one lock is an open file
 * description lock and the other is a traditional record lock conflict"; flock(2): "there is
 * no interaction between the types of lock placed by flock() and fcntl(2)".
 */
bool conflict_same_domain(const struct model_request *a, const struct model_request *b)
{
	return a->file == b->file && (a->kind == KIND_FLOCK) == (b->kind == KIND_FLOCK);
}

/*
 * Promise, fcntl(2): "Any number of processes may hold a read lock (shared lock) […], but only
 * one process may hold a write lock"; flock(2) of LOCK_SH and LOCK_EX: the same.
 */
static unsigned int excluded(struct model_cells cells, enum lock_mode mode)
{
	return mode == MODE_SHARED ? cells.exclusive : cells.exclusive | cells.shared;
}

unsigned int conflict_in_the_way(const struct model_state *state, int actor, int owner)
{
	const struct model_request *request = &state->request[actor];

	/* Promise, fcntl(2): "the existing lock is converted to the new lock type". */
	if (owner == model_owner(state, request, actor))
		return 0;
	return excluded(model_held(state, request, owner), request->mode) & request->cells;
}

bool conflict_of_requests(const struct model_state *state, int a, int b)
{
	const struct model_request *one = &state->request[a], *other = &state->request[b];

	return conflict_same_domain(one, other) &&
	       model_owner(state, one, a) != model_owner(state, other, b) &&
	       (one->cells & other->cells) &&
	       (one->mode == MODE_EXCLUSIVE || other->mode == MODE_EXCLUSIVE);
}

/*
 * Does an earlier request conflict? It does not on bytes that the requester already holds, in
 * either mode.
 */
static bool is_passed_over(const struct model_state *state, int actor, int other)
{
	const struct model_request *request = &state->request[actor];
	struct model_cells own = model_held(state, request, model_owner(state, request, actor));
	unsigned int wanted = request->cells & ~(own.shared | own.exclusive);

	return model_pending(&state->request[other]) && conflict_of_requests(state, actor, other) &&
	       state->request[other].place < request->place &&
	       (state->request[other].cells & wanted);
}

bool conflict_blocks(const struct model_rules *rules, const struct model_state *state, int actor)
{
	for (int owner = 0; owner < MODEL_OWNERS; owner++) {
		if (conflict_in_the_way(state, actor, owner))
			return true;
	}
	for (int other = 0; rules->in_order && other < MODEL_ACTORS; other++) {
		if (other != actor && is_passed_over(state, actor, other))
			return true;
	}
	return false;
}
