/* SPDX-License-Identifier: GPL-2.0 */
/* network: is the file on a network file system, which has rules of its own? */
#ifndef LOCKFAIR_TESTS_NETWORK_H
#define LOCKFAIR_TESTS_NETWORK_H

#include <linux/magic.h>
#include <sys/vfs.h>

#include "actor/actor.h"

#ifndef CIFS_SUPER_MAGIC
#define CIFS_SUPER_MAGIC	0xff534d42
#endif
#ifndef SMB2_SUPER_MAGIC
#define SMB2_SUPER_MAGIC	0xfe534d42
#endif
#define FLOCK_IS_EMULATED	"flock is emulated by fcntl locks here"

static inline unsigned int file_system_of(const struct scene *scene)
{
	struct statfs fs;

	return fstatfs(scene->site->fd, &fs) < 0 ? 0 : fs.f_type;
}

static inline bool is_on_smb(const struct scene *scene)
{
	unsigned int type = file_system_of(scene);

	return type == CIFS_SUPER_MAGIC || type == SMB2_SUPER_MAGIC;
}

/*
 * flock(2): "NFS clients support flock() locks by emulating them as fcntl(2) byte-range locks", and
 * likewise SMB; "this means that fcntl(2) and flock() locks interact with one another". Mount
 * options and delegations decide which of the locks the server knows.
 */
static inline bool emulates_flock(const struct scene *scene)
{
	return file_system_of(scene) == NFS_SUPER_MAGIC || is_on_smb(scene);
}

#endif /* LOCKFAIR_TESTS_NETWORK_H */
