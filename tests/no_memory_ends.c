// SPDX-License-Identifier: GPL-2.0
/*
 * Does a lock end with its descriptor or process, and survive a fork, if the kernel has no memory?
 *
 * A close and a death cannot fail for lack of memory: nobody would be told, and the lock would be
 * there for ever. So a release that they make must not need any.
 */
#include <sys/wait.h>

#include "lock/descriptor.h"
#include "no_memory.h"

/* The descriptor that the owner locks the file by, beside the one that every actor has. */
enum { SECOND = RESULT + 1 };

static int lock_by_a_second_description(struct actor *self, void *arg)
{
	struct lock second = { .site = self->lock->site, .fd = descriptor_reopen(self->lock->fd) };

	(void)arg;
	if (second.fd < 0)
		return second.fd;
	self->scene->shared->number[SECOND] = second.fd;
	return act_acquire(self, &second, &EXCLUSIVE, false);
}

static int close_it(struct actor *self, void *arg)
{
	(void)arg;
	return close(self->scene->shared->number[SECOND]) < 0 ? -errno : 0;
}

/* With NTH being 0, no allocation fails. */
static int close_without_memory(struct actor *self, void *arg)
{
	act_mark(self, 'c');
	return without_memory(self, close_it, arg);
}

/*
 * fcntl(2): "If a process closes any file descriptor referring to a file, then all of the process's
 * locks on that file are released"; of OFD locks: "on the last close of the open file description".
 * flock(2): "when all such file descriptors have been closed".
 */
PROMISE(FILE_LOCKS, a_close_without_memory_ends_the_lock)
{
	struct actor *owner = actor_start(scene, "owner");
	struct actor *waiter = actor_start(scene, "waiter");
	bool goes_on = needs_failing_memory(scene);

	for (int nth = 1; goes_on && scene_goes_on(scene); nth++) {
		actor_do(owner, lock_by_a_second_description, NULL);
		actor_queue(waiter, EXCLUSIVE);
		scene->shared->number[NTH] = nth;
		actor_do(owner, close_without_memory, NULL);
		goes_on = failed(scene);
		holds(scene, !result(scene), "with allocation %d failing, close(): %s", nth,
		      strerror(-result(scene)));
		actor_settle(scene);
		holds(scene, actor_holds(waiter), "with allocation %d failing: %s sleeps on", nth,
		      actor_name(waiter));
		actor_unlock(waiter);
	}
}

/* ---- a death ---- */

#define ALLOCATIONS_OF_A_DEATH	6

static int fail_from_now_on(struct actor *self, void *arg)
{
	int fd = fail_nth_open();

	(void)arg;
	return fd < 0 ? fd : fail_nth_begin(fd, self->scene->shared->number[NTH]);
}

/*
 * A process that is gone does not say how many allocations it made. fcntl(2): locks are
 * "automatically released when the process terminates".
 *
 * Each close of a descriptor of the file releases the locks that a process owns: so such an owner
 * has one descriptor alone, or the second close would do what the first could not.
 */
PROMISE(FILE_LOCKS, a_death_without_memory_ends_the_lock)
{
	enum lock_description description = is_kind(scene, OWNED_BY_PROCESS) ?
					    DESCRIPTION_INHERITED : DESCRIPTION_OWN;
	struct actor *waiter = actor_start(scene, "waiter");

	needs_failing_memory(scene);
	for (int nth = 1; nth <= ALLOCATIONS_OF_A_DEATH && scene_goes_on(scene); nth++) {
		struct actor *owner = actor_start_with(scene, ACTOR_PROCESS, description,
						       "owner", nth);

		actor_lock(owner, EXCLUSIVE);
		actor_queue(waiter, EXCLUSIVE);
		scene->shared->number[NTH] = nth;
		actor_do(owner, fail_from_now_on, NULL);
		actor_exit(owner);
		actor_settle(scene);
		holds(scene, actor_holds(waiter), "%s is gone, and the waiter sleeps on",
		      actor_name(owner));
		actor_unlock(waiter);
	}
}

/* ---- a fork ---- */

/* fork(2): "ENOMEM fork() failed to allocate the necessary kernel structures". */
static int fork_it(struct actor *self, void *arg)
{
	pid_t child = fork();

	(void)self;
	if (!child)
		_exit(0);
	*(pid_t *)arg = child;
	return child < 0 ? -errno : 0;
}

static int fork_without_memory(struct actor *self, void *arg)
{
	pid_t child = -1;
	int ret = without_memory(self, fork_it, &child);

	(void)arg;
	if (child > 0)
		waitpid(child, NULL, 0);
	return ret;
}

/*
 * A fork copies the descriptors, which is a reference to each description. One that fails after
 * that must give them back, or the last close would not be the last. (A process that closes any
 * descriptor has released its locks.)
 */
PRACTICE(OWNED_BY_DESCRIPTION, a_fork_that_fails_neither_ends_nor_keeps_the_lock)
{
	struct actor *owner = actor_start(scene, "owner");
	struct lock asking = asker(scene);
	bool goes_on = needs_failing_memory(scene);
	int refused = 0;

	actor_do(owner, lock_by_a_second_description, NULL);
	for (int nth = 1; goes_on && scene_goes_on(scene); nth++) {
		scene->shared->number[NTH] = nth;
		actor_do(owner, fork_without_memory, NULL);
		goes_on = failed(scene);
		refused += result(scene) != 0;
		holds(scene, lock_acquire(&asking, &EXCLUSIVE, false) == -EAGAIN,
		      "after fork() with allocation %d failing, another process has the lock", nth);
	}
	holds(scene, refused > 0, "whichever allocation failed, fork() succeeded");
	scene->shared->number[NTH] = 0;
	actor_do(owner, close_without_memory, NULL);
	holds(scene, !lock_acquire(&asking, &EXCLUSIVE, false),
	      "after %d forks that failed, the lock has outlived its last close", refused);
	lock_close(&asking);
}

CLAIM_MAIN
