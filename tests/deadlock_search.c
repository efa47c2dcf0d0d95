// SPDX-License-Identifier: GPL-2.0
/*
 * The search for a deadlock: which waits does it follow, and when is it wrong?
 *
 * Before a request sleeps, the kernel searches: the holder in its way may be waiting for another
 * holder, which may wait for a third. If the chain comes back to the requester, the request is
 * refused (tests/deadlock.c). The kernel follows its own lists: one lock in the way of each
 * request, and one wait of each owner, which is the process with all its threads. OFD locks
 * conflict with POSIX locks and stand in the same queue, and the search was not meant for them.
 * (Through long queues, and beside cycles that were missed: tests/regressions.c.)
 */
#include "deadlock.h"

static struct actor *start_thread(struct scene *scene, const char *name)
{
	return actor_start_with(scene, ACTOR_THREAD, DESCRIPTION_OWN, name, 0);
}

static int refusals(const struct history *history)
{
	int found = 0;

	for (int i = 0; i < history_length(history); i++)
		found += history->event[i].what == HISTORY_REFUSE;
	return found;
}

/* At the end no actor may be asleep. */
static bool nobody_is_ever_refused(struct scene *scene)
{
	int found;

	scene_drain(scene);
	found = refusals(scene->history);
	return holds(scene, !found, "%d requests were refused", found);
}

/*
 *	holder  holds 0
 *	p1         holds 1
 *	p2            holds 2, and asks for 0 and 1 at once
 *
 * The search looks only at the first lock in the way: p2 waits for the holder, and for p1
 * only after the holder has released its lock.
 */
struct wide {
	struct actor *holder, *p1, *p2;
};

static struct wide hold_a_byte_each(struct scene *scene)
{
	struct wide wide = {
		.holder = actor_start(scene, "holder"),
		.p1 = actor_start(scene, "p1"),
		.p2 = actor_start(scene, "p2"),
	};

	actor_lock(wide.holder, byte(0));
	actor_lock(wide.p1, byte(1));
	actor_lock(wide.p2, byte(2));
	return wide;
}

static struct wide wait_for_two(struct scene *scene)
{
	struct wide wide = hold_a_byte_each(scene);

	actor_queue(wide.p2, EXCLUSIVE_ON(0, 2));
	return wide;
}

PRACTICE(POSIX | LOCKF, a_cycle_after_a_second_sleep_is_seen)
{
	struct wide wide = wait_for_two(scene);

	actor_unlock(wide.holder);
	actor_settle(scene);
	sleeps(wide.p2);
	ask(wide.p1, byte(2));
	gets_edeadlk(wide.p1);
	sleeps(wide.p2);
}

/* p1 queues after p2, and p2 closes the cycle when it queues for the second time. */
PRACTICE(POSIX | LOCKF, one_who_is_woken_into_a_cycle_is_refused)
{
	struct wide wide = wait_for_two(scene);

	actor_queue(wide.p1, byte(2));
	actor_unlock(wide.holder);
	actor_settle(scene);
	gets_edeadlk(wide.p2);
	sleeps(wide.p1);
}

/* p1 queues first, and p2 closes the cycle, but behind the second lock in its way: it sleeps. */
PRACTICE(POSIX | LOCKF, a_cycle_behind_the_second_lock_is_seen_later)
{
	struct wide wide = hold_a_byte_each(scene);

	actor_queue(wide.p1, byte(2));
	actor_queue(wide.p2, EXCLUSIVE_ON(0, 2));
	actor_unlock(wide.holder);
	actor_settle(scene);
	gets_edeadlk(wide.p2);
	sleeps(wide.p1);
}

/* w1 and w2 wait for p, and a third waits for w2; p waits for nobody. */
PRACTICE(POSIX | LOCKF, those_who_share_a_blocker_are_no_cycle)
{
	struct actor *p = actor_start(scene, "p");
	struct actor *w1 = actor_start(scene, "w1");
	struct actor *w2 = actor_start(scene, "w2");
	struct actor *third = actor_start(scene, "third");

	actor_lock(p, byte(0));
	actor_lock(w1, byte(1));
	actor_lock(w2, byte(2));
	ask(w1, byte(0));
	ask(w2, byte(0));
	ask(third, byte(2));
	sleeps(w1);
	sleeps(w2);
	sleeps(third);
	nobody_is_ever_refused(scene);
}

/* The two threads are one owner, which waits twice for p. */
PRACTICE(POSIX | LOCKF, threads_that_wait_for_one_process_are_no_cycle)
{
	struct actor *p = actor_start(scene, "p");
	struct actor *t1 = start_thread(scene, "thread1");
	struct actor *t2 = start_thread(scene, "thread2");

	actor_lock(p, byte(0));
	actor_lock(p, byte(1));
	ask(t1, byte(0));
	ask(t2, byte(1));
	sleeps(t1);
	sleeps(t2);
	nobody_is_ever_refused(scene);
}

/*
 *	p	 holds 0	waits for 1
 *	q	 holds 2
 *	thread1  holds 1	waits for q
 *	thread2			asks for 0
 *
 * The wait of thread1 closes no cycle, and does not hide that of thread2.
 */
PRACTICE(POSIX | LOCKF, a_cycle_is_seen_while_another_thread_waits)
{
	struct actor *p = actor_start(scene, "p");
	struct actor *q = actor_start(scene, "q");
	struct actor *t1 = start_thread(scene, "thread1");
	struct actor *t2 = start_thread(scene, "thread2");

	actor_lock(p, byte(0));
	actor_lock(q, byte(2));
	actor_lock(t1, byte(1));
	actor_queue(p, byte(1));
	actor_queue(t1, byte(2));
	ask(t2, byte(0));
	gets_edeadlk(t2);
	sleeps(p);
	sleeps(t1);
}

/*
 *	p1  holds 0		waits for 1
 *	p2     holds 1 (OFD)	and asks for 0 (OFD)
 *
 * fcntl(2): "no deadlock detection is performed for open file description locks".
 */
PRACTICE(POSIX | LOCKF, a_cycle_that_an_ofd_request_closes_is_not_seen)
{
	int ofd = scene_add_kind(scene, KIND_OFD);
	struct actor *p1 = actor_start(scene, "p1");
	struct actor *p2 = actor_start(scene, "p2");

	actor_lock(p1, byte(0));
	actor_lock(p2, at_site(ofd, byte(1)));
	actor_queue(p1, byte(1));
	ask(p2, at_site(ofd, byte(0)));
	sleeps(p2);
	is_freed_by_a_signal(p2, p1);
}

/*
 *	p1       holds 0		and asks for 1
 *	between  waits for 0 (OFD)
 *	p2       waits for 0, holds 1	behind between
 *
 * __locks_insert_block() in fs/locks.c (since 5.0) lets the search find a waiter if the request or
 * lock above it is POSIX; it should check the waiter instead. Here p2 hangs below an OFD waiter,
 * and both sleep. Once the OFD waiter leaves, p2 queues again and is refused.
 */
FOLKLORE(POSIX | LOCKF, a_deadlock_is_seen_past_an_ofd_waiter,
	 "an OFD waiter hides a deadlock of POSIX locks")
{
	int ofd = scene_add_kind(scene, KIND_OFD);
	struct actor *p1 = actor_start(scene, "p1");
	struct actor *between = actor_start(scene, "between");
	struct actor *p2 = actor_start(scene, "p2");
	bool seen;

	actor_lock(p1, byte(0));
	actor_lock(p2, byte(1));
	actor_queue(between, at_site(ofd, byte(0)));
	actor_queue(p2, byte(0));
	ask(p1, byte(1));
	seen = was_refused(p1);
	if (!seen) {
		actor_interrupt(between);
		actor_settle(scene);
		requires(scene, actor_waits(p1) && was_refused(p2), "p1: %s, p2: %s", fate(p1),
			 fate(p2));
	}
	holds(scene, seen,
	      "p1 and p2 slept, each in the other's way, until the OFD waiter had left");
}

/*
 *	p1  holds 0				and asks for 1
 *	p2  waits for 0 (OFD), holds 1 (OFD)
 *
 * According to the same sentence of fcntl(2), p1 would sleep. The same check goes wrong in the
 * other direction: the search finds p2, an OFD waiter, because it hangs below a POSIX lock.
 */
FOLKLORE(POSIX | LOCKF, an_ofd_wait_takes_no_part_in_the_search,
	 "an OFD waiter is found by the search")
{
	int ofd = scene_add_kind(scene, KIND_OFD);
	struct actor *p1 = actor_start(scene, "p1");
	struct actor *p2 = actor_start(scene, "p2");

	actor_lock(p1, byte(0));
	actor_lock(p2, at_site(ofd, byte(1)));
	actor_queue(p2, at_site(ofd, byte(0)));
	ask(p1, byte(1));
	requires(scene, actor_waits(p1) || was_refused(p1), "p1: %s", fate(p1));
	holds(scene, !was_refused(p1),
	      "p1 was refused with EDEADLK, since p2 waits for it with an OFD lock");
}

/*
 *	p        holds 0		and asks for 1
 *	thread1  waits for 0
 *	thread2     holds 1		the same owner, and awake
 *
 * fcntl(2), BUGS: "false positives (EDEADLK errors when there is no deadlock)". thread2 could
 * release its lock at any time; when it does, p is granted what it was refused before.
 */
FOLKLORE(POSIX | LOCKF, edeadlk_says_that_nobody_could_have_gone_on,
	 "a thread's wait is taken for that of its process")
{
	struct actor *p = actor_start(scene, "p");
	struct actor *t1 = start_thread(scene, "thread1");
	struct actor *t2 = start_thread(scene, "thread2");
	bool refused;

	actor_lock(p, byte(0));
	actor_lock(t2, byte(1));
	actor_queue(t1, byte(0));
	ask(p, byte(1));
	refused = was_refused(p);
	requires(scene, actor_waits(p) || refused, "p: %s", fate(p));
	actor_unlock_range(t2, 1, 1);
	if (refused)
		actor_lock(p, byte(1));
	holds(scene, !refused,
	      "p was refused with EDEADLK, although thread2 could release its lock, and did");
}

CLAIM_MAIN
