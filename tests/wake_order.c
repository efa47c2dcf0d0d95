// SPDX-License-Identifier: GPL-2.0
/*
 * If a release wakes several waiters, in which order do they return?
 *
 * Readers behind a writer, or writers of different bytes, are all granted their locks by one
 * release. According to a comment in fs/locks.c they are woken "in the order they blocked". Whether
 * their calls return in that order is up to the scheduler. It is so on one CPU, with real-time
 * priority, where sched(7) says of a thread that is woken that it "will be inserted at the end of
 * the list for its priority". With several CPUs or other priorities there is nothing to rely on.
 *
 * But any reader of /proc/locks on the machine holds up all lock calls for a moment (file_rwsem in
 * fs/locks.c), and then wakes them once more. So a round is repeated until the waiters return in
 * order, up to ROUNDS times. If a release woke them the other way round, they never would.
 */
#include "place.h"
#include "real_time.h"

#define TOGETHER	6
#define ROUNDS		20

struct waiters {
	struct actor *holder, *waiter[TOGETHER];
};

static struct waiters on_one_cpu(struct scene *scene)
{
	struct waiters waiters;

	scene_on_one_cpu(scene);
	waiters.holder = actor_start(scene, "holder");
	has_real_time(waiters.holder);
	for (int i = 0; i < TOGETHER; i++) {
		waiters.waiter[i] = actor_start_nth(scene, "waiter", i + 1);
		has_real_time(waiters.waiter[i]);
	}
	return waiters;
}

static void queue_all(const struct waiters *waiters, struct lock_request held,
		      const struct lock_request wanted[TOGETHER])
{
	history_forget(waiters->holder->scene->history);
	actor_lock(waiters->holder, held);
	for (int i = 0; i < TOGETHER; i++)
		actor_queue(waiters->waiter[i], wanted[i]);
}

static void return_in_order(struct scene *scene, struct lock_request held,
			    const struct lock_request wanted[TOGETHER],
			    void (*let_in)(struct actor *holder))
{
	struct waiters waiters = on_one_cpu(scene);
	int late = 0;

	skip_unless(scene, is_decided_at_once(scene),
		    "a daemon or server decides who is next here");

	for (int round = 0; round < ROUNDS && late >= 0 && scene_goes_on(scene); round++) {
		queue_all(&waiters, held, wanted);
		let_in(waiters.holder);
		actor_settle(scene);
		for (int i = 0; i < TOGETHER; i++)
			requires(scene, actor_holds(waiters.waiter[i]), "%s sleeps on",
				 actor_name(waiters.waiter[i]));
		late = out_of_turn(scene->history, waiters.holder);
		if (late >= 0)
			scene_drain(scene);
	}
	holds(scene, late < 0, "%s returned after a waiter that came later, in each of %d rounds",
	      history_name(scene->history, late), ROUNDS);
}

static void downgrade(struct actor *holder)
{
	actor_lock(holder, SHARED);
}

static const struct lock_request readers[TOGETHER] = {
	SHARED, SHARED, SHARED, SHARED, SHARED, SHARED,
};

PRACTICE(SHARED_MODE, readers_that_a_release_wakes_return_in_order)
{
	return_in_order(scene, EXCLUSIVE, readers, actor_unlock);
}

PRACTICE(CONVERSIONS, readers_that_a_downgrade_wakes_return_in_order)
{
	return_in_order(scene, EXCLUSIVE, readers, downgrade);
}

/* Their bytes do not overlap, and are in another order than the requests. */
PRACTICE(RECORD_LOCKS, writers_that_one_release_wakes_return_in_order)
{
	static const struct lock_request writers[TOGETHER] = {
		EXCLUSIVE_ON(30, 10), EXCLUSIVE_ON(10, 10), EXCLUSIVE_ON(50, 10),
		EXCLUSIVE_ON(0, 10), EXCLUSIVE_ON(40, 10), EXCLUSIVE_ON(20, 10),
	};

	return_in_order(scene, EXCLUSIVE_ON(0, 100), writers, actor_unlock);
}

CLAIM_MAIN
