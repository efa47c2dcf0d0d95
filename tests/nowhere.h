/* SPDX-License-Identifier: GPL-2.0 */
/*
 * nowhere: a tmpfs for one test, which is mounted nowhere and ends with its last descriptor. A
 * test that uses it must keep CAP_SYS_ADMIN.
 */
#ifndef LOCKFAIR_NOWHERE_H
#define LOCKFAIR_NOWHERE_H

#include <fcntl.h>
#include <linux/mount.h>
#include <sys/syscall.h>

#include "claim/claim.h"
#include "system/release.h"

/* Return a descriptor of its root, or -1 with errno set. */
static inline int make_tmpfs(void)
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

/* Return a descriptor of the root, or end the scene. These system calls came with Linux 5.2. */
static inline int mount_nowhere(struct scene *scene)
{
	int root = make_tmpfs(), err = root < 0 ? -errno : 0;

	needs_capability(scene, CAP_SYS_ADMIN, err);
	skip_unless(scene, !err || release_is_since(5, 2), "no fsopen(2) here");
	if (err)
		scene_broken_by(scene, err, "a tmpfs that is mounted nowhere: %s", strerror(-err));
	return root;
}

#endif /* LOCKFAIR_NOWHERE_H */
