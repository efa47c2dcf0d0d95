/* SPDX-License-Identifier: GPL-2.0 */
/* network: is the file on a file system of another machine, which has rules of its own? */
#ifndef LOCKFAIR_TESTS_NETWORK_H
#define LOCKFAIR_TESTS_NETWORK_H

#include <linux/magic.h>
#include <sys/vfs.h>

#include "actor.h"

#ifndef CIFS_SUPER_MAGIC
#define CIFS_SUPER_MAGIC	0xff534d42
#endif
#ifndef SMB2_SUPER_MAGIC
#define SMB2_SUPER_MAGIC	0xfe534d42
#endif
#define FLOCK_IS_EMULATED	"flock is emulated by fcntl locks here"

/*
 * flock(2): "NFS clients support flock() locks by emulating them as fcntl(2) byte-range locks",
 * and likewise SMB; "this means that fcntl(2) and flock() locks interact with one another".
 * Which of their locks are known to the server is a matter of mount options and delegations.
 */
static inline bool emulates_flock(const struct scene *scene)
{
	struct statfs fs;

	if (fstatfs(scene->site->fd, &fs) < 0)
		return false;
	switch ((unsigned int)fs.f_type) {
	case NFS_SUPER_MAGIC:
	case CIFS_SUPER_MAGIC:
	case SMB2_SUPER_MAGIC:
		return true;
	}
	return false;
}

#endif /* LOCKFAIR_TESTS_NETWORK_H */
