/* SPDX-License-Identifier: GPL-2.0 */
/*
 * order: what an actor is to do. Orders and answers go through memory that the test and the actor
 * share; each of the two sleeps there on a futex of its own. Private to the room, except that
 * scene.h includes it.
 */
#ifndef LOCKFAIR_ORDER_H
#define LOCKFAIR_ORDER_H

#include "lock/lock.h"

struct actor;

/* A function that an actor runs for a test; 0 or -errno. */
typedef int (*actor_job)(struct actor *self, void *arg);

/* All of the file, for a release; the mode does not matter there. */
#define WHOLE	((struct lock_request){ .start = 0, .len = 0 })

enum order_what { ORDER_LOCK, ORDER_TRY, ORDER_UNLOCK, ORDER_JOB, ORDER_START, ORDER_EXIT };

struct order {
	enum order_what what;
	struct lock_request request;
	actor_job job;
	void *arg;
	struct actor *child;	/* for ORDER_START */
	int row;		/* of the child in the history */
	bool thread;		/* the child shares the descriptors */
};

/* Give an order to an actor that has none. A failure ends the scene. */
void order_give(struct actor *actor, const struct order *order);

/* Has its order returned? The answer may not have been taken yet. */
bool order_returned(const struct actor *actor);

/* Take the actor's answer. Return false if there is none yet. */
bool order_heard(struct actor *actor);

/* The same, waiting up to @deadline ms. */
bool order_awaited(struct actor *actor, int deadline);

#endif /* LOCKFAIR_ORDER_H */
