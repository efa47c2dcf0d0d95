// SPDX-License-Identifier: GPL-2.0
/*
 * Are waiters granted the lock in the order in which they came?
 *
 * Each waiter is seen asleep in its request before the next one asks, so that the order of the
 * requests is certain. Then the holder releases the lock, and each waiter does so after its
 * grant, until nobody waits.
 *
 * No manual page promises the order. fs/locks.c says of its waiters that they are woken "in the
 * order they blocked", and since 5.0 they are.
 */
#include "claim/claim.h"

static void queue_many(struct scene *scene, enum actor_sort sort, int writers)
{
	struct actor *holder = actor_start_with(scene, sort, DESCRIPTION_OWN, "holder", 0);

	order_can_be_seen(scene);
	actor_lock(holder, EXCLUSIVE);
	for (int i = 1; i <= writers; i++)
		actor_queue(actor_start_with(scene, sort, DESCRIPTION_OWN, "writer", i),
			    EXCLUSIVE);
}

/* Queue writers ('W') and readers ('R') in this order. */
static void queue_mixed(struct scene *scene, const char *order)
{
	struct actor *holder = actor_start(scene, "holder");

	order_can_be_seen(scene);
	actor_lock(holder, EXCLUSIVE);
	for (int i = 1; *order; order++, i++) {
		if (*order == 'R')
			actor_queue(actor_start_nth(scene, "reader", i), SHARED);
		else
			actor_queue(actor_start_nth(scene, "writer", i), EXCLUSIVE);
	}
}

static void all_are_granted_in_order(struct scene *scene)
{
	scene_drain(scene);
	nobody_is_overtaken(scene);
	nobody_overlaps(scene);
}

PRACTICE(EVERY_KIND, eight_writers_are_granted_in_the_order_they_queued)
{
	queue_many(scene, ACTOR_PROCESS, 8);
	all_are_granted_in_order(scene);
}

PRACTICE(EVERY_KIND, many_writers_are_granted_in_the_order_they_queued)
{
	/*
	 * Even with a small LOCKFAIR_EFFORT there must be more waiters than the 32 bits by which
	 * the futex control distinguishes them, see lib/lock/control.c.
	 */
	queue_many(scene, ACTOR_PROCESS, claim_size(64, 36));
	all_are_granted_in_order(scene);
}

PRACTICE(EXCLUDE_THREADS, eight_threads_are_granted_in_the_order_they_queued)
{
	queue_many(scene, ACTOR_THREAD, 8);
	all_are_granted_in_order(scene);
}

PRACTICE(SHARED_MODE, a_reader_among_writers_is_granted_in_its_turn)
{
	queue_mixed(scene, "WWWRWWWW");
	all_are_granted_in_order(scene);
}

PRACTICE(SHARED_MODE, a_writer_before_readers_is_granted_in_its_turn)
{
	queue_mixed(scene, "WRRRRRRR");
	all_are_granted_in_order(scene);
}

PRACTICE(SHARED_MODE, a_writer_after_readers_is_granted_in_its_turn)
{
	queue_mixed(scene, "RRRRRRRW");
	all_are_granted_in_order(scene);
}

CLAIM_MAIN
