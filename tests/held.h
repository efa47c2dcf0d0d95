/* SPDX-License-Identifier: GPL-2.0 */
/*
 * held: a holder takes a lock, something happens, and a peer finds out whether the lock is still
 * held. The peer is another process with a description of its own: it is refused as long as
 * anybody holds the lock, the holder or a process that has it from the holder.
 */
#ifndef LOCKFAIR_HELD_H
#define LOCKFAIR_HELD_H

#include "claim/claim.h"

struct pair {
	struct actor *holder, *peer;
};

static inline struct pair held_by(struct actor *holder, struct actor *peer)
{
	actor_lock(holder, EXCLUSIVE);
	if (actor_try(peer, EXCLUSIVE) != -EAGAIN)
		scene_failed(peer->scene, "the peer was not refused while %s held it",
			     actor_name(holder));
	return (struct pair){ .holder = holder, .peer = peer };
}

/* Start the peer first: it inherits nothing that the test makes for the holder. */
static inline struct pair hold(struct scene *scene)
{
	struct actor *peer = actor_start(scene, "peer");

	return held_by(actor_start(scene, "holder"), peer);
}

/* The peer asks, and is refused. @after says what has happened, here and below. */
static inline bool is_kept(struct pair pair, const char *after)
{
	int ret = actor_try(pair.peer, EXCLUSIVE);

	return holds(pair.peer->scene, ret == -EAGAIN,
		     "after %s, the peer should have been refused with EAGAIN, but got: %s", after,
		     ret ? strerror(-ret) : "the lock");
}

/* The peer asks, and is granted the lock. */
static inline bool has_ended(struct pair pair, const char *after)
{
	int ret = actor_try(pair.peer, EXCLUSIVE);

	/* Where a daemon or server learns of a close late, the lock may last a little longer. */
	if (ret == -EAGAIN && !is_decided_at_once(pair.peer->scene)) {
		actor_begin_lock(pair.peer, EXCLUSIVE);
		ret = actor_await(pair.peer);
	}
	return holds(pair.peer->scene, !ret, "after %s, the peer was refused the lock: %s", after,
		     strerror(-ret));
}

/*
 * The waiting peer is granted the lock. For a lock that the kernel releases only after the call has
 * returned.
 */
static inline bool ends_for_the_waiting_peer(struct pair pair, const char *after)
{
	int ret = actor_await(pair.peer);

	return holds(pair.peer->scene, !ret, "after %s, the waiting peer got: %s", after,
		     strerror(-ret));
}

#endif /* LOCKFAIR_HELD_H */
