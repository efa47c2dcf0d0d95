// SPDX-License-Identifier: GPL-2.0
#include <assert.h>

#include "model/conflict.h"
#include "model/deadlock.h"

static_assert(MODEL_OWNERS <= 32, "a bit for each owner");

/*
 * Promise, fcntl(2): "no deadlock detection is performed for open file description locks";
 * flock(2): it "does not detect deadlock"; lockf(3) has EDEADLK.
 */
static bool is_detected(const struct model_request *request)
{
	return lock_kind_traits(request->kind) & TRAIT_DETECTS_DEADLOCK;
}

/* Record locks and flocks do not wait for each other: conflict_same_domain(). */
static bool is_flock(const struct model_request *request)
{
	return request->kind == KIND_FLOCK;
}

/* Are there several tasks that share a table of descriptors? */
static bool tasks_share(const struct model_state *state)
{
	for (int i = 0; i < MODEL_ACTORS; i++) {
		int table = state->table[i];

		for (int j = 0; j < i && (state->alive & 1u << i); j++) {
			if ((state->alive & 1u << j) && state->table[j] == table)
				return true;
		}
	}
	return false;
}

/* Which requests are in the way of a request, beside locks? */
enum in_the_way {
	LOCKS_ALONE,
	EARLIER_REQUESTS,	/* folklore: a request waits for all earlier ones */
	/*
	 * Promise, fcntl(2): "the kernel may falsely indicate a deadlock when two or more processes
	 * created using the clone(2) CLONE_FILES flag place locks that appear (to the kernel) to
	 * conflict".
	 */
	ALL_REQUESTS,
};

/* Does @owner have a request that is in the way of the actor's, which stands behind it? */
static bool requests_in_the_way(const struct model_state *state, enum in_the_way which, int actor,
				int owner)
{
	for (int i = 0; i < MODEL_ACTORS; i++) {
		const struct model_request *request = &state->request[i];

		if (which == EARLIER_REQUESTS && request->place >= state->request[actor].place)
			continue;
		if (which != LOCKS_ALONE && i != actor && model_pending(request) &&
		    conflict_of_requests(state, actor, i) &&
		    model_owner(state, request, i) == owner)
			return true;
	}
	return false;
}

/* Follow the waits from owner to owner: each request waits for everything in its way. */
static bool leads_to(const struct model_state *state, const struct model_request *from,
		     enum in_the_way which, int owner, int target, unsigned int *seen)
{
	*seen |= 1u << owner;
	for (int i = 0; i < MODEL_ACTORS; i++) {
		const struct model_request *request = &state->request[i];

		if (!model_pending(request) || is_flock(request) != is_flock(from) ||
		    model_owner(state, request, i) != owner)
			continue;
		for (int next = 0; next < MODEL_OWNERS; next++) {
			if (!conflict_in_the_way(state, i, next) &&
			    !requests_in_the_way(state, which, i, next))
				continue;
			if (next == target ||
			    (!(*seen & 1u << next) &&
			     leads_to(state, from, which, next, target, seen)))
				return true;
		}
	}
	return false;
}

/*
 * Promise, POSIX.1-2024 fcntl(), EDEADLK: waiting "would cause a deadlock": there is a cycle. The
 * kernel need not detect it: fcntl(2), BUGS, speaks of "failures to detect deadlocks". (It speaks
 * of the opposite as well, but POSIX does not.) Folklore: two upgraders of an flock, which has not
 * been dropped, would wait for each other; the second may be refused.
 */
enum deadlock deadlock_of(const struct model_rules *rules, const struct model_state *state,
			  int actor)
{
	const struct model_request *request = &state->request[actor];
	int owner = model_owner(state, request, actor);
	enum in_the_way which = tasks_share(state) ? ALL_REQUESTS :
				rules->in_order ? EARLIER_REQUESTS : LOCKS_ALONE;
	unsigned int seen = 0;

	if ((is_detected(request) || (rules->in_order && is_flock(request))) &&
	    leads_to(state, request, which, owner, owner, &seen))
		return DEADLOCK_MAY_BE_SEEN;
	return DEADLOCK_NONE;
}

static enum deadlock chain_to(const struct model_state *state, int owner, int target,
			      unsigned int *seen);

/*
 * Follow the chain from waiter @i of @owner to the lock at the root of its queue, and on from the
 * owner of that lock.
 */
static enum deadlock chain_from(const struct model_state *state, int i, int owner, int target,
				unsigned int *seen)
{
	const struct model_request *at = &state->request[i];
	bool mixed = owner >= MODEL_ACTORS;
	enum deadlock rest = DEADLOCK_NONE;
	int root = i, next;

	while (model_waits(at) && at->behind >= MODEL_WAITER) {
		mixed |= at->kind == KIND_OFD;
		root = at->behind - MODEL_WAITER;
		at = &state->request[root];
	}
	mixed |= at->kind == KIND_OFD;
	next = model_waits(at) ? at->behind : model_owner(state, at, root);
	mixed |= next >= MODEL_ACTORS;
	if (next == target)
		rest = DEADLOCK_IS_SEEN;
	else if (!(*seen & 1u << next))
		rest = chain_to(state, next, target, seen);
	return rest == DEADLOCK_IS_SEEN && mixed ? DEADLOCK_MAY_BE_SEEN : rest;
}

/*
 * Practice: from the owner of the lock in the way to the lock at the root of what that owner
 * waits behind, to its owner, and so on back to the requester. With OFD locks, or waiters for
 * them, on this way, some cycles are seen and some are not. Of an owner that waits in several
 * threads only one request is followed: a cycle is seen for sure if all of them lead back.
 */
static enum deadlock chain_to(const struct model_state *state, int owner, int target,
			      unsigned int *seen)
{
	enum deadlock all = DEADLOCK_NONE;
	bool any = false;

	*seen |= 1u << owner;
	for (int i = 0; i < MODEL_ACTORS; i++) {
		const struct model_request *request = &state->request[i];
		enum deadlock found;

		if (!model_waits(request) || request->kind == KIND_FLOCK ||
		    model_owner(state, request, i) != owner)
			continue;
		found = chain_from(state, i, owner, target, seen);
		all = any && found != all ? DEADLOCK_MAY_BE_SEEN : found;
		any = true;
	}
	return all;
}

enum deadlock deadlock_behind(const struct model_state *state, int actor, int owner)
{
	unsigned int seen = 0;

	if (!is_detected(&state->request[actor]))
		return DEADLOCK_NONE;
	return chain_to(state, owner, state->table[actor], &seen);
}
