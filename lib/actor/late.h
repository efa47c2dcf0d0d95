/* SPDX-License-Identifier: GPL-2.0 */
/*
 * late: does a sleeper wait for its lock, or is it late? Private to the room.
 *
 * Where a daemon or a server decides about locks (lock/medium.h), a caller sleeps although nobody
 * has the lock: on the way there and back, and between two polls. So its sleep alone says nothing.
 * It waits if another actor provably holds what it asks for, or if a try by a fresh process is
 * refused. If that try is granted, the sleeper is late: it is neither waiting nor lost.
 */
#ifndef LOCKFAIR_LATE_H
#define LOCKFAIR_LATE_H

#include "actor/scene.h"
#include "lock/medium.h"

/* The slowest medium of the scene's locks. */
struct medium late_medium(const struct scene *scene);

/* May the actor, which sleeps in its call, count as one that waits? */
bool late_waits(struct actor *actor, const struct medium *medium);

/* Decide again about the actor: the history may not show all that has happened since. */
void late_look_again(struct actor *actor);

/* The actor has returned: note how late it was, if it was late. */
void late_returned(struct actor *actor);

/*
 * After the deadline: if another process can lock what an actor sleeps for, end the scene with this
 * error and return true.
 */
bool late_ends(struct scene *scene);

#endif /* LOCKFAIR_LATE_H */
