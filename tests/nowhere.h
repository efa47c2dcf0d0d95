/* SPDX-License-Identifier: GPL-2.0 */
/*
 * nowhere: a tmpfs of a test's own, which is mounted nowhere and goes with its last descriptor.
 * The test has to keep CAP_SYS_ADMIN for it.
 */
#ifndef LOCKFAIR_NOWHERE_H
#define LOCKFAIR_NOWHERE_H

#include <fcntl.h>
#include <linux/mount.h>
#include <sys/syscall.h>

#include "claim/expectation.h"
#include "system/release.h"

/* Its root, or -1 and errno. */
static inline int mount_nowhere(void)
{
	int fs, mount = -1, err;

	privilege_raise(CAP_SYS_ADMIN);
	fs = syscall(__NR_fsopen, "tmpfs", FSOPEN_CLOEXEC);
	if (fs >= 0 && !syscall(__NR_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		mount = syscall(__NR_fsmount, fs, FSMOUNT_CLOEXEC, 0);
	err = errno;
	privilege_lower(CAP_SYS_ADMIN);
	if (fs >= 0)
		close(fs);
	errno = err;
	return mount;
}

/* Set @root to its root; the calls that it takes are of 5.2. */
#define IS_MOUNTED_NOWHERE(root) do { \
	int failure = ((root) = mount_nowhere()) < 0 ? -errno : 0; \
	NEEDS_CAPABILITY(CAP_SYS_ADMIN, failure); \
	SKIPS_UNLESS(!failure || release_is_since(5, 2), "no fsopen(2) here"); \
	if (failure) \
		trouble(&self->scene, TROUBLE_BROKEN, "a tmpfs that is mounted nowhere: %s", \
			strerror(-failure)); \
} while (0)

#endif /* LOCKFAIR_NOWHERE_H */
