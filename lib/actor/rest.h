/* SPDX-License-Identifier: GPL-2.0 */
/* rest: the proof that all actors of a scene have returned or sleep in their calls. */
#ifndef LOCKFAIR_REST_H
#define LOCKFAIR_REST_H

#include "actor/scene.h"

/*
 * Wait until each actor of the scene has returned or sleeps in its call, all at one moment. The
 * scene fails if that takes longer than ASLEEP_DEADLINE.
 */
void actor_settle(struct scene *scene);

/*
 * The same, where the test knows what to expect. @expected returns whether the actors that are
 * still busy may all stay busy. If so, look for the proof at once; otherwise, since a proof takes
 * time, wait for a while first.
 */
void actor_settle_expecting(struct scene *scene, bool (*expected)(void *arg), void *arg);

/* Wait for one actor, whose request cannot wake another. */
void actor_settle_one(struct actor *actor);

/*
 * Wait until the actor has returned, or has slept in its call for that long. Return whether it
 * sleeps: for whatever reason, which is for the caller to know.
 */
bool actor_sleeps(struct actor *actor, const struct asleep_quiet *quiet);

/* After actor_settle(): does it hold a lock; is it asleep in its request? */
bool actor_holds(const struct actor *actor);
bool actor_waits(const struct actor *actor);

#endif /* LOCKFAIR_REST_H */
