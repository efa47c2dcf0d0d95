/* SPDX-License-Identifier: GPL-2.0 */
/*
 * held: somebody takes a lock and something befalls it; a peer tells whether it is still
 * held. The peer has a description of its own and is another process, so that it is refused
 * as long as anybody holds the lock, whoever that is by then.
 */
#ifndef LOCKFAIR_HELD_H
#define LOCKFAIR_HELD_H

#include "claim/expectation.h"

struct cast {
	struct actor *peer, *holder;
};

static inline struct cast held_by(struct actor *holder, struct actor *peer)
{
	struct cast cast = { .peer = peer, .holder = holder };

	actor_lock(holder, EXCLUSIVE);
	if (actor_try(peer, EXCLUSIVE) != -EAGAIN)
		trouble(peer->scene, TROUBLE_STEP, "the peer was not refused while %s held it",
			actor_name(holder));
	return cast;
}

/* The peer comes first: it inherits nothing that the test makes for the holder. */
static inline struct cast hold(struct scene *scene)
{
	struct actor *peer = actor_start(scene, "peer");

	return held_by(actor_start(scene, "holder"), peer);
}

/* In these, @after says what has happened since, and the peer asks by itself. */
#define IS_KEPT(cast, after) do { \
	int answer = actor_try((cast).peer, EXCLUSIVE); \
	HOLDS(answer == -EAGAIN, "the lock has ended", \
	      "after %s, the peer was to be refused with EAGAIN, and got: %s", after, \
	      answer ? strerror(-answer) : "the lock"); \
} while (0)

#define HAS_ENDED(cast, after) do { \
	int answer = actor_try((cast).peer, EXCLUSIVE); \
	HOLDS(!answer, "the lock lives on", "after %s, the peer was refused the lock: %s", \
	      after, strerror(-answer)); \
} while (0)

/* Where the kernel lets go after its call has returned: the peer has been waiting. */
#define ENDS_FOR_THE_WAITING_PEER(cast, after) do { \
	int answer = actor_await((cast).peer); \
	HOLDS(!answer, "the lock lives on", "after %s, the waiting peer got: %s", after, \
	      strerror(-answer)); \
} while (0)

#endif /* LOCKFAIR_HELD_H */
