// SPDX-License-Identifier: GPL-2.0
#include <errno.h>

#include "model/grant.h"
#include "model/queue.h"

void grant_finish(struct model_state *state, int actor, int result)
{
	struct model_request *request = &state->request[actor];
	bool called = model_pending(request);
	struct model_request done = {
		.status = REQUEST_DONE, .result = result, .kind = request->kind,
	};

	if (called && state->freely) {
		done.status = REQUEST_LEAVES;
		done.file = request->file;
		done.slot = request->slot;
		done.description = request->description;
	} else if (called && model_has_lost_descriptor(state, actor)) {
		/* The request may have been the last to refer to its description. */
		state->closes = true;
	}
	*request = done;
}

/*
 * Promise, fcntl(2): "the existing lock is converted", which "may involve splitting, shrinking, or
 * coalescing with an existing lock". Practice: of the owner's locks, from the first byte on, the
 * first that is of the same mode and touches grows into the new one, unless another was covered
 * whole before it. Waiters behind the growing lock stay; waiters behind the other locks try again.
 * Return whether a lock grows.
 */
static bool wake_and_grow(const struct model_rules *rules, struct model_state *state,
			  const struct model_request *request, int owner)
{
	const struct model_cells own = model_held(state, request, owner);
	unsigned int near = request->cells | request->cells << 1 | request->cells >> 1, lock;
	bool placed = false, grown = false;

	for (int cell = 0; cell < MODEL_CELLS; cell += lock ? __builtin_popcount(lock) : 1) {
		bool alike;

		lock = model_lock_at(own, cell);
		alike = lock & model_of_mode(own, request->mode);
		if (alike && (lock & near) && !placed) {
			placed = true;
			grown = true;
		} else if (lock & (alike ? near : request->cells)) {
			queue_wake_behind(rules, state, request, owner, lock);
			placed |= !alike && !(lock & ~request->cells);
		}
	}
	return grown;
}

bool grant_comes_too_late(const struct model_state *state, int actor)
{
	return model_owner(state, &state->request[actor], actor) < MODEL_ACTORS &&
	       model_has_lost_descriptor(state, actor);
}

/*
 * Practice: a POSIX lock that is granted after its descriptor has gone is taken back, with all
 * others that the table has on the file. (An OFD lock or flock stays with its description, which
 * the call keeps open until it returns.)
 */
void grant(const struct model_rules *rules, struct model_state *state, int actor)
{
	const struct model_request request = state->request[actor];
	int owner = model_owner(state, &request, actor);
	struct model_cells *own = model_held_by(state, &request, owner);
	bool lost = grant_comes_too_late(state, actor);

	/* If the lock is a new one, waiters behind the request now stand behind the lock. */
	if (wake_and_grow(rules, state, &request, owner))
		queue_wake_followers(state, actor);
	else
		queue_follow(state, actor, owner, model_lowest(request.cells));
	own->shared &= ~request.cells;
	own->exclusive &= ~request.cells;
	*(request.mode == MODE_SHARED ? &own->shared : &own->exclusive) |= request.cells;
	queue_name_locks(state, &request, owner);
	/* Folklore: earlier requests are not in the way of this owner on these bytes any more. */
	if (rules->in_order)
		queue_wake_all(state, &request);
	if (lost) {
		state->takes_back[owner] |= 1u << request.file;
		state->closes = true;
	}
	grant_finish(state, actor, lost ? -EBADF : 0);
}

/*
 * Promise, fcntl(2): F_UNLCK releases "the bytes specified"; flock(2), LOCK_UN: "Remove an existing
 * lock". Practice: waiters behind a lock that is trimmed try again, as if it were released.
 */
void grant_release(const struct model_rules *rules, struct model_state *state,
		   const struct model_request *in, int owner, unsigned int cells)
{
	struct model_cells *own = model_held_by(state, in, owner);

	for (int cell = 0; cell < MODEL_CELLS; cell++) {
		unsigned int lock = cells & 1u << cell ? model_lock_at(*own, cell) : 0;

		if (lock)
			queue_wake_behind(rules, state, in, owner, lock);
	}
	own->shared &= ~cells;
	own->exclusive &= ~cells;
}
