// SPDX-License-Identifier: GPL-2.0
/*
 * Access: what can be locked, and through which descriptors?
 *
 * fcntl() wants a descriptor open for reading, or for writing, as the lock is shared or exclusive
 * (tests/errors.c has the refusals); flock() does not mind. POSIX speaks of regular files
 * only: Linux locks whatever has an inode.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define EXPECTATION_KEEPS	PRIVILEGE(CAP_SYS_ADMIN)
#include "descriptor.h"
#include "expectation.h"
#include "network.h"

/*
 * The files of the scene are exchanged for others: @mine, through which the holder locks, and
 * @theirs, which is @mine again in another open file description. Both actors inherit both.
 */
#define MINE	0
#define THEIRS	1

struct cast {
	struct actor *holder, *other;
};

static struct cast stand_on(struct scene *scene, int mine, int theirs)
{
	struct cast cast;
	int err = errno;

	if (scene->sites == 1)
		scene_add_file(scene);
	if (!scene->trouble[0] && (mine < 0 || theirs < 0 ||
				   dup2(mine, scene->site[MINE].fd) < 0 ||
				   dup2(theirs, scene->site[THEIRS].fd) < 0))
		trouble(scene, TROUBLE_BROKEN, "opening what is to be locked: %s",
			strerror(err ? err : errno));
	cast.holder = actor_start_with(scene, ACTOR_PROCESS, DESCRIPTION_INHERITED, "holder", 0);
	cast.other = actor_start_with(scene, ACTOR_PROCESS, DESCRIPTION_INHERITED, "other", 0);
	return cast;
}

static int reopened(int fd, int flags)
{
	char name[64];

	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	return open(name, flags | O_CLOEXEC);
}

#define IS_GRANTED(ret, who) \
	HOLDS(!(ret), "it cannot be locked", who " was refused a lock: %s", strerror(-(ret)))

/*
 *	holder  HHHHHHH.
 *	other      xwwwwH
 */
#define EXCLUDES(cast, holds, asks) do { \
	int first = actor_try((cast).holder, at_site(MINE, holds)), second, third; \
	IS_GRANTED(first, "the holder"); \
	second = actor_try((cast).other, at_site(THEIRS, asks)); \
	HOLDS(second == -EAGAIN, "the lock does not exclude", \
	      "the other was to be refused with EAGAIN, and got: %s", \
	      second ? strerror(-second) : "the lock"); \
	actor_queue((cast).other, at_site(THEIRS, asks)); \
	actor_unlock_site((cast).holder, MINE); \
	third = actor_await((cast).other); \
	IS_GRANTED(third, "the other waited, and"); \
} while (0)

#define IS_BAD_DESCRIPTOR(ret) \
	HOLDS((ret) == -EBADF, "another result", "the holder was to get EBADF, and got: %s", \
	      (ret) ? strerror(-(ret)) : "the lock")

CLASS(promise);

/*
 * flock(2): "A shared or exclusive lock can be placed on a file regardless of the mode in which
 * the file was opened".
 */
CLAIM(promise, TRAIT_CONVERTS_BY_DROPPING, a_read_only_descriptor_takes_an_exclusive_lock)
{
	int fd = self->scene.site->fd;
	struct cast cast = stand_on(&self->scene, reopened(fd, O_RDONLY), reopened(fd, O_RDONLY));

	SKIPS_UNLESS(!emulates_flock(&self->scene), FLOCK_IS_EMULATED);
	EXCLUDES(cast, EXCLUSIVE, EXCLUSIVE);
}

CLAIM(promise, TRAIT_CONVERTS_BY_DROPPING, a_write_only_descriptor_takes_a_shared_lock)
{
	int fd = self->scene.site->fd;
	struct cast cast = stand_on(&self->scene, reopened(fd, O_WRONLY), reopened(fd, O_RDONLY));

	SKIPS_UNLESS(!emulates_flock(&self->scene), FLOCK_IS_EMULATED);
	EXCLUDES(cast, SHARED, EXCLUSIVE);
}

/* A directory in the tests' folder, without a name when this returns. */
static int directory(const struct scene *scene)
{
	char name[PATH_MAX];
	int fd;

	snprintf(name, sizeof(name), "%s/lockfair-XXXXXX", scene->dir ? scene->dir : P_tmpdir);
	if (!mkdtemp(name))
		return -1;
	fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	rmdir(name);
	return fd;
}

#define STANDS_ON_A_DIRECTORY(cast) do { \
	int fd = directory(&self->scene); \
	SKIPS_UNLESS(fd >= 0, "no folder to write in"); \
	cast = stand_on(&self->scene, fd, reopened(fd, O_RDONLY)); \
} while (0)

/*
 * open(2): "EISDIR pathname refers to a directory and the access requested involved writing";
 * fcntl(2): "to place a write lock, fd must be open for writing".
 */
CLAIM(promise, TRAIT_RANGES, a_directory_takes_no_exclusive_lock)
{
	struct cast cast;
	int ret;

	STANDS_ON_A_DIRECTORY(cast);
	ret = actor_try(cast.holder, EXCLUSIVE);
	IS_BAD_DESCRIPTOR(ret);
}

CLASS(practice);

/* Nobody can be refused for it, but one can ask. */
CLAIM(practice, TRAIT_CONVERTS_IN_PLACE, a_directory_takes_a_shared_lock)
{
	struct flock query = { .l_type = F_WRLCK };
	struct lock lock = { .site = self->scene.site };
	struct cast cast;
	int ret;

	STANDS_ON_A_DIRECTORY(cast);
	lock.fd = reopened(self->scene.site->fd, O_RDONLY);
	ret = actor_try(cast.holder, at_site(MINE, SHARED));
	IS_GRANTED(ret, "the holder");
	ret = actor_try(cast.other, at_site(THEIRS, SHARED));
	IS_GRANTED(ret, "the other");
	ret = lock_query(&lock, &query);
	HOLDS(!ret && query.l_type == F_RDLCK, "it is not locked",
	      "a third asked for F_WRLCK: %s, type %d", strerror(-ret), query.l_type);
}

CLAIM(practice, TRAIT_CONVERTS_BY_DROPPING, a_directory_can_be_locked)
{
	struct cast cast;

	STANDS_ON_A_DIRECTORY(cast);
	EXCLUDES(cast, EXCLUSIVE, EXCLUSIVE);
}

CLAIM(practice, TRAIT_FILE, a_pipe_can_be_locked)
{
	struct cast cast;
	int end[2] = { -1, -1 };

	SETS_UP(pipe2(end, O_CLOEXEC));
	cast = stand_on(&self->scene, end[1], reopened(end[0], O_RDWR));
	EXCLUDES(cast, EXCLUSIVE, EXCLUSIVE);
}

CLAIM(practice, TRAIT_FILE, a_terminal_can_be_locked)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	struct cast cast;
	char name[64];

	SKIPS_UNLESS(master >= 0 && !unlockpt(master) && !ptsname_r(master, name, sizeof(name)),
		     "no pseudo-terminals here");
	cast = stand_on(&self->scene, open(name, O_RDWR | O_NOCTTY | O_CLOEXEC),
			open(name, O_RDWR | O_NOCTTY | O_CLOEXEC));
	EXCLUDES(cast, EXCLUSIVE, EXCLUSIVE);
}

/* A socket cannot be opened anew: both have the same description, and so may be the same owner. */
CLAIM(practice, TRAIT_FILE, a_socket_can_be_locked)
{
	bool owners = lock_kind_traits(variant->kind) & TRAIT_OWNED_BY_PROCESS;
	int pair[2] = { -1, -1 }, ret;
	struct cast cast;

	SETS_UP(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
	cast = stand_on(&self->scene, pair[0], pair[0]);
	ret = actor_try(cast.holder, EXCLUSIVE);
	IS_GRANTED(ret, "the holder");
	ret = actor_try(cast.other, EXCLUSIVE);
	HOLDS(ret == (owners ? -EAGAIN : 0), "another result", "another process was told: %s",
	      ret ? strerror(-ret) : "it has the lock");
}

/* fcntl(2) has its say about locks to be placed alone. */
CLAIM(practice, TRAIT_OWNED_BY_PROCESS, a_release_needs_no_access)
{
	int fd = self->scene.site->fd;
	struct cast cast = stand_on(&self->scene, reopened(fd, O_RDWR), reopened(fd, O_RDONLY));
	int ret;

	actor_lock(cast.holder, at_site(MINE, EXCLUSIVE));
	ret = actor_try(cast.other, at_site(MINE, EXCLUSIVE));
	REQUIRES(ret == -EAGAIN, "the other was not excluded");
	actor_unlock_site(cast.holder, THEIRS);
	ret = actor_try(cast.other, at_site(MINE, EXCLUSIVE));
	HOLDS(!ret, "the lock is not released",
	      "the holder let go through a read-only descriptor, and the other was told: %s",
	      strerror(-ret));
}

CLAIM(practice, TRAIT_QUERIES, a_query_needs_no_access)
{
	struct flock read_lock = { .l_type = F_RDLCK }, write_lock = { .l_type = F_WRLCK };
	int fd = self->scene.site->fd;
	int read_only = reopened(fd, O_RDONLY), write_only = reopened(fd, O_WRONLY);
	struct cast cast = stand_on(&self->scene, reopened(fd, O_RDWR), read_only);
	struct lock lock = { .site = self->scene.site };
	int ret;

	actor_lock(cast.holder, EXCLUSIVE);
	lock.fd = read_only;
	ret = lock_query(&lock, &write_lock);
	HOLDS(!ret && write_lock.l_type == F_WRLCK, "another result",
	      "asked for F_WRLCK through a read-only descriptor: %s, type %d", strerror(-ret),
	      write_lock.l_type);
	lock.fd = write_only;
	ret = lock_query(&lock, &read_lock);
	HOLDS(!ret && read_lock.l_type == F_WRLCK, "another result",
	      "asked for F_RDLCK through a write-only descriptor: %s, type %d", strerror(-ret),
	      read_lock.l_type);
}

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

#define STANDS_ON_A_READ_ONLY_MOUNT(cast) do { \
	struct view view = { -1, -1, 0 }; \
	int err; \
	/* Before their folder may be covered. */ \
	scene_add_file(&self->scene); \
	err = two_views(&view); \
	SKIPS_UNLESS(err != -EPERM && err != -EACCES, "needs CAP_SYS_ADMIN"); \
	SKIPS_UNLESS(err != -EINVAL && err != -ENODEV && err != -ENOSPC, \
		     "no private mounts here"); \
	errno = -err; \
	cast = stand_on(&self->scene, view.read_only, view.writable); \
	REQUIRES(view.refusal == EROFS, "the mount is not read-only: %s", strerror(view.refusal)); \
} while (0)

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
