// SPDX-License-Identifier: GPL-2.0
/*
 * What happens if a holder asks again for the mode in which it holds the lock?
 *
 * Nothing, if it asks for the whole file or for a part of what it holds; a request for more bytes
 * changes only those. It is no conversion, in which the old lock would go and the waiters would be
 * woken. (Which process is listed afterwards: tests/listing_owner.c.)
 */
#include "place.h"
#include "sleeps.h"

#define WAITERS	3

struct queue {
	struct actor *holder, *waiter[WAITERS];
	unsigned long slept[WAITERS];
};

/* Queue writers behind the holder of this lock. */
static void hold_and_queue(struct queue *queue, struct lock_request held)
{
	actor_lock(queue->holder, held);
	for (int i = 0; i < WAITERS; i++) {
		actor_queue(queue->waiter[i], EXCLUSIVE);
		queue->slept[i] = queue->waiter[i]->proof.switches;
	}
}

static struct queue start(struct scene *scene)
{
	struct queue queue = { .holder = actor_start(scene, "holder") };

	for (int i = 0; i < WAITERS; i++)
		queue.waiter[i] = actor_start_nth(scene, "waiter", i + 1);
	return queue;
}

static void nobody_is_woken(const struct queue *queue)
{
	struct scene *scene = queue->holder->scene;

	actor_settle(scene);
	for (int i = 0; i < WAITERS; i++) {
		const struct actor *waiter = queue->waiter[i];

		requires(scene, actor_waits(waiter), "%s does not wait any more",
			 actor_name(waiter));
		sleeps_of(waiter);
		holds(scene, waiter->proof.switches == queue->slept[i], "%s was woken",
		      actor_name(waiter));
	}
}

static enum lock_mode first_mode(const struct scene *scene)
{
	return is_kind(scene, SHARED_MODE) ? MODE_SHARED : MODE_EXCLUSIVE;
}

/*
 *	holder    HHHHHHHH?HHHHH.	asks for @again, in the mode that it has
 *	waiter1     wwwwwwwwwwwwwH.
 *	waiter2       wwwwwwwwwwwwwH.
 *	waiter3         wwwwwwwwwwwwwH
 */
static void wakes_nobody(struct scene *scene, struct lock_request held, struct lock_request again)
{
	struct queue queue = start(scene);

	for (enum lock_mode mode = first_mode(scene); mode <= MODE_EXCLUSIVE; mode++) {
		held.mode = mode;
		again.mode = mode;
		hold_and_queue(&queue, held);
		actor_lock(queue.holder, again);
		nobody_is_woken(&queue);
		scene_drain(scene);
	}
}

PRACTICE(FILE_LOCKS, a_repeated_request_wakes_nobody)
{
	wakes_nobody(scene, EXCLUSIVE, EXCLUSIVE);
}

PRACTICE(RECORD_LOCKS, a_request_for_a_part_wakes_nobody)
{
	wakes_nobody(scene, EXCLUSIVE_ON(0, 100), EXCLUSIVE_ON(10, 10));
}

PRACTICE(RECORD_LOCKS, a_request_for_more_wakes_nobody)
{
	wakes_nobody(scene, EXCLUSIVE_ON(0, 100), EXCLUSIVE_ON(50, 100));
}

/* Afterwards the waiters are granted the lock in the order in which they came. */
PRACTICE(FILE_LOCKS, a_repeated_request_keeps_the_queue_in_order)
{
	struct queue queue = start(scene);
	int late;

	for (enum lock_mode mode = first_mode(scene); mode <= MODE_EXCLUSIVE; mode++) {
		struct lock_request whole = { .mode = mode };

		history_forget(scene->history);
		hold_and_queue(&queue, whole);
		actor_lock(queue.holder, whole);
		scene_drain(scene);
		late = out_of_turn(scene->history, queue.holder);
		holds(scene, late < 0, "%s was granted the lock out of its turn",
		      history_name(scene->history, late));
		nobody_overlaps(scene);
	}
}

/*
 *	holder  HHHHHHHHHHHHH
 *	alias     ?		a process with the same description
 *	waiter   wwwwwwwwwwww
 */
PRACTICE(OWNED_BY_DESCRIPTION, the_request_of_an_alias_wakes_nobody)
{
	struct actor *holder = actor_start_with(scene, ACTOR_PROCESS, DESCRIPTION_INHERITED,
						"holder", 0);
	struct actor *alias = actor_start_with(scene, ACTOR_PROCESS, DESCRIPTION_INHERITED,
					       "alias", 0);
	struct actor *waiter = actor_start(scene, "waiter");
	unsigned long slept;

	scene_needs(scene, LACKS_CONVERSION);
	actor_lock(holder, EXCLUSIVE);
	actor_queue(waiter, EXCLUSIVE);
	slept = sleeps_of(waiter);
	actor_lock(alias, EXCLUSIVE);
	actor_settle(scene);
	holds(scene, actor_waits(waiter) && waiter->proof.switches == slept,
	      "the waiter was woken");
}

CLAIM_MAIN
