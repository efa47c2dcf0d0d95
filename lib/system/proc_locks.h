/* SPDX-License-Identifier: GPL-2.0 */
/*
 * proc_locks: what /proc/locks (proc_locks(5)) and /proc/PID/fdinfo (proc_pid_fdinfo(5)) say
 * about the locks on a file, and about the order of the waiters.
 */
#ifndef LOCKFAIR_PROC_LOCKS_H
#define LOCKFAIR_PROC_LOCKS_H

#include <stdbool.h>
#include <sys/types.h>

#define PROC_LOCK_END	(-1)	/* of a lock to the end of the file */

struct proc_lock {
	int id;			/* the number before the colon: a holder and its waiters share it */
	/*
	 * 0 for a holder, otherwise how far down the tree of waiters: fs/locks.c,
	 * lock_get_status(). Until 5.12 there are only 0 and 1.
	 */
	int depth;
	char kind[12];		/* "POSIX", "OFDLCK", "FLOCK", "LEASE", … */
	char rule[12];		/* "ADVISORY", or "MANDATORY" until 5.14; of a lease its state */
	char mode[8];		/* "READ", "WRITE", "UNLCK" */
	pid_t pid;		/* -1 for OFD */
	unsigned int major, minor;
	unsigned long long inode;
	long long start, end;	/* the first byte and the last, or PROC_LOCK_END */
};

/*
 * Can this process read the kernel's /proc/locks, whose mode lets everybody read it? Return 0;
 * -EACCES if a sandbox or a security module refuses that, or another file is mounted over it; or
 * another -errno, such as -ENOENT if there is no such file.
 */
int proc_locks_can_be_read(void);

/*
 * The lines of /proc/locks about the file behind @fd, in their order, at most @room into @locks
 * (NULL with 0: only count), whose rest is cleared. Return their number, or -errno; -ENOENT without
 * /proc/locks, -EAGAIN if it never reads the same twice. A lock of another pid namespace may be
 * left out. None is found where stat(2) gives another device than the kernel (btrfs).
 */
int proc_locks_read(int fd, struct proc_lock *locks, int room);

/* The "lock:" lines in the fdinfo of descriptor @fd of process @pid; as above. */
int proc_locks_fdinfo(pid_t pid, int fd, struct proc_lock *locks, int room);

/* Parse one line, without "lock:\t". Return false if it is not a lock's. */
bool proc_locks_parse(const char *line, struct proc_lock *lock);

#endif /* LOCKFAIR_PROC_LOCKS_H */
