// SPDX-License-Identifier: GPL-2.0
/*
 * Are those who queue for a lock granted it in the order in which they came?
 *
 * Each waiter is seen asleep in its request before the next one asks, so that
 * the order of the requests is beyond doubt; then the lock is released, and by
 * each to whom it is granted, until nobody waits.
 *
 * No manual page promises the order. fs/locks.c says of its waiters that they
 * are woken "in the order they blocked", and since 5.0 they are.
 */
#include "claim/expectation.h"

/*
 * 64, as many as there can be. Where LOCKFAIR_EFFORT says that time is dear, still more than the
 * bits by which the futex control tells its waiters apart, see lib/control.c.
 */
#define MANY	expectation_size(64, 36)

CLASS(practice);

static void queue_many(struct scene *scene, enum actor_sort sort, int writers)
{
	struct actor *holder = actor_start_with(scene, sort, DESCRIPTION_OWN, "holder", 0);

	actor_lock(holder, EXCLUSIVE);
	for (int i = 1; i <= writers; i++)
		actor_queue(actor_start_with(scene, sort, DESCRIPTION_OWN, "writer", i),
			    EXCLUSIVE);
}

/* How they queue: 'W' a writer, 'R' a reader. */
static void queue_mixed(struct scene *scene, const char *order)
{
	struct actor *holder = actor_start(scene, "holder");

	actor_lock(holder, EXCLUSIVE);
	for (int i = 1; *order; order++, i++) {
		if (*order == 'R')
			actor_queue(actor_start_nth(scene, "reader", i), SHARED);
		else
			actor_queue(actor_start_nth(scene, "writer", i), EXCLUSIVE);
	}
}

#define EVERYBODY_IS_GRANTED_IN_ORDER() do { \
	scene_drain(&self->scene); \
	NOBODY_IS_OVERTAKEN(); \
	NOBODY_OVERLAPS(); \
} while (0)

CLAIM(practice, EVERY_KIND, eight_writers_are_granted_in_the_order_they_queued)
{
	queue_many(&self->scene, ACTOR_PROCESS, 8);
	EVERYBODY_IS_GRANTED_IN_ORDER();
}

CLAIM(practice, EVERY_KIND, many_writers_are_granted_in_the_order_they_queued)
{
	queue_many(&self->scene, ACTOR_PROCESS, MANY);
	EVERYBODY_IS_GRANTED_IN_ORDER();
}

CLAIM(practice, TRAIT_EXCLUDES_THREADS, eight_threads_are_granted_in_the_order_they_queued)
{
	queue_many(&self->scene, ACTOR_THREAD, 8);
	EVERYBODY_IS_GRANTED_IN_ORDER();
}

CLAIM(practice, TRAIT_SHARED, a_reader_among_writers_is_granted_in_its_turn)
{
	queue_mixed(&self->scene, "WWWRWWWW");
	EVERYBODY_IS_GRANTED_IN_ORDER();
}

CLAIM(practice, TRAIT_SHARED, a_writer_before_readers_is_granted_in_its_turn)
{
	queue_mixed(&self->scene, "WRRRRRRR");
	EVERYBODY_IS_GRANTED_IN_ORDER();
}

CLAIM(practice, TRAIT_SHARED, a_writer_after_readers_is_granted_in_its_turn)
{
	queue_mixed(&self->scene, "RRRRRRRW");
	EVERYBODY_IS_GRANTED_IN_ORDER();
}

EXPECTATION_MAIN
