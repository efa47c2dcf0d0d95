// SPDX-License-Identifier: GPL-2.0
/*
 * What does lockf() lock, test and release, and what does it leave alone?
 *
 * An owner calls lockf() at a file position, a peer tries each byte, as in ranges.c. What is
 * promised, unless said otherwise: POSIX.1-2024 lockf(), "The section to be locked or unlocked
 * starts at the current offset in the file and extends forward for a positive size or backward
 * for a negative size (the preceding bytes up to but not including the current offset)".
 */
#include <fcntl.h>

#include "claim/expectation.h"
#include "system/proc_locks.h"
#include "system/release.h"

CLASS(promise);

enum { POSITION, COMMAND, SIZE, RESULT, POSITION_AFTER };

static int call_as_told(struct actor *self, void *arg)
{
	unsigned long long *number = self->scene->board->number;
	int fd = self->lock->fd;

	(void)arg;
	if (lseek(fd, number[POSITION], SEEK_SET) < 0)
		return -errno;
	act_sleeps_in(self, lock_sleeps_in(self->lock, MODE_EXCLUSIVE));
	number[RESULT] = lockf(fd, number[COMMAND], number[SIZE]) < 0 ? errno : 0;
	act_sleeps_in(self, ASLEEP_NOWHERE);
	number[POSITION_AFTER] = lseek(fd, 0, SEEK_CUR);
	return 0;
}

static void begin(struct actor *actor, off_t position, int command, off_t size)
{
	unsigned long long *number = actor->scene->board->number;

	number[POSITION] = position;
	number[COMMAND] = command;
	number[SIZE] = size;
	actor_begin(actor, call_as_told, NULL);
}

/* 0 or an errno. */
static int call(struct actor *actor, off_t position, int command, off_t size)
{
	begin(actor, position, command, size);
	actor_await(actor);
	return actor->scene->board->number[RESULT];
}

#define SUCCEEDS(actor, position, command, size) do { \
	int err = call(actor, position, command, size); \
	HOLDS(!err, "a call fails", "%s, lockf(%s, %d) at position %d: %s", actor_name(actor), \
	      #command, size, position, strerror(err)); \
} while (0)

#define FAILS(actor, position, command, size, expected) do { \
	int err = call(actor, position, command, size); \
	HOLDS(err && (expected), "a call does not fail as it should", \
	      "%s, lockf(%s, %d) at position %d: %s", actor_name(actor), #command, size, \
	      position, err ? strerror(err) : "success"); \
} while (0)

/* POSIX.1-2024 lockf(): "[EACCES] or [EAGAIN]"; F_LOCK "shall block" instead. */
#define IS_REFUSED(actor, position, command, size) \
	FAILS(actor, position, command, size, err == EACCES || err == EAGAIN)

/* ---- before, at and after the position ---- */

CLAIM(promise, TRAIT_FROM_POSITION, a_section_begins_at_the_position)
{
	struct actor *owner = actor_start(&self->scene, "owner");
	struct actor *peer = actor_start(&self->scene, "peer");

	SUCCEEDS(owner, 4, F_LOCK, 6);
	BYTES_ARE(peer, 0, "....XXXXXX......");
	SUCCEEDS(owner, 12, F_TLOCK, 2);
	BYTES_ARE(peer, 0, "....XXXXXX..XX..");
	SUCCEEDS(owner, 8, F_ULOCK, 5);
	BYTES_ARE(peer, 0, "....XXXX.....X..");
}

CLAIM(promise, TRAIT_FROM_POSITION, a_negative_size_reaches_backwards)
{
	struct actor *owner = actor_start(&self->scene, "owner");
	struct actor *peer = actor_start(&self->scene, "peer");

	SUCCEEDS(owner, 8, F_LOCK, -4);
	BYTES_ARE(peer, 0, "....XXXX........");
	SUCCEEDS(owner, 2, F_TLOCK, -2);
	BYTES_ARE(peer, 0, "XX..XXXX........");
	SUCCEEDS(owner, 6, F_ULOCK, -6);
	BYTES_ARE(peer, 0, "......XX........");
}

/*
 * "If size is 0, the section from the current offset through the largest possible file offset
 * shall be locked (that is, from the current offset through the present or any future
 * end-of-file)."
 */
CLAIM(promise, TRAIT_FROM_POSITION, a_size_of_0_reaches_to_the_end)
{
	struct actor *owner = actor_start(&self->scene, "owner");
	struct actor *peer = actor_start(&self->scene, "peer");

	SUCCEEDS(owner, 4, F_LOCK, 0);
	BYTES_ARE(peer, 0, "....XXXXXXXXXXXX");
	BYTES_ARE(peer, SCENE_FILE_SIZE - 4, "XXXXXXXX");
	SUCCEEDS(owner, 8, F_ULOCK, 0);
	BYTES_ARE(peer, 0, "....XXXX........");
	BYTES_ARE(peer, SCENE_FILE_SIZE - 4, "........");
}

/* "[EINVAL] … size plus the current file offset is less than 0." */
CLAIM(promise, TRAIT_FROM_POSITION, a_section_before_byte_0_is_refused)
{
	struct actor *owner = actor_start(&self->scene, "owner");
	struct actor *peer = actor_start(&self->scene, "peer");

	FAILS(owner, 2, F_LOCK, -3, err == EINVAL);
	FAILS(owner, 2, F_TLOCK, -3, err == EINVAL);
	FAILS(owner, 2, F_TEST, -3, err == EINVAL);
	FAILS(owner, 0, F_ULOCK, -1, err == EINVAL);
	BYTES_ARE(peer, 0, "........");
}

/*
 * "When this occurs [one section contains another], or if adjacent locked sections would occur,
 * the sections shall be combined into a single locked section."
 */
CLAIM(promise, TRAIT_FROM_POSITION, adjacent_and_overlapping_sections_become_one)
{
	struct actor *owner = actor_start_with(&self->scene, ACTOR_PROCESS, DESCRIPTION_INHERITED,
					       "owner", 0);
	struct proc_lock lock;
	int count;

	SUCCEEDS(owner, 8, F_LOCK, 4);
	SUCCEEDS(owner, 8, F_LOCK, -4);
	SUCCEEDS(owner, 10, F_LOCK, 6);
	SUCCEEDS(owner, 6, F_LOCK, 2);
	count = proc_locks_fdinfo(owner->pid, self->scene.site->fd, &lock, 1);
	SKIPS_UNLESS(count > 0 || !release_is_gvisor(), "no locks in /proc/PID/fdinfo");
	HOLDS(count == 1 && lock.start == 4 && lock.end == 15, "there are several locks",
	      "fdinfo of the owner lists %d locks, the first from %lld to %lld", count,
	      lock.start, lock.end);
}

/* ---- asking, trying, waiting ---- */

/* "F_TEST shall detect if a lock by another process is present on the specified section." */
CLAIM(promise, TRAIT_FROM_POSITION, f_test_finds_the_lock_of_another)
{
	struct actor *owner = actor_start(&self->scene, "owner");
	struct actor *tester = actor_start(&self->scene, "tester");

	SUCCEEDS(owner, 4, F_LOCK, 4);
	SUCCEEDS(tester, 0, F_TEST, 4);
	IS_REFUSED(tester, 0, F_TEST, 5);
	IS_REFUSED(tester, 7, F_TEST, 1);
	SUCCEEDS(tester, 8, F_TEST, 8);
	SUCCEEDS(tester, 4, F_TEST, -4);
	IS_REFUSED(tester, 5, F_TEST, -1);
	IS_REFUSED(tester, 16, F_TEST, -9);
	SUCCEEDS(tester, 8, F_TEST, 0);
	IS_REFUSED(tester, 0, F_TEST, 0);
}

/* lockf(3), F_TEST: "return 0 if the specified section is unlocked or locked by this process". */
CLAIM(promise, TRAIT_FROM_POSITION, f_test_overlooks_ones_own_lock_and_takes_none)
{
	struct actor *owner = actor_start(&self->scene, "owner");
	struct actor *peer = actor_start(&self->scene, "peer");

	SUCCEEDS(owner, 4, F_LOCK, 4);
	SUCCEEDS(owner, 4, F_TEST, 4);
	SUCCEEDS(owner, 0, F_TEST, 0);
	BYTES_ARE(peer, 0, "....XXXX........");
	SUCCEEDS(peer, 12, F_LOCK, 1);
	IS_REFUSED(owner, 4, F_TEST, 9);
	SUCCEEDS(owner, 4, F_TEST, 8);
}

/*
 * "F_LOCK and F_TLOCK requests differ only by the action taken if the section is not
 * available. F_LOCK shall block the calling thread until the section is available. F_TLOCK
 * shall cause the function to fail if the section is already locked by another process."
 */
CLAIM(promise, TRAIT_FROM_POSITION, f_lock_waits_where_f_tlock_is_refused)
{
	struct actor *owner = actor_start(&self->scene, "owner");
	struct actor *waiter = actor_start(&self->scene, "waiter");
	struct actor *peer = actor_start(&self->scene, "peer");

	SUCCEEDS(owner, 8, F_LOCK, 2);
	IS_REFUSED(waiter, 12, F_TLOCK, -4);
	begin(waiter, 12, F_LOCK, -4);
	actor_settle(&self->scene);
	HOLDS(actor_waits(waiter), "F_LOCK does not wait", "the waiter is back from F_LOCK");
	SUCCEEDS(owner, 8, F_ULOCK, 1);
	actor_settle(&self->scene);
	HOLDS(actor_waits(waiter), "F_LOCK does not wait for all", "the waiter is back too early");
	SUCCEEDS(owner, 9, F_ULOCK, 1);
	actor_await(waiter);
	BYTES_ARE(peer, 0, "........XXXX....");
}

/* "Otherwise, it shall return -1, set errno …, and existing locks shall not be changed." */
CLAIM(promise, TRAIT_FROM_POSITION, a_refused_request_changes_no_lock)
{
	struct actor *owner = actor_start(&self->scene, "owner");
	struct actor *other = actor_start(&self->scene, "other");
	struct actor *peer = actor_start(&self->scene, "peer");

	SUCCEEDS(owner, 8, F_LOCK, 2);
	SUCCEEDS(other, 0, F_LOCK, 4);
	IS_REFUSED(other, 2, F_TLOCK, 0);
	BYTES_ARE(peer, 0, "XXXX....XX......");
}

CLASS(practice);

CLAIM(practice, TRAIT_FROM_POSITION, the_position_is_left_alone)
{
	static const int commands[] = { F_LOCK, F_TLOCK, F_TEST, F_ULOCK };
	static const int sizes[] = { 4, -4, 0 };
	struct actor *owner = actor_start(&self->scene, "owner");
	int err, after;

	for (unsigned int i = 0; i < ARRAY_SIZE(commands) * ARRAY_SIZE(sizes); i++) {
		err = call(owner, 8, commands[i / 3], sizes[i % 3]);
		REQUIRES(!err, "lockf(): %s", strerror(err));
		after = self->scene.board->number[POSITION_AFTER];
		HOLDS(after == 8, "lockf() moves the position",
		      "after lockf(%d, %d) at position 8 it was %d", commands[i / 3],
		      sizes[i % 3], after);
	}
}

/* The waiter has the site's description, in which the test moves the position meanwhile. */
CLAIM(practice, TRAIT_FROM_POSITION, who_waits_keeps_the_section_when_the_position_moves)
{
	struct actor *owner = actor_start(&self->scene, "owner");
	struct actor *peer = actor_start(&self->scene, "peer");
	struct actor *waiter = actor_start_with(&self->scene, ACTOR_PROCESS,
						DESCRIPTION_INHERITED, "waiter", 0);

	actor_lock(owner, EXCLUSIVE);
	begin(waiter, 4, F_LOCK, 4);
	actor_settle(&self->scene);
	REQUIRES(actor_waits(waiter), "the waiter was to wait for the owner");
	SETS_UP(lseek(self->scene.site->fd, 10, SEEK_SET));
	actor_unlock(owner);
	actor_await(waiter);
	BYTES_ARE(peer, 0, "....XXXX........");
}

/* Of the C library, not the kernel: lockf(3) has EAGAIN for F_TEST, glibc and musl EACCES. */
CLAIM(practice, TRAIT_FROM_POSITION, f_test_says_eacces_and_f_tlock_eagain)
{
	struct actor *owner = actor_start(&self->scene, "owner");
	struct actor *other = actor_start(&self->scene, "other");

	SUCCEEDS(owner, 0, F_LOCK, 4);
	FAILS(other, 0, F_TEST, 4, err == EACCES);
	FAILS(other, 0, F_TLOCK, 4, err == EAGAIN);
}

EXPECTATION_MAIN
