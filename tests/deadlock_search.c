// SPDX-License-Identifier: GPL-2.0
/*
 * The search for a deadlock: which waits does it follow, and where is it led astray?
 *
 * A request that would have to sleep is looked at by the kernel: the holder in its way may
 * be waiting for another holder, and that one for a third. Should the chain come round to
 * the one who asks, the request is refused (tests/deadlock.c). The kernel follows what its
 * own lists tell: one lock in the way of each request, and one wait of each owner, which is
 * the process with all its threads. OFD locks conflict with POSIX locks and stand in the same
 * queue, and the search was not meant for them. (Through long queues, and beside cycles that
 * were missed: tests/regressions.c.)
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

/* Nor is anybody lost, who waited. */
#define NOBODY_IS_EVER_REFUSED() do { \
	scene_drain(&self->scene); \
	HOLDS(!refusals(expectation_history), "a deadlock is seen where there is none", \
	      "%d requests were refused", refusals(expectation_history)); \
} while (0)

CLASS(practice);

/*
 *	holder  holds 0
 *	p1         holds 1
 *	p2            holds 2, and asks for 0 and 1 at once
 *
 * The search looks at the first lock in the way alone: p2 waits for the holder, and for p1
 * only after the holder has gone.
 */
struct wide {
	struct actor *holder, *p1, *p2;
};

static struct wide wait_for_two(struct scene *scene)
{
	struct wide wide = {
		.holder = actor_start(scene, "holder"),
		.p1 = actor_start(scene, "p1"),
		.p2 = actor_start(scene, "p2"),
	};

	actor_lock(wide.holder, byte(0));
	actor_lock(wide.p1, byte(1));
	actor_lock(wide.p2, byte(2));
	actor_queue(wide.p2, EXCLUSIVE_ON(0, 2));
	return wide;
}

CLAIM(practice, TRAIT_DETECTS_DEADLOCK, a_cycle_after_a_second_sleep_is_seen)
{
	struct wide wide = wait_for_two(&self->scene);

	actor_unlock(wide.holder);
	actor_settle(&self->scene);
	SLEEPS(wide.p2);
	ask(wide.p1, byte(2));
	IS_REFUSED(wide.p1);
	SLEEPS(wide.p2);
}

/* Here p1 sleeps already: it is p2 that closes the cycle, between its first sleep and a second. */
CLAIM(practice, TRAIT_DETECTS_DEADLOCK, one_who_is_woken_into_a_cycle_is_refused)
{
	struct wide wide = wait_for_two(&self->scene);

	actor_queue(wide.p1, byte(2));
	actor_unlock(wide.holder);
	actor_settle(&self->scene);
	IS_REFUSED(wide.p2);
	SLEEPS(wide.p1);
}

/* Both wait for p, and a third waits for one of them; p waits for nobody. */
CLAIM(practice, TRAIT_DETECTS_DEADLOCK, those_who_share_a_blocker_are_no_cycle)
{
	struct actor *p = actor_start(&self->scene, "p");
	struct actor *w1 = actor_start(&self->scene, "w1");
	struct actor *w2 = actor_start(&self->scene, "w2");
	struct actor *third = actor_start(&self->scene, "third");

	actor_lock(p, byte(0));
	actor_lock(w1, byte(1));
	actor_lock(w2, byte(2));
	ask(w1, byte(0));
	ask(w2, byte(0));
	ask(third, byte(2));
	SLEEPS(w1);
	SLEEPS(w2);
	SLEEPS(third);
	NOBODY_IS_EVER_REFUSED();
}

/* Two threads, one owner, and it waits twice for p. */
CLAIM(practice, TRAIT_DETECTS_DEADLOCK, threads_that_wait_for_one_process_are_no_cycle)
{
	struct actor *p = actor_start(&self->scene, "p");
	struct actor *t1 = start_thread(&self->scene, "thread1");
	struct actor *t2 = start_thread(&self->scene, "thread2");

	actor_lock(p, byte(0));
	actor_lock(p, byte(1));
	ask(t1, byte(0));
	ask(t2, byte(1));
	SLEEPS(t1);
	SLEEPS(t2);
	NOBODY_IS_EVER_REFUSED();
}

/*
 *	p1  holds 0		waits for 1
 *	p2     holds 1 (OFD)	and asks for 0 (OFD)
 *
 * fcntl(2): "no deadlock detection is performed for open file description locks".
 */
CLAIM(practice, TRAIT_DETECTS_DEADLOCK, a_cycle_that_an_ofd_request_closes_is_not_seen)
{
	int ofd = scene_add_kind(&self->scene, LOCK_OFD);
	struct actor *p1 = actor_start(&self->scene, "p1");
	struct actor *p2 = actor_start(&self->scene, "p2");

	actor_lock(p1, byte(0));
	actor_lock(p2, at_site(ofd, byte(1)));
	actor_queue(p1, byte(1));
	ask(p2, at_site(ofd, byte(0)));
	SLEEPS(p2);
	IS_FREED_BY_A_SIGNAL(p2, p1);
}

CLASS(folklore);

/*
 *	p1       holds 0		and asks for 1
 *	between  waits for 0 (OFD)
 *	p2       waits for 0, holds 1	behind between
 *
 * A waiter is put where the search will find it if what it hangs below is POSIX, and not if
 * it is POSIX itself (__locks_insert_block() in fs/locks.c, since 5.0): p2 hangs below an
 * OFD waiter, and both sleep. Once the OFD waiter leaves, p2 queues again and is refused.
 */
CLAIM(folklore, TRAIT_DETECTS_DEADLOCK, a_deadlock_is_seen_past_an_ofd_waiter)
{
	int ofd = scene_add_kind(&self->scene, LOCK_OFD);
	struct actor *p1 = actor_start(&self->scene, "p1");
	struct actor *between = actor_start(&self->scene, "between");
	struct actor *p2 = actor_start(&self->scene, "p2");
	bool seen;

	actor_lock(p1, byte(0));
	actor_lock(p2, byte(1));
	actor_queue(between, at_site(ofd, byte(0)));
	actor_queue(p2, byte(0));
	ask(p1, byte(1));
	seen = refused(p1);
	if (!seen) {
		actor_interrupt(between);
		actor_settle(&self->scene);
		REQUIRES(actor_waits(p1) && refused(p2), "p1: %s, p2: %s", fate(p1), fate(p2));
	}
	HOLDS(seen, "an OFD waiter hides a deadlock of POSIX locks",
	      "p1 and p2 slept, each in the other's way, until the OFD waiter had left");
}

/*
 *	p1  holds 0				and asks for 1
 *	p2  waits for 0 (OFD), holds 1 (OFD)
 *
 * By the sentence of fcntl(2) p1 would sleep. The other side of the same mistake: p2, which
 * hangs below a POSIX lock, is found.
 */
CLAIM(folklore, TRAIT_DETECTS_DEADLOCK, an_ofd_wait_takes_no_part_in_the_search)
{
	int ofd = scene_add_kind(&self->scene, LOCK_OFD);
	struct actor *p1 = actor_start(&self->scene, "p1");
	struct actor *p2 = actor_start(&self->scene, "p2");

	actor_lock(p1, byte(0));
	actor_lock(p2, at_site(ofd, byte(1)));
	actor_queue(p2, at_site(ofd, byte(0)));
	ask(p1, byte(1));
	REQUIRES(actor_waits(p1) || refused(p1), "p1: %s", fate(p1));
	HOLDS(!refused(p1), "an OFD waiter is found by the search",
	      "p1 was refused with EDEADLK, since p2 waits for it with an OFD lock");
}

/*
 *	p        holds 0		and asks for 1
 *	thread1  waits for 0
 *	thread2     holds 1		the same owner, and awake
 *
 * fcntl(2), BUGS: "false positives (EDEADLK errors when there is no deadlock)". When thread2
 * lets go, as it could have done all the time, p gets what it was refused.
 */
CLAIM(folklore, TRAIT_DETECTS_DEADLOCK, edeadlk_says_that_nobody_could_have_gone_on)
{
	struct actor *p = actor_start(&self->scene, "p");
	struct actor *t1 = start_thread(&self->scene, "thread1");
	struct actor *t2 = start_thread(&self->scene, "thread2");
	bool was_refused;

	actor_lock(p, byte(0));
	actor_lock(t2, byte(1));
	actor_queue(t1, byte(0));
	ask(p, byte(1));
	was_refused = refused(p);
	REQUIRES(actor_waits(p) || was_refused, "p: %s", fate(p));
	actor_unlock_range(t2, 1, 1);
	if (was_refused)
		actor_lock(p, byte(1));
	HOLDS(!was_refused, "a thread's wait is taken for that of its process",
	      "p was refused with EDEADLK, although thread2 could let go, and did");
}

EXPECTATION_MAIN
