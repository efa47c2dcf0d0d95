// SPDX-License-Identifier: GPL-2.0
/*
 * Regressions: what a commit broke, fixed or changed in the queues and the deadlock detection of
 * fs/locks.c. Other files ask the question in general; here is the scenario that showed it.
 */
#include "real_time.h"
#include "sleeps.h"

#define A	EXCLUSIVE_ON(0, 1)
#define B	EXCLUSIVE_ON(1, 1)
#define C	EXCLUSIVE_ON(2, 1)

/* The outcome of a request: 0 or -errno if it has returned, ASLEEP if it waits. */
#define ASLEEP	1

static int outcome(struct actor *actor, struct lock_request request)
{
	actor_begin_lock(actor, request);
	actor_settle(actor->scene);
	return actor_waits(actor) ? ASLEEP : actor->result;
}

static const char *describe(int result)
{
	if (result == ASLEEP)
		return "it sleeps";
	return result ? strerror(-result) : "it was granted";
}

/* ---- queues ---- */

/*
 * Until fd7732e033e3 ("fs/locks: create a tree of dependent requests", 5.0) every waiter stood
 * directly behind the holder; each release woke them all, and luck chose the next holder.
 */
PRACTICE(FILE_LOCKS, a_release_does_not_wake_the_second_waiter)
{
	struct actor *holder = actor_start(scene, "holder"), *waiter[3];
	unsigned long slept[3];

	scene_judges(scene, LACKS_TURNS);
	fixed_by("fd7732e033e3", "5.0");
	order_can_be_seen(scene);
	actor_lock(holder, EXCLUSIVE);
	for (int i = 0; i < 3; i++) {
		waiter[i] = actor_start_nth(scene, "waiter", i + 1);
		actor_queue(waiter[i], EXCLUSIVE);
		slept[i] = sleeps_of(waiter[i]);
	}
	for (int i = 0; i < 3; i++) {
		actor_unlock(i ? waiter[i - 1] : holder);
		actor_settle(scene);
		holds(scene, actor_holds(waiter[i]),
		      "waiter%d does not hold the lock after release %d", i + 1, i + 1);
		for (int j = i + 1; j < 3; j++)
			holds(scene, waiter[j]->proof.switches == slept[j],
			      "waiter%d was woken by the release to waiter%d", j + 1, i + 1);
	}
}

/*
 *	peer      SSSSSSSSSS.
 *	upgrader   SSSSwwwwwH	its new lock takes the place of its old one
 *	writer           wwww	stands behind the upgrader, before and after
 *
 * 5ef159681309 ("locks: add locks_move_blocks in posix_lock_inode", 5.9): before, the kernel
 * woke the waiters behind the request, instead of moving them to the lock that it became.
 */
PRACTICE(POSIX | OFD, an_upgrade_does_not_wake_who_stands_behind_it)
{
	struct actor *peer = actor_start(scene, "peer");
	struct actor *upgrader = actor_start(scene, "upgrader");
	struct actor *writer = actor_start(scene, "writer");
	unsigned long slept;

	fixed_by("5ef159681309", "5.9");
	order_can_be_seen(scene);
	actor_lock(peer, SHARED);
	actor_lock(upgrader, SHARED);
	actor_queue(upgrader, EXCLUSIVE);
	actor_queue(writer, EXCLUSIVE);
	slept = sleeps_of(writer);
	actor_unlock(peer);
	actor_settle(scene);
	holds(scene, actor_holds(upgrader), "the upgrader sleeps on");
	holds(scene, writer->proof.switches == slept, "the writer was woken by the upgrade");
}

/*
 * During the development of 5.0, a waiter that left took the waiters behind it out of the queue,
 * and nobody woke them.
 */
PRACTICE(FILE_LOCKS, those_behind_an_interrupted_waiter_are_not_lost)
{
	struct actor *holder = actor_start(scene, "holder");
	struct actor *first = actor_start(scene, "first");
	struct actor *second = actor_start(scene, "second");
	struct actor *third = actor_start(scene, "third");

	actor_lock(holder, EXCLUSIVE);
	actor_queue(first, EXCLUSIVE);
	actor_queue(second, EXCLUSIVE);
	actor_queue(third, EXCLUSIVE);
	actor_interrupt(first);
	actor_settle(scene);
	requires(scene, !actor_waits(first), "the first waiter sleeps on after a signal");
	actor_unlock(holder);
	actor_settle(scene);
	/* tests/queue_order.c judges which of them is first. */
	holds(scene, actor_holds(second) || actor_holds(third), "both sleep, and nobody holds");
	scene_drain(scene);
}

/*
 * On one CPU. The only reader must not lose its upgrade to a queued writer, even if that runs
 * as soon as it is woken. 267f11285830 (4.0) closed a gap between the removal of the shared
 * lock and the new one.
 */
PRACTICE(FLOCK, the_only_reader_upgrades_before_a_queued_writer)
{
	struct actor *reader, *writer;
	int ret;

	fixed_by("267f11285830", "4.0");
	scene_on_one_cpu(scene);
	reader = actor_start(scene, "reader");
	writer = actor_start(scene, "writer");
	/* Without CAP_SYS_NICE the gap is only less likely to be seen. */
	actor_prefer(writer);
	actor_lock(reader, SHARED);
	actor_queue(writer, EXCLUSIVE);
	ret = actor_try(reader, EXCLUSIVE);
	holds(scene, !ret, "the upgrade of the only reader: %s", strerror(-ret));
}

/* ---- deadlock ---- */

/*
 * Fixed in 5.0: waiters that moved along with a granted request still pointed to their old
 * place, and following that pointer could crash the kernel.
 *
 * fcntl_locking(2), BUGS: deadlock detection "can yield both false negatives ... and false
 * positives". On NFS two may have gone to the server by then, while one waits in the client's list.
 */
PRACTICE(POSIX | LOCKF, a_cycle_through_a_waiter_that_moved_is_seen)
{
	struct actor *holder = actor_start(scene, "holder");
	struct actor *one = actor_start(scene, "one");
	struct actor *two = actor_start(scene, "two");
	int ret;

	scene_needs(scene, LACKS_DEADLOCK);
	actor_lock(holder, A);
	actor_lock(two, B);
	actor_queue(one, A);
	actor_queue(two, A);
	actor_unlock(holder);
	actor_settle(scene);
	requires(scene, actor_holds(one), "one was not granted the lock in its turn");
	ret = outcome(one, B);
	skip_unless(scene, ret != ASLEEP || is_decided_at_once(scene),
		    "a cycle through a server's list may go unseen");
	holds(scene, ret == -EDEADLK, "one asks for what two holds, which waits for one: %s",
	      describe(ret));
}

/* During the development of 5.0, the detector looked at the first few waiters only. */
PRACTICE(POSIX | LOCKF, a_cycle_through_the_last_of_thirteen_is_seen)
{
	struct actor *holder = actor_start(scene, "holder");
	int ret;

	scene_needs(scene, LACKS_DEADLOCK);
	actor_lock(holder, A);
	for (int i = 1; i <= 13; i++) {
		struct actor *waiter = actor_start_nth(scene, "waiter", i);

		if (i == 13)
			actor_lock(waiter, B);
		actor_queue(waiter, A);
	}
	ret = outcome(holder, B);
	holds(scene, ret == -EDEADLK, "the holder asks for what the last waiter holds: %s",
	      describe(ret));
}

/*
 * On one CPU, before any waiter runs: release A, take it again as a reader, and ask for B, which
 * the reader holds.
 */
static int barge_and_wait(struct actor *self, void *arg)
{
	int ret = act_unlock(self);

	(void)arg;
	if (!ret)
		ret = act_lock(self, SHARED_ON(0, 1));
	return ret ? ret : act_lock(self, B);
}

/*
 *	holder  A, then shared A, waits for B
 *	writer    waits for A; woken, it finds the holder back, and queues again
 *	reader    holds B, waits for shared A behind the writer, and can have it
 *
 * During the development of 5.0, the reader still hung below the writer at that moment, so that
 * the writer seemed to wait for the holder, the holder for the reader, the reader for the writer.
 */
PRACTICE(POSIX, no_cycle_is_seen_through_an_old_place)
{
	struct actor *holder, *writer, *reader;

	/* Where a server is asked, the holder sleeps in its call, and the writer is faster. */
	skip_unless(scene, is_decided_at_once(scene),
		    "a daemon or server decides who is next here");
	scene_on_one_cpu(scene);
	holder = actor_start(scene, "holder");
	writer = actor_start(scene, "writer");
	reader = actor_start(scene, "reader");
	has_real_time(holder);
	actor_lock(holder, A);
	actor_lock(reader, B);
	actor_queue(writer, A);
	actor_queue(reader, SHARED_ON(0, 1));
	actor_begin(holder, barge_and_wait, NULL);
	actor_settle(scene);
	holds(scene, actor_waits(writer), "nobody waits for the writer, and it does not sleep: %s",
	      strerror(-writer->result));
	requires(scene, actor_holds(reader), "the reader was not let in beside the holder");
	actor_unlock(reader);
	scene_drain(scene);
}

/*
 * A process whose threads wait for two locks can hide a cycle: the detector follows only one of
 * the waits, here the one that will end. A request from outside for a lock in the cycle then
 * makes the detector go round it. Before 2.6.24 it did so without limit, and held a
 * spinlock.
 *
 *	thread1 (holds C)   thread2 -> B   thread3 -> A, for a while
 *	two (holds B) -> C
 *	late -> B
 */
PRACTICE(POSIX | LOCKF, a_cycle_of_others_does_not_hang_the_detector)
{
	struct actor *one = actor_start(scene, "one");
	struct actor *two = actor_start(scene, "two");
	struct actor *late = actor_start(scene, "late");
	struct actor *thread[3];
	int ret;

	for (int i = 0; i < 3; i++)
		thread[i] = actor_start_with(scene, ACTOR_THREAD, DESCRIPTION_OWN,
					     "thread", i + 1);
	actor_lock(one, A);
	actor_lock(two, B);
	actor_lock(thread[0], C);
	actor_queue(thread[1], B);
	actor_queue(thread[2], A);
	ret = outcome(two, C);
	requires(scene, ret == ASLEEP, "two asks for C: %s", describe(ret));
	actor_interrupt(thread[2]);
	actor_settle(scene);
	requires(scene, !actor_waits(thread[2]), "thread3 sleeps on after a signal");
	ret = outcome(late, B);
	holds(scene, ret == ASLEEP, "late, which is in no cycle, asks for B: %s", describe(ret));
}

CLAIM_MAIN
