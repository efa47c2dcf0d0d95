// SPDX-License-Identifier: GPL-2.0
/*
 * What becomes of locks if the server restarts, or if its disk is full?
 *
 * RFC 8881, 8.4.2.1 (RFC 7530, 9.6.2): a server that has lost its state grants, for a grace period,
 * only what its clients have had before; so a client gets its locks back, and nobody else can have
 * got them meanwhile. fcntl(2), Record locking and NFS; nfs(5), hard: a request is sent again until
 * the server answers.
 */
#include "fault.h"

/*
 *	third          !  wwwx	is answered when the grace period is over
 *	holder  HHHHHHH!HHHHHH.
 */
PROMISE(FILE_LOCKS, after_a_restart_the_holder_still_holds)
{
	struct actor *third, *holder;

	if (!needs_fault(scene, "restart"))
		return;
	third = actor_start(scene, "third");
	holder = actor_start(scene, "holder");
	actor_lock(holder, EXCLUSIVE);
	fault(scene, "restart");
	conflicts_with(third, EXCLUSIVE, holder);
	actor_unlock(holder);
	actor_lock(third, EXCLUSIVE);
}

/*
 *	waiter     www!wwwwwwwwwH	has asked the server that is gone
 *	holder  HHHHHH!HHHHHHHH.
 */
PROMISE(FILE_LOCKS, after_a_restart_a_waiter_waits_on_and_is_granted)
{
	struct actor *waiter, *holder;

	if (!needs_fault(scene, "restart"))
		return;
	waiter = actor_start(scene, "waiter");
	holder = actor_start(scene, "holder");
	actor_lock(holder, EXCLUSIVE);
	actor_queue(waiter, EXCLUSIVE);
	fault(scene, "restart");
	actor_do(holder, write_it, NULL);
	holds(scene, waiter->busy, "the waiter has returned");
	is_granted_after(holder, waiter);
}

/* It has its lock, so that nothing keeps it from the file. */
PROMISE(FILE_LOCKS, after_a_restart_the_holder_can_read_and_write)
{
	struct actor *other, *holder;

	if (!needs_fault(scene, "restart"))
		return;
	other = actor_start(scene, "other");
	holder = actor_start(scene, "holder");
	actor_lock(holder, EXCLUSIVE);
	fault(scene, "restart");
	actor_do(holder, write_it, NULL);
	actor_do(holder, read_it, NULL);
	holds(scene, !result_of(scene, WRITTEN), "the write: %s",
	      strerror(result_of(scene, WRITTEN)));
	holds(scene, !result_of(scene, READ), "the read: %s", strerror(result_of(scene, READ)));
	conflicts_with(other, EXCLUSIVE, holder);
}

/* ---- a full disk ---- */

/* Fill a hole of the file, which takes a block: the disk is full indeed. */
static int write_beyond(struct actor *self, void *arg)
{
	static char much[1 << 20];
	int fd = self->lock->fd;

	(void)arg;
	return outcome(self, WRITTEN,
		       pwrite(fd, much, sizeof(much), 1 << 20) == sizeof(much) && !fsync(fd));
}

/* A lock is state of the kernel or of the server, and takes no room on the disk. */
PRACTICE(FILE_LOCKS, a_full_disk_is_in_nobodys_way)
{
	struct actor *other, *holder;

	if (!needs_fault(scene, "fill"))
		return;
	other = actor_start(scene, "other");
	holder = actor_start(scene, "holder");
	fault(scene, "fill");
	actor_do(holder, write_beyond, NULL);
	requires(scene, result_of(scene, WRITTEN), "the disk is not full");
	claim_say("a write to the full disk: %s", strerror(result_of(scene, WRITTEN)));
	actor_lock(holder, EXCLUSIVE);
	conflicts_with(other, EXCLUSIVE, holder);
	actor_unlock(holder);
	actor_lock(other, EXCLUSIVE);
	undo(scene);
}

/* Nor does what was locked before change. */
PRACTICE(FILE_LOCKS, a_lock_from_before_the_disk_was_full_is_kept)
{
	changes_no_lock(scene, "fill");
}

FAULT_MAIN
