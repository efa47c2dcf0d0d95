/* SPDX-License-Identifier: GPL-2.0 */
/* perform: a step of a scenario, as the job of an actor (actor/actor.h). */
#ifndef LOCKFAIR_PERFORM_H
#define LOCKFAIR_PERFORM_H

#include "actor/scene.h"
#include "model/stage.h"

/* What an actor has for its steps, in its own task. */
struct performer {
	const struct stage *stage;
	struct stage_actor *shared;
	struct lock lock;		/* of the step; that of a control keeps its ticket */
};

/*
 * Make the step that stage_actor has, for the performer @arg. Return 0: what the step itself
 * returned is a result to be compared, and is left in stage_actor.
 */
int perform_step(struct actor *self, void *arg);

#endif /* LOCKFAIR_PERFORM_H */
