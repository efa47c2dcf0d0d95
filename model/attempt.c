// SPDX-License-Identifier: GPL-2.0
#include <errno.h>

#include "model/attempt.h"
#include "model/conflict.h"
#include "model/deadlock.h"
#include "model/grant.h"
#include "model/queue.h"

static void refuse(const struct model_rules *rules, const struct model_state *from, int actor,
		   int result, struct model_set *to)
{
	struct model_state state = *from;

	/* Folklore: others may have waited for this request. */
	if (rules->in_order)
		queue_wake_all(&state, &from->request[actor]);
	grant_finish(&state, actor, result);
	model_set_add(to, &state);
}

static void wait_anywhere(const struct model_rules *rules, const struct model_state *from,
			  int actor, struct model_set *to)
{
	struct model_state state = *from;

	if (deadlock_of(rules, from, actor) != DEADLOCK_NONE)
		refuse(rules, from, actor, -EDEADLK, to);
	state.request[actor].status = REQUEST_ASLEEP;
	model_set_add(to, &state);
}

/*
 * If locks of several owners are in its way, the order of the kernel's list decides which of them
 * the request stands behind: add a state for each.
 */
static void wait_in_queue(const struct model_rules *rules, const struct model_state *from,
			  int actor, struct model_set *to)
{
	for (int owner = 0; owner < MODEL_OWNERS; owner++) {
		unsigned int cells = conflict_in_the_way(from, actor, owner), lock;
		struct model_state state = *from;
		enum deadlock deadlock;

		if (!cells)
			continue;
		lock = model_lock_at(model_held(from, &from->request[actor], owner),
				     model_lowest(cells));
		deadlock = deadlock_behind(from, actor, owner);
		if (deadlock != DEADLOCK_NONE)
			refuse(rules, from, actor, -EDEADLK, to);
		if (deadlock == DEADLOCK_IS_SEEN)
			continue;
		queue_stand_behind(&state, actor, owner, model_lowest(lock));
		model_set_add(to, &state);
	}
}

static bool drops_its_lock(const struct model_state *state, int actor)
{
	const struct model_request *request = &state->request[actor];
	struct model_cells own = model_held(state, request, model_owner(state, request, actor));

	return request->kind == KIND_FLOCK &&
	       (request->mode == MODE_SHARED ? own.exclusive : own.shared);
}

void attempt(const struct model_rules *rules, const struct model_state *from, int actor,
	     struct model_set *to)
{
	struct model_state state = *from;
	const struct model_request *request = &state.request[actor];
	bool late;

	if (drops_its_lock(from, actor)) {
		grant_release(rules, &state, request, model_owner(from, request, actor),
			      MODEL_WHOLE);
		if (!rules->flock_drops_and_tries_at_once) {
			model_set_add(to, &state);
			state = *from;
		}
	}
	late = !rules->ebadf_at_the_grant && grant_comes_too_late(from, actor);
	if (late)
		refuse(rules, from, actor, -EBADF, to);
	if (!conflict_blocks(rules, &state, actor)) {
		grant(rules, &state, actor);
		model_set_add(to, &state);
		if (late) {
			state.request[actor].result = 0;
			model_set_add(to, &state);
		}
		return;
	}
	/*
	 * Promise, fcntl(2), F_SETLK: "If a conflicting lock is held by another process, this
	 * call returns -1 and sets errno to EACCES or EAGAIN"; F_OFD_SETLK: to EAGAIN;
	 * flock(2): EWOULDBLOCK.
	 */
	if (!request->wait) {
		refuse(rules, &state, actor, -EAGAIN, to);
	} else if (!rules->queues) {
		wait_anywhere(rules, &state, actor, to);
	} else {
		/* Practice: waiters behind it try again, too. */
		queue_wake_followers(&state, actor);
		wait_in_queue(rules, &state, actor, to);
	}
}
