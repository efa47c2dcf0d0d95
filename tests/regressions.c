// SPDX-License-Identifier: GPL-2.0
/*
 * Regressions: what was broken, or changed, in the queues, the ranges and the deadlock
 * detection of fs/locks.c, each told by the scenario that showed it. Other files ask the
 * question in general; what broke once is asked here as it broke, with the commit.
 *
 * That a waiter has not been woken is seen in the number of times that it has gone to sleep.
 */
#include "real_time.h"
#include "system/release.h"

#define A	EXCLUSIVE_ON(0, 1)
#define B	EXCLUSIVE_ON(1, 1)
#define C	EXCLUSIVE_ON(2, 1)

/* What a request comes to: 0 or -errno if it returns, ASLEEP if it waits. */
#define ASLEEP	1

static int outcome(struct actor *actor, struct lock_request request)
{
	actor_begin_lock(actor, request);
	actor_settle(actor->scene);
	return actor_waits(actor) ? ASLEEP : actor->result;
}

static const char *told(int outcome)
{
	return outcome == ASLEEP ? "it sleeps" : outcome ? strerror(-outcome) : "it was granted";
}

#define IS_COUNTED(slept) do { \
	SKIPS_UNLESS((slept) || !release_is_gvisor(), \
		     "/proc does not tell how often a task has slept"); \
	REQUIRES(slept, "/proc/PID/status has no voluntary_ctxt_switches of a task that sleeps"); \
} while (0)

CLASS(practice);

/* ---- queues ---- */

/*
 * Until fd7732e033e3 ("fs/locks: create a tree of dependent requests", 5.0) every waiter
 * stood directly behind the holder, each release woke them all, and luck chose.
 */
CLAIM(practice, TRAIT_FILE, a_release_does_not_wake_the_second_waiter)
{
	struct actor *holder = actor_start(&self->scene, "holder"), *waiter[3];
	unsigned long slept[3];

	actor_lock(holder, EXCLUSIVE);
	for (int i = 0; i < 3; i++) {
		waiter[i] = actor_start_nth(&self->scene, "waiter", i + 1);
		actor_queue(waiter[i], EXCLUSIVE);
		slept[i] = waiter[i]->proof.switches;
		IS_COUNTED(slept[i]);
	}
	for (int i = 0; i < 3; i++) {
		actor_unlock(i ? waiter[i - 1] : holder);
		actor_settle(&self->scene);
		HOLDS(actor_holds(waiter[i]), "not granted in order",
		      "waiter%d does not hold the lock after release %d", i + 1, i + 1);
		for (int j = i + 1; j < 3; j++)
			HOLDS(waiter[j]->proof.switches == slept[j], "woken for nothing",
			      "waiter%d was woken by the release to waiter%d", j + 1, i + 1);
	}
}

/*
 *	peer      SSSSSSSSSS.
 *	upgrader   SSSSwwwwwH	its new lock takes the place of its old one
 *	writer           wwww	stands behind the upgrader, before as after
 *
 * 5ef159681309 ("locks: add locks_move_blocks in posix_lock_inode", 5.9): those who stood
 * behind the request were woken, instead of moved to the lock that it became.
 */
CLAIM(practice, TRAIT_CONVERTS_IN_PLACE, an_upgrade_does_not_wake_who_stands_behind_it)
{
	struct actor *peer = actor_start(&self->scene, "peer");
	struct actor *upgrader = actor_start(&self->scene, "upgrader");
	struct actor *writer = actor_start(&self->scene, "writer");
	unsigned long slept;

	actor_lock(peer, SHARED);
	actor_lock(upgrader, SHARED);
	actor_queue(upgrader, EXCLUSIVE);
	actor_queue(writer, EXCLUSIVE);
	slept = writer->proof.switches;
	IS_COUNTED(slept);
	actor_unlock(peer);
	actor_settle(&self->scene);
	HOLDS(actor_holds(upgrader), "the upgrade was not granted", "the upgrader sleeps on");
	HOLDS(writer->proof.switches == slept, "woken for nothing",
	      "the writer was woken by the upgrade");
}

/*
 * 5.0 as it was developed: a waiter that left took those behind it out of the queue, and
 * nobody woke them any more.
 */
CLAIM(practice, TRAIT_FILE, those_behind_an_interrupted_waiter_are_not_lost)
{
	struct actor *holder = actor_start(&self->scene, "holder");
	struct actor *first = actor_start(&self->scene, "first");
	struct actor *second = actor_start(&self->scene, "second");
	struct actor *third = actor_start(&self->scene, "third");

	actor_lock(holder, EXCLUSIVE);
	actor_queue(first, EXCLUSIVE);
	actor_queue(second, EXCLUSIVE);
	actor_queue(third, EXCLUSIVE);
	actor_interrupt(first);
	actor_settle(&self->scene);
	REQUIRES(!actor_waits(first), "the first waiter sleeps on after a signal");
	actor_unlock(holder);
	actor_settle(&self->scene);
	HOLDS(actor_holds(second), "a waiter was lost", "the second sleeps, and nobody holds");
	scene_drain(&self->scene);
}

/*
 * One CPU. An upgrade that nobody is in the way of is not to be lost to one who waits,
 * even if that one runs as soon as it can. 267f11285830 (4.0) closed a gap between the
 * removal of the shared lock and the new one.
 */
CLAIM(practice, TRAIT_CONVERTS_BY_DROPPING, the_only_reader_upgrades_before_a_queued_writer)
{
	struct actor *reader, *writer;
	int ret;

	scene_on_one_cpu(&self->scene);
	reader = actor_start(&self->scene, "reader");
	writer = actor_start(&self->scene, "writer");
	/* Without CAP_SYS_NICE the gap is only less likely to be seen. */
	actor_prefer(writer);
	actor_lock(reader, SHARED);
	actor_queue(writer, EXCLUSIVE);
	ret = actor_try(reader, EXCLUSIVE);
	HOLDS(!ret, "the upgrade was lost", "the upgrade of the only reader: %s", strerror(-ret));
}

/* ---- deadlock ---- */

/*
 * bf77ae4c9893 (5.0): those who moved along with a granted request still pointed to where
 * they had been, and following that pointer could crash the kernel.
 */
CLAIM(practice, TRAIT_DETECTS_DEADLOCK, a_cycle_through_a_waiter_that_moved_is_seen)
{
	struct actor *holder = actor_start(&self->scene, "holder");
	struct actor *one = actor_start(&self->scene, "one");
	struct actor *two = actor_start(&self->scene, "two");
	int ret;

	actor_lock(holder, A);
	actor_lock(two, B);
	actor_queue(one, A);
	actor_queue(two, A);
	actor_unlock(holder);
	actor_settle(&self->scene);
	REQUIRES(actor_holds(one), "one was not granted the lock in its turn");
	ret = outcome(one, B);
	HOLDS(ret == -EDEADLK, "a deadlock was not seen",
	      "one asks for what two holds, who waits for one: %s", told(ret));
}

/* 5.0 series: of a long queue only the first few were looked at. */
CLAIM(practice, TRAIT_DETECTS_DEADLOCK, a_cycle_through_the_last_of_thirteen_is_seen)
{
	struct actor *holder = actor_start(&self->scene, "holder");
	int ret;

	actor_lock(holder, A);
	for (int i = 1; i <= 13; i++) {
		struct actor *waiter = actor_start_nth(&self->scene, "waiter", i);

		if (i == 13)
			actor_lock(waiter, B);
		actor_queue(waiter, A);
	}
	ret = outcome(holder, B);
	HOLDS(ret == -EDEADLK, "a deadlock was not seen",
	      "the holder asks for what the last waiter holds: %s", told(ret));
}

/*
 * In one go on one CPU, before any waiter runs: release, take it again but shared, and ask
 * for what the reader holds.
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
 *	reader    holds B, waits for shared A behind the writer, and is free to have it
 *
 * 5.0 series: while the reader still hung below the writer, the writer seemed to wait for the
 * holder, for the reader, for itself.
 */
CLAIM(practice, TRAIT_DETECTS_DEADLOCK | TRAIT_SHARED, no_cycle_is_seen_through_an_old_place)
{
	struct actor *holder, *writer, *reader;

	scene_on_one_cpu(&self->scene);
	holder = actor_start(&self->scene, "holder");
	writer = actor_start(&self->scene, "writer");
	reader = actor_start(&self->scene, "reader");
	IS_PREFERRED(holder);
	actor_lock(holder, A);
	actor_lock(reader, B);
	actor_queue(writer, A);
	actor_queue(reader, SHARED_ON(0, 1));
	actor_begin(holder, barge_and_wait, NULL);
	actor_settle(&self->scene);
	HOLDS(actor_waits(writer), "a false EDEADLK",
	      "the writer, whom nobody waits for, does not sleep: %s", strerror(-writer->result));
	REQUIRES(actor_holds(reader), "the reader was not let in beside the holder");
	actor_unlock(reader);
	scene_drain(&self->scene);
}

/*
 * A process whose threads wait for two locks can hide a cycle: only one of the waits is
 * followed, here the one that will end. Whoever then asks for something in the cycle, without
 * being part of it, makes the detector go round. 97855b49b6ba (2.6.24): it had no limit, and
 * held a spinlock.
 *
 *	thread1 (holds C)   thread2 -> B   thread3 -> A, for a while
 *	two (holds B) -> C
 *	late -> B
 */
CLAIM(practice, TRAIT_DETECTS_DEADLOCK, a_cycle_of_others_does_not_hang_the_detector)
{
	struct actor *one = actor_start(&self->scene, "one");
	struct actor *two = actor_start(&self->scene, "two");
	struct actor *late = actor_start(&self->scene, "late");
	struct actor *thread[3];
	int ret;

	for (int i = 0; i < 3; i++)
		thread[i] = actor_start_with(&self->scene, ACTOR_THREAD, DESCRIPTION_OWN,
					     "thread", i + 1);
	actor_lock(one, A);
	actor_lock(two, B);
	actor_lock(thread[0], C);
	actor_queue(thread[1], B);
	actor_queue(thread[2], A);
	ret = outcome(two, C);
	REQUIRES(ret == ASLEEP, "two asks for C: %s", told(ret));
	actor_interrupt(thread[2]);
	actor_settle(&self->scene);
	REQUIRES(!actor_waits(thread[2]), "thread3 sleeps on after a signal");
	ret = outcome(late, B);
	HOLDS(ret == ASLEEP, "not asleep", "one who is in no cycle asks for B: %s", told(ret));
}

EXPECTATION_MAIN
