/* SPDX-License-Identifier: GPL-2.0 */
/*
 * clone_files: a clone that shares an actor's table of descriptors (CLONE_FILES), though it is
 * another process. For locks made by fcntl() or lockf() both are one owner.
 */
#ifndef LOCKFAIR_CLONE_FILES_H
#define LOCKFAIR_CLONE_FILES_H

#include <sched.h>
#include <stdalign.h>
#include <sys/wait.h>

#include "claim/claim.h"
#include "system/emulator.h"
#include "system/release.h"

struct clone_args {
	struct actor *self;
	actor_job job;
	pid_t parent;
};

/*
 * The clone must set its own parent-death signal: unlike fork(), clone() does not run the handler
 * that sets it.
 */
static inline int perform_in_clone(void *arg)
{
	const struct clone_args *args = arg;

	actor_die_with_parent(args->parent);
	return -args->job(args->self, NULL);
}

/*
 * For a job: start a clone that does @job and exits. With CLONE_PARENT in @flags its parent is that
 * of the actor, the test, so that it can outlive the actor. Return its pid, or -1 with errno set.
 */
static inline pid_t clone_start(struct actor *self, int flags, actor_job job)
{
	static alignas(16) char stack[256 * 1024];
	struct clone_args args = {
		.self = self,
		.job = job,
		.parent = flags & CLONE_PARENT ? getppid() : getpid(),
	};
	pid_t pid;

	/* Without CLONE_VM the clone has a copy of the stack, and of @args. */
	pid = clone(perform_in_clone, stack + sizeof(stack), CLONE_FILES | flags | SIGCHLD, &args);
	if (pid < 0)
		errno = -emulator_error(-errno);
	return pid;
}

/* The same, and wait for its exit. Return what the job returned, or -errno. */
static inline int clone_does(struct actor *self, actor_job job)
{
	pid_t clone = clone_start(self, 0, job);
	int status;

	if (clone < 0 || waitpid(clone, &status, 0) < 0)
		return -errno;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -EPIPE;
}

static inline int stay_in_clone(struct actor *self, void *arg)
{
	(void)arg;
	while (self)
		pause();
	return 0;
}

/* A job. number[0]: the clone's pid, or 0 if it has become a child of the holder. */
static inline int have_a_clone_stay(struct actor *self, void *arg)
{
	pid_t clone = clone_start(self, CLONE_PARENT, stay_in_clone);
	siginfo_t info;
	bool ours;

	(void)arg;
	if (clone < 0)
		return -errno;
	ours = waitid(P_PID, clone, &info, WEXITED | WNOHANG | WNOWAIT) < 0 && errno == ECHILD;
	self->scene->shared->number[0] = ours ? clone : 0;
	return 0;
}

/* Start a clone that shares the holder's descriptors, and outlives it. */
static inline bool leave_a_clone(struct actor *holder)
{
	struct scene *scene = holder->scene;

	scene_needs(scene, LACKS_OWNER);
	actor_do(holder, have_a_clone_stay, NULL);
	skip_unless(scene, scene->shared->number[0] || !release_is_gvisor(),
		    "no CLONE_PARENT here");
	return requires(scene, scene->shared->number[0], "the clone is not the test's child");
}

static inline void clone_end(struct scene *scene)
{
	pid_t clone = scene->shared->number[0];

	if (scene_goes_on(scene) && (kill(clone, SIGKILL) < 0 || waitpid(clone, NULL, 0) < 0))
		scene_broken(scene, "ending the clone: %s", strerror(errno));
}

#endif /* LOCKFAIR_CLONE_FILES_H */
