// SPDX-License-Identifier: GPL-2.0
/*
 * Regressions, continued: ranges, descriptors, what is listed, calls, and leases, which are
 * taken by fcntl() and stand in the column of posix.
 */
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "lock/descriptor.h"
#include "claim/expectation.h"
#include "file_system.h"
#include "system/proc_locks.h"

#define POSIX_ONLY	(TRAIT_OWNED_BY_PROCESS | TRAIT_SHARED)
#define LINES		16

CLASS(practice);

/* ---- ranges ---- */

/* In 1996 a release of one edge of a lock woke nobody, see the changelog of fs/locks.c then. */
CLAIM(practice, TRAIT_RANGES, a_release_of_an_edge_wakes_who_waits_for_it)
{
	struct actor *holder = actor_start(&self->scene, "holder");
	struct actor *left = actor_start(&self->scene, "left");
	struct actor *right = actor_start(&self->scene, "right");

	actor_lock(holder, EXCLUSIVE_ON(0, 100));
	actor_queue(left, EXCLUSIVE_ON(0, 10));
	actor_queue(right, EXCLUSIVE_ON(90, 10));
	actor_unlock_range(holder, 0, 10);
	actor_settle(&self->scene);
	HOLDS(actor_holds(left), "not woken", "left sleeps on though [0,9] is free");
	REQUIRES(actor_waits(right), "right does not wait any more for [90,99], which is held");
	actor_unlock_range(holder, 90, 10);
	actor_settle(&self->scene);
	HOLDS(actor_holds(right), "not woken", "right sleeps on though [90,99] is free");
}

/* ---- descriptors ---- */

/* A range that counts from the end of the file, which is at 4096 when the request is made. */
static int lock_the_last_96_bytes(struct actor *self, void *arg)
{
	struct flock range = {
		.l_type = F_WRLCK, .l_whence = SEEK_END, .l_start = -96, .l_len = 96,
	};
	struct asleep_call call = lock_sleeps_in(self->lock, MODE_EXCLUSIVE);

	(void)arg;
	act_sleeps_in(self, call);
	self->scene->board->number[0] = fcntl(self->lock->fd, F_SETLKW, &range) ? errno : 0;
	act_sleeps_in(self, ASLEEP_NOWHERE);
	return 0;
}

/*
 * The descriptor becomes another file while a thread waits with it; the lock that is granted
 * after that must go. 7f3697e24dc3 (4.5): the range to remove was computed anew, from an end
 * of the file that had moved.
 */
CLAIM(practice, POSIX_ONLY, no_lock_is_left_by_a_close_and_a_truncate)
{
	struct actor *holder = actor_start(&self->scene, "holder");
	struct actor *peer = actor_start(&self->scene, "peer");
	struct actor *thread = actor_start_with(&self->scene, ACTOR_THREAD, DESCRIPTION_OWN,
						"thread", 0);
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), ret;

	SETS_UP(null);
	actor_lock(holder, EXCLUSIVE);
	actor_begin(thread, lock_the_last_96_bytes, NULL);
	actor_settle(&self->scene);
	REQUIRES(actor_waits(thread), "the thread was to wait, and does not");
	SETS_UP(ftruncate(self->scene.site->fd, 1000));
	SETS_UP(dup2(null, thread->lock->fd));
	actor_unlock(holder);
	actor_await(thread);
	REQUIRES(self->scene.board->number[0] == EBADF, "fcntl() of the thread: %s, not EBADF",
		 strerror(self->scene.board->number[0]));
	ret = actor_try(peer, EXCLUSIVE);
	HOLDS(!ret, "a lock was left behind", "the peer asks for all: %s", strerror(-ret));
	close(null);
}

/* ---- calls ---- */

/* flock(2) does not name them, and not every libc has them; include/uapi/asm-generic/fcntl.h */
#define MANDATORY	32
#define WRITERS		128

/* LOCK_MAND, long without effect, is ignored since 90f7d7a0d0d6 (5.16), and returns 0. */
CLAIM(practice, TRAIT_CONVERTS_BY_DROPPING, lock_mand_succeeds_and_excludes_nobody)
{
	struct actor *peer = actor_start(&self->scene, "peer");
	int fd = descriptor_reopen(self->scene.site->fd), ret;

	SETS_UP(fd);
	ret = flock(fd, MANDATORY | WRITERS) ? -errno : 0;
	HOLDS(!ret, "LOCK_MAND is refused", "flock(LOCK_MAND | LOCK_WRITE): %s", strerror(-ret));
	ret = actor_try(peer, EXCLUSIVE);
	HOLDS(!ret, "LOCK_MAND excludes", "the peer asks for the lock: %s", strerror(-ret));
	close(fd);
}

/* flock(-1, 0): EBADF, and EINVAL since db4abb4a32ec (6.0); both arguments are wrong. */
CLAIM(practice, TRAIT_CONVERTS_BY_DROPPING, no_operation_on_no_descriptor_is_an_error)
{
	int ret = flock(-1, 0) ? errno : 0;

	HOLDS(ret == EBADF || ret == EINVAL, "no error", "flock(-1, 0): %s",
	      ret ? strerror(ret) : "success");
}

/* ---- leases ---- */

static int open_again(int fd, int flags)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	fd = open(path, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* A new file that is open once, in this way. A descriptor or -errno. */
static int open_new(const struct scene *scene, int flags)
{
	int file = scene->dir ? descriptor_file(scene->dir, 100) : descriptor_memfd(100, 0), fd;

	if (file < 0)
		return file;
	/* The memfd itself does not count as a writer, what is opened through it does. */
	fd = open_again(file, flags);
	close(file);
	return fd;
}

/* The file has a read lease that a writer, without waiting, has begun to break. */
#define BEGINS_TO_BREAK_A_READ_LEASE(fd) do { \
	int writer; \
	signal(SIGIO, SIG_IGN); \
	SETS_UP(fd); \
	TAKES_A_FIRST_LEASE(fd, F_RDLCK); \
	writer = open_again(fd, O_WRONLY | O_NONBLOCK); \
	REQUIRES(writer == -EWOULDBLOCK, "open for writing beside a read lease: %s", \
		 writer < 0 ? strerror(-writer) : "success"); \
} while (0)

/* Until 5.4 a read lease that is being broken was listed as READ still. */
CLAIM(practice, POSIX_ONLY, a_breaking_read_lease_is_listed_as_unlck)
{
	int fd = open_new(&self->scene, O_RDONLY), count;
	struct proc_lock lines[LINES] = { 0 };

	BEGINS_TO_BREAK_A_READ_LEASE(fd);
	count = proc_locks_fdinfo(getpid(), fd, lines, LINES);
	REQUIRES(count == 1 && !strcmp(lines[0].kind, "LEASE"),
		 "fdinfo has %d lines of locks, the first of kind %s", count, lines[0].kind);
	HOLDS(!strcmp(lines[0].mode, "UNLCK"), "another mode", "fdinfo says %s", lines[0].mode);
	close(fd);
}

/* 778fc546f749 (3.2): a reader waited for a lease that it does not conflict with. */
CLAIM(practice, POSIX_ONLY, a_reader_opens_beside_a_breaking_read_lease)
{
	int fd = open_new(&self->scene, O_RDONLY), opened;

	BEGINS_TO_BREAK_A_READ_LEASE(fd);
	opened = open_again(fd, O_RDONLY | O_NONBLOCK);
	HOLDS(opened >= 0, "the reader is refused", "open for reading: %s", strerror(-opened));
	close(opened);
	close(fd);
}

/* 387e3746d01c (5.3): a descriptor that opens nothing counted as another user of the file. */
CLAIM(practice, POSIX_ONLY, an_o_path_descriptor_does_not_prevent_a_write_lease)
{
	int fd = open_new(&self->scene, O_RDWR), path, ret;

	SETS_UP(fd);
	TAKES_A_FIRST_LEASE(fd, F_WRLCK);
	SETS_UP(fcntl(fd, F_SETLEASE, F_UNLCK));
	path = open_again(fd, O_PATH);
	SETS_UP(path);
	ret = fcntl(fd, F_SETLEASE, F_WRLCK) ? errno : 0;
	HOLDS(!ret, "the lease is refused", "F_SETLEASE beside an O_PATH descriptor: %s",
	      strerror(ret));
	close(path);
	close(fd);
}

/*
 * Until 7.0 there were leases wherever a file system did not refuse them, and since then only
 * where it offers them. That of /proc does neither.
 */
CLAIM(practice, POSIX_ONLY, a_lease_on_a_file_of_proc_is_einval_or_held)
{
	int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC), ret, held;
	struct stat file;

	SETS_UP(fd);
	SETS_UP(fstat(fd, &file));
	SKIPS_UNLESS(file.st_uid == geteuid(), "one's own files of /proc belong to another");
	ret = fcntl(fd, F_SETLEASE, F_RDLCK) ? errno : 0;
	held = fcntl(fd, F_GETLEASE);
	HOLDS(ret ? ret == EINVAL && held == F_UNLCK : held == F_RDLCK, "neither of the two",
	      "F_SETLEASE on a file of /proc: %s, and then F_GETLEASE: %d",
	      ret ? strerror(ret) : "success", held);
	close(fd);
}

/* include/uapi/linux/fcntl.h since 6.19: F_SETDELEG and what it takes. */
#define SETDELEG	(1024 + 16)

struct delegation_request {
	unsigned int flags;
	unsigned short type, pad;
};

static bool has_delegations(const struct scene *scene)
{
	return release_is_since(6, 19) && has_leases(scene);
}

/* 12965a190eae (6.19): a read delegation was given on a file that is open for writing. */
CLAIM(practice, POSIX_ONLY, no_read_delegation_on_a_file_open_for_writing)
{
	struct delegation_request request = { .type = F_RDLCK };
	int fd = open_new(&self->scene, O_RDONLY), writer, ret;

	SETS_UP(fd);
	ret = fcntl(fd, SETDELEG, &request) ? errno : 0;
	SKIPS_UNLESS(!ret || ret == EAGAIN || has_delegations(&self->scene), "no delegations here");
	REQUIRES(!ret, "a first delegation: %s", strerror(ret));
	request.type = F_UNLCK;
	SETS_UP(fcntl(fd, SETDELEG, &request));
	writer = open_again(fd, O_WRONLY);
	SETS_UP(writer);
	request.type = F_RDLCK;
	ret = fcntl(fd, SETDELEG, &request) ? errno : 0;
	HOLDS(ret == EAGAIN, "not EAGAIN", "F_SETDELEG beside a writer: %s",
	      ret ? strerror(ret) : "success");
	close(writer);
	close(fd);
}

EXPECTATION_MAIN
