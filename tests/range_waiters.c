// SPDX-License-Identifier: GPL-2.0
/*
 * Which waiters are granted their locks when some of the bytes of a lock become free?
 *
 * Locks are released in part, merged and split while others wait for them. The state of the
 * waiters is written with a character for each, in the order in which they queued: 'w' asleep
 * in its request, 'H' has been granted it, '.' has released it, or was refused.
 */
#include "claim/claim.h"

#define WAITERS	6

struct scenario {
	struct actor *holder;
	struct actor *waiter[WAITERS];
	int waiters;
	char stands[WAITERS + 1];
};

static struct scenario hold(struct scene *scene, struct lock_request request)
{
	struct scenario scenario = { .holder = actor_start(scene, "holder") };

	actor_lock(scenario.holder, request);
	return scenario;
}

static struct actor *queue(struct scenario *scenario, const char *name,
			   struct lock_request request)
{
	struct actor *waiter = actor_start(scenario->holder->scene, name);

	actor_queue(waiter, request);
	scenario->waiter[scenario->waiters++] = waiter;
	return waiter;
}

static void queue_writers(struct scenario *scenario, int count, off_t start, off_t len)
{
	char name[] = "writer1";

	for (int i = 0; i < count; i++) {
		name[strlen(name) - 1] = '1' + i;
		queue(scenario, name, EXCLUSIVE_ON(start, len));
	}
}

static const char *stands(struct scenario *scenario)
{
	actor_settle(scenario->holder->scene);
	for (int i = 0; i < scenario->waiters; i++) {
		const struct actor *waiter = scenario->waiter[i];

		scenario->stands[i] = actor_waits(waiter) ? 'w' : actor_holds(waiter) ? 'H' : '.';
	}
	return scenario->stands;
}

static bool they_stand(struct scenario *scenario, const char *expected, const char *when)
{
	const char *found = stands(scenario);

	return holds(scenario->holder->scene, !strcmp(found, expected),
		     "%s the waiters stand %s, not %s", when, found, expected);
}

/*
 * POSIX.1-2024 fcntl(), F_SETLKW: "if a shared or exclusive lock is blocked by other locks, the
 * thread shall wait until the request can be satisfied"; lockf(): "F_LOCK shall block the
 * calling thread until the section is available".
 *
 *	holder  [0..........................99]  [5000...
 *	left    [0..9]
 *	middle               [40..49]
 *	right                            [90..99]
 *	far                                        [6000]
 *	wide      [5......................94]
 */
PROMISE(RECORD_LOCKS, those_whose_bytes_become_free_are_granted)
{
	struct scenario scenario = hold(scene, EXCLUSIVE_ON(0, 100));
	struct actor *left, *middle, *right;

	actor_lock(scenario.holder, EXCLUSIVE_ON(5000, 0));
	left = queue(&scenario, "left", EXCLUSIVE_ON(0, 10));
	middle = queue(&scenario, "middle", EXCLUSIVE_ON(40, 10));
	right = queue(&scenario, "right", EXCLUSIVE_ON(90, 10));
	queue(&scenario, "far", EXCLUSIVE_ON(6000, 1));
	queue(&scenario, "wide", EXCLUSIVE_ON(5, 90));

	actor_unlock_range(scenario.holder, 0, 10);
	they_stand(&scenario, "Hwwww", "after a release on the left");
	actor_unlock_range(scenario.holder, 90, 10);
	they_stand(&scenario, "HwHww", "after a release on the right");
	actor_unlock_range(scenario.holder, 39, 12);
	they_stand(&scenario, "HHHww", "after a release in the middle");
	actor_unlock_range(scenario.holder, 5500, 0);
	they_stand(&scenario, "HHHHw", "after a release to the end");
	actor_unlock_range(scenario.holder, 0, 100);
	actor_unlock(left);
	actor_unlock(middle);
	they_stand(&scenario, "..HHw", "with one still in the way");
	actor_unlock(right);
	they_stand(&scenario, "...HH", "with nobody in the way");
}

/*
 *	holder  [0......9]    [20.....29]	then asks for what is between
 *	left       [5]
 *	right                    [25]
 *
 * One of the two locks grows, and the other one is freed while somebody waits for it.
 */
PROMISE(RECORD_LOCKS, nobody_is_forgotten_when_locks_are_merged)
{
	struct scenario scenario = hold(scene, EXCLUSIVE_ON(0, 10));

	actor_lock(scenario.holder, EXCLUSIVE_ON(20, 10));
	queue(&scenario, "left", EXCLUSIVE_ON(5, 1));
	queue(&scenario, "right", EXCLUSIVE_ON(25, 1));
	actor_lock(scenario.holder, EXCLUSIVE_ON(10, 10));
	they_stand(&scenario, "ww", "after the merge");
	actor_unlock_range(scenario.holder, 20, 10);
	they_stand(&scenario, "wH", "after a release on the right");
	actor_unlock(scenario.holder);
	they_stand(&scenario, "HH", "after the release of it all");
}

/* The holder releases what is between the waiters: each then waits for one piece. */
PROMISE(RECORD_LOCKS, nobody_is_forgotten_when_a_lock_is_split)
{
	struct scenario scenario = hold(scene, EXCLUSIVE_ON(0, 30));

	queue(&scenario, "left", EXCLUSIVE_ON(5, 1));
	queue(&scenario, "right", EXCLUSIVE_ON(25, 1));
	actor_unlock_range(scenario.holder, 10, 10);
	they_stand(&scenario, "ww", "after the split");
	actor_unlock_range(scenario.holder, 0, 10);
	they_stand(&scenario, "Hw", "after the release of the left piece");
	actor_unlock(scenario.holder);
	they_stand(&scenario, "HH", "after the release of the right piece");
}

/* The holder, a reader of two ranges, becomes a writer of all. */
PROMISE(POSIX | OFD, nobody_is_forgotten_when_a_lock_is_replaced)
{
	struct scenario scenario = hold(scene, SHARED_ON(0, 10));

	actor_lock(scenario.holder, SHARED_ON(20, 10));
	queue(&scenario, "left", EXCLUSIVE_ON(5, 1));
	queue(&scenario, "right", EXCLUSIVE_ON(25, 1));
	actor_lock(scenario.holder, EXCLUSIVE_ON(0, 30));
	they_stand(&scenario, "ww", "after the upgrade");
	actor_unlock_range(scenario.holder, 20, 10);
	they_stand(&scenario, "wH", "after a release on the right");
	actor_unlock(scenario.holder);
	they_stand(&scenario, "HH", "after the release of it all");
}

/* A part of the holder's lock is downgraded. */
PROMISE(POSIX | OFD, readers_are_granted_where_a_writer_becomes_a_reader)
{
	struct scenario scenario = hold(scene, EXCLUSIVE_ON(0, 30));

	queue(&scenario, "writer", EXCLUSIVE_ON(15, 1));
	queue(&scenario, "across", SHARED_ON(5, 10));
	queue(&scenario, "inside", SHARED_ON(12, 6));
	queue(&scenario, "behind", SHARED_ON(25, 1));
	actor_lock(scenario.holder, SHARED_ON(10, 10));
	they_stand(&scenario, "wwHw", "after a downgrade in the middle");
	actor_lock(scenario.holder, SHARED_ON(0, 10));
	they_stand(&scenario, "wHHw", "after a downgrade on the left");
}

/* ---- the order ---- */

/* The release wakes all four waiters in turn, although it frees none of their bytes. */
PRACTICE(RECORD_LOCKS, a_release_of_other_bytes_keeps_the_queue_in_order)
{
	struct scenario scenario = hold(scene, EXCLUSIVE_ON(0, 100));

	queue_writers(&scenario, 4, 50, 10);
	actor_unlock_range(scenario.holder, 0, 10);
	they_stand(&scenario, "wwww", "after a release on the left");
	actor_unlock_range(scenario.holder, 90, 10);
	they_stand(&scenario, "wwww", "after a release on the right");
	scene_drain(scene);
	nobody_is_overtaken(scene);
}

PRACTICE(RECORD_LOCKS, a_release_in_part_grants_the_first_in_the_queue)
{
	struct scenario scenario = hold(scene, EXCLUSIVE_ON(0, 100));

	queue_writers(&scenario, 4, 50, 10);
	actor_unlock_range(scenario.holder, 45, 20);
	they_stand(&scenario, "Hwww", "after the release of their bytes");
	actor_unlock(scenario.waiter[0]);
	they_stand(&scenario, ".Hww", "after the first");
	scene_drain(scene);
	nobody_is_overtaken(scene);
}

/*
 *	holder     [0..9]
 *	first      [0..9]	waits for it, and holds [10..19]: the two become one lock
 *	others        [5]	wait for the first
 */
PRACTICE(RECORD_LOCKS, a_grant_that_is_merged_keeps_the_queue_in_order)
{
	struct scenario scenario = hold(scene, EXCLUSIVE_ON(0, 10));
	struct actor *first = actor_start(scene, "first");

	order_can_be_seen(scene);
	actor_lock(first, EXCLUSIVE_ON(10, 10));
	actor_queue(first, EXCLUSIVE_ON(0, 10));
	queue_writers(&scenario, 3, 5, 1);
	actor_unlock(scenario.holder);
	actor_settle(scene);
	holds(scene, !actor_waits(first), "the first in the queue sleeps on");
	they_stand(&scenario, "www", "behind the merged grant");
	actor_unlock_range(first, 4, 3);
	they_stand(&scenario, "Hww", "after a release in the middle of it");
	scene_drain(scene);
	nobody_is_overtaken(scene);
}

/*
 * POSIX has no queue, and promises nothing to a request that waits behind another request. But when
 * the wide request has to queue again, the kernel wakes the waiters behind it.
 */
PRACTICE(RECORD_LOCKS, a_narrow_request_does_not_wait_for_a_wide_one)
{
	struct scenario scenario = hold(scene, EXCLUSIVE_ON(0, 30));

	queue(&scenario, "wide", EXCLUSIVE_ON(0, 30));
	queue(&scenario, "narrow", EXCLUSIVE_ON(0, 10));
	queue(&scenario, "other", EXCLUSIVE_ON(20, 10));
	actor_unlock_range(scenario.holder, 0, 10);
	they_stand(&scenario, "wHw", "after a release on the left");
	actor_unlock(scenario.holder);
	they_stand(&scenario, "wHH", "after the release of it all");
}

/*
 *	holder  [0..................29]
 *	first   [0.......9]
 *	second       [5.......14]	waits behind the first
 *	third              [10..19]	conflicts with the second, and does not wait behind it
 *
 * The kernel looks for a conflict among the waiters of the holder, and among the waiters of a
 * waiter only after a conflict with that waiter. So the third waits for the holder alone, and is
 * granted together with the first.
 */
FOLKLORE(RECORD_LOCKS, overlapping_requests_are_granted_in_turn, "a waiter was overtaken")
{
	struct scenario scenario = hold(scene, EXCLUSIVE_ON(0, 30));

	queue(&scenario, "first", EXCLUSIVE_ON(0, 10));
	queue(&scenario, "second", EXCLUSIVE_ON(5, 10));
	queue(&scenario, "third", EXCLUSIVE_ON(10, 10));
	actor_unlock(scenario.holder);
	scene_drain(scene);
	nobody_is_overtaken(scene);
}

CLAIM_MAIN
