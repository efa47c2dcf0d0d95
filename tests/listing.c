// SPDX-License-Identifier: GPL-2.0
/*
 * Listing: do /proc/locks and /proc/PID/fdinfo list the locks that exist?
 *
 * Which process is listed for a lock: tests/listing_owner.c.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "listed.h"
#include "listing.h"
#include "new_file.h"
#include "numbers.h"

/* ---- what /proc is to list ---- */

/* There is no line except that of this lock. */
static bool list_is_only(const struct actor *holder, struct lock_request request)
{
	struct proc_lock line = line_of(holder, request, 0);

	return list_is(holder->scene, &line, 1);
}

/*
 * Before 5.13 a waiter has a line if it waits for a holder, but not if it waits for another waiter.
 * The other lines must still be there.
 */
static bool nested_list_is(struct scene *scene, const struct proc_lock *expected, int wanted)
{
	bool all = are_listed(scene, expected, wanted);
	struct proc_lock shallow[LINES];
	int count = copy_shallow(shallow, expected, wanted);

	holds(scene, all || (!release_is_since(5, 13) && are_listed(scene, shallow, count)),
	      "/proc/locks: %s", difference);
	return skip_unless(scene, all, "one level of waiters is listed here");
}

/* ---- holders ---- */

/*
 * proc_locks(5), once part of proc(5): "FLOCK This is a BSD file lock", OFDLCK, POSIX; ADVISORY, or
 * MANDATORY, which fcntl locks could be until 5.14 on a file that was set up for it; "READ This
 * is a POSIX or OFD read lock, or a BSD shared lock"; "The PID of the process that owns the lock",
 * "the value -1 is displayed in this field for OFD locks"; the first byte and the last, which for
 * an flock are always 0 and EOF.
 */
PROMISE(FILE_LOCKS, a_lock_is_listed_as_what_it_is)
{
	enum lock_mode mode = is_kind(scene, SHARED_MODE) ? MODE_SHARED : MODE_EXCLUSIVE;
	struct actor *holder = actor_start(scene, "holder");

	needs_listed_locks(scene);
	for (; mode <= MODE_EXCLUSIVE; mode++) {
		struct lock_request part = on(scene, mode, 10, 10);
		struct lock_request all = on(scene, mode, 0, 0);

		actor_lock(holder, part);
		list_is_only(holder, part);
		actor_lock(holder, all);
		list_is_only(holder, all);
		actor_unlock(holder);
	}
}

/* proc_locks(5): "This file shows current file locks". */
PROMISE(FILE_LOCKS, a_released_lock_is_listed_no_more)
{
	struct actor *holder = actor_start(scene, "holder");

	needs_listed_locks(scene);
	actor_lock(holder, EXCLUSIVE);
	list_is_only(holder, EXCLUSIVE);
	actor_unlock(holder);
	holds(scene, are_listed(scene, NULL, 0), "nobody holds a lock, and /proc/locks has %s",
	      difference);
}

/* ---- waiters ---- */

/*
 *	holder     [0................9]
 *	 -> waiter       [5................14]
 */
PRACTICE(FILE_LOCKS, a_waiter_is_listed_below_the_holder)
{
	struct lock_request held = on(scene, MODE_EXCLUSIVE, 0, 10);
	struct lock_request wanted = on(scene, MODE_EXCLUSIVE, 5, 10);
	struct actor *holder = actor_start(scene, "holder");
	struct actor *waiter = actor_start(scene, "waiter");
	struct proc_lock expected[] = { line_of(holder, held, 0), line_of(waiter, wanted, 1) };

	scene_judges(scene, LACKS_WAITERS);
	needs_listed_locks(scene);
	actor_lock(holder, held);
	actor_queue(waiter, wanted);
	list_is(scene, expected, ARRAY_SIZE(expected));
	actor_unlock(holder);
	actor_await(waiter);
	list_is_only(waiter, wanted);
}

PRACTICE(FILE_LOCKS, queued_writers_are_listed_one_below_the_other)
{
	struct actor *holder = actor_start(scene, "holder");
	struct proc_lock expected[4] = { line_of(holder, EXCLUSIVE, 0) };

	needs_listed_locks(scene);
	actor_lock(holder, EXCLUSIVE);
	for (int i = 1; i <= 3; i++) {
		struct actor *writer = actor_start_nth(scene, "writer", i);
		struct lock_request wanted = on(scene, MODE_EXCLUSIVE, 0, i);

		actor_queue(writer, wanted);
		expected[i] = line_of(writer, wanted, i);
	}
	nested_list_is(scene, expected, ARRAY_SIZE(expected));
}

/* A holder and two readers that wait for it, with their lines. */
struct readers {
	struct proc_lock holder, first, second;
};

static struct readers queue_readers(struct scene *scene)
{
	struct lock_request one = on(scene, MODE_SHARED, 0, 1), two = on(scene, MODE_SHARED, 0, 2);
	struct actor *holder = actor_start(scene, "holder");
	struct actor *reader1 = actor_start(scene, "reader1");
	struct actor *reader2 = actor_start(scene, "reader2");

	actor_lock(holder, EXCLUSIVE);
	actor_queue(reader1, one);
	actor_queue(reader2, two);
	return (struct readers){
		.holder = line_of(holder, EXCLUSIVE, 0),
		.first = line_of(reader1, one, 1),
		.second = line_of(reader2, two, 1),
	};
}

PRACTICE(POSIX | OFD | FLOCK, queued_readers_are_listed_side_by_side)
{
	struct proc_lock expected[3];
	struct readers queued;

	needs_listed_locks(scene);
	queued = queue_readers(scene);
	expected[0] = queued.holder;
	expected[1] = queued.first;
	expected[2] = queued.second;
	list_is(scene, expected, ARRAY_SIZE(expected));
}

/*
 *	holder       HHHHH
 *	 -> reader1   wwww
 *	  -> writer     ww	would have to wait for both readers, and is listed below the first
 *	 -> reader2    www
 */
PRACTICE(POSIX | OFD | FLOCK, a_queued_writer_is_listed_below_the_first_reader)
{
	struct lock_request wanted = on(scene, MODE_EXCLUSIVE, 0, 3);
	struct actor *writer = actor_start(scene, "writer");
	struct proc_lock expected[4];
	struct readers queued;

	needs_listed_locks(scene);
	queued = queue_readers(scene);
	actor_queue(writer, wanted);
	expected[0] = queued.holder;
	expected[1] = queued.first;
	expected[2] = line_of(writer, wanted, 2);
	expected[3] = queued.second;
	nested_list_is(scene, expected, ARRAY_SIZE(expected));
}

/* ---- owners ---- */

/*
 * The test itself keeps the description open, and with it the lock. In 4.18 the line was gone
 * with the process (fixed in 4.19); in a pid namespace it still is, except for OFD locks.
 */
PRACTICE(OWNED_BY_DESCRIPTION, the_lock_of_a_dead_process_is_still_listed)
{
	struct actor *holder = actor_start_with(scene, ACTOR_PROCESS, DESCRIPTION_INHERITED,
						"holder", 0);
	struct proc_lock line = line_of(holder, EXCLUSIVE, 0);

	needs_listed_locks(scene);
	needs_lines_of_the_dead(scene);
	actor_lock(holder, EXCLUSIVE);
	actor_exit(holder);
	list_is(scene, &line, 1);
}

static void fdinfo_of_a_new_file_lists_nothing(struct scene *scene)
{
	struct new_file file;
	int err = new_file_open(&file, scene), count;

	if (err)
		return scene_broken(scene, "making a new file: %s", strerror(-err));
	count = proc_locks_fdinfo(getpid(), file.lock.fd, lines, LINES);
	holds(scene, !count, "fdinfo of a file that was never locked: %d lines", count);
	new_file_close(&file);
}

/*
 * Holder and alias share a description, under the same number. fdinfo of the alias lists the
 * lock if it belongs to the description, and not if it belongs to the process. Waiters are not
 * listed.
 */
PRACTICE(FILE_LOCKS, fdinfo_lists_a_lock_with_its_owner_alone)
{
	bool shared = is_kind(scene, OWNED_BY_DESCRIPTION);
	struct actor *holder = actor_start_with(scene, ACTOR_PROCESS, DESCRIPTION_INHERITED,
						"holder", 0);
	struct actor *alias = actor_start_with(scene, ACTOR_PROCESS, DESCRIPTION_INHERITED,
					       "alias", 0);
	struct actor *waiter = actor_start(scene, "waiter");
	struct lock_request part = on(scene, MODE_EXCLUSIVE, 10, 10);
	struct proc_lock line = line_of(holder, part, 0);

	needs_listed_locks(scene);
	fdinfo_of_a_new_file_lists_nothing(scene);
	actor_lock(holder, part);
	actor_queue(waiter, EXCLUSIVE);
	fdinfo_is(scene, "fdinfo of the holder", holder->pid, &line, 1);
	fdinfo_is(scene, "fdinfo of the alias", alias->pid, &line, shared);
	fdinfo_is(scene, "fdinfo of the test", getpid(), &line, shared);
	actor_unlock(alias);
	fdinfo_is(scene, "after a release by the alias, fdinfo of the holder", holder->pid, &line,
		  !shared);
}

/* ---- numbers ---- */

static struct actor *hold_two(struct scene *scene)
{
	struct actor *holder = actor_start_with(scene, ACTOR_PROCESS, DESCRIPTION_INHERITED,
						"holder", 0);

	needs_listed_locks(scene);
	actor_lock(holder, EXCLUSIVE_ON(0, 10));
	actor_lock(holder, EXCLUSIVE_ON(20, 10));
	return holder;
}

/*
 * proc_locks(5): "The ordinal position of the lock in the list." Locks that are hidden in a pid
 * namespace are counted.
 */
PROMISE(RECORD_LOCKS, locks_are_numbered_by_their_position)
{
	struct numbers numbers = { 0 };

	hold_two(scene);
	if (numbers_are_read(scene, 2, 0, &numbers))
		holds(scene, !numbers.wrong_holder,
		      "/proc/locks: line %d, of a holder, has no higher number than the one before",
		      numbers.wrong_holder);
}

/* fs/locks.c, locks_show(): with the number of the lock come all that wait for it. */
PRACTICE(RECORD_LOCKS, a_waiter_has_the_number_of_its_holder)
{
	struct actor *waiter = actor_start(scene, "waiter");
	struct numbers numbers = { 0 };

	hold_two(scene);
	scene_needs(scene, LACKS_WAITERS);
	actor_queue(waiter, EXCLUSIVE_ON(0, 10));
	if (numbers_are_read(scene, 2, 1, &numbers))
		holds(scene, !numbers.wrong_waiter,
		      "/proc/locks: line %d, of a waiter, has another number than its holder",
		      numbers.wrong_waiter);
}

/* proc_pid_fdinfo(5) does not say what the number is. */
PRACTICE(RECORD_LOCKS, fdinfo_numbers_the_locks_of_its_descriptor)
{
	struct actor *holder = hold_two(scene);
	int count;

	if (!scene_goes_on(scene))
		return;
	count = proc_locks_fdinfo(holder->pid, scene->site->fd, lines, LINES);
	if (!are_in_fdinfo(scene, count))
		return;
	holds(scene, count == 2, "fdinfo of the holder has %d lines of locks, not 2", count);
	for (int i = 0; i < count; i++)
		holds(scene, lines[i].id == i + 1, "fdinfo of the holder: line %d has number %d",
		      i + 1, lines[i].id);
}

CLAIM_MAIN
