// SPDX-License-Identifier: GPL-2.0
/*
 * Downgrade: whom does a holder let in that makes its exclusive lock a shared one?
 *
 * The readers that wait, wherever they stand in the queue, and no writer. The writer first
 * in line is woken, finds the shared lock in its way and queues again; so those behind it
 * are woken in their turn. (That a downgrade itself never blocks: tests/conversion.c; that
 * of a part: tests/range_waiters.c.)
 */
#include "claim/expectation.h"

/* What has become of its request, for messages. */
static const char *fate(const struct actor *actor)
{
	if (actor->busy)
		return "asleep";
	return actor->result ? strerror(-actor->result) : "granted";
}

static struct actor *start_holder(struct scene *scene)
{
	struct actor *holder = actor_start(scene, "holder");

	actor_lock(holder, EXCLUSIVE);
	return holder;
}

static struct actor *start_waiter(struct scene *scene, const char *name,
				  struct lock_request request)
{
	struct actor *waiter = actor_start(scene, name);

	actor_queue(waiter, request);
	return waiter;
}

/* All who are woken have come to rest again when this returns. */
static void downgrade(struct actor *holder)
{
	actor_lock(holder, SHARED);
	actor_settle(holder->scene);
}

#define IS_IN(actor) \
	HOLDS(actor_holds(actor), "one who could be let in is not", \
	      "%s was to be granted its lock: %s", actor_name(actor), fate(actor))

#define WAITS(actor) \
	HOLDS(actor_waits(actor), "one who conflicts is let in", \
	      "%s was to sleep on: %s", actor_name(actor), fate(actor))

CLASS(promise);

/*
 * fcntl(2): "if a new lock is applied to an already-locked region, then the existing lock is
 * converted to the new lock type"; flock(2): "calls on an already locked file will convert an
 * existing lock to the new lock mode".
 */
CLAIM(promise, TRAIT_CONVERTS, a_downgraded_lock_is_a_shared_one)
{
	struct actor *holder = start_holder(&self->scene);
	struct actor *writer = actor_start(&self->scene, "writer");
	struct actor *reader = actor_start(&self->scene, "reader");
	int refusal, ret;

	refusal = actor_try(reader, SHARED);
	REQUIRES(refusal == -EAGAIN, "a reader beside the exclusive lock: %s", fate(reader));
	downgrade(holder);
	ret = actor_try(writer, EXCLUSIVE);
	HOLDS(ret == -EAGAIN, "a downgraded lock excludes no writer", "the writer: %s",
	      fate(writer));
	ret = actor_try(reader, SHARED);
	HOLDS(!ret, "a downgraded lock excludes readers", "the reader: %s", fate(reader));
}

/*
 * fcntl(2): "An exclusive lock excludes all other locks, both shared and exclusive"; flock(2):
 * "A single file may not simultaneously have both shared and exclusive locks".
 */
CLAIM(promise, TRAIT_CONVERTS, a_queued_writer_is_not_let_in)
{
	struct actor *holder = start_holder(&self->scene);
	struct actor *writer = start_waiter(&self->scene, "writer", EXCLUSIVE);

	downgrade(holder);
	WAITS(writer);
	actor_unlock(holder);
	actor_settle(&self->scene);
	IS_IN(writer);
	NOBODY_OVERLAPS();
}

CLASS(practice);

CLAIM(practice, TRAIT_CONVERTS, queued_readers_are_all_let_in)
{
	struct actor *holder = start_holder(&self->scene);
	struct actor *reader1 = start_waiter(&self->scene, "reader1", SHARED);
	struct actor *reader2 = start_waiter(&self->scene, "reader2", SHARED);

	downgrade(holder);
	IS_IN(reader1);
	IS_IN(reader2);
	HOLDS(actor_holds(holder), "a downgrade loses the lock", "the holder has no lock");
}

/*
 *	holder   HHHHHHHHHHHHSSS
 *	writer1     wwwwwwwwwwww
 *	reader1       wwwwwwwS
 *	writer2         wwwwwwww
 *	reader2           wwwwS
 */
CLAIM(practice, TRAIT_CONVERTS, readers_behind_queued_writers_are_let_in)
{
	struct actor *holder = start_holder(&self->scene);
	struct actor *writer1 = start_waiter(&self->scene, "writer1", EXCLUSIVE);
	struct actor *reader1 = start_waiter(&self->scene, "reader1", SHARED);
	struct actor *writer2 = start_waiter(&self->scene, "writer2", EXCLUSIVE);
	struct actor *reader2 = start_waiter(&self->scene, "reader2", SHARED);

	downgrade(holder);
	IS_IN(reader1);
	IS_IN(reader2);
	WAITS(writer1);
	WAITS(writer2);
}

/* The last to go of those who share it makes room, whoever that is. */
CLAIM(practice, TRAIT_CONVERTS, the_writer_is_granted_when_the_last_reader_goes)
{
	struct actor *holder = start_holder(&self->scene);
	struct actor *writer = start_waiter(&self->scene, "writer", EXCLUSIVE);
	struct actor *reader = start_waiter(&self->scene, "reader", SHARED);

	downgrade(holder);
	actor_unlock(holder);
	actor_settle(&self->scene);
	IS_IN(reader);
	WAITS(writer);
	actor_unlock(reader);
	actor_settle(&self->scene);
	IS_IN(writer);
	NOBODY_OVERLAPS();
}

EXPECTATION_MAIN
