// SPDX-License-Identifier: GPL-2.0
/*
 * Regressions, continued: ranges, descriptors, calls, and leases. fcntl() takes leases, so their
 * kind is posix.
 */
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "lock/descriptor.h"
#include "claim/claim.h"
#include "file_system.h"
#include "system/proc_locks.h"

#define LINES		16

/* ---- ranges ---- */

/* In 1996 a release of one edge of a lock woke nobody, see the changelog of fs/locks.c then. */
PRACTICE(RECORD_LOCKS, a_release_of_an_edge_wakes_who_waits_for_it)
{
	struct actor *holder = actor_start(scene, "holder");
	struct actor *left = actor_start(scene, "left");
	struct actor *right = actor_start(scene, "right");

	actor_lock(holder, EXCLUSIVE_ON(0, 100));
	actor_queue(left, EXCLUSIVE_ON(0, 10));
	actor_queue(right, EXCLUSIVE_ON(90, 10));
	actor_unlock_range(holder, 0, 10);
	actor_settle(scene);
	holds(scene, actor_holds(left), "left sleeps on though [0,9] is free");
	requires(scene, actor_waits(right),
		 "right does not wait any more for [90,99], which is held");
	actor_unlock_range(holder, 90, 10);
	actor_settle(scene);
	holds(scene, actor_holds(right), "right sleeps on though [90,99] is free");
}

/* ---- descriptors ---- */

/* The range counts from the end of the file, which moves after the request. */
static int lock_the_last_96_bytes(struct actor *self, void *arg)
{
	struct flock range = {
		.l_type = F_WRLCK, .l_whence = SEEK_END, .l_start = -96, .l_len = 96,
	};

	(void)arg;
	act_sleeps_in(self, lock_sleeps_in(self->lock, MODE_EXCLUSIVE));
	self->scene->shared->number[0] = fcntl(self->lock->fd, F_SETLKW, &range) ? errno : 0;
	act_sleeps_in(self, ASLEEP_NOWHERE);
	return 0;
}

/*
 * While a thread waits for a lock, its descriptor becomes another file: the kernel must remove
 * the lock when it has granted it. Before 4.5 it computed the range to remove from an end of
 * the file that had moved.
 */
PRACTICE(POSIX, no_lock_is_left_by_a_close_and_a_truncate)
{
	struct actor *holder = actor_start(scene, "holder");
	struct actor *peer = actor_start(scene, "peer");
	struct actor *thread = actor_start_with(scene, ACTOR_THREAD, DESCRIPTION_OWN,
						"thread", 0);
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), ret;

	sets_up(scene, null, "open");
	scene_needs_wait(scene, EXCLUSIVE);
	actor_lock(holder, EXCLUSIVE);
	actor_begin(thread, lock_the_last_96_bytes, NULL);
	actor_settle(scene);
	if (!requires(scene, actor_waits(thread), "the thread should wait, but does not"))
		return;
	sets_up(scene, ftruncate(scene->site->fd, 2 * scene->size), "ftruncate");
	sets_up(scene, dup2(null, thread->lock->fd), "dup2");
	actor_unlock(holder);
	actor_await(thread);
	requires(scene, scene->shared->number[0] == EBADF, "fcntl() of the thread: %s, not EBADF",
		 strerror(scene->shared->number[0]));
	ret = actor_try(peer, EXCLUSIVE);
	holds(scene, !ret, "the peer asks for all: %s", strerror(-ret));
	close(null);
}

/* ---- calls ---- */

/* LOCK_MAND and LOCK_WRITE of include/uapi/asm-generic/fcntl.h, which not every libc has. */
#define MANDATORY	32
#define WRITERS		128

/* LOCK_MAND, long without effect, is ignored since 90f7d7a0d0d6 (5.16), and returns 0. */
PRACTICE(FLOCK, lock_mand_succeeds_and_excludes_nobody)
{
	struct actor *peer = actor_start(scene, "peer");
	int fd = descriptor_reopen(scene->site->fd), ret;

	if (!sets_up(scene, fd, "descriptor_reopen"))
		return;
	ret = flock(fd, MANDATORY | WRITERS) ? -errno : 0;
	holds(scene, !ret, "flock(LOCK_MAND | LOCK_WRITE): %s", strerror(-ret));
	ret = actor_try(peer, EXCLUSIVE);
	holds(scene, !ret, "the peer asks for the lock: %s", strerror(-ret));
	close(fd);
}

/* flock(-1, 0): EBADF, and EINVAL since db4abb4a32ec (6.0); both arguments are wrong. */
PRACTICE(FLOCK, no_operation_on_no_descriptor_is_an_error)
{
	int ret = flock(-1, 0) ? errno : 0;

	holds(scene, ret == EBADF || ret == EINVAL, "flock(-1, 0): %s",
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

/* Make a file that is open once, with @flags. A descriptor or -errno. */
static int open_new(struct scene *scene, int flags)
{
	struct lock_site *site = &scene->site[scene_add_file(scene)];
	int fd;

	if (!scene_goes_on(scene))
		return -ECANCELED;
	/* The memfd's own description is not counted as a writer; one that is opened later is. */
	fd = open_again(site->fd, flags);
	close(site->fd);
	site->fd = -1;
	return fd;
}

/* Take a read lease that a writer, which does not wait, begins to break. */
static bool begin_to_break_a_read_lease(struct scene *scene, int fd)
{
	int writer;

	signal(SIGIO, SIG_IGN);
	sets_up(scene, fd, "open_new");
	if (!take_first_lease(scene, fd, F_RDLCK))
		return false;
	writer = open_again(fd, O_WRONLY | O_NONBLOCK);
	return requires(scene, writer == -EWOULDBLOCK, "open for writing beside a read lease: %s",
			writer < 0 ? strerror(-writer) : "success");
}

/* Until 5.4 a read lease that was being broken was still listed as READ. */
PRACTICE(POSIX, a_breaking_read_lease_is_listed_as_unlck)
{
	int fd = open_new(scene, O_RDONLY), count;
	struct proc_lock lines[LINES] = { 0 };

	if (!begin_to_break_a_read_lease(scene, fd))
		return;
	count = proc_locks_fdinfo(getpid(), fd, lines, LINES);
	requires(scene, count == 1 && !strcmp(lines[0].kind, "LEASE"),
		 "fdinfo has %d lines of locks, the first of kind %s", count, lines[0].kind);
	holds(scene, !strcmp(lines[0].mode, "UNLCK"), "fdinfo says %s", lines[0].mode);
	close(fd);
}

/* 778fc546f749 (3.2): a reader waited for a lease that it does not conflict with. */
PRACTICE(POSIX, a_reader_opens_beside_a_breaking_read_lease)
{
	int fd = open_new(scene, O_RDONLY), opened;

	fixed_by("778fc546f749", "3.2");
	if (!begin_to_break_a_read_lease(scene, fd))
		return;
	opened = open_again(fd, O_RDONLY | O_NONBLOCK);
	holds(scene, opened >= 0, "open for reading: %s", strerror(-opened));
	close(opened);
	close(fd);
}

/* 387e3746d01c (5.3): an O_PATH descriptor counted as another user of the file. */
PRACTICE(POSIX, an_o_path_descriptor_does_not_prevent_a_write_lease)
{
	int fd = open_new(scene, O_RDWR), path, ret;

	fixed_by("387e3746d01c", "5.3");
	sets_up(scene, fd, "open_new");
	if (!take_first_lease(scene, fd, F_WRLCK))
		return;
	sets_up(scene, fcntl(fd, F_SETLEASE, F_UNLCK), "F_SETLEASE");
	path = open_again(fd, O_PATH);
	sets_up(scene, path, "open_again");
	ret = fcntl(fd, F_SETLEASE, F_WRLCK) ? errno : 0;
	holds(scene, !ret, "F_SETLEASE beside an O_PATH descriptor: %s", strerror(ret));
	close(path);
	close(fd);
}

/*
 * Until 7.0 there were leases unless a file system refused them; since then, only if it offers
 * them. The file system of /proc does neither.
 */
PRACTICE(POSIX, a_lease_on_a_file_of_proc_is_einval_or_held)
{
	int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC), ret, held;
	struct stat file;

	sets_up(scene, fd, "open");
	if (!sets_up(scene, fstat(fd, &file), "fstat") ||
	    !skip_unless(scene, file.st_uid == geteuid(),
			 "the files of this process in /proc belong to another"))
		return;
	ret = fcntl(fd, F_SETLEASE, F_RDLCK) ? errno : 0;
	held = fcntl(fd, F_GETLEASE);
	/* F_GETLEASE is refused by no file system, so this kernel does not know leases. */
	skip_unless(scene, held >= 0 || !release_is_gvisor(), "no leases here");
	holds(scene, ret ? ret == EINVAL && held == F_UNLCK : held == F_RDLCK,
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
PRACTICE(POSIX, no_read_delegation_on_a_file_open_for_writing)
{
	struct delegation_request request = { .type = F_RDLCK };
	int fd = open_new(scene, O_RDONLY), writer, ret;

	fixed_by("12965a190eae", "6.19");
	if (!sets_up(scene, fd, "open_new"))
		return;
	ret = fcntl(fd, SETDELEG, &request) ? errno : 0;
	skip_unless(scene, !ret || ret == EAGAIN || has_delegations(scene), "no delegations here");
	if (!requires(scene, !ret, "a first delegation: %s", strerror(ret)))
		return;
	request.type = F_UNLCK;
	sets_up(scene, fcntl(fd, SETDELEG, &request), "F_SETDELEG");
	writer = open_again(fd, O_WRONLY);
	sets_up(scene, writer, "open_again");
	request.type = F_RDLCK;
	ret = fcntl(fd, SETDELEG, &request) ? errno : 0;
	holds(scene, ret == EAGAIN, "F_SETDELEG beside a writer: %s",
	      ret ? strerror(ret) : "success");
	close(writer);
	close(fd);
}

CLAIM_MAIN
