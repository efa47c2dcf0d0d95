/* SPDX-License-Identifier: GPL-2.0 */
/* act: what an actor does in its own process or thread. */
#ifndef LOCKFAIR_ACT_H
#define LOCKFAIR_ACT_H

#include <signal.h>

#include "actor/scene.h"

/*
 * For jobs: lock_acquire() and so on, recorded in the history. Return 0 or -errno; act_try()
 * returns -EAGAIN for a conflict.
 */
int act_lock(struct actor *self, struct lock_request request);
int act_try(struct actor *self, struct lock_request request);
int act_rotate(struct actor *self, struct lock_request request);
int act_unlock(struct actor *self);
int act_unlock_range(struct actor *self, struct lock_request range);

/*
 * Call lock_acquire() on a lock that the job has opened itself. The test can see that the actor
 * sleeps in it, but nothing is written to the history. Return 0 or -errno.
 */
int act_acquire(struct actor *self, struct lock *lock, const struct lock_request *request,
		bool wait);

/* Put a mark into the actor's row of the drawing. */
void act_mark(struct actor *self, char mark);

/*
 * A function that blocks outside act_*() must announce the system call first, and reset it to
 * ASLEEP_NOWHERE afterwards.
 */
void act_sleeps_in(struct actor *self, struct asleep_call call);

/*
 * Execute this program again (execve(2)), as an actor that keeps what survives the exec and waits
 * to be killed. The job returns 0 to the test once the new program runs. Return -errno, or do not
 * return.
 */
int act_exec(struct actor *self);

/*
 * main() must call this after such an exec, with the number that follows ACTOR_AFTER_EXEC as @fd.
 * It never returns.
 */
#define ACTOR_AFTER_EXEC	"--after-exec"
void actor_after_exec(int fd);

/* Start the actor that is in act_await_wake(). 0 or -errno. */
int act_wake(struct actor *self);
int act_await_wake(struct actor *self);

/* Ask the kernel to kill this process when its parent, whose pid is @parent, has ended. */
void actor_die_with_parent(pid_t parent);

/* An actor's signals: one ends its call with EINTR, the other restarts it. */
#define SIGNAL_INTERRUPT	SIGUSR1
#define SIGNAL_RESTART		SIGUSR2

#endif /* LOCKFAIR_ACT_H */
