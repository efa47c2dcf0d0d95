// SPDX-License-Identifier: GPL-2.0
/*
 * What does lockf() lock, test and release, and what does it leave alone?
 *
 * An owner calls lockf() at a file position, a peer tries each byte, as in ranges.c. What is
 * promised, unless another source is named: POSIX.1-2024 lockf(), "The section to be locked or
 * unlocked starts at the current offset in the file and extends forward for a positive size or
 * backward for a negative size (the preceding bytes up to but not including the current offset)".
 */
#include <fcntl.h>

#include "listed.h"

/* The actor's call and its outcome, in the scene's shared numbers. */
enum { POSITION, COMMAND, SIZE, RESULT, POSITION_AFTER };

static int call_as_told(struct actor *self, void *arg)
{
	unsigned long long *number = self->scene->shared->number;
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
	unsigned long long *number = actor->scene->shared->number;

	/* These calls do not have to wait: try instead, where requests that wait are refused. */
	if (command == F_LOCK && actor->scene->site->no_wait[MODE_EXCLUSIVE])
		command = F_TLOCK;
	number[POSITION] = position;
	number[COMMAND] = command;
	number[SIZE] = size;
	actor_begin(actor, call_as_told, NULL);
}

/* Return 0 or an errno. */
static int call(struct actor *actor, off_t position, int command, off_t size)
{
	begin(actor, position, command, size);
	actor_await(actor);
	return actor->scene->shared->number[RESULT];
}

static const char *command_name(int command)
{
	return command == F_LOCK ? "F_LOCK" : command == F_TLOCK ? "F_TLOCK" :
	       command == F_TEST ? "F_TEST" : "F_ULOCK";
}

/* The call ends with one of these errnos, where 0 is success. */
static bool ends_with(struct actor *actor, off_t position, int command, off_t size,
		      int expected, int or_else)
{
	int err = call(actor, position, command, size);

	return holds(actor->scene, err == expected || err == or_else,
		     "%s, lockf(%s, %d) at position %d: %s", actor_name(actor),
		     command_name(command), (int)size, (int)position,
		     err ? strerror(err) : "success");
}

static bool succeeds(struct actor *actor, off_t position, int command, off_t size)
{
	return ends_with(actor, position, command, size, 0, 0);
}

static bool fails(struct actor *actor, off_t position, int command, off_t size, int expected)
{
	return ends_with(actor, position, command, size, expected, expected);
}

/* POSIX.1-2024 lockf(): "[EACCES] or [EAGAIN]"; F_LOCK "shall block" instead. */
static bool is_refused(struct actor *actor, off_t position, int command, off_t size)
{
	return ends_with(actor, position, command, size, EACCES, EAGAIN);
}

/* ---- before, at and after the position ---- */

PROMISE(LOCKF, a_section_begins_at_the_position)
{
	struct actor *owner = actor_start(scene, "owner");
	struct actor *peer = actor_start(scene, "peer");

	scene_needs(scene, LACKS_PARTS);
	succeeds(owner, 4, F_LOCK, 6);
	bytes_are(peer, 0, "....XXXXXX......");
	succeeds(owner, 12, F_TLOCK, 2);
	bytes_are(peer, 0, "....XXXXXX..XX..");
	succeeds(owner, 8, F_ULOCK, 5);
	bytes_are(peer, 0, "....XXXX.....X..");
}

PROMISE(LOCKF, a_negative_size_reaches_backwards)
{
	struct actor *owner = actor_start(scene, "owner");
	struct actor *peer = actor_start(scene, "peer");

	scene_needs(scene, LACKS_PARTS);
	succeeds(owner, 8, F_LOCK, -4);
	bytes_are(peer, 0, "....XXXX........");
	succeeds(owner, 2, F_TLOCK, -2);
	bytes_are(peer, 0, "XX..XXXX........");
	succeeds(owner, 6, F_ULOCK, -6);
	bytes_are(peer, 0, "......XX........");
}

/*
 * "If size is 0, the section from the current offset through the largest possible file offset
 * shall be locked (that is, from the current offset through the present or any future
 * end-of-file)."
 */
PROMISE(LOCKF, a_size_of_0_reaches_to_the_end)
{
	struct actor *owner = actor_start(scene, "owner");
	struct actor *peer = actor_start(scene, "peer");

	scene_needs(scene, LACKS_PARTS);
	succeeds(owner, 4, F_LOCK, 0);
	bytes_are(peer, 0, "....XXXXXXXXXXXX");
	bytes_are(peer, scene->size - 4, "XXXXXXXX");
	succeeds(owner, 8, F_ULOCK, 0);
	bytes_are(peer, 0, "....XXXX........");
	bytes_are(peer, scene->size - 4, "........");
}

/* "[EINVAL] … size plus the current file offset is less than 0." */
PROMISE(LOCKF, a_section_before_byte_0_is_refused)
{
	struct actor *owner = actor_start(scene, "owner");
	struct actor *peer = actor_start(scene, "peer");

	fails(owner, 2, F_LOCK, -3, EINVAL);
	fails(owner, 2, F_TLOCK, -3, EINVAL);
	fails(owner, 2, F_TEST, -3, EINVAL);
	fails(owner, 0, F_ULOCK, -1, EINVAL);
	bytes_are(peer, 0, "........");
}

/*
 * "When this occurs [one section contains another], or if adjacent locked sections would occur,
 * the sections shall be combined into a single locked section."
 */
PROMISE(LOCKF, adjacent_and_overlapping_sections_become_one)
{
	struct actor *owner = actor_start_with(scene, ACTOR_PROCESS, DESCRIPTION_INHERITED,
					       "owner", 0);
	struct proc_lock lock = { 0 };
	int count;

	scene_needs(scene, LACKS_CONVERSION);
	succeeds(owner, 8, F_LOCK, 4);
	succeeds(owner, 8, F_LOCK, -4);
	succeeds(owner, 10, F_LOCK, 6);
	succeeds(owner, 6, F_LOCK, 2);
	count = proc_locks_fdinfo(owner->pid, scene->site->fd, &lock, 1);
	are_in_fdinfo(scene, count);
	holds(scene, count == 1 && lock.start == 4 && lock.end == 15,
	      "fdinfo of the owner lists %d locks, the first from %lld to %lld", count, lock.start,
	      lock.end);
}

/* ---- asking, trying, waiting ---- */

/* "F_TEST shall detect if a lock by another process is present on the specified section." */
PROMISE(LOCKF, f_test_finds_the_lock_of_another)
{
	struct actor *owner = actor_start(scene, "owner");
	struct actor *tester = actor_start(scene, "tester");

	succeeds(owner, 4, F_LOCK, 4);
	succeeds(tester, 0, F_TEST, 4);
	is_refused(tester, 0, F_TEST, 5);
	is_refused(tester, 7, F_TEST, 1);
	succeeds(tester, 8, F_TEST, 8);
	succeeds(tester, 4, F_TEST, -4);
	is_refused(tester, 5, F_TEST, -1);
	is_refused(tester, 16, F_TEST, -9);
	succeeds(tester, 8, F_TEST, 0);
	is_refused(tester, 0, F_TEST, 0);
}

/* lockf(3), F_TEST: "return 0 if the specified section is unlocked or locked by this process". */
PROMISE(LOCKF, f_test_overlooks_ones_own_lock_and_takes_none)
{
	struct actor *owner = actor_start(scene, "owner");
	struct actor *peer = actor_start(scene, "peer");

	succeeds(owner, 4, F_LOCK, 4);
	succeeds(owner, 4, F_TEST, 4);
	succeeds(owner, 0, F_TEST, 0);
	bytes_are(peer, 0, "....XXXX........");
	succeeds(peer, 12, F_LOCK, 1);
	is_refused(owner, 4, F_TEST, 9);
	succeeds(owner, 4, F_TEST, 8);
}

/*
 * "F_LOCK and F_TLOCK requests differ only by the action taken if the section is not
 * available. F_LOCK shall block the calling thread until the section is available. F_TLOCK
 * shall cause the function to fail if the section is already locked by another process."
 */
PROMISE(LOCKF, f_lock_waits_where_f_tlock_is_refused)
{
	struct actor *owner = actor_start(scene, "owner");
	struct actor *waiter = actor_start(scene, "waiter");
	struct actor *peer = actor_start(scene, "peer");

	scene_needs(scene, LACKS_PARTS);
	succeeds(owner, 8, F_LOCK, 2);
	is_refused(waiter, 12, F_TLOCK, -4);
	scene_needs_wait(scene, EXCLUSIVE);
	begin(waiter, 12, F_LOCK, -4);
	actor_settle(scene);
	holds(scene, actor_waits(waiter), "the waiter is back from F_LOCK");
	succeeds(owner, 8, F_ULOCK, 1);
	actor_settle(scene);
	holds(scene, actor_waits(waiter), "the waiter is back too early");
	succeeds(owner, 9, F_ULOCK, 1);
	actor_await(waiter);
	bytes_are(peer, 0, "........XXXX....");
}

/* "Otherwise, it shall return -1, set errno …, and existing locks shall not be changed." */
PROMISE(LOCKF, a_refused_request_changes_no_lock)
{
	struct actor *owner = actor_start(scene, "owner");
	struct actor *other = actor_start(scene, "other");
	struct actor *peer = actor_start(scene, "peer");

	succeeds(owner, 8, F_LOCK, 2);
	succeeds(other, 0, F_LOCK, 4);
	is_refused(other, 2, F_TLOCK, 0);
	bytes_are(peer, 0, "XXXX....XX......");
}

PRACTICE(LOCKF, the_position_is_left_alone)
{
	static const int commands[] = { F_LOCK, F_TLOCK, F_TEST, F_ULOCK };
	static const int sizes[] = { 4, -4, 0 };
	struct actor *owner = actor_start(scene, "owner");
	int err, after;

	scene_needs(scene, LACKS_CONVERSION);
	for (unsigned int i = 0; i < ARRAY_SIZE(commands) * ARRAY_SIZE(sizes); i++) {
		err = call(owner, 8, commands[i / 3], sizes[i % 3]);
		requires(scene, !err, "lockf(): %s", strerror(err));
		after = scene->shared->number[POSITION_AFTER];
		holds(scene, after == 8, "after lockf(%d, %d) at position 8 it was %d",
		      commands[i / 3], sizes[i % 3], after);
	}
}

/* The waiter has the site's description, whose position the test moves meanwhile. */
PRACTICE(LOCKF, who_waits_keeps_the_section_when_the_position_moves)
{
	struct actor *owner = actor_start(scene, "owner");
	struct actor *peer = actor_start(scene, "peer");
	struct actor *waiter = actor_start_with(scene, ACTOR_PROCESS,
						DESCRIPTION_INHERITED, "waiter", 0);

	actor_lock(owner, EXCLUSIVE);
	scene_needs_wait(scene, EXCLUSIVE);
	begin(waiter, 4, F_LOCK, 4);
	actor_settle(scene);
	requires(scene, actor_waits(waiter), "the waiter should wait for the owner");
	sets_up(scene, lseek(scene->site->fd, 10, SEEK_SET), "lseek");
	actor_unlock(owner);
	actor_await(waiter);
	bytes_are(peer, 0, "....XXXX........");
}

/* The C library decides this, not the kernel: lockf(3) says EAGAIN, glibc and musl EACCES. */
PRACTICE(LOCKF, f_test_says_eacces_and_f_tlock_eagain)
{
	struct actor *owner = actor_start(scene, "owner");
	struct actor *other = actor_start(scene, "other");

	succeeds(owner, 0, F_LOCK, 4);
	fails(other, 0, F_TEST, 4, EACCES);
	fails(other, 0, F_TLOCK, 4, -lock_conflict(KIND_LOCKF));
}

CLAIM_MAIN
