// SPDX-License-Identifier: GPL-2.0
/*
 * Access: what can be locked, and through which descriptors?
 *
 * fcntl() wants a descriptor open for reading, or for writing, as the lock is shared or exclusive
 * (tests/errors.c has the refusals); flock() does not mind. POSIX speaks of regular files
 * only: Linux locks whatever has an inode. (Where it may not be written to:
 * tests/read_only_mount.c.)
 */
#include <limits.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "access.h"
#include "network.h"

/* That would be EBADF through this descriptor. */
#define IS_NOT_AN_FCNTL_LOCK(actor, request) do { \
	int answer = actor_try(actor, at_site(MINE, request)); \
	SKIPS_UNLESS(answer != -EBADF || !emulates_flock(&self->scene), FLOCK_IS_EMULATED); \
} while (0)

CLASS(promise);

/*
 * flock(2): "A shared or exclusive lock can be placed on a file regardless of the mode in which
 * the file was opened".
 */
CLAIM(promise, TRAIT_CONVERTS_BY_DROPPING, a_read_only_descriptor_takes_an_exclusive_lock)
{
	int fd = self->scene.site->fd;
	struct cast cast = stand_on(&self->scene, reopened(fd, O_RDONLY), reopened(fd, O_RDONLY));

	IS_NOT_AN_FCNTL_LOCK(cast.holder, EXCLUSIVE);
	EXCLUDES(cast, EXCLUSIVE, EXCLUSIVE);
}

CLAIM(promise, TRAIT_CONVERTS_BY_DROPPING, a_write_only_descriptor_takes_a_shared_lock)
{
	int fd = self->scene.site->fd;
	struct cast cast = stand_on(&self->scene, reopened(fd, O_WRONLY), reopened(fd, O_RDONLY));

	IS_NOT_AN_FCNTL_LOCK(cast.holder, SHARED);
	EXCLUDES(cast, SHARED, EXCLUSIVE);
}

static const char *folder(const struct scene *scene)
{
	return scene->dir ? scene->dir : P_tmpdir;
}

/* A directory in the tests' folder, without a name when this returns. -1 and errno. */
static int directory(const struct scene *scene)
{
	char name[PATH_MAX];
	int fd;

	snprintf(name, sizeof(name), "%s/lockfair-XXXXXX", folder(scene));
	if (!mkdtemp(name))
		return -1;
	fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	rmdir(name);
	return fd;
}

#define STANDS_ON_A_DIRECTORY(cast) do { \
	int fd = directory(&self->scene); \
	SKIPS_UNLESS(fd >= 0 || !access(folder(&self->scene), W_OK | X_OK), \
		     "no folder to write in"); \
	SETS_UP(fd); \
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

/* pts(4): their file system may not be mounted. */
static bool has_terminals(void)
{
	struct statfs fs;

	return !access("/dev/ptmx", R_OK | W_OK) && !statfs("/dev/pts", &fs) &&
	       fs.f_type == DEVPTS_SUPER_MAGIC;
}

CLAIM(practice, TRAIT_FILE, a_terminal_can_be_locked)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	struct cast cast;
	char name[64];

	SKIPS_UNLESS(master >= 0 || has_terminals(), "no pseudo-terminals here");
	SETS_UP(master);
	SETS_UP(unlockpt(master));
	SETS_UP(-ptsname_r(master, name, sizeof(name)));
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

EXPECTATION_MAIN
