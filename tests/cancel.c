// SPDX-License-Identifier: GPL-2.0
/*
 * What happens to the lock when a wait for it is cut short?
 *
 * A signal ends a wait, with EINTR or with the death of the waiter. That waiter then has no lock,
 * and the waiters behind it are still granted it: in the kernel they may be queued behind the
 * waiter that is gone, and nobody else would wake them. cancel_race.c asks what happens if the
 * signal comes at the moment of the grant.
 */
#include <errno.h>
#include <signal.h>

#include "claim/claim.h"
#include "network.h"

#define WAITERS	4

enum number { VICTIM, DEATH };

static const char *outcome(int ret)
{
	return ret ? strerror(-ret) : "granted";
}

static struct actor *queue_waiters(struct scene *scene, struct actor *waiter[WAITERS])
{
	struct actor *holder = actor_start(scene, "holder");

	actor_lock(holder, EXCLUSIVE);
	for (int i = 0; i < WAITERS; i++) {
		waiter[i] = actor_start_nth(scene, "waiter", i + 1);
		actor_queue(waiter[i], EXCLUSIVE);
	}
	return holder;
}

/* Return a living actor, other than @cut_short, whose request has not been granted; or NULL. */
static struct actor *left_out(struct scene *scene, struct actor *cut_short)
{
	for (int i = 0; i < scene->actors; i++) {
		struct actor *actor = &scene->actor[i];

		if (!actor->gone && actor != cut_short && (actor->busy || actor->result))
			return actor;
	}
	return NULL;
}

/* If a waiter sleeps on while nobody holds the lock, scene_drain() ends the scene. */
static void the_rest_are_granted(struct scene *scene, struct actor *cut_short)
{
	struct actor *left;

	scene_drain(scene);
	left = left_out(scene, cut_short);
	holds(scene, !left, "%s was refused the lock: %s", actor_name(left),
	      strerror(left ? -left->result : 0));
	nobody_overlaps(scene);
}

static void interrupt_waiter(struct scene *scene, int which)
{
	struct actor *waiter[WAITERS];
	int ret;

	queue_waiters(scene, waiter);
	actor_interrupt(waiter[which]);
	ret = actor_await(waiter[which]);
	requires(scene, ret == -EINTR, "waiter%d was interrupted: %s", which + 1, outcome(ret));
	the_rest_are_granted(scene, waiter[which]);
}

/* Kill @count waiters at once, neighbours in the queue. */
static void kill_waiters(struct scene *scene, int first, int count)
{
	struct actor *waiter[WAITERS];

	queue_waiters(scene, waiter);
	actors_kill(waiter + first, count);
	the_rest_are_granted(scene, NULL);
}

/* Interrupt the only waiter, and return the result of its request. */
static int interrupt_a_waiter(struct scene *scene)
{
	struct actor *holder = actor_start(scene, "holder");
	struct actor *waiter = actor_start(scene, "waiter");
	int ret;

	actor_lock(holder, EXCLUSIVE);
	actor_queue(waiter, EXCLUSIVE);
	actor_interrupt(waiter);
	ret = actor_await(waiter);
	actor_unlock(holder);
	return ret;
}

static void leaves_the_lock_to_others(struct scene *scene)
{
	int ret = interrupt_a_waiter(scene), other;

	requires(scene, ret == -EINTR, "the waiter was interrupted: %s", outcome(ret));
	other = actor_try(actor_start(scene, "other"), EXCLUSIVE);
	holds(scene, !other, "nobody holds the lock, and the other was refused it: %s",
	      strerror(-other));
}

/*
 * fcntl(2), F_SETLKW and F_OFD_SETLKW: "If a signal is caught while waiting, then the call
 * is interrupted and […] returns immediately (with return value -1 and errno set to EINTR";
 * flock(2) and lockf(3), EINTR: "While waiting to acquire a lock, the call was interrupted".
 */
PROMISE(FILE_LOCKS, an_interrupted_request_says_eintr)
{
	int ret = interrupt_a_waiter(scene);

	holds(scene, ret == -EINTR, "the interrupted request returned: %s", outcome(ret));
}

/*
 * POSIX.1-2024 fcntl(), F_SETLKW, interrupted: "and the lock operation shall not be done".
 * lockf(3): on Linux it is "an interface on top of fcntl(2) locking".
 */
PROMISE(OWNED_BY_PROCESS, an_interrupted_request_leaves_no_lock)
{
	leaves_the_lock_to_others(scene);
}

/*
 * signal(7), SA_RESTART: "the call is automatically restarted after the signal handler
 * returns"; so are "flock(2) and the F_SETLKW and F_OFD_SETLKW operations of fcntl(2)".
 */
PROMISE(FILE_LOCKS, with_sa_restart_the_request_goes_on)
{
	struct actor *waiter[WAITERS], *holder = queue_waiters(scene, waiter);

	for (int i = 0; i < WAITERS; i++)
		actor_interrupt_and_restart(waiter[i]);
	actor_settle(scene);
	for (int i = 0; i < WAITERS; i++)
		holds(scene, actor_waits(waiter[i]), "%s has returned: %s", actor_name(waiter[i]),
		      strerror(-waiter[i]->result));
	holds(scene, actor_holds(holder), "the holder holds no lock");
	the_rest_are_granted(scene, NULL);
}

PRACTICE(OWNED_BY_DESCRIPTION, an_interrupted_request_leaves_no_lock)
{
	leaves_the_lock_to_others(scene);
}

/* ---- the waiters before and behind one that is gone ---- */

PRACTICE(FILE_LOCKS, interrupting_the_first_waiter_loses_nobody)
{
	interrupt_waiter(scene, 0);
}

PRACTICE(FILE_LOCKS, interrupting_a_waiter_amid_others_loses_nobody)
{
	interrupt_waiter(scene, 1);
}

PRACTICE(FILE_LOCKS, interrupting_the_last_waiter_loses_nobody)
{
	interrupt_waiter(scene, WAITERS - 1);
}

PRACTICE(FILE_LOCKS, killing_the_first_waiter_loses_nobody)
{
	kill_waiters(scene, 0, 1);
}

PRACTICE(FILE_LOCKS, killing_a_waiter_amid_others_loses_nobody)
{
	kill_waiters(scene, 1, 1);
}

PRACTICE(FILE_LOCKS, killing_the_last_waiter_loses_nobody)
{
	kill_waiters(scene, WAITERS - 1, 1);
}

PRACTICE(FILE_LOCKS, killing_neighbours_in_the_queue_loses_nobody)
{
	kill_waiters(scene, 1, 2);
}

PRACTICE(FILE_LOCKS, killing_the_holder_loses_nobody)
{
	struct actor *waiter[WAITERS], *holder = queue_waiters(scene, waiter);

	actor_kill(holder);
	the_rest_are_granted(scene, NULL);
}

PRACTICE(FILE_LOCKS, killing_first_waiter_and_holder_loses_nobody)
{
	struct actor *waiter[WAITERS], *holder = queue_waiters(scene, waiter);
	/* Kill the waiter first: with its signal pending it records no grant in the history. */
	struct actor *doomed[] = { waiter[0], holder };

	actors_kill(doomed, ARRAY_SIZE(doomed));
	the_rest_are_granted(scene, NULL);
}

/*
 *	holder  HHHH.		releases and kills, in either order
 *	victim    ww		is about to be granted the lock
 *	behind     wwH
 */
#define DEATHS	8

static int release_and_kill(struct actor *self, void *arg)
{
	unsigned long long *number = self->scene->shared->number;
	int ret = 0;

	(void)arg;
	for (int step = 0; step < 2 && !ret; step++) {
		if (step == (int)number[DEATH] % 2)
			ret = act_unlock(self);
		else
			ret = kill(number[VICTIM], SIGKILL) < 0 ? -errno : 0;
	}
	return ret;
}

/* The history does not show when a victim that was granted the lock released it. */
PRACTICE(FILE_LOCKS, killing_the_next_one_at_the_release_loses_nobody)
{
	struct actor *holder = actor_start(scene, "holder");
	struct actor *behind = actor_start(scene, "behind");

	for (int i = 1; i <= DEATHS; i++) {
		struct actor *victim = actor_start_nth(scene, "victim", i);

		actor_lock(holder, EXCLUSIVE);
		actor_queue(victim, EXCLUSIVE);
		actor_queue(behind, EXCLUSIVE);
		scene->shared->number[VICTIM] = victim->pid;
		scene->shared->number[DEATH] = i;
		actor_do(holder, release_and_kill, NULL);
		actor_kill(victim);
		actor_settle(scene);
		holds(scene, actor_holds(behind),
		      "nobody holds the lock, and behind sleeps on (death %d)", i);
		actor_unlock(behind);
	}
}

/* ---- a conversion that is cut short ---- */

/*
 * Interrupt an upgrader beside another reader, the peer. Return 0 if the peer can then upgrade,
 * or -EAGAIN if the upgrader's shared lock is in its way.
 */
static int upgrade_of_the_peer_after_an_interrupt(struct scene *scene)
{
	struct actor *peer = actor_start(scene, "peer");
	struct actor *upgrader = actor_start(scene, "upgrader");
	int ret;

	actor_lock(peer, SHARED);
	actor_lock(upgrader, SHARED);
	actor_queue(upgrader, EXCLUSIVE);
	actor_interrupt(upgrader);
	ret = actor_await(upgrader);
	requires(scene, ret == -EINTR, "the upgrader was interrupted: %s", outcome(ret));
	ret = actor_try(peer, EXCLUSIVE);
	requires(scene, !ret || ret == -EAGAIN, "the upgrade of the peer: %s", strerror(-ret));
	return ret;
}

PRACTICE(POSIX | OFD, an_interrupted_upgrade_keeps_the_shared_lock)
{
	int peer = upgrade_of_the_peer_after_an_interrupt(scene);

	holds(scene, peer, "the peer became the only holder: the upgrader's shared lock is gone");
}

/* flock(2) says that the old lock is removed first; nothing brings it back. */
PRACTICE(FLOCK, an_interrupted_upgrade_has_lost_the_shared_lock)
{
	int peer;

	skip_unless(scene, !emulates_flock(scene), FLOCK_IS_EMULATED);
	peer = upgrade_of_the_peer_after_an_interrupt(scene);
	holds(scene, !peer, "the peer was refused: the upgrader still has its shared lock");
}

CLAIM_MAIN
