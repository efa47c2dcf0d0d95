// SPDX-License-Identifier: GPL-2.0
/*
 * One owner, several tasks: one of them waits for a lock. What may the others do?
 *
 * Threads of a process are one owner of its POSIX locks; processes that share an open file
 * description, or threads that use one descriptor, are one owner of an OFD lock or an flock. While
 * a task waits, another task of its owner can release what the owner holds, and can wait for the
 * same lock: a request belongs to the task that made it, a lock to the owner.
 */
#include "claim/claim.h"

static const char *outcome(const struct actor *actor)
{
	if (actor->busy)
		return "asleep";
	return actor->result ? strerror(-actor->result) : "granted";
}

/* A task of the owner: a thread of the test, or a process with the test's description. */
static struct actor *start_task(struct scene *scene, const char *name)
{
	scene_needs(scene, LACKS_CONVERSION);
	if (is_kind(scene, OWNED_BY_PROCESS))
		return actor_start_with(scene, ACTOR_THREAD, DESCRIPTION_OWN, name, 0);
	return actor_start_with(scene, ACTOR_PROCESS, DESCRIPTION_INHERITED, name, 0);
}

/* A thread of the owner: all of them use the same descriptor. */
static struct actor *start_thread(struct scene *scene, const char *name)
{
	scene_needs(scene, LACKS_CONVERSION);
	return actor_start_with(scene, ACTOR_THREAD, DESCRIPTION_INHERITED, name, 0);
}

static void sleeps_on(struct actor *actor, const char *after)
{
	actor_settle(actor->scene);
	holds(actor->scene, actor_waits(actor), "after %s, %s should sleep on: %s", after,
	      actor_name(actor), outcome(actor));
}

static void is_granted(struct actor *actor, const char *after)
{
	actor_settle(actor->scene);
	holds(actor->scene, actor_holds(actor) && !actor->result,
	      "after %s, %s should have been granted its lock: %s", after, actor_name(actor),
	      outcome(actor));
}

static void is_refused(struct actor *actor, struct lock_request request, const char *after)
{
	int ret = actor_try(actor, request);

	holds(actor->scene, ret == -EAGAIN, "after %s, %s should have got EAGAIN: %s", after,
	      actor_name(actor), outcome(actor));
}

static void gets(struct actor *actor, struct lock_request request, const char *after)
{
	int ret = actor_try(actor, request);

	holds(actor->scene, !ret, "after %s, %s was refused: %s", after, actor_name(actor),
	      outcome(actor));
}

/* ---- one task waits, another releases ---- */

/*
 *	waiter   SSSSSSwwwwwwwwwwwH	wants to upgrade, and waits for the peer
 *	relative           .		releases for both, and once more at the end
 *	peer       SSSSSSSSSHHHHH.	finds out whether the other shared lock is gone, by its
 *					own upgrade
 *
 * The release takes the shared lock of the owner at once, and ends no wait. With flock it finds
 * nothing: the request for the upgrade has dropped the shared lock before (tests/cancel.c).
 */
PRACTICE(CONVERSIONS, a_release_leaves_the_upgrade_waiting)
{
	struct actor *waiter = start_task(scene, "waiter");
	struct actor *relative = start_task(scene, "relative");
	struct actor *peer = actor_start(scene, "peer");

	actor_lock(waiter, SHARED);
	actor_lock(peer, SHARED);
	actor_queue(waiter, EXCLUSIVE);
	if (!is_kind(scene, FLOCK))
		is_refused(peer, EXCLUSIVE, "the request for an upgrade");
	actor_unlock(relative);
	gets(peer, EXCLUSIVE, "the release by its relative");
	sleeps_on(waiter, "the release by its relative");
	actor_unlock(peer);
	is_granted(waiter, "the release by the peer");
	is_refused(peer, SHARED, "the grant of the upgrade");
	actor_unlock(relative);
	gets(peer, EXCLUSIVE, "one release of the upgraded lock");
}

/*
 *	owner  [0.......9]		and waits for 0 to 19
 *	peer              [10......19]
 */
PRACTICE(RECORD_LOCKS, a_release_leaves_the_wider_request_waiting)
{
	struct actor *waiter = start_task(scene, "waiter");
	struct actor *relative = start_task(scene, "relative");
	struct actor *peer = actor_start(scene, "peer");
	struct actor *probe = actor_start(scene, "probe");

	actor_lock(waiter, EXCLUSIVE_ON(0, 10));
	actor_lock(peer, EXCLUSIVE_ON(10, 10));
	actor_queue(waiter, EXCLUSIVE_ON(0, 20));
	bytes_are(probe, 0, "XXXXXXXXXXXXXXXXXXXX.");
	actor_unlock(relative);
	bytes_are(probe, 0, "..........XXXXXXXXXX.");
	sleeps_on(waiter, "the release by its relative");
	actor_unlock(peer);
	is_granted(waiter, "the release by the peer");
	bytes_are(probe, 0, "XXXXXXXXXXXXXXXXXXXX.");
	actor_unlock(relative);
	bytes_are(probe, 0, ".....................");
}

/* ---- several wait ---- */

/*
 *	holder   HHHHHHHH.
 *	thread1    wwwwwwwH	both through one descriptor
 *	thread2      wwwwwH
 *
 * fcntl(2): locks through one description "are always compatible", "the threads in a process share
 * locks"; flock(2): duplicate descriptors "refer to the same lock".
 */
PROMISE(FILE_LOCKS, two_waiters_of_one_owner_are_both_granted_it)
{
	struct actor *holder = actor_start(scene, "holder");
	struct actor *thread1 = start_thread(scene, "thread1");
	struct actor *thread2 = start_thread(scene, "thread2");

	actor_lock(holder, EXCLUSIVE);
	actor_queue(thread1, EXCLUSIVE);
	actor_queue(thread2, EXCLUSIVE);
	actor_unlock(holder);
	is_granted(thread1, "the release by the holder");
	is_granted(thread2, "the release by the holder");
	is_refused(holder, EXCLUSIVE, "both grants");
	actor_unlock(thread1);
	gets(holder, EXCLUSIVE, "one release");
}

/*
 *	holder    HHHHHHHHHHHH.
 *	thread1     wwwwwwwwwwwH
 *	stranger      wwwwwwwwwwwwH	waits behind thread1
 *	thread2         wwwwwwwH	came later, and is granted what thread1 is granted
 *
 * Whether the stranger is granted it before or after them is a question for queue_order.c.
 */
PRACTICE(FILE_LOCKS, a_waiter_in_between_does_not_part_them)
{
	struct actor *holder = actor_start(scene, "holder");
	struct actor *thread1 = start_thread(scene, "thread1");
	struct actor *stranger = actor_start(scene, "stranger");
	struct actor *thread2 = start_thread(scene, "thread2");

	actor_lock(holder, EXCLUSIVE);
	actor_queue(thread1, EXCLUSIVE);
	actor_queue(stranger, EXCLUSIVE);
	actor_queue(thread2, EXCLUSIVE);
	actor_unlock(holder);
	actor_settle(scene);
	holds(scene, actor_holds(thread1) == actor_holds(thread2),
	      "after the release by the holder, thread1: %s, thread2: %s", outcome(thread1),
	      outcome(thread2));
	if (actor_holds(stranger)) {
		actor_unlock(stranger);
		is_granted(thread1, "the release by the stranger");
		is_granted(thread2, "the release by the stranger");
	} else {
		actor_unlock(thread2);
		is_granted(stranger, "one release for the two threads");
	}
}

/*
 * A signal ends the wait of one thread (EINTR) and leaves the other in the queue: the request is
 * the task's.
 */
PRACTICE(FILE_LOCKS, a_signal_ends_the_wait_of_one_of_them)
{
	struct actor *holder = actor_start(scene, "holder");
	struct actor *thread1 = start_thread(scene, "thread1");
	struct actor *thread2 = start_thread(scene, "thread2");
	int ret;

	actor_lock(holder, EXCLUSIVE);
	actor_queue(thread1, EXCLUSIVE);
	actor_queue(thread2, EXCLUSIVE);
	actor_interrupt(thread1);
	ret = actor_await(thread1);
	requires(scene, ret == -EINTR, "thread1 was interrupted: %s", outcome(thread1));
	sleeps_on(thread2, "a signal for thread1");
	actor_unlock(holder);
	is_granted(thread2, "the release by the holder");
	is_refused(holder, EXCLUSIVE, "the grant to thread2");
}

CLAIM_MAIN
