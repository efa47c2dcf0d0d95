/* SPDX-License-Identifier: GPL-2.0 */
/* network: is the file on a file system with rules of its own, such as NFS and SMB? */
#ifndef LOCKFAIR_TESTS_NETWORK_H
#define LOCKFAIR_TESTS_NETWORK_H

#include <linux/magic.h>
#include <stdlib.h>
#include <sys/vfs.h>

#include "actor/actor.h"

/* linux/magic.h has them since 5.17. */
#ifndef CIFS_SUPER_MAGIC
#define CIFS_SUPER_MAGIC	0xFF534D42
#endif
#ifndef SMB2_SUPER_MAGIC
#define SMB2_SUPER_MAGIC	0xFE534D42
#endif
#ifndef FUSE_SUPER_MAGIC
#define FUSE_SUPER_MAGIC	0x65735546
#endif

#define FLOCK_IS_EMULATED	"flock is emulated by fcntl locks here"

static inline unsigned int file_system_of(const struct scene *scene)
{
	struct statfs fs;

	return fstatfs(scene->site->fd, &fs) < 0 ? 0 : fs.f_type;
}

/* This goes by the type only: mount options may change the rules. */
static inline bool is_smb(const struct scene *scene)
{
	unsigned int type = file_system_of(scene);

	return type == CIFS_SUPER_MAGIC || type == SMB2_SUPER_MAGIC;
}

static inline bool is_9p(const struct scene *scene)
{
	return file_system_of(scene) == V9FS_MAGIC;
}

/* Are there two paths to the files, behind which a server knows owners of one process as two? */
static inline bool is_across_a_server(const struct scene *scene)
{
	return scene->site->other_name && !lock_is_local(scene->site);
}

/*
 * flock(2): "NFS clients support flock() locks by emulating them as fcntl(2) byte-range locks", and
 * likewise SMB. Mount options decide, so run_tests.sh has measured it: the two exclude each other,
 * or an exclusive flock needs a descriptor that is open for writing. Where fs/locks.c alone
 * decides, either is a fault.
 */
static inline bool emulates_flock(const struct scene *scene)
{
	const char *measured = getenv("LOCKFAIR_FLOCK");

	return measured && !strcmp(measured, "fcntl") && !lock_is_local(scene->site);
}

#endif /* LOCKFAIR_TESTS_NETWORK_H */
