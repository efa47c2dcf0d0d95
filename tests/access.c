// SPDX-License-Identifier: GPL-2.0
/*
 * Access: what can be locked, and through which descriptors?
 *
 * fcntl() requires a descriptor that is open for reading (a shared lock) or for writing (an
 * exclusive one; tests/errors.c has the refusals). flock() accepts any. POSIX speaks of regular
 * files only; Linux locks everything that has an inode. tests/read_only_mount.c is about files
 * that cannot be written to.
 */
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "access.h"
#include "lock/descriptor.h"
#include "network.h"

#define OF_PROC	"/proc/self/comm"	/* proc_pid_comm(5): it can be written to */

/*
 * Skip the test if flock() is made of fcntl locks here: then the request, which this descriptor
 * is not open for, gets EBADF.
 */
static void skip_if_flock_is_emulated(struct actor *actor, struct lock_request request)
{
	int ret = actor_try(actor, at_site(MINE, request));

	skip_unless(actor->scene, ret != -EBADF || !emulates_flock(actor->scene),
		    FLOCK_IS_EMULATED);
	if (!ret)
		actor_unlock_site(actor, MINE);
}

/*
 * flock(2): "A shared or exclusive lock can be placed on a file regardless of the mode in which
 * the file was opened".
 */
PROMISE(FLOCK, a_read_only_descriptor_takes_an_exclusive_lock)
{
	int fd = scene->site->fd;
	struct rivals rivals = use_files(scene, reopen(fd, O_RDONLY), reopen(fd, O_RDONLY));

	skip_if_flock_is_emulated(rivals.holder, EXCLUSIVE);
	excludes(rivals, EXCLUSIVE, EXCLUSIVE);
}

PROMISE(FLOCK, a_write_only_descriptor_takes_a_shared_lock)
{
	int fd = scene->site->fd;
	struct rivals rivals = use_files(scene, reopen(fd, O_WRONLY), reopen(fd, O_RDONLY));

	skip_if_flock_is_emulated(rivals.holder, SHARED);
	excludes(rivals, SHARED, EXCLUSIVE);
}

static const char *folder(const struct scene *scene)
{
	return scene->dir ? scene->dir : P_tmpdir;
}

static struct rivals use_a_directory(struct scene *scene)
{
	int fd = descriptor_directory(folder(scene));

	skip_unless(scene, fd >= 0 || !access(folder(scene), W_OK | X_OK),
		    "no folder to write in");
	if (fd < 0)
		scene_broken(scene, "making a directory: %s", strerror(-fd));
	return use_files(scene, fd, reopen(fd, O_RDONLY));
}

/*
 * open(2): "EISDIR pathname refers to a directory and the access requested involved writing";
 * fcntl(2): "to place a write lock, fd must be open for writing".
 */
PROMISE(RECORD_LOCKS, a_directory_takes_no_exclusive_lock)
{
	gets_bad_descriptor(use_a_directory(scene).holder, EXCLUSIVE);
}

/* A try for an exclusive lock would get EBADF, so a query shows that the directory is locked. */
PRACTICE(POSIX | OFD, a_directory_takes_a_shared_lock)
{
	struct rivals rivals = use_a_directory(scene);
	struct flock query = { .l_type = F_WRLCK };
	struct lock lock = { .site = scene->site };
	int ret;

	is_granted(scene, actor_try(rivals.holder, at_site(MINE, SHARED)), "the holder");
	if (!is_granted(scene, actor_try(rivals.other, at_site(THEIRS, SHARED)), "the other"))
		return;
	lock.fd = reopen(scene->site->fd, O_RDONLY);
	ret = lock_query(&lock, &query);
	holds(scene, !ret && query.l_type == F_RDLCK, "a third asked for F_WRLCK: %s, type %d",
	      strerror(-ret), query.l_type);
}

PRACTICE(FLOCK, a_directory_can_be_locked)
{
	excludes(use_a_directory(scene), EXCLUSIVE, EXCLUSIVE);
}

PRACTICE(FILE_LOCKS, a_pipe_can_be_locked)
{
	struct rivals rivals;
	int end[2] = { -1, -1 };

	sets_up(scene, pipe2(end, O_CLOEXEC), "pipe2");
	rivals = use_files(scene, end[1], reopen(end[0], O_RDWR));
	excludes(rivals, EXCLUSIVE, EXCLUSIVE);
}

/* Its file system leaves locking to fs/locks.c, like that of any other file. */
PRACTICE(FILE_LOCKS, a_file_of_proc_can_be_locked)
{
	int fd = open(OF_PROC, O_RDWR | O_CLOEXEC);
	struct stat file;

	if (!skip_unless(scene, fd >= 0 || (!stat(OF_PROC, &file) && file.st_uid != geteuid()),
			 "the files of this process in /proc belong to another") ||
	    !sets_up(scene, fd, "open"))
		return;
	excludes(use_files(scene, fd, reopen(fd, O_RDWR)), EXCLUSIVE, EXCLUSIVE);
}

/* pts(4): their file system may not be mounted. */
static bool has_terminals(void)
{
	struct statfs fs;

	return !access("/dev/ptmx", R_OK | W_OK) && !statfs("/dev/pts", &fs) &&
	       fs.f_type == DEVPTS_SUPER_MAGIC;
}

PRACTICE(FILE_LOCKS, a_terminal_can_be_locked)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	struct rivals rivals;
	char name[64];

	if (!skip_unless(scene, master >= 0 || has_terminals(), "no pseudo-terminals here") ||
	    !sets_up(scene, master, "posix_openpt") ||
	    !sets_up(scene, unlockpt(master), "unlockpt") ||
	    !sets_up(scene, -ptsname_r(master, name, sizeof(name)), "ptsname_r"))
		return;
	rivals = use_files(scene, open(name, O_RDWR | O_NOCTTY | O_CLOEXEC),
			   open(name, O_RDWR | O_NOCTTY | O_CLOEXEC));
	excludes(rivals, EXCLUSIVE, EXCLUSIVE);
}

/*
 * A socket cannot be opened a second time: both actors have the same description. An OFD lock or
 * a flock therefore belongs to both, and does not exclude the other.
 */
PRACTICE(FILE_LOCKS, a_socket_can_be_locked)
{
	int pair[2] = { -1, -1 }, ret;
	struct rivals rivals;

	sets_up(scene, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), "socketpair");
	rivals = use_files(scene, pair[0], pair[0]);
	is_granted(scene, actor_try(rivals.holder, EXCLUSIVE), "the holder");
	ret = actor_try(rivals.other, EXCLUSIVE);
	holds(scene, ret == (is_kind(scene, OWNED_BY_PROCESS) ? -EAGAIN : 0),
	      "another process got: %s", ret ? strerror(-ret) : "the lock");
}

/* fcntl(2) requires an open mode to place a lock, and says nothing about a release or a query. */
PRACTICE(OWNED_BY_PROCESS, a_release_needs_no_access)
{
	int fd = scene->site->fd, ret;
	struct rivals rivals = use_files(scene, reopen(fd, O_RDWR), reopen(fd, O_RDONLY));

	scene_needs(scene, LACKS_OWNER);
	actor_lock(rivals.holder, at_site(MINE, EXCLUSIVE));
	ret = actor_try(rivals.other, at_site(MINE, EXCLUSIVE));
	requires(scene, ret == -EAGAIN, "the other was not excluded");
	actor_unlock_site(rivals.holder, THEIRS);
	ret = actor_try(rivals.other, at_site(MINE, EXCLUSIVE));
	holds(scene, !ret,
	      "the holder released through a read-only descriptor, and the other got: %s",
	      strerror(-ret));
}

PRACTICE(POSIX | OFD, a_query_needs_no_access)
{
	struct flock read_lock = { .l_type = F_RDLCK }, write_lock = { .l_type = F_WRLCK };
	int fd = scene->site->fd;
	int read_only = reopen(fd, O_RDONLY), write_only = reopen(fd, O_WRONLY);
	struct rivals rivals = use_files(scene, reopen(fd, O_RDWR), read_only);
	struct lock lock = { .site = scene->site };
	int ret;

	actor_lock(rivals.holder, EXCLUSIVE);
	lock.fd = read_only;
	ret = lock_query(&lock, &write_lock);
	holds(scene, !ret && write_lock.l_type == F_WRLCK,
	      "asked for F_WRLCK through a read-only descriptor: %s, type %d", strerror(-ret),
	      write_lock.l_type);
	lock.fd = write_only;
	ret = lock_query(&lock, &read_lock);
	holds(scene, !ret && read_lock.l_type == F_WRLCK,
	      "asked for F_RDLCK through a write-only descriptor: %s, type %d", strerror(-ret),
	      read_lock.l_type);
}

CLAIM_MAIN
