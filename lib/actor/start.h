/* SPDX-License-Identifier: GPL-2.0 */
/* start: an actor's process or thread starts, and obeys its orders. Private to the room. */
#ifndef LOCKFAIR_START_H
#define LOCKFAIR_START_H

#include "actor/scene.h"

/*
 * Start the actor's process or thread as the child of this one. It has started when its first
 * order has returned. 0 or -errno.
 */
int start_actor(struct actor *actor);

#endif /* LOCKFAIR_START_H */
