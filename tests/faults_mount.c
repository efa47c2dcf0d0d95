// SPDX-License-Identifier: GPL-2.0
/*
 * What becomes of locks if the file system is unmounted under them?
 *
 * umount(2): a lazy unmount (MNT_DETACH, umount -l) takes the mount away from the tree, and
 * unmounts "when the mount ceases to be busy". A forced one (MNT_FORCE, umount -f) asks the file
 * system "to abort pending requests"; it "will still fail" if "some processes still have active
 * references". The holder of a lock has the file open, which is such a reference.
 */
#include "fault.h"

PROMISE(FILE_LOCKS, a_lazy_unmount_ends_no_lock)
{
	changes_no_lock(scene, "detach");
}

/*
 * As long as the file is open, the kernel keeps the file system, and mounts that again: the
 * locks are found. A FUSE daemon that is started again is another file system: what it forwards to
 * the source is found, and what the kernel keeps for the old one is not. The recipe says which.
 */
PRACTICE(FILE_LOCKS, a_new_mount_after_a_lazy_unmount_finds_the_lock)
{
	struct actor *holder, *newcomer;
	int ret;

	if (!needs_fault(scene, "detach"))
		return;
	holder = actor_start(scene, "holder");
	newcomer = start_newcomer(scene);
	actor_lock(holder, EXCLUSIVE);
	fault(scene, "detach");
	undo(scene);
	ret = newcomer_tries(newcomer);
	if (scene_goes_on(scene))
		claim_say("by the new mount: %s", ret ? strerror(ret) : "granted");
	skip_unless(scene, !has_word("apart"), "a new mount has locks of its own here");
	holds(scene, ret == EAGAIN, "%sthe newcomer: %s", ret ? "" : TWO_HELD_IT,
	      ret ? strerror(ret) : "granted");
	actor_unlock(holder);
	ret = newcomer_tries(newcomer);
	holds(scene, !ret, "after the release, the newcomer: %s", strerror(ret));
}

/* Where nobody is asked about a lock, there is no request to abort, and nothing changes. */
PROMISE(FILE_LOCKS, a_forced_unmount_of_a_busy_file_system_changes_no_lock)
{
	if (needs_fault(scene, "busy"))
		changes_no_lock(scene, "force");
}

/* A request that is pending at a daemon is aborted: fuse_umount_begin() in fs/fuse/inode.c. */
PROMISE(FILE_LOCKS, after_a_forced_unmount_a_waiter_is_told_or_granted)
{
	is_told_or_granted_after(scene, "force");
}

PRACTICE(FILE_LOCKS, a_forced_unmount_leaves_no_lock_behind)
{
	leaves_no_lock_behind(scene, "force");
}

FAULT_MAIN
