// SPDX-License-Identifier: GPL-2.0
/*
 * Can a file on a read-only mount be locked?
 *
 * A lock changes nothing on the disk. An exclusive lock by fcntl() fails only because it requires
 * a descriptor that is open for writing, which cannot be opened there. flock() requires none.
 */
#include <mntent.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define CLAIM_KEEPS	PRIVILEGE(CAP_SYS_ADMIN)
#include "access.h"
#include "system/release.h"
#include "sysctl.h"

/* One file, through two mounts. */
struct views {
	int writable, read_only;
	int refusal;	/* errno of opening it for writing on the read-only mount */
};

/*
 * Make a file on a tmpfs, wherever the lock files are, that is mounted both writable and
 * read-only. The mounts are in a mount namespace that ends with this process. 0 or -errno.
 */
static int mount_twice(struct views *views)
{
	if (unshare(CLONE_NEWNS) < 0 ||
	    /* In a chroot "/" need not be a mount; then P_tmpdir has to be one. */
	    (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 &&
	     mount(NULL, P_tmpdir, NULL, MS_PRIVATE, NULL) < 0) ||
	    mount("lockfair", P_tmpdir, "tmpfs", 0, "mode=0700") < 0 ||
	    mkdir(P_tmpdir "/again", 0700) < 0 ||
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

static int mount_twice_as_admin(struct views *views)
{
	int err;

	privilege_raise(CAP_SYS_ADMIN);
	err = mount_twice(views);
	privilege_lower(CAP_SYS_ADMIN);
	return err;
}

static bool is_a_mount(const char *path)
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
static bool may_mount_twice(void)
{
	return (is_a_mount("/") || is_a_mount(P_tmpdir)) &&
	       sysctl_of("user/max_mnt_namespaces") != 0 && !release_is_gvisor();
}

static struct rivals use_a_read_only_mount(struct scene *scene)
{
	struct views views = { -1, -1, 0 };
	struct rivals rivals;
	int err;

	/* Before a mount covers the folder that the file is made in. */
	scene_add_file(scene);
	err = mount_twice_as_admin(&views);
	needs_capability(scene, CAP_SYS_ADMIN, err);
	skip_unless(scene, !err || may_mount_twice(), "no private mounts here");
	errno = -err;
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
