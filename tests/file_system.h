/* SPDX-License-Identifier: GPL-2.0 */
/*
 * file_system: can the file system be the reason for a refusal? It can where a server or a
 * module from elsewhere takes part, and not on a memfd.
 */
#ifndef LOCKFAIR_FILE_SYSTEM_H
#define LOCKFAIR_FILE_SYSTEM_H

#include <fcntl.h>

#include "claim/claim.h"
#include "network.h"
#include "system/release.h"
#include "sysctl.h"

#ifndef F2FS_SUPER_MAGIC
#define F2FS_SUPER_MAGIC	0xF2F52010
#endif

/* A file system of Linux itself that supports everything this suite needs. */
static inline bool is_well_known(const struct scene *scene)
{
	if (release_is_gvisor())
		return false;
	if (!scene->dir)
		return true;
	return lock_is_local(scene->site) && file_system_of(scene) != RAMFS_MAGIC;
}

/*
 * Does stat(2) give the file the numbers under which the kernel lists its locks? On btrfs each
 * subvolume has a device of its own, and on overlayfs each layer can have one.
 */
static inline bool has_one_number(const struct scene *scene)
{
	unsigned int type = file_system_of(scene);

	return is_well_known(scene) && type != BTRFS_SUPER_MAGIC && type != OVERLAYFS_SUPER_MAGIC;
}

/* proc_sys_fs(5), leases-enable: "This file can be used to enable or disable file leases". */
static inline bool has_leases(const struct scene *scene)
{
	return is_well_known(scene) && sysctl_of("fs/leases-enable") != 0;
}

/* Only this process has the file open, so EAGAIN would be wrong on any file system. */
static inline bool take_first_lease(struct scene *scene, int fd, int type)
{
	int err;

	if (!scene_goes_on(scene))
		return false;
	err = fcntl(fd, F_SETLEASE, type) ? errno : 0;
	skip_unless(scene, !err || err == EAGAIN || has_leases(scene), "no leases here");
	return requires(scene, !err, "a first lease: %s", strerror(err));
}

#endif /* LOCKFAIR_FILE_SYSTEM_H */
