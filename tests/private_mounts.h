/* SPDX-License-Identifier: GPL-2.0 */
/*
 * private_mounts: a tmpfs of the test's own, on P_tmpdir, and mounts in it. They are in a mount
 * namespace that ends with the test's process and its actors. A test that uses it must keep
 * CAP_SYS_ADMIN.
 */
#ifndef LOCKFAIR_PRIVATE_MOUNTS_H
#define LOCKFAIR_PRIVATE_MOUNTS_H

#include <mntent.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "claim/claim.h"
#include "system/release.h"
#include "sysctl.h"

/* 0 or -errno. */
static inline int mount_tmpfs_privately(void)
{
	if (unshare(CLONE_NEWNS) < 0 ||
	    /* In a chroot "/" need not be a mount; then P_tmpdir has to be one. */
	    (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 &&
	     mount(NULL, P_tmpdir, NULL, MS_PRIVATE, NULL) < 0) ||
	    mount("lockfair", P_tmpdir, "tmpfs", 0, "mode=0700") < 0)
		return -errno;
	return 0;
}

static inline bool is_a_mount(const char *path)
{
	FILE *mounts = setmntent("/proc/self/mounts", "r");
	struct mntent *entry = NULL;

	while (mounts && (entry = getmntent(mounts)) && strcmp(entry->mnt_dir, path))
		;
	if (mounts)
		endmntent(mounts);
	return entry;
}

/* In a chroot neither directory may be a mount. namespaces(7) explains the limit. */
static inline bool may_mount_privately(void)
{
	return (is_a_mount("/") || is_a_mount(P_tmpdir)) &&
	       sysctl_of("user/max_mnt_namespaces") != 0 && !release_is_gvisor();
}

/* Have @make mount what the test needs in a private tmpfs. If it returns -errno, the scene ends. */
static inline void mount_in_private(struct scene *scene, int (*make)(void *arg), void *arg)
{
	int err;

	if (!scene_goes_on(scene))
		return;
	privilege_raise(CAP_SYS_ADMIN);
	err = mount_tmpfs_privately();
	if (!err)
		err = make(arg);
	privilege_lower(CAP_SYS_ADMIN);
	needs_capability(scene, CAP_SYS_ADMIN, err);
	skip_unless(scene, !err || may_mount_privately(), "no private mounts here");
	if (err)
		scene_broken_by(scene, err, "private mounts: %s", strerror(-err));
}

#endif /* LOCKFAIR_PRIVATE_MOUNTS_H */
