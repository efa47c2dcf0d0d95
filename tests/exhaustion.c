// SPDX-License-Identifier: GPL-2.0
/*
 * Exhaustion: do locks need what there is none left of?
 *
 * A process that has no descriptor to be had any more, or a user who may have no other process,
 * still completes what was begun, and is granted what it asks for anew.
 */
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define EXPECTATION_KEEPS	PRIVILEGE(CAP_SETUID)
#include "pressure.h"

CLASS(practice);

static const struct rlimit nothing;

static int cannot_open(struct actor *self, void *arg)
{
	int fd = dup(self->lock[0].fd);

	(void)arg;
	if (fd >= 0)
		close(fd);
	return fd < 0 && errno == EMFILE ? 0 : -EEXIST;
}

static int try_to_fork(void)
{
	pid_t child = fork();

	if (!child)
		_exit(0);
	if (child < 0)
		return -errno;
	waitpid(child, NULL, 0);
	return 0;
}

static int cannot_fork(struct actor *self, void *arg)
{
	(void)self;
	(void)arg;
	return try_to_fork() == -EAGAIN ? 0 : -EEXIST;
}

/*
 * Nobody has anything left of @resource, those who hold or wait already, too: what has been
 * begun is completed, and a new request is granted.
 */
#define GOES_ON_WITHOUT(resource, is_exhausted) do { \
	struct actor *holder = actor_start(&self->scene, "holder"); \
	struct actor *waiter = actor_start(&self->scene, "waiter"); \
	struct actor *late = actor_start(&self->scene, "late"); \
	actor_lock(holder, EXCLUSIVE); \
	actor_queue(waiter, EXCLUSIVE); \
	for (int i = 0; i < self->scene.actors; i++) \
		SETS_UP(prlimit(self->scene.actor[i].pid, resource, &nothing, NULL)); \
	actor_do(late, is_exhausted, NULL); \
	actor_queue(late, EXCLUSIVE); \
	actor_unlock(holder); \
	actor_settle(&self->scene); \
	HOLDS(actor_holds(waiter), "a waiter is lost", "the waiter: %s", state(waiter)); \
	actor_unlock(waiter); \
	actor_settle(&self->scene); \
	HOLDS(actor_holds(late), "a waiter is lost", "the late one: %s", state(late)); \
	actor_do(late, is_exhausted, NULL); \
	actor_unlock(late); \
	ALL_IS_FREE(holder); \
} while (0)

CLAIM(practice, TRAIT_FILE, locks_work_where_no_descriptor_is_left)
{
	GOES_ON_WITHOUT(RLIMIT_NOFILE, cannot_open);
}

/*
 * setrlimit(2): RLIMIT_NPROC "is not enforced" for root and for who has CAP_SYS_ADMIN or
 * CAP_SYS_RESOURCE. Root can become somebody else before.
 */
#define SOMEBODY	65534

static bool is_bound(void)
{
	struct rlimit before, none;
	int ret;

	getrlimit(RLIMIT_NPROC, &before);
	none = (struct rlimit){ .rlim_cur = 0, .rlim_max = before.rlim_max };
	setrlimit(RLIMIT_NPROC, &none);
	ret = try_to_fork();
	setrlimit(RLIMIT_NPROC, &before);
	return ret == -EAGAIN;
}

static bool is_exempt(void)
{
	return !getuid() || privilege_has(CAP_SYS_ADMIN) || privilege_has(CAP_SYS_RESOURCE);
}

/* 0 or -errno */
static int become_somebody(struct scene *scene)
{
	pid_t parent = getppid();
	int err;

	/* The actors are to open it again. */
	if (fchmod(scene->site->fd, 0666) < 0)
		return -errno;
	privilege_raise(CAP_SETUID);
	err = setresuid(SOMEBODY, SOMEBODY, SOMEBODY) < 0 ? -errno : 0;
	privilege_lower(CAP_SETUID);
	/* What changes the user also undoes these, prctl(2). */
	prctl(PR_SET_DUMPABLE, 1);
	actor_die_with_parent(parent);
	/* A user namespace may have no such user. */
	return err == -EINVAL && privilege_is_confined() ? -EPERM : err;
}

#define IS_BOUND() do { \
	int err = 0; \
	if (!is_bound() && is_exempt()) { \
		err = become_somebody(&self->scene); \
		NEEDS_CAPABILITY(CAP_SETUID, err); \
	} \
	REQUIRES(!err, "becoming another user: %s", strerror(-err)); \
	REQUIRES(is_bound(), "RLIMIT_NPROC is 0, and does not bind user %d", (int)getuid()); \
} while (0)

CLAIM(practice, TRAIT_FILE, locks_work_where_no_process_can_be_started)
{
	IS_BOUND();
	GOES_ON_WITHOUT(RLIMIT_NPROC, cannot_fork);
}

EXPECTATION_MAIN
