// SPDX-License-Identifier: GPL-2.0
/*
 * Can a file on a read-only mount be locked?
 *
 * A lock changes nothing on the disk. An exclusive lock by fcntl() fails only because it requires
 * a descriptor that is open for writing, which cannot be opened there. flock() requires none.
 */
#define CLAIM_KEEPS	PRIVILEGE(CAP_SYS_ADMIN)
#include "access.h"
#include "private_mounts.h"

/* One file, through two mounts. */
struct views {
	int writable, read_only;
	int refusal;	/* errno of opening it for writing on the read-only mount */
};

/*
 * Make a file on a tmpfs, wherever the lock files are, that is mounted both writable and
 * read-only. 0 or -errno.
 */
static int mount_twice(void *arg)
{
	struct views *views = arg;

	if (mkdir(P_tmpdir "/again", 0700) < 0 ||
	    mount(P_tmpdir, P_tmpdir "/again", NULL, MS_BIND, NULL) < 0 ||
	    mount(NULL, P_tmpdir "/again", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL) < 0)
		return -errno;
	views->writable = open(P_tmpdir "/file", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	views->read_only = open(P_tmpdir "/again/file", O_RDONLY | O_CLOEXEC);
	if (views->writable < 0 || views->read_only < 0)
		return -errno;
	views->refusal = open(P_tmpdir "/again/file", O_RDWR) < 0 ? errno : 0;
	return 0;
}

static struct rivals use_a_read_only_mount(struct scene *scene)
{
	struct views views = { -1, -1, 0 };
	struct rivals rivals;

	/* Make the file now: later a mount covers its folder. */
	scene_add_file(scene);
	mount_in_private(scene, mount_twice, &views);
	rivals = use_files(scene, views.read_only, views.writable);
	requires(scene, views.refusal == EROFS, "the mount is not read-only: %s",
		 strerror(views.refusal));
	return rivals;
}

PRACTICE(CONVERSIONS, a_shared_lock_on_a_read_only_mount_excludes)
{
	excludes(use_a_read_only_mount(scene), SHARED, EXCLUSIVE);
}

PRACTICE(FLOCK, a_lock_on_a_read_only_mount_excludes)
{
	excludes(use_a_read_only_mount(scene), EXCLUSIVE, SHARED);
}

/* The error is EBADF, for the descriptor, and not EROFS, for the mount. */
PRACTICE(RECORD_LOCKS, a_read_only_mount_takes_no_exclusive_lock)
{
	gets_bad_descriptor(use_a_read_only_mount(scene).holder, EXCLUSIVE);
}

CLAIM_MAIN
