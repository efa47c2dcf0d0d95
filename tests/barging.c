// SPDX-License-Identifier: GPL-2.0
/*
 * Barging: can an actor that did not queue take a lock that has just been released?
 *
 * A release wakes the first waiter. That is not a handoff: until the waiter runs, the lock is free,
 * and any other task may take it. The waiter then finds it taken and goes back to sleep, behind the
 * waiters that came in the meantime.
 *
 * Whether another task comes in time is a race, and a race is no evidence. So all actors share
 * one CPU, and the barger runs there before the waiter that was woken: by real-time priority if
 * CAP_SYS_NICE permits it, otherwise because a SCHED_BATCH task does not preempt when it is
 * woken. In the latter case the scheduler may still choose the waiter; the round is repeated
 * until somebody has been overtaken, up to ROUNDS times.
 */
#include "history/judge.h"
#include "real_time.h"

#define ROUNDS	40

static int release_and_lock_again(struct actor *self, void *arg)
{
	int ret = act_unlock(self);

	(void)arg;
	return ret ? ret : act_lock(self, EXCLUSIVE);
}

static int release_and_wake(struct actor *self, void *arg)
{
	int ret = act_unlock(self);

	(void)arg;
	return ret ? ret : act_wake(self);
}

static int try_when_woken(struct actor *self, void *arg)
{
	int ret = act_await_wake(self);

	(void)arg;
	if (!ret)
		ret = act_try(self, EXCLUSIVE);
	return ret == -EAGAIN ? 0 : ret;
}

static int lock_when_woken(struct actor *self, void *arg)
{
	int ret = act_await_wake(self);

	(void)arg;
	return ret ? ret : act_lock(self, EXCLUSIVE);
}

/* ---- one round of each scenario; nobody holds the lock when it ends ---- */

struct rivals {
	struct actor *holder, *waiter, *late;
};

static struct rivals on_one_cpu(struct scene *scene)
{
	struct rivals rivals;

	scene_on_one_cpu(scene);
	rivals.holder = actor_start(scene, "holder");
	rivals.waiter = actor_start(scene, "waiter");
	rivals.late = actor_start(scene, "late");
	actor_defer(rivals.waiter);
	/* Without the permission it may take more rounds. */
	actor_prefer(rivals.holder);
	actor_prefer(rivals.late);
	return rivals;
}

/*
 *	holder  HHHHHH.H	releases, and asks again at once
 *	waiter     wwwww
 */
static void releaser_locks_again(struct scene *scene, const struct rivals *rivals)
{
	actor_lock(rivals->holder, EXCLUSIVE);
	actor_queue(rivals->waiter, EXCLUSIVE);
	actor_begin(rivals->holder, release_and_lock_again, NULL);
	scene_drain(scene);
}

/*
 *	holder  HHHHHH.
 *	waiter     wwwww
 *	late           ?	asks only after the release
 */
static void latecomer(struct scene *scene, const struct rivals *rivals, actor_job when_woken)
{
	actor_lock(rivals->holder, EXCLUSIVE);
	actor_queue(rivals->waiter, EXCLUSIVE);
	actor_begin(rivals->late, when_woken, NULL);
	/* Now the late actor sleeps in the read() that act_wake() will end. */
	actor_settle(scene);
	actor_begin(rivals->holder, release_and_wake, NULL);
	scene_drain(scene);
}

static void latecomer_tries(struct scene *scene, const struct rivals *rivals)
{
	latecomer(scene, rivals, try_when_woken);
}

static void latecomer_locks(struct scene *scene, const struct rivals *rivals)
{
	latecomer(scene, rivals, lock_when_woken);
}

static void until_decided(struct scene *scene,
			  void (*round)(struct scene *scene, const struct rivals *rivals))
{
	struct rivals rivals = on_one_cpu(scene);
	/* Where it is not permitted, several scenes judge the order. */
	int rounds = is_decided_at_once(scene) ? ROUNDS : ROUNDS / 10;

	order_can_be_seen(scene);
	for (int i = 0; i < rounds && scene_goes_on(scene); i++) {
		history_forget(scene->history);
		round(scene, &rivals);
		if (history_overtaking(scene->history).count)
			return;
	}
}

FOLKLORE(EVERY_KIND, a_queued_waiter_beats_the_releaser_that_locks_again, "a waiter was overtaken")
{
	until_decided(scene, releaser_locks_again);
	nobody_is_overtaken(scene);
}

FOLKLORE(EVERY_KIND, a_queued_waiter_beats_a_try_after_the_release, "a waiter was overtaken")
{
	until_decided(scene, latecomer_tries);
	nobody_is_overtaken(scene);
}

FOLKLORE(EVERY_KIND, a_queued_waiter_beats_a_request_after_the_release, "a waiter was overtaken")
{
	until_decided(scene, latecomer_locks);
	nobody_is_overtaken(scene);
}

/*
 * With ranges there is no race:
 *
 *	holder1  [0]
 *	holder2     [1]
 *	wide     [0..1]		waits for holder1
 *	narrow      [1]		asks later, and waits for holder2
 *
 * When holder1 goes, wide goes to the end of the queue for holder2, behind narrow.
 */
FOLKLORE(RECORD_LOCKS, a_wide_request_is_not_overtaken_by_a_narrow_one, "a waiter was overtaken")
{
	struct actor *holder1 = actor_start(scene, "holder1");
	struct actor *holder2 = actor_start(scene, "holder2");
	struct actor *wide = actor_start(scene, "wide");
	struct actor *narrow = actor_start(scene, "narrow");

	actor_lock(holder1, EXCLUSIVE_ON(0, 1));
	actor_lock(holder2, EXCLUSIVE_ON(1, 1));
	actor_queue(wide, EXCLUSIVE_ON(0, 2));
	actor_queue(narrow, EXCLUSIVE_ON(1, 1));
	actor_unlock(holder1);
	actor_settle(scene);
	actor_unlock(holder2);
	scene_drain(scene);
	nobody_is_overtaken(scene);
}

#define WINS	20	/* in a row */
#define LOSSES	1000

/*
 * What closes the gap: a waiter that preempts the releaser as soon as it is woken. The releaser
 * then finds the lock taken, and must queue.
 *
 * On a busy machine the scheduler may not let the waiter preempt for some 50 ms: when real-time
 * tasks have used up their share (sched_rt_runtime_us), or others have had too little (the fair
 * server). That is a few hundred rounds; a waiter that never preempts loses all LOSSES.
 */
PRACTICE(EVERY_KIND, a_waiter_of_real_time_priority_beats_the_releaser)
{
	struct actor *holder, *waiter;
	int wins = 0, losses = 0;

	skip_unless(scene, is_decided_at_once(scene),
		    "a daemon or server decides who is next here");
	order_can_be_seen(scene);
	scene_on_one_cpu(scene);
	holder = actor_start(scene, "holder");
	waiter = actor_start(scene, "waiter");
	has_real_time(waiter);
	while (wins < WINS && losses < LOSSES && scene_goes_on(scene)) {
		history_forget(scene->history);
		actor_lock(holder, EXCLUSIVE);
		actor_queue(waiter, EXCLUSIVE);
		actor_begin(holder, release_and_lock_again, NULL);
		scene_drain(scene);
		wins++;
		if (history_overtaking(scene->history).count) {
			wins = 0;
			losses++;
		}
	}
	if (losses == LOSSES)
		nobody_is_overtaken(scene);
}

/*
 * Barging is unfair, but no waiter is forgotten, neither one that lost the race nor one behind it.
 */
PRACTICE(EVERY_KIND, all_who_wait_are_granted_in_the_end)
{
	struct actor *holder, *last;

	scene_on_one_cpu(scene);
	holder = actor_start(scene, "holder");
	actor_prefer(holder);
	actor_lock(holder, EXCLUSIVE);
	for (int i = 1; i <= 4; i++) {
		struct actor *waiter = actor_start_nth(scene, "waiter", i);

		actor_defer(waiter);
		actor_queue(waiter, EXCLUSIVE);
	}
	for (int i = 0; i < 3 && actor_holds(holder); i++) {
		actor_begin(holder, release_and_lock_again, NULL);
		actor_settle(scene);
	}
	last = actor_start(scene, "last");
	actor_queue(last, EXCLUSIVE);
	scene_drain(scene);
	nobody_overlaps(scene);
}

CLAIM_MAIN
