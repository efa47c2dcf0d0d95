/* SPDX-License-Identifier: GPL-2.0 */
/* order: what the test and an actor send to each other. Private to the room. */
#ifndef LOCKFAIR_ORDER_H
#define LOCKFAIR_ORDER_H

#include "actor/scene.h"

/* All of the file, for a release; the mode does not matter there. */
#define WHOLE	((struct lock_request){ .start = 0, .len = 0 })

enum order_what { ORDER_LOCK, ORDER_TRY, ORDER_UNLOCK, ORDER_JOB, ORDER_EXIT };

struct order {
	enum order_what what;
	struct lock_request request;
	actor_job job;
	void *arg;
};

/* Give an order to an actor that has none. A failure ends the scene. */
void order_give(struct actor *actor, const struct order *order);

/* Take the actor's answer, waiting up to @deadline ms. Return false if there is none. */
bool order_heard(struct actor *actor, int deadline);

#endif /* LOCKFAIR_ORDER_H */
