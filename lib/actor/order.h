/* SPDX-License-Identifier: GPL-2.0 */
/*
 * order: what actor.c and scene.c, on the test's side, and act.c, on the actor's, say to
 * each other. For them alone.
 */
#ifndef LOCKFAIR_ORDER_H
#define LOCKFAIR_ORDER_H

#include <signal.h>

#include "actor/actor.h"

/* All of the file, for a release; the mode does not matter there. */
#define WHOLE	((struct lock_request){ .start = 0, .len = 0 })

enum order_what { ORDER_LOCK, ORDER_TRY, ORDER_UNLOCK, ORDER_DEED, ORDER_EXIT };

/* What an actor handles: one signal ends its call with EINTR, the other has it made again. */
#define SIGNAL_INTERRUPT	SIGUSR1
#define SIGNAL_RESTART		SIGUSR2

struct order {
	enum order_what what;
	struct lock_request request;
	actor_deed deed;
	void *arg;
};

static inline bool in_trouble(const struct scene *scene)
{
	return scene->trouble[0];
}

/* Take what the actor has answered, waiting up to @deadline ms; false if there is nothing. */
bool actor_hear(struct actor *actor, int deadline);

/* As actor_settle(), for one whose request cannot wake anybody. */
void actor_settle_one(struct actor *actor);

/* The body of an actor, a struct actor; the process never returns. */
void *perform_as_thread(void *actor);
void perform_as_process(struct actor *self, pid_t parent);

#endif /* LOCKFAIR_ORDER_H */
