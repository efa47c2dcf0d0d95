/* SPDX-License-Identifier: GPL-2.0 */
/* listed: are the locks on the file listed, and can their lines be told from those of others? */
#ifndef LOCKFAIR_LISTED_H
#define LOCKFAIR_LISTED_H

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "claim/expectation.h"
#include "file_system.h"
#include "system/proc_locks.h"

/*
 * Without a file that has nothing to do with locks, this is a /proc of processes alone (its mount
 * option subset=pid).
 */
static inline bool has_all_of_proc(void)
{
	return !release_is_gvisor() && !access("/proc/filesystems", F_OK);
}

#define HAS_PROC_LOCKS() do { \
	int unreadable = access("/proc/locks", R_OK) ? errno : 0; \
	SKIPS_UNLESS(!unreadable || has_all_of_proc(), "no /proc/locks"); \
	REQUIRES(!unreadable, "/proc/locks: %s", strerror(unreadable)); \
} while (0)

/* The kernel lists it under the numbers that it has in fdinfo. */
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
		trouble(scene, TROUBLE_BROKEN, "locking the file: %s", strerror(-err));
	return err || count != 1 || (line.inode == file.st_ino &&
				     line.major == major(file.st_dev) &&
				     line.minor == minor(file.st_dev));
}

#define IS_LISTED_HERE() do { \
	bool alike; \
	HAS_PROC_LOCKS(); \
	alike = is_numbered_alike(&self->scene); \
	SKIPS_UNLESS(alike || has_one_number(&self->scene), \
		     "stat and /proc/locks number the file differently"); \
	REQUIRES(alike, "fdinfo lists a lock on the file under other numbers than stat's"); \
} while (0)

#endif /* LOCKFAIR_LISTED_H */
