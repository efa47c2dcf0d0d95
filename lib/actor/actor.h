/* SPDX-License-Identifier: GPL-2.0 */
/*
 * actor: a process, or a thread, that takes and releases locks on command, one step at a time.
 *
 * A test gives actors orders (actor_…). actor_settle() then waits until each of them has returned
 * or sleeps inside its lock call; the test needs no other wait.
 */
#ifndef LOCKFAIR_ACTOR_H
#define LOCKFAIR_ACTOR_H

#include "actor/act.h"
#include "actor/scene.h"

/*
 * Start an actor: without _with() a process with an open file description of its own. Its name
 * is @name, followed by @number unless that is 0. Never NULL; an error ends the scene. The
 * actor's process has no capabilities (with libcap) and dies with the test's.
 */
struct actor *actor_start(struct scene *scene, const char *name);
struct actor *actor_start_nth(struct scene *scene, const char *name, int number);
struct actor *actor_start_with(struct scene *scene, enum actor_sort sort,
			       enum lock_description description, const char *name, int number);

/*
 * Have a process or an owner start another. As after fork(2), the child has the same descriptors,
 * and shares the locks that open file descriptions own. It does not die with its parent.
 */
struct actor *actor_start_child(struct actor *parent, const char *name);

/*
 * Have an actor start a thread (ACTOR_THREAD) in its process, which shares its table of
 * descriptors, and so all its locks. Each of them can exit before the other.
 */
struct actor *actor_start_thread(struct actor *parent, const char *name);

/* Ask for the lock and return at once; follow up with actor_settle() or actor_await(). */
void actor_begin_lock(struct actor *actor, struct lock_request request);

/* Ask for it, and wait until the actor sleeps in its request: it then has a place in the queue. */
void actor_queue(struct actor *actor, struct lock_request request);

/* Ask for a lock that nobody conflicts with: it must be granted. */
void actor_lock(struct actor *actor, struct lock_request request);

/* Ask for it without waiting. 0 or -errno, -EAGAIN for a conflict. */
int actor_try(struct actor *actor, struct lock_request request);

/* Release what the actor holds: all of it, at one site, or in a range (@len 0: to the end). */
void actor_unlock(struct actor *actor);
void actor_unlock_site(struct actor *actor, int site);
void actor_unlock_range(struct actor *actor, off_t start, off_t len);

/*
 * Have the actor run a function of the test. An actor that is a process sees what @arg points to
 * as it was when the process started. The scene fails if the function does not return 0.
 */
void actor_begin(struct actor *actor, actor_job job, void *arg);
int actor_do(struct actor *actor, actor_job job, void *arg);

/*
 * Wait until the order has returned. Return its result, or -ETIMEDOUT, which also ends the
 * scene, if no lock call has returned to any actor for ASLEEP_DEADLINE; -ECANCELED after an error.
 */
int actor_await(struct actor *actor);

/*
 * Have each holder release the lock, one after another, until nobody holds or waits. The scene
 * fails if somebody still sleeps when nobody holds.
 */
void scene_drain(struct scene *scene);

/*
 * Let an actor go before others on its CPU (SCHED_FIFO, needs CAP_SYS_NICE), or after them
 * (SCHED_BATCH: in kernel/sched/fair.c, such a task does not preempt when it wakes up; nice
 * 19: it is seldom chosen while others can run). 0 or -errno.
 */
int actor_prefer(struct actor *actor);
int actor_defer(struct actor *actor);

#endif /* LOCKFAIR_ACTOR_H */
