// SPDX-License-Identifier: GPL-2.0
/*
 * Read-only mount: can that be locked which cannot be written to?
 *
 * A lock changes nothing on the disk. What keeps fcntl() from an exclusive one is that no
 * descriptor for writing is to be had, and flock() does not want one.
 */
#include <mntent.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define EXPECTATION_KEEPS	PRIVILEGE(CAP_SYS_ADMIN)
#include "access.h"
#include "system/release.h"
#include "sysctl.h"

/*
 * A file on a tmpfs, wherever the lock files are, that is mounted twice, in a mount namespace
 * that goes with this process: to be written to, and read-only. 0 or -errno.
 */
struct view {
	int writable, read_only;
	int refusal;	/* when it was to be opened for writing on the read-only mount */
};

static int mount_twice(struct view *view)
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
	view->writable = open(P_tmpdir "/file", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	view->read_only = open(P_tmpdir "/again/file", O_RDONLY | O_CLOEXEC);
	if (view->writable < 0 || view->read_only < 0)
		return -errno;
	view->refusal = open(P_tmpdir "/again/file", O_RDWR) < 0 ? errno : 0;
	return 0;
}

static int two_views(struct view *view)
{
	int err;

	privilege_raise(CAP_SYS_ADMIN);
	err = mount_twice(view);
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

/* In a chroot neither may be one. The limit is explained in namespaces(7). */
static bool may_mount_twice(void)
{
	return (is_a_mount("/") || is_a_mount(P_tmpdir)) &&
	       sysctl_of("user/max_mnt_namespaces") != 0 && !release_is_gvisor();
}

#define STANDS_ON_A_READ_ONLY_MOUNT(cast) do { \
	struct view view = { -1, -1, 0 }; \
	int err; \
	/* Before their folder may be covered. */ \
	scene_add_file(&self->scene); \
	err = two_views(&view); \
	NEEDS_CAPABILITY(CAP_SYS_ADMIN, err); \
	SKIPS_UNLESS(!err || may_mount_twice(), "no private mounts here"); \
	errno = -err; \
	cast = stand_on(&self->scene, view.read_only, view.writable); \
	REQUIRES(view.refusal == EROFS, "the mount is not read-only: %s", strerror(view.refusal)); \
} while (0)

CLASS(practice);

CLAIM(practice, TRAIT_CONVERTS, a_shared_lock_on_a_read_only_mount_excludes)
{
	struct cast cast;

	STANDS_ON_A_READ_ONLY_MOUNT(cast);
	EXCLUDES(cast, SHARED, EXCLUSIVE);
}

CLAIM(practice, TRAIT_CONVERTS_BY_DROPPING, a_lock_on_a_read_only_mount_excludes)
{
	struct cast cast;

	STANDS_ON_A_READ_ONLY_MOUNT(cast);
	EXCLUDES(cast, EXCLUSIVE, SHARED);
}

/* It is EBADF, for the descriptor, and not EROFS, for the mount. */
CLAIM(practice, TRAIT_RANGES, a_read_only_mount_takes_no_exclusive_lock)
{
	struct cast cast;
	int ret;

	STANDS_ON_A_READ_ONLY_MOUNT(cast);
	ret = actor_try(cast.holder, EXCLUSIVE);
	IS_BAD_DESCRIPTOR(ret);
}

EXPECTATION_MAIN
