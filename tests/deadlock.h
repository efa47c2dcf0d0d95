/* SPDX-License-Identifier: GPL-2.0 */
/* deadlock: requests that close a cycle of waits, and their outcome. */
#ifndef LOCKFAIR_DEADLOCK_H
#define LOCKFAIR_DEADLOCK_H

#include "claim/claim.h"
#include "network.h"

/* The longest cycle, in processes, that the kernel detects: tests/deadlock.c. */
#define LONGEST_SEEN	12

static inline struct lock_request byte(int number)
{
	return EXCLUSIVE_ON(number, 1);
}

static inline void ask(struct actor *actor, struct lock_request request)
{
	scene_needs(actor->scene, LACKS_DEADLOCK);
	actor_begin_lock(actor, request);
	actor_settle(actor->scene);
}

/* The outcome of the request, which was the actor's last order. */
static inline bool was_refused(const struct actor *actor)
{
	return !actor->busy && actor->result == -EDEADLK;
}

static inline bool was_granted(const struct actor *actor)
{
	return !actor->busy && !actor->result;
}

static inline const char *fate(const struct actor *actor)
{
	if (actor->busy)
		return "asleep";
	return actor->result ? strerror(-actor->result) : "granted";
}

/* ---- for the end of a scenario, as holds() ---- */

/*
 * fcntl_locking(2), BUGS: deadlock detection "can yield both false negatives ... and false
 * positives". A server does not know which owners behind two paths are one, and finds no cycle.
 */
static inline bool is_seen(struct scene *scene, bool refused)
{
	return skip_unless(scene, refused || !is_across_a_server(scene),
			   "a cycle over two paths to a server may go unseen");
}

static inline bool gets_edeadlk(const struct actor *actor)
{
	scene_needs(actor->scene, LACKS_DEADLOCK);
	is_seen(actor->scene, was_refused(actor));
	return holds(actor->scene, was_refused(actor),
		     "%s should have got EDEADLK: %s", actor_name(actor), fate(actor));
}

static inline bool sleeps(const struct actor *actor)
{
	return holds(actor->scene, actor_waits(actor), "%s should sleep: %s", actor_name(actor),
		     fate(actor));
}

/* A signal ends the actor's wait; the next one is granted only after the actor's release. */
static inline bool is_freed_by_a_signal(struct actor *actor, const struct actor *next)
{
	int ret;

	actor_interrupt(actor);
	ret = actor_await(actor);
	holds(actor->scene, ret == -EINTR, "%s was sent a signal, and then: %s",
	      actor_name(actor), fate(actor));
	sleeps(next);
	actor_unlock(actor);
	actor_settle(actor->scene);
	return holds(actor->scene, was_granted(next), "%s released its lock, and %s: %s",
		     actor_name(actor), actor_name(next), fate(next));
}

#endif /* LOCKFAIR_DEADLOCK_H */
