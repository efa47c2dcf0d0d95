/* SPDX-License-Identifier: GPL-2.0 */
/* uring: is io_uring available, and if not, why? */
#ifndef LOCKFAIR_URING_H
#define LOCKFAIR_URING_H

#include <linux/io_uring.h>
#include <sys/syscall.h>

#include "claim/claim.h"
#include "system/release.h"
#include "sysctl.h"

/*
 * Since 6.6 a kernel with io_uring has io_uring_disabled, which says whether it is switched off
 * (proc_sys_kernel(5)). Without that file the kernel may have no io_uring, or may be older.
 */
static inline bool may_be_without_io_uring(int err)
{
	long disabled = sysctl_of("kernel/io_uring_disabled");

	if (release_is_gvisor())
		return err;
	if (err == ENOSYS)
		return disabled < 0 || privilege_is_confined();
	if (err == EPERM || err == EACCES)
		return disabled > 0 || privilege_is_confined();
	return false;
}

#endif /* LOCKFAIR_URING_H */
