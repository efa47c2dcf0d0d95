/* SPDX-License-Identifier: GPL-2.0 */
/*
 * file_system: may the file system be the reason, where something is refused? It may where a
 * server or somebody's own module has a say, and not on a memfd.
 */
#ifndef LOCKFAIR_FILE_SYSTEM_H
#define LOCKFAIR_FILE_SYSTEM_H

#include <fcntl.h>

#include "claim/expectation.h"
#include "network.h"
#include "system/release.h"
#include "sysctl.h"

#ifndef F2FS_SUPER_MAGIC
#define F2FS_SUPER_MAGIC	0xF2F52010
#endif

/* One of Linux's own, with all that this suite asks of a file system. */
static inline bool is_well_known(const struct scene *scene)
{
	if (release_is_gvisor())
		return false;
	if (!scene->dir)
		return true;
	switch (file_system_of(scene)) {
	case BTRFS_SUPER_MAGIC:
	case EXT4_SUPER_MAGIC:
	case F2FS_SUPER_MAGIC:
	case OVERLAYFS_SUPER_MAGIC:
	case TMPFS_MAGIC:
	case XFS_SUPER_MAGIC:
		return true;
	}
	return false;
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

/* Nobody else has the file open, so that EAGAIN is wrong anywhere. */
#define TAKES_A_FIRST_LEASE(fd, type) do { \
	int refusal = fcntl(fd, F_SETLEASE, type) ? errno : 0; \
	SKIPS_UNLESS(!refusal || refusal == EAGAIN || has_leases(&self->scene), \
		     "no leases here"); \
	REQUIRES(!refusal, "a first lease: %s", strerror(refusal)); \
} while (0)

#endif /* LOCKFAIR_FILE_SYSTEM_H */
