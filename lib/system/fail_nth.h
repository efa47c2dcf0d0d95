/* SPDX-License-Identifier: GPL-2.0 */
/*
 * fail_nth: the kernel refuses memory to the calling task once, at a given allocation.
 *
 * Documentation/fault-injection/fault-injection.rst, /proc/self/task/TID/fail-nth: "Write to this
 * file of integer N makes N-th call in the task fail." Of a kernel with FAILSLAB, these calls are
 * the allocations of objects, such as locks. With FAULT_INJECTION_USERCOPY, copies from and to user
 * space are counted, too, and fail with EFAULT: such a kernel is of no use here. It must be told to
 * refuse allocations that may wait for memory, too, as all those in fs/locks.c may:
 *
 *	echo N >/sys/kernel/debug/failslab/ignore-gfp-wait
 */
#ifndef LOCKFAIR_FAIL_NTH_H
#define LOCKFAIR_FAIL_NTH_H

#include <stdbool.h>

/*
 * Does the kernel refuse memory on demand? This is tried on eventfd(2), which has nothing to do
 * with locks: "ENOMEM There was insufficient memory to create a new eventfd file descriptor." It
 * must refuse nothing else: uname(2), which only copies, is to succeed.
 */
bool fail_nth_works(void);

/* Open the file of the calling thread. A descriptor, for the next two, or -errno. */
int fail_nth_open(void);

/* Refuse the calling thread its @nth allocation from now on, 1 for the next. 0 or -errno. */
int fail_nth_begin(int fd, unsigned int nth);

/*
 * Refuse nothing any more. Return 1 if an allocation has been refused since fail_nth_begin(), 0 if
 * there were fewer, or -errno.
 */
int fail_nth_end(int fd);

#endif /* LOCKFAIR_FAIL_NTH_H */
