// SPDX-License-Identifier: GPL-2.0
/*
 * Downgrade: which waiters get in when a holder makes its exclusive lock a shared one?
 *
 * The readers, wherever they stand in the queue, and no writer. If a writer is first in the
 * queue it is woken, finds the shared lock in its way and queues again; the waiters behind it are
 * then woken in their turn. (conversion.c: a downgrade itself never blocks; range_waiters.c: the
 * downgrade of a part.)
 */
#include "claim/claim.h"

/* Describe what has happened to the actor's request. */
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

/* When this returns, all actors that were woken are at rest again. */
static void downgrade(struct actor *holder)
{
	actor_lock(holder, SHARED);
	actor_settle(holder->scene);
}

static void is_let_in(struct actor *actor)
{
	holds(actor->scene, actor_holds(actor), "%s should have been granted its lock: %s",
	      actor_name(actor), fate(actor));
}

static void sleeps_on(struct actor *actor)
{
	holds(actor->scene, actor_waits(actor), "%s should sleep on: %s", actor_name(actor),
	      fate(actor));
}

/* The lock lets in the reader, which releases it again, and not the writer. */
static void is_shared(struct actor *writer, struct actor *reader)
{
	int ret = actor_try(writer, EXCLUSIVE);

	holds(writer->scene, ret == -EAGAIN, "the writer: %s", fate(writer));
	ret = actor_try(reader, SHARED);
	holds(reader->scene, !ret, "the reader: %s", fate(reader));
	actor_unlock(reader);
}

/*
 * fcntl(2): "if a new lock is applied to an already-locked region, then the existing lock is
 * converted to the new lock type"; flock(2): "calls on an already locked file will convert an
 * existing lock to the new lock mode".
 */
PROMISE(CONVERSIONS, a_downgraded_lock_is_a_shared_one)
{
	struct actor *holder = start_holder(scene);
	struct actor *writer = actor_start(scene, "writer");
	struct actor *reader = actor_start(scene, "reader");
	int refusal;

	scene_judges(scene, LACKS_CONVERSION);
	refusal = actor_try(reader, SHARED);
	requires(scene, refusal == -EAGAIN, "a reader beside the exclusive lock: %s", fate(reader));
	actor_try(holder, SHARED);
	holds(scene, !holder->result, "the holder tried it: %s", fate(holder));
	is_shared(writer, reader);
	actor_unlock(holder);
	actor_lock(holder, EXCLUSIVE);
	downgrade(holder);
	is_shared(writer, reader);
}

/*
 * fcntl(2): "An exclusive lock excludes all other locks, both shared and exclusive"; flock(2):
 * "A single file may not simultaneously have both shared and exclusive locks".
 */
PROMISE(CONVERSIONS, a_queued_writer_is_not_let_in)
{
	struct actor *holder = start_holder(scene);
	struct actor *writer = start_waiter(scene, "writer", EXCLUSIVE);

	downgrade(holder);
	sleeps_on(writer);
	actor_unlock(holder);
	actor_settle(scene);
	is_let_in(writer);
	nobody_overlaps(scene);
}

PRACTICE(CONVERSIONS, queued_readers_are_all_let_in)
{
	struct actor *holder = start_holder(scene);
	struct actor *reader1 = start_waiter(scene, "reader1", SHARED);
	struct actor *reader2 = start_waiter(scene, "reader2", SHARED);

	downgrade(holder);
	is_let_in(reader1);
	is_let_in(reader2);
	holds(scene, actor_holds(holder), "the holder has no lock");
}

/*
 *	holder   HHHHHHHHHHHHSSS
 *	writer1     wwwwwwwwwwww
 *	reader1       wwwwwwwS
 *	writer2         wwwwwwww
 *	reader2           wwwwS
 */
PRACTICE(CONVERSIONS, readers_behind_queued_writers_are_let_in)
{
	struct actor *holder = start_holder(scene);
	struct actor *writer1 = start_waiter(scene, "writer1", EXCLUSIVE);
	struct actor *reader1 = start_waiter(scene, "reader1", SHARED);
	struct actor *writer2 = start_waiter(scene, "writer2", EXCLUSIVE);
	struct actor *reader2 = start_waiter(scene, "reader2", SHARED);

	downgrade(holder);
	is_let_in(reader1);
	is_let_in(reader2);
	sleeps_on(writer1);
	sleeps_on(writer2);
}

/* The last reader to go wakes the writer, even if it was not the holder that downgraded. */
PRACTICE(CONVERSIONS, the_writer_is_granted_when_the_last_reader_goes)
{
	struct actor *holder = start_holder(scene);
	struct actor *writer = start_waiter(scene, "writer", EXCLUSIVE);
	struct actor *reader = start_waiter(scene, "reader", SHARED);

	downgrade(holder);
	actor_unlock(holder);
	actor_settle(scene);
	is_let_in(reader);
	sleeps_on(writer);
	actor_unlock(reader);
	actor_settle(scene);
	is_let_in(writer);
	nobody_overlaps(scene);
}

CLAIM_MAIN
