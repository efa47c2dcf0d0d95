// SPDX-License-Identifier: GPL-2.0
/*
 * Self-deadlock: what happens to a task that waits for a lock which it holds itself?
 *
 * With one descriptor that cannot happen: a request converts what its owner holds. But a task can
 * own one file several times: two open file descriptions are two owners of OFD locks and of
 * flocks, and the process is another owner beside them. No search for a deadlock knows that they
 * belong to one task: its request sleeps until a signal ends it, and is never refused with EDEADLK.
 * (Cycles of several tasks: tests/deadlock.c.)
 *
 *	self   HHHHHHH		holds, and asks as another owner
 *	         wwwwwx		a signal
 */
#include "deadlock.h"

/* ---- one task, two locks on one file: the scene's, and the one that asks ---- */

static void sleeps_until_a_signal(struct actor *self, struct lock_request held,
				  struct lock_request wanted)
{
	struct scene *scene = self->scene;
	int ret;

	scene_needs_signals(scene);
	actor_lock(self, held);
	ask(self, wanted);
	if (!sleeps(self))
		return;
	actor_interrupt(self);
	ret = actor_await(self);
	holds(scene, ret == -EINTR, "after a signal: %s", fate(self));
	actor_unlock_site(self, held.site);
	actor_lock(self, wanted);
	actor_unlock(self);
}

/* In all modes that exclude each other. */
static void waits_for_itself(struct scene *scene, int holding, int asking, bool shared)
{
	struct actor *self = actor_start(scene, "self");

	sleeps_until_a_signal(self, at_site(holding, EXCLUSIVE), at_site(asking, EXCLUSIVE));
	if (!shared)
		return;
	sleeps_until_a_signal(self, at_site(holding, SHARED), at_site(asking, EXCLUSIVE));
	sleeps_until_a_signal(self, at_site(holding, EXCLUSIVE), at_site(asking, SHARED));
}

/*
 * flock(2): a request may be denied "by a lock that the calling process has already placed via
 * another file descriptor", and "flock() does not detect deadlock"; fcntl(2): OFD locks of several
 * descriptions may conflict, and "no deadlock detection is performed".
 */
PROMISE(OWNED_BY_DESCRIPTION, a_task_with_two_descriptions_waits_for_itself)
{
	int second = scene_add_kind(scene, scene->site->kind);

	waits_for_itself(scene, 0, second, true);
}

/*
 * fcntl(2): an OFD lock and a traditional one "conflict even when they are acquired by the same
 * process on the same file descriptor". Of a traditional request it only says that the kernel looks
 * for deadlocks; the search does not know who has the description of an OFD lock.
 */
PROMISE(OWNED_BY_PROCESS, an_ofd_request_waits_for_a_lock_of_its_own_process)
{
	int ofd = scene_add_kind(scene, KIND_OFD);

	waits_for_itself(scene, 0, ofd, is_kind(scene, POSIX));
}

PRACTICE(OWNED_BY_PROCESS, a_request_waits_for_an_ofd_lock_of_its_own_process)
{
	int ofd = scene_add_kind(scene, KIND_OFD);

	waits_for_itself(scene, ofd, 0, is_kind(scene, POSIX));
}

/* The task holds shared locks through both descriptions, and asks for an upgrade of one. */
PROMISE(OWNED_BY_DESCRIPTION, an_upgrade_waits_for_the_same_tasks_other_shared_lock)
{
	int second = scene_add_kind(scene, scene->site->kind);
	struct actor *self = actor_start(scene, "self");

	actor_lock(self, SHARED);
	sleeps_until_a_signal(self, at_site(second, SHARED), EXCLUSIVE);
}

CLAIM_MAIN
