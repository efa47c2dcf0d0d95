/* SPDX-License-Identifier: GPL-2.0 */
/* listed: does /proc list the file's locks, under numbers by which a test can find them? */
#ifndef LOCKFAIR_LISTED_H
#define LOCKFAIR_LISTED_H

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "claim/claim.h"
#include "file_system.h"
#include "system/proc_locks.h"

/*
 * Without /proc/filesystems, which has nothing to do with locks, this is a /proc of processes
 * alone (its mount option subset=pid).
 */
static inline bool has_all_of_proc(void)
{
	return !release_is_gvisor() && !access("/proc/filesystems", F_OK);
}

static inline bool needs_proc_locks(struct scene *scene)
{
	int err = proc_locks_can_be_read();

	skip_unless(scene, err != -EACCES, "/proc/locks is hidden here");
	skip_unless(scene, !err || has_all_of_proc(), "no /proc/locks");
	return requires(scene, !err, "/proc/locks: %s", strerror(-err));
}

/* Does fdinfo list a lock on the file under the numbers that stat(2) gives? */
static inline bool is_numbered_alike(struct scene *scene)
{
	struct lock lock = { .site = scene->site, .fd = scene->site->fd };
	struct proc_lock line;
	struct stat file;
	int err = lock_acquire(&lock, &EXCLUSIVE, false), count;

	if (!err && fstat(lock.fd, &file) < 0)
		err = -errno;
	count = proc_locks_fdinfo(getpid(), lock.fd, &line, 1);
	if (!err)
		err = lock_release(&lock, 0, 0);
	if (err)
		scene_broken(scene, "locking the file: %s", strerror(-err));
	skip_unless(scene, err || count || is_well_known(scene),
		    "locks are not listed in /proc here");
	return err || count != 1 || (line.inode == file.st_ino &&
				     line.major == major(file.st_dev) &&
				     line.minor == minor(file.st_dev));
}

/* /proc/locks can be read, and the lines about the file can be found in it. */
static inline bool needs_listed_locks(struct scene *scene)
{
	bool alike;

	if (!needs_proc_locks(scene))
		return false;
	alike = is_numbered_alike(scene);
	skip_unless(scene, alike || has_one_number(scene),
		    "stat and /proc/locks number the file differently");
	return requires(scene, alike,
			"fdinfo lists a lock on the file under other numbers than stat's");
}

/*
 * For what proc_locks_fdinfo() returned of locks that a test has taken. gVisor's fdinfo has no
 * lines about locks. A security module that denies ptrace hides the fdinfo of other processes.
 */
static inline bool are_in_fdinfo(struct scene *scene, int count)
{
	skip_unless(scene, count != -EACCES && count != -EPERM,
		    "fdinfo of another process is hidden here");
	return skip_unless(scene, count > 0 || !release_is_gvisor(),
			   "no locks in /proc/PID/fdinfo");
}

#endif /* LOCKFAIR_LISTED_H */
