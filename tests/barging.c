// SPDX-License-Identifier: GPL-2.0
/*
 * Barging: can a lock that has been released be taken by one who did not queue?
 *
 * A release wakes the first waiter. That is not a handoff: until the waiter runs,
 * the lock is free, and whoever comes by may have it. The waiter finds it taken
 * and goes back to sleep, now behind those who came in the meantime.
 *
 * Whether somebody comes by in time is a race, and a race is no evidence. So all
 * actors share one CPU, on which the waiter, once woken, does not run before the
 * barger has been: by real-time priority where CAP_SYS_NICE allows it, otherwise
 * since a SCHED_BATCH task that is woken does not preempt. In the latter case the
 * scheduler may still decide otherwise, and the round is repeated until somebody
 * has been overtaken or ROUNDS have gone by without.
 */
#include "real_time.h"

#define ROUNDS	40

static int release_and_lock_again(struct actor *self, void *arg)
{
	int ret = act_unlock(self);

	(void)arg;
	return ret ? ret : act_lock(self, EXCLUSIVE);
}

static int release_and_poke(struct actor *self, void *arg)
{
	int ret = act_unlock(self);

	(void)arg;
	return ret ? ret : act_poke(self);
}

static int try_when_poked(struct actor *self, void *arg)
{
	int ret = act_await_poke(self);

	(void)arg;
	if (!ret)
		ret = act_try(self, EXCLUSIVE);
	return ret == -EAGAIN ? 0 : ret;
}

static int lock_when_poked(struct actor *self, void *arg)
{
	int ret = act_await_poke(self);

	(void)arg;
	return ret ? ret : act_lock(self, EXCLUSIVE);
}

/* ---- a round of each; everybody has let go when it ends ---- */

struct cast {
	struct actor *holder, *waiter, *late;
};

static struct cast on_one_cpu(struct scene *scene)
{
	struct cast cast;

	scene_on_one_cpu(scene);
	cast.holder = actor_start(scene, "holder");
	cast.waiter = actor_start(scene, "waiter");
	cast.late = actor_start(scene, "late");
	actor_defer(cast.waiter);
	/* Where this is not permitted, more rounds may be needed to decide. */
	actor_prefer(cast.holder);
	actor_prefer(cast.late);
	return cast;
}

/*
 *	holder  HHHHHH.H	releases, and asks again at once
 *	waiter     wwwww
 */
static void releaser_locks_again(struct scene *scene, const struct cast *cast)
{
	actor_lock(cast->holder, EXCLUSIVE);
	actor_queue(cast->waiter, EXCLUSIVE);
	actor_begin(cast->holder, release_and_lock_again, NULL);
	scene_drain(scene);
}

/*
 *	holder  HHHHHH.
 *	waiter     wwwww
 *	late           ?	does not ask before the release
 */
static void latecomer(struct scene *scene, const struct cast *cast, actor_deed when_poked)
{
	actor_lock(cast->holder, EXCLUSIVE);
	actor_queue(cast->waiter, EXCLUSIVE);
	actor_begin(cast->late, when_poked, NULL);
	/* The late one now sleeps in the read that the poke will end. */
	actor_settle(scene);
	actor_begin(cast->holder, release_and_poke, NULL);
	scene_drain(scene);
}

static void latecomer_tries(struct scene *scene, const struct cast *cast)
{
	latecomer(scene, cast, try_when_poked);
}

static void latecomer_locks(struct scene *scene, const struct cast *cast)
{
	latecomer(scene, cast, lock_when_poked);
}

static void until_decided(struct scene *scene,
			  void (*round)(struct scene *scene, const struct cast *cast))
{
	struct cast cast = on_one_cpu(scene);

	for (int i = 0; i < ROUNDS && !scene->trouble[0]; i++) {
		history_forget(scene->history);
		round(scene, &cast);
		if (history_overtaking(scene->history).count)
			return;
	}
}

CLASS(folklore);

CLAIM(folklore, EVERY_KIND, a_queued_waiter_beats_the_releaser_that_locks_again)
{
	until_decided(&self->scene, releaser_locks_again);
	NOBODY_IS_OVERTAKEN();
}

CLAIM(folklore, EVERY_KIND, a_queued_waiter_beats_a_try_after_the_release)
{
	until_decided(&self->scene, latecomer_tries);
	NOBODY_IS_OVERTAKEN();
}

CLAIM(folklore, EVERY_KIND, a_queued_waiter_beats_a_request_after_the_release)
{
	until_decided(&self->scene, latecomer_locks);
	NOBODY_IS_OVERTAKEN();
}

/*
 * No race at all, with ranges:
 *
 *	holder1  [0]
 *	holder2     [1]
 *	wide     [0..1]		waits for holder1
 *	narrow      [1]		asks later, and waits for holder2
 *
 * When holder1 goes, wide goes to the end of the queue for holder2, behind narrow.
 */
CLAIM(folklore, TRAIT_RANGES, a_wide_request_is_not_overtaken_by_a_narrow_one)
{
	struct actor *holder1 = actor_start(&self->scene, "holder1");
	struct actor *holder2 = actor_start(&self->scene, "holder2");
	struct actor *wide = actor_start(&self->scene, "wide");
	struct actor *narrow = actor_start(&self->scene, "narrow");

	actor_lock(holder1, EXCLUSIVE_ON(0, 1));
	actor_lock(holder2, EXCLUSIVE_ON(1, 1));
	actor_queue(wide, EXCLUSIVE_ON(0, 2));
	actor_queue(narrow, EXCLUSIVE_ON(1, 1));
	actor_unlock(holder1);
	actor_settle(&self->scene);
	actor_unlock(holder2);
	scene_drain(&self->scene);
	NOBODY_IS_OVERTAKEN();
}

CLASS(practice);

#define WINS	20	/* in a row */
#define LOSSES	1000

/*
 * What does close the gap: a waiter that preempts the releaser as soon as it is
 * woken. The releaser then finds the lock taken, and it has to queue.
 *
 * On a busy machine the scheduler may, for some 50 ms, not let it: when real-time tasks
 * have had their share (sched_rt_runtime_us), or others have had too little (the fair
 * server). That is a few hundred rounds; who does not preempt at all loses them all.
 */
CLAIM(practice, EVERY_KIND, a_waiter_of_real_time_priority_beats_the_releaser)
{
	struct actor *holder, *waiter;
	int wins = 0, losses = 0;

	scene_on_one_cpu(&self->scene);
	holder = actor_start(&self->scene, "holder");
	waiter = actor_start(&self->scene, "waiter");
	IS_PREFERRED(waiter);
	while (wins < WINS && losses < LOSSES && !self->scene.trouble[0]) {
		history_forget(self->scene.history);
		actor_lock(holder, EXCLUSIVE);
		actor_queue(waiter, EXCLUSIVE);
		actor_begin(holder, release_and_lock_again, NULL);
		scene_drain(&self->scene);
		wins++;
		if (history_overtaking(self->scene.history).count) {
			wins = 0;
			losses++;
		}
	}
	if (losses == LOSSES)
		NOBODY_IS_OVERTAKEN();
}

/* Unfair as it is, it forgets nobody: not those who lost a race, nor those behind them. */
CLAIM(practice, EVERY_KIND, all_who_wait_are_granted_in_the_end)
{
	struct actor *holder, *last;

	scene_on_one_cpu(&self->scene);
	holder = actor_start(&self->scene, "holder");
	actor_prefer(holder);
	actor_lock(holder, EXCLUSIVE);
	for (int i = 1; i <= 4; i++) {
		struct actor *waiter = actor_start_nth(&self->scene, "waiter", i);

		actor_defer(waiter);
		actor_queue(waiter, EXCLUSIVE);
	}
	for (int i = 0; i < 3 && actor_holds(holder); i++) {
		actor_begin(holder, release_and_lock_again, NULL);
		actor_settle(&self->scene);
	}
	last = actor_start(&self->scene, "last");
	actor_queue(last, EXCLUSIVE);
	scene_drain(&self->scene);
	NOBODY_OVERLAPS();
}

EXPECTATION_MAIN
