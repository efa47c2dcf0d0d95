// SPDX-License-Identifier: GPL-2.0
/*
 * Exhaustion: do locks still work when a resource has run out?
 *
 * A process that can open no more descriptors, or a user that can start no more processes, still
 * completes the waits that have begun, and is granted new requests.
 */
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define CLAIM_KEEPS	PRIVILEGE(CAP_SETUID)
#include "pressure.h"
#include "somebody.h"

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
 * Take all of @resource from every actor while one holds the lock and another waits: the wait is
 * completed, and a new request is granted, in whichever order (tests/queue_order.c).
 * @is_exhausted is a job that returns 0 if nothing of the resource is left.
 */
static void goes_on_without(struct scene *scene, int resource, actor_job is_exhausted)
{
	struct actor *holder = actor_start(scene, "holder");
	struct actor *waiter = actor_start(scene, "waiter");
	struct actor *late = actor_start(scene, "late");
	struct actor *first, *second;

	actor_lock(holder, EXCLUSIVE);
	actor_queue(waiter, EXCLUSIVE);
	for (int i = 0; i < scene->actors && scene_goes_on(scene); i++)
		sets_up(scene, prlimit(scene->actor[i].pid, resource, &nothing, NULL), "prlimit");
	actor_do(late, is_exhausted, NULL);
	actor_queue(late, EXCLUSIVE);
	actor_unlock(holder);
	actor_settle(scene);
	first = actor_holds(late) ? late : waiter;
	second = first == late ? waiter : late;
	holds(scene, actor_holds(first), "the waiter: %s, the late one: %s", state(waiter),
	      state(late));
	actor_unlock(first);
	actor_settle(scene);
	holds(scene, actor_holds(second), "%s: %s", actor_name(second), state(second));
	actor_do(second, is_exhausted, NULL);
	actor_unlock(second);
	all_is_free(holder);
}

PRACTICE(FILE_LOCKS, locks_work_where_no_descriptor_is_left)
{
	goes_on_without(scene, RLIMIT_NOFILE, cannot_open);
}

/*
 * setrlimit(2): RLIMIT_NPROC "is not enforced" for root and for a process that has CAP_SYS_ADMIN
 * or CAP_SYS_RESOURCE. Root becomes another user first.
 */

static bool nproc_binds(void)
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

static void is_bound_by_nproc(struct scene *scene)
{
	int err = 0;

	if (!scene_goes_on(scene))
		return;
	if (!nproc_binds() && is_exempt()) {
		err = become_somebody(scene);
		needs_capability(scene, CAP_SETUID, err);
	}
	if (requires(scene, !err, "becoming another user: %s", strerror(-err)))
		requires(scene, nproc_binds(), "RLIMIT_NPROC is 0, and does not bind user %d",
			 (int)getuid());
}

PRACTICE(FILE_LOCKS, locks_work_where_no_process_can_be_started)
{
	is_bound_by_nproc(scene);
	goes_on_without(scene, RLIMIT_NPROC, cannot_fork);
}

CLAIM_MAIN
