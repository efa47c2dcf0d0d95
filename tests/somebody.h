/* SPDX-License-Identifier: GPL-2.0 */
/*
 * somebody: the test becomes another user than root. To be used with
 * #define CLAIM_KEEPS PRIVILEGE(CAP_SETUID).
 */
#ifndef LOCKFAIR_SOMEBODY_H
#define LOCKFAIR_SOMEBODY_H

#include <sys/prctl.h>
#include <sys/stat.h>

#include "claim/claim.h"
#include "file_system.h"
#include "lock/descriptor.h"

#define SOMEBODY	65534

/*
 * A mount may be for its user alone (fuse(4), allow_other), have no owners (exfat, ntfs), or look
 * for the file by its name, in a folder that is root's alone (ENOENT). Skip the test where the new
 * user cannot open the file.
 */
static inline void skip_if_it_cannot_open(struct scene *scene)
{
	int fd = descriptor_reopen(scene->site->fd);
	bool refused = fd == -EACCES || fd == -EPERM || fd == -ENOENT;

	skip_unless(scene, !refused || is_well_known(scene),
		    "another user cannot open the files here");
	if (fd >= 0)
		close(fd);
}

/* Actors that are started afterwards are of that user, too. Return 0 or -errno. */
static inline int become_somebody(struct scene *scene)
{
	pid_t parent = getppid();
	int err;

	/* The actors open the file again, as that user. */
	if (fchmod(scene->site->fd, 0666) < 0 && is_well_known(scene))
		return -errno;
	privilege_raise(CAP_SETUID);
	/* The saved ID lets claim_teardown() change back, to remove the files of root. */
	err = setresuid(SOMEBODY, SOMEBODY, geteuid()) < 0 ? -errno : 0;
	privilege_lower(CAP_SETUID);
	/* prctl(2): the change of user has undone both. */
	prctl(PR_SET_DUMPABLE, 1);
	actor_die_with_parent(parent);
	if (!err)
		skip_if_it_cannot_open(scene);
	/* A user namespace may have no such user. */
	return err == -EINVAL && privilege_is_confined() ? -EPERM : err;
}

#endif /* LOCKFAIR_SOMEBODY_H */
