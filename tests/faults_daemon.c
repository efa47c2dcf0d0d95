// SPDX-License-Identifier: GPL-2.0
/*
 * What becomes of locks if the daemon of a FUSE file system dies?
 *
 * Documentation/filesystems/fuse/fuse.rst, "Aborting a filesystem connection": if the daemon dies,
 * the connection is aborted, and all requests are answered with an error. libfuse's users know it
 * as ENOTCONN. A daemon that forwards locks has them in its own name, so that they end with it;
 * otherwise fs/locks.c has them, and does not notice.
 */
#include "fault.h"

PRACTICE(FILE_LOCKS, after_the_daemons_death_a_waiter_is_told_or_granted)
{
	is_told_or_granted_after(scene, "kill_daemon");
}

/* It cannot go on as if it had the lock: what it wants to write does not arrive. */
PRACTICE(FILE_LOCKS, after_the_daemons_death_the_holder_cannot_write)
{
	struct actor *holder;
	int ret;

	if (!needs_fault(scene, "kill_daemon"))
		return;
	holder = actor_start(scene, "holder");
	actor_lock(holder, EXCLUSIVE);
	actor_do(holder, write_it, NULL);
	requires(scene, !result_of(scene, WRITTEN), "before: %s",
		 strerror(result_of(scene, WRITTEN)));
	fault(scene, "kill_daemon");
	actor_do(holder, write_it, NULL);
	ret = result_of(scene, WRITTEN);
	holds(scene, ret == ENOTCONN || ret == ECONNABORTED, "the holder's write: %s",
	      ret ? strerror(ret) : "done");
	undo(scene);
}

/* A daemon's lock would keep all others out for ever if it outlived the daemon. */
PRACTICE(FILE_LOCKS, the_daemons_death_leaves_no_lock_behind)
{
	leaves_no_lock_behind(scene, "kill_daemon");
}

FAULT_MAIN
