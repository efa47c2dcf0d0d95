/* SPDX-License-Identifier: GPL-2.0 */
/* shared_files: clones that share an actor's table of descriptors (clone(2), CLONE_FILES). */
#ifndef LOCKFAIR_SHARED_FILES_H
#define LOCKFAIR_SHARED_FILES_H

#include <fcntl.h>
#include <sched.h>
#include <stdalign.h>
#include <sys/wait.h>

#include "claim/claim.h"
#include "system/release.h"

/*
 * A clone must ask to die with its parent: unlike fork(), clone() does not run the handler that
 * does so. With CLONE_PARENT the parent is that of the holder, the test, so that the clone can
 * outlive the holder.
 */
static alignas(16) char clone_stack[1 << 16];
static pid_t parent_of_clone;

static inline pid_t share_files(struct actor *self, int flags, int (*perform)(void *actor))
{
	parent_of_clone = flags & CLONE_PARENT ? getppid() : getpid();
	return clone(perform, clone_stack + sizeof(clone_stack), CLONE_FILES | flags | SIGCHLD,
		     self);
}

static int clone_ready[2];

/* Tell the holder whether the clone has the parent that it is to have. */
static inline int stay_in_clone(void *actor)
{
	char ours = getppid() == parent_of_clone;

	if (write(clone_ready[1], &ours, 1) != 1)
		return 1;
	actor_die_with_parent(parent_of_clone);
	while (actor)
		pause();
	return 0;
}

/* A job. number[0]: the clone's pid, or 0 if it is not the child of the test. */
static inline int have_a_clone_stay(struct actor *self, void *arg)
{
	pid_t pid;
	char ours = 0;

	(void)arg;
	if (pipe2(clone_ready, O_CLOEXEC) < 0)
		return -errno;
	pid = share_files(self, CLONE_PARENT, stay_in_clone);
	if (pid < 0)
		return -errno;
	if (read(clone_ready[0], &ours, 1) != 1)
		return -EPIPE;
	close(clone_ready[0]);
	close(clone_ready[1]);
	self->scene->shared->number[0] = ours ? pid : 0;
	return 0;
}

/* Start a clone that shares the holder's descriptors, and outlives it. */
static inline bool leave_a_clone(struct actor *holder)
{
	struct scene *scene = holder->scene;

	actor_do(holder, have_a_clone_stay, NULL);
	skip_unless(scene, scene->shared->number[0] || !release_is_gvisor(),
		    "no CLONE_PARENT here");
	return requires(scene, scene->shared->number[0], "the clone is not the test's child");
}

static inline void end_clone(struct scene *scene)
{
	pid_t clone = scene->shared->number[0];

	if (scene_goes_on(scene) && (kill(clone, SIGKILL) < 0 || waitpid(clone, NULL, 0) < 0))
		scene_broken(scene, "ending the clone: %s", strerror(errno));
}

#endif /* LOCKFAIR_SHARED_FILES_H */
