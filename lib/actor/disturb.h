/* SPDX-License-Identifier: GPL-2.0 */
/* disturb: what happens to an actor from outside: signals, stops, its end. */
#ifndef LOCKFAIR_DISTURB_H
#define LOCKFAIR_DISTURB_H

#include "actor/scene.h"

/*
 * Send a signal that the actor handles, and wait until it has; signal(7): a call that waits for a
 * lock ends with EINTR, or with SA_RESTART is made again. For threads as well.
 */
void actor_interrupt(struct actor *actor);
void actor_interrupt_and_restart(struct actor *actor);

/* Send SIGSTOP and wait until the actor has stopped: it is at rest until SIGCONT. For processes. */
void actor_stop(struct actor *actor);
void actor_continue(struct actor *actor);

/*
 * Have an actor exit by itself; or kill the @count processes, with their threads, with SIGKILL, all
 * before the first is reaped. When this returns they are gone, and whatever only they owned is
 * released.
 */
void actor_exit(struct actor *actor);
void actor_kill(struct actor *actor);
void actors_kill(struct actor *actors[], int count);

/*
 * End all actors, whatever they do, so that the scene can begin again with others. Threads must be
 * idle or in calls that a signal interrupts.
 */
void scene_dismiss(struct scene *scene);

#endif /* LOCKFAIR_DISTURB_H */
