/* SPDX-License-Identifier: GPL-2.0 */
/*
 * inside: process 1 of a pid namespace of its own, "first". It locks, does a job, and stays until
 * the test lets it end.
 *
 * A test that uses it must keep CAP_SYS_ADMIN. It sets the scene and the job; first does the rest.
 */
#ifndef LOCKFAIR_INSIDE_H
#define LOCKFAIR_INSIDE_H

#include <fcntl.h>
#include <sched.h>
#include <stdalign.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "claim/claim.h"
#include "sysctl.h"
#include "system/emulator.h"

struct inside;
typedef int (*inside_job)(struct inside *inside);

struct inside {
	struct scene *scene;
	inside_job job;			/* 0 or -errno */
	struct lock_request request;	/* what first locks before its job */
	struct lock first, child;	/* a description for first, and one for a child of it */
	pid_t pid;			/* of first, outside */
	int done[2], end[2];		/* pipes: the job has returned; first may end */
};

static inline int inside_live(void *arg)
{
	struct inside *inside = arg;
	char nothing;
	int err;

	/*
	 * The parent has no pid in this namespace by which to notice its end, but its end closes
	 * the pipe.
	 */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	close(inside->end[1]);
	err = lock_acquire(&inside->first, &inside->request, false);
	if (!err)
		err = inside->job(inside);
	if (write(inside->done[1], &err, sizeof(err)) == sizeof(err) &&
	    read(inside->end[0], &nothing, 1) < 0)
		return 1;
	return 0;
}

/* -1 and errno. */
static inline int inside_open(struct inside *inside)
{
	const struct lock_site *site = inside->scene->site;

	return lock_open(&inside->first, site, DESCRIPTION_OWN) ||
	       lock_open(&inside->child, site, DESCRIPTION_OWN) ||
	       pipe2(inside->done, O_CLOEXEC) || pipe2(inside->end, O_CLOEXEC) ? -1 : 0;
}

/*
 * By clone(2), because after a fork() the child looks for its parent (actor_die_with_parent()).
 * Return -errno of clone(), or what the job has returned.
 */
static inline int inside_start(struct inside *inside)
{
	/* Reading /proc/locks needs a quarter of it. */
	static alignas(16) char stack[256 * 1024];
	int err = -EPIPE;

	privilege_raise(CAP_SYS_ADMIN);
	inside->pid = clone(inside_live, stack + sizeof(stack),
			    CLONE_NEWPID | CLONE_NEWNS | SIGCHLD, inside);
	if (inside->pid < 0)
		err = emulator_error(-errno);
	privilege_lower(CAP_SYS_ADMIN);
	close(inside->done[1]);
	close(inside->end[0]);
	if (inside->pid > 0 && read(inside->done[0], &err, sizeof(err)) != sizeof(err))
		err = -EPIPE;
	return err;
}

/* Let first, which still holds its lock, end. */
static inline void inside_end(struct inside *inside)
{
	if (inside->pid <= 0)
		return;
	close(inside->end[1]);
	while (waitpid(inside->pid, NULL, 0) < 0 && errno == EINTR)
		;
}

/* The kernel's configuration may leave them out; user_namespaces(7) has the limits. */
static inline bool inside_may_be(void)
{
	return !access("/proc/self/ns/pid", F_OK) && sysctl_of("user/max_pid_namespaces") != 0 &&
	       sysctl_of("user/max_mnt_namespaces") != 0;
}

/* Start first and wait for its job. If the scene goes on, inside_end() is to follow. */
static inline bool inside_does_its_job(struct inside *inside)
{
	struct scene *scene = inside->scene;
	int err;

	if (!scene_goes_on(scene) || !sets_up(scene, inside_open(inside), "descriptors"))
		return false;
	err = inside_start(inside);
	needs_capability(scene, CAP_SYS_ADMIN, err);
	skip_unless(scene, !err || inside_may_be(), "no pid namespaces here");
	if (err)
		scene_broken_by(scene, err, "inside: %s", strerror(-err));
	if (!scene_goes_on(scene))
		inside_end(inside);
	return scene_goes_on(scene);
}

#endif /* LOCKFAIR_INSIDE_H */
