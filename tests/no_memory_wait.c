// SPDX-License-Identifier: GPL-2.0
/*
 * What becomes of a request that waits, and of those behind it, if the kernel has no memory for it?
 *
 * fs/locks.c asks for memory before a request waits, and again each time that it has been woken. So
 * a waiter may be refused at the very moment when it would be granted the lock. Then it is for the
 * kernel to wake those that queued behind it.
 */
#include "no_memory.h"

static const struct call wait_for_it = { LOCKS, { .mode = MODE_EXCLUSIVE } };

/* How the rounds of a scene have ended. */
struct ends {
	int at_once, after_waiting;	/* refused before it slept, or when it was woken */
};

/* Let the call, which waits or has returned, end: the actor in its way releases what it has. */
static bool let_it_end(struct actor *waiter, struct actor *in_its_way, int nth, struct ends *ends)
{
	struct scene *scene = waiter->scene;
	bool slept;

	actor_settle(scene);
	slept = actor_waits(waiter);
	if (slept) {
		actor_unlock(in_its_way);
		actor_await(waiter);
	}
	if (is_done_or_refused(scene, nth) && result(scene)) {
		ends->after_waiting += slept;
		ends->at_once += !slept;
	}
	return slept;
}

static bool both_were_seen(struct scene *scene, struct ends ends)
{
	return holds(scene, ends.at_once && ends.after_waiting,
		     "of the refusals, %d came at once, and %d after a wait", ends.at_once,
		     ends.after_waiting);
}

/* A refusal leaves no request behind: /proc/locks has the holder alone, or nobody. */
PRACTICE(FILE_LOCKS, a_waiter_is_granted_it_or_refused)
{
	struct actor *holder = actor_start(scene, "holder");
	struct actor *waiter = actor_start(scene, "waiter");
	struct lock asking = asker(scene);
	struct seen nobody, before;
	struct ends ends = { 0 };
	bool goes_on = needs_failing_memory(scene), slept;

	for (int nth = 1; goes_on && scene_goes_on(scene); nth++) {
		nobody = look(scene, &asking, 0);
		actor_lock(holder, EXCLUSIVE);
		before = look(scene, &asking, 1);
		begin_call(waiter, &wait_for_it, nth);
		slept = let_it_end(waiter, holder, nth, &ends);
		goes_on = failed(scene);
		if (result(scene))
			is_as_before(scene, &asking, slept ? &nobody : &before, nth);
		else
			conflicts_with(holder, EXCLUSIVE, waiter);
		if (!slept)
			actor_unlock(holder);
		if (!result(scene))
			actor_unlock(waiter);
	}
	both_were_seen(scene, ends);
	lock_close(&asking);
}

/*
 *	holder  HHHHHH.
 *	waiter    wwwwwx	woken, and refused
 *	behind      wwwwwH
 */
PRACTICE(FILE_LOCKS, who_is_behind_a_waiter_that_fails_is_granted)
{
	struct actor *holder = actor_start(scene, "holder");
	struct actor *waiter = actor_start(scene, "waiter");
	struct actor *behind = actor_start(scene, "behind");
	struct ends ends = { 0 };
	bool goes_on = needs_failing_memory(scene);

	for (int nth = 1; goes_on && scene_goes_on(scene); nth++) {
		actor_lock(holder, EXCLUSIVE);
		begin_call(waiter, &wait_for_it, nth);
		actor_settle_one(waiter);
		actor_queue(behind, EXCLUSIVE);
		if (!let_it_end(waiter, holder, nth, &ends))
			actor_unlock(holder);
		goes_on = failed(scene);
		if (!result(scene))
			actor_unlock(waiter);
		actor_settle(scene);
		holds(scene, actor_holds(behind),
		      "with allocation %d failing: behind sleeps on, and the lock is free", nth);
		actor_unlock(behind);
	}
	both_were_seen(scene, ends);
}

static const struct call release_the_middle = { RELEASES, { MODE_EXCLUSIVE, 6, 4, 0 } };

/* It needs memory for the lock that would be split off: tests/no_memory.c. */
PRACTICE(RECORD_LOCKS, a_release_that_fails_wakes_nobody)
{
	struct actor *holder = actor_start(scene, "holder");
	struct actor *waiter = actor_start(scene, "waiter");
	struct refusals refusals = { 0 };
	bool goes_on = needs_failing_memory(scene);

	for (int nth = 1; goes_on && scene_goes_on(scene); nth++) {
		actor_lock(holder, EXCLUSIVE_ON(2, 12));
		actor_queue(waiter, EXCLUSIVE_ON(7, 2));
		begin_call(holder, &release_the_middle, nth);
		actor_await(holder);
		is_done_or_refused(scene, nth);
		goes_on = failed(scene);
		count_refusal(&refusals, result(scene));
		actor_settle(scene);
		holds(scene, actor_waits(waiter) == (result(scene) != 0),
		      "with allocation %d failing: the release %s, and the waiter %s", nth,
		      result(scene) ? "failed" : "succeeded",
		      actor_waits(waiter) ? "sleeps on" : "was woken");
		actor_unlock(holder);
		actor_await(waiter);
		actor_unlock(waiter);
	}
	has_been_refused(scene, refusals, 2);
}

/* ---- a conversion that waits ---- */

/*
 *	peer      SSSS.
 *	upgrader   SwwwwS	x: has the shared lock still; or, of flock, none
 */
static void upgrade_waits(struct scene *scene, const char *left)
{
	struct actor *peer = actor_start(scene, "peer");
	struct actor *upgrader = actor_start(scene, "upgrader");
	struct ends ends = { 0 };
	bool goes_on = needs_failing_memory(scene), slept;

	for (int nth = 1; goes_on && scene_goes_on(scene); nth++) {
		actor_lock(peer, SHARED);
		actor_lock(upgrader, SHARED);
		begin_call(upgrader, &wait_for_it, nth);
		slept = let_it_end(upgrader, peer, nth, &ends);
		goes_on = failed(scene);
		if (!slept)
			actor_unlock(peer);
		bytes_are(peer, 0, !result(scene) ? "X" : slept ? left : "S");
		actor_unlock(upgrader);
	}
	both_were_seen(scene, ends);
}

PRACTICE(POSIX | OFD, an_upgrade_that_waited_and_fails_keeps_the_shared_lock)
{
	upgrade_waits(scene, "S");
}

/* flock(2): "the existing lock is first removed", which is before the wait. */
PRACTICE(FLOCK, an_upgrade_that_waited_and_fails_has_lost_the_shared_lock)
{
	upgrade_waits(scene, ".");
}

/* ---- the search for deadlocks ---- */

static const struct call wait_for_the_left = { LOCKS, { MODE_EXCLUSIVE, 0, 4, 0 } };

/*
 * If the kernel took the one that was refused for a waiter, it would see a cycle of two.
 *
 *	left    [0..3]		waits for right in the end
 *	right          [8..11]	has waited for left, and was refused
 */
PRACTICE(OWNED_BY_PROCESS, who_was_refused_closes_no_cycle)
{
	struct actor *left = actor_start(scene, "left");
	struct actor *right = actor_start(scene, "right");
	struct ends ends = { 0 };
	bool goes_on = needs_failing_memory(scene);

	for (int nth = 1; goes_on && scene_goes_on(scene); nth++) {
		actor_lock(left, EXCLUSIVE_ON(0, 4));
		actor_lock(right, EXCLUSIVE_ON(8, 4));
		begin_call(right, &wait_for_the_left, nth);
		let_it_end(right, left, nth, &ends);
		goes_on = failed(scene);
		if (result(scene)) {
			actor_lock(left, EXCLUSIVE_ON(0, 4));
			actor_begin_lock(left, EXCLUSIVE_ON(8, 4));
			actor_settle(scene);
			holds(scene, actor_waits(left), "left does not wait for right: %s",
			      left->result ? strerror(-left->result) : "it was granted it");
		}
		actor_unlock(right);
		if (result(scene))
			actor_await(left);
		actor_unlock(left);
	}
	both_were_seen(scene, ends);
}

CLAIM_MAIN
