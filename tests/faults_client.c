// SPDX-License-Identifier: GPL-2.0
/*
 * What becomes of locks if the server has given a client up?
 *
 * A client of NFS 4 must be heard of once in a lease. RFC 8881, 8.3 and 8.4.3: if it is not, the
 * server may free what it has; Linux does so since 5.19 only when another wants it. fcntl(2),
 * Record locking and NFS: "Since Linux 3.12, if an NFSv4 client loses contact with the server, any
 * I/O to the file by a process which 'thinks' it holds a lock will fail until that process closes
 * and reopens the file."
 *
 * The fault "expire" has the server forget a client at once. Within that client nothing changes for
 * others: its own list of locks, which it asks first, still has the lock.
 */
#include "fault.h"

/*
 *	waiter     www!wH	the holder has not released it, and does not know
 *	holder  HHHHHH!
 */
PRACTICE(FILE_LOCKS, a_waiter_is_granted_what_a_lost_client_had)
{
	struct actor *waiter, *holder;
	int ret;

	if (!is_offered(scene, "expire"))
		return;
	waiter = actor_start(scene, "waiter");
	holder = actor_start(scene, "holder");
	actor_lock(holder, EXCLUSIVE);
	actor_queue(waiter, EXCLUSIVE);
	fault(scene, "expire");
	ret = actor_await(waiter);
	holds(scene, !ret, "the waiter: %s", strerror(-ret));
}

/* With the kernel parameter nfs.recover_lost_locks=1 it gets the lock back, and is not told. */
PROMISE(FILE_LOCKS, a_holder_that_has_lost_its_lock_is_told_at_the_next_write)
{
	struct actor *holder;

	if (!is_offered(scene, "expire"))
		return;
	holder = lose_lock(scene, "expire");
	actor_do(holder, write_it, NULL);
	holds(scene, result_of(scene, WRITTEN) == EIO, "the write, and fsync(2): %s",
	      result_of(scene, WRITTEN) ? strerror(result_of(scene, WRITTEN)) : "done");
}

PROMISE(FILE_LOCKS, a_holder_that_has_lost_its_lock_is_told_at_the_next_read)
{
	struct actor *holder;

	if (!is_offered(scene, "expire"))
		return;
	holder = lose_lock(scene, "expire");
	actor_do(holder, read_it, NULL);
	holds(scene, result_of(scene, READ) == EIO, "the read: %s",
	      result_of(scene, READ) ? strerror(result_of(scene, READ)) : "done");
}

/* "... until that process closes and reopens the file". */
static int open_again(struct actor *self, void *arg)
{
	(void)arg;
	lock_close(&self->lock[0]);
	return lock_open(&self->lock[0], self->scene->site, self->description);
}

PROMISE(FILE_LOCKS, after_opening_it_again_a_holder_that_has_lost_its_lock_can_go_on)
{
	struct actor *holder;

	if (!is_offered(scene, "expire"))
		return;
	holder = lose_lock(scene, "expire");
	actor_do(holder, open_again, NULL);
	actor_lock(holder, EXCLUSIVE);
	actor_do(holder, write_it, NULL);
	holds(scene, !result_of(scene, WRITTEN), "the write: %s",
	      strerror(result_of(scene, WRITTEN)));
}

/* ---- a partition ---- */

/* As with "expire", but by the end of the lease. */
PRACTICE(FILE_LOCKS, a_partition_as_long_as_a_lease_costs_the_lock_if_another_waits)
{
	struct actor *waiter, *holder;
	int ret;

	if (!is_offered(scene, "partition"))
		return;
	waiter = actor_start(scene, "waiter");
	holder = actor_start(scene, "holder");
	actor_lock(holder, EXCLUSIVE);
	actor_queue(waiter, EXCLUSIVE);
	fault(scene, "partition");
	ret = actor_await(waiter);
	holds(scene, !ret, "the waiter: %s", strerror(-ret));
	undo(scene);
	actor_do(holder, write_it, NULL);
	holds(scene, result_of(scene, WRITTEN) == EIO, "the old holder's write, and fsync(2): %s",
	      result_of(scene, WRITTEN) ? strerror(result_of(scene, WRITTEN)) : "done");
}

PRACTICE(FILE_LOCKS, a_partition_as_long_as_a_lease_costs_no_lock_if_nobody_wants_it)
{
	struct actor *other, *holder;

	if (!is_offered(scene, "partition"))
		return;
	other = actor_start(scene, "other");
	holder = actor_start(scene, "holder");
	actor_lock(holder, EXCLUSIVE);
	fault(scene, "partition");
	fault(scene, "lapse");
	undo(scene);
	actor_do(holder, write_it, NULL);
	holds(scene, !result_of(scene, WRITTEN), "the holder's write: %s",
	      strerror(result_of(scene, WRITTEN)));
	conflicts_with(other, EXCLUSIVE, holder);
}

/* ---- a partition, and umount -f ---- */

static int try_once(struct actor *self, void *arg)
{
	(void)arg;
	errno = -act_try(self, EXCLUSIVE);
	return outcome(self, TRIED, !errno);
}

/* Another has the file open: so the server gives the client of the caller no delegation. */
static struct actor *abort_a_try(struct scene *scene, struct actor **other)
{
	struct actor *caller;
	int err;

	*other = actor_start(scene, "other");
	caller = actor_start(scene, "caller");
	actor_lock(*other, EXCLUSIVE);
	actor_unlock(*other);
	fault(scene, "partition");
	actor_begin(caller, try_once, NULL);
	fault(scene, "abort");
	actor_await(caller);
	err = result_of(scene, TRIED);
	if (scene_goes_on(scene))
		claim_say("the try: %s", err ? strerror(err) : "granted");
	undo(scene);
	return caller;
}

/*
 * umount(2), MNT_FORCE: "Ask the filesystem to abort pending requests before attempting the
 * unmount. This may allow the unmount to complete without waiting for an inaccessible server".
 * What was aborted was not granted, and nothing of it is left.
 *
 *	other   o		has it open
 *	caller    !t!e HHH	returns, and once the server is back it can lock
 */
PROMISE(FILE_LOCKS, a_forced_unmount_ends_a_try_that_no_server_answers)
{
	struct actor *other, *caller;

	if (!is_offered(scene, "abort"))
		return;
	caller = abort_a_try(scene, &other);
	holds(scene, result_of(scene, TRIED), "the try: granted");
	actor_lock(caller, EXCLUSIVE);
	conflicts_with(other, EXCLUSIVE, caller);
}

/* include/linux/errno.h, of those from here on: "These should never be seen by user programs". */
#define FIRST_OF_THE_KERNEL	512

PRACTICE(FILE_LOCKS, what_a_forced_unmount_ends_fails_with_an_errno_of_user_space)
{
	struct actor *other;
	int err;

	if (!is_offered(scene, "abort"))
		return;
	abort_a_try(scene, &other);
	err = result_of(scene, TRIED);
	holds(scene, err > 0 && err < FIRST_OF_THE_KERNEL, "the try: %s",
	      err ? strerror(err) : "granted");
}

FAULT_MAIN
