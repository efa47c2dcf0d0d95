// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "actor/actor.h"
#include "actor/rest.h"
#include "preflight/delay.h"

#define ROUNDS		100	/* waits, and free locks, to check; fewer if the time is up */
#define ROUNDS_TIME	4000	/* ms */
#define DWELL		2500	/* ms: NFSv4.0 polls after 1, 2, 4 ... 30 s */
#define LONGEST_DWELL	8000
#define POLLS		3	/* enough pauses to see whether they grow */
#define RACES		20
#define RACES_TIME	12000	/* ms: a loser that is not met here costs many tests 30 s */
#define SIGNAL_TIME	1000	/* ms within which a waiter must react to a signal */
#define LATE		5000	/* ms: longer than the first polls of NFSv4.0 */

/* A holder, which releases the lock, and a waiter for it. */
struct pair {
	struct delay *delay;
	struct scene scene;
	struct actor *holder, *waiter, *other;
};

enum number { GRANTED, RELEASED, TRIED };

static int try_it(struct actor *self, void *arg)
{
	long long begun = asleep_clock();

	(void)arg;
	if (!act_try(self, EXCLUSIVE))
		return -EEXIST;
	self->scene->shared->number[TRIED] = delay_us_since(begun);
	return 0;
}

static int wait_for_it(struct actor *self, void *arg)
{
	int ret = act_lock(self, EXCLUSIVE);

	(void)arg;
	self->scene->shared->number[GRANTED] = asleep_clock();
	/* A signal may end the wait. */
	return ret == -EINTR ? 0 : ret;
}

static int release_it(struct actor *self, void *arg)
{
	(void)arg;
	self->scene->shared->number[RELEASED] = asleep_clock();
	return act_unlock(self);
}

static void take_it(struct actor *actor)
{
	actor_begin_lock(actor, EXCLUSIVE);
	actor_await(actor);
}

static int has_returned(void *actor)
{
	return order_returned(actor);
}

/* ---- the grant ---- */

bool delay_is_late(struct delay *delay, struct actor *waiter)
{
	struct asleep_quiet one_sleep = { 2, LATE + 10 * (delay->lock_most / 1000) };
	bool late = actor_sleeps(waiter, &one_sleep);

	delay->late |= late;
	return late;
}

/* Wait as long as a grant may take. Return the time from the release to the grant, us; or -1. */
static int await_grant(struct pair *pair, struct actor *waiter)
{
	unsigned long long *number = pair->scene.shared->number;

	pair->delay->lost |= scene_goes_on(&pair->scene) &&
			     asleep_poll(has_returned, waiter, pair->delay->medium.longest) < 0;
	actor_await(waiter);
	if (!scene_goes_on(&pair->scene))
		return -1;
	return (int)((number[GRANTED] - number[RELEASED]) / 1000);
}

/* Have the waiter take the lock from the holder, and release it. Return the time, or -1. */
static int give_to(struct pair *pair, struct actor *holder, struct actor *waiter)
{
	bool late;
	int took;

	actor_do(holder, release_it, NULL);
	late = delay_is_late(pair->delay, waiter);
	took = await_grant(pair, waiter);
	if (late && took >= 0)
		pair->delay->late_after = took / 1000;
	actor_do(waiter, release_it, NULL);
	return took;
}

static int hand_over(struct pair *pair)
{
	return give_to(pair, pair->holder, pair->waiter);
}

/* End the wait by a signal or, if the waiter ignores that, by a grant. */
static void interrupt_it(struct pair *pair)
{
	struct actor *waiter = pair->waiter;

	if (!scene_goes_on(&pair->scene) ||
	    syscall(SYS_tgkill, waiter->pid, waiter->shared->tid, SIGNAL_INTERRUPT))
		return;
	pair->delay->deaf = asleep_poll(has_returned, waiter, SIGNAL_TIME) < 0;
	if (pair->delay->deaf) {
		hand_over(pair);
		return;
	}
	actor_await(waiter);
	actor_do(pair->holder, release_it, NULL);
}

/* ---- sleepers of which it is known ---- */

/* A caller that finds the lock free must never be taken for a waiter. */
static void try_on_the_free(struct pair *pair)
{
	struct delay *delay = pair->delay;
	long long begun = asleep_clock();

	delay->free = 0;
	delay->mistaken = 0;
	while (delay->free < ROUNDS && delay_ms_since(begun) < ROUNDS_TIME &&
	       scene_goes_on(&pair->scene)) {
		actor_begin_lock(pair->waiter, EXCLUSIVE);
		delay->mistaken += actor_sleeps(pair->waiter, &delay->medium.quiet);
		delay->free++;
		actor_await(pair->waiter);
		actor_do(pair->waiter, release_it, NULL);
	}
}

/*
 * A caller that waits for a holder must always be recognized as a waiter. A late grant is measured
 * once; after that, signals end the waits.
 */
static void try_on_waiters(struct pair *pair)
{
	struct delay *delay = pair->delay;
	long long begun = asleep_clock();
	int grants[ROUNDS], count = 0;

	while (delay->held < ROUNDS && scene_goes_on(&pair->scene) && !delay->deaf &&
	       (!delay->held || delay_ms_since(begun) < ROUNDS_TIME)) {
		take_it(pair->holder);
		actor_begin(pair->waiter, wait_for_it, NULL);
		delay->found += actor_sleeps(pair->waiter, &delay->medium.quiet);
		delay->held++;
		if (delay->late_after) {
			interrupt_it(pair);
			continue;
		}
		grants[count] = hand_over(pair);
		if (delay->late_after)
			begun = asleep_clock();
		count += grants[count] >= 0;
	}
	if (!count)
		return;
	qsort(grants, count, sizeof(grants[0]), delay_by_size);
	delay->grant = grants[count / 2];
	delay->grant_most = grants[count - 1];
}

/* ---- a long wait ---- */

static int one_has_returned(void *arg)
{
	struct pair *pair = arg;

	return order_returned(pair->waiter) || order_returned(pair->other);
}

/* Have two actors wait for the holder, which then releases. Return the one that still waits. */
static struct actor *lose_a_race(struct pair *pair)
{
	struct asleep_quiet *quiet = &pair->delay->medium.quiet;

	take_it(pair->holder);
	actor_begin(pair->waiter, wait_for_it, NULL);
	actor_begin(pair->other, wait_for_it, NULL);
	if (!actor_sleeps(pair->waiter, quiet) || !actor_sleeps(pair->other, quiet))
		return NULL;
	actor_do(pair->holder, release_it, NULL);
	if (asleep_poll(one_has_returned, pair, ASLEEP_DEADLINE) < 0)
		return NULL;
	return order_returned(pair->waiter) ? pair->other : pair->waiter;
}

/* Count how often the waiter wakes up, and how long it sleeps in between. */
static void count_polls(struct delay *delay, struct actor *waiter)
{
	long long begun = asleep_clock(), last = begun;
	unsigned long switches = waiter->proof.switches;

	while (delay_ms_since(begun) < DWELL ||
	       (delay->polls && delay->polls < POLLS && delay_ms_since(begun) < LONGEST_DWELL)) {
		usleep(20000);
		asleep_look_at(&waiter->files, waiter->shared->tid, &waiter->shared->call,
			       &waiter->proof);
		if (waiter->proof.switches == switches)
			continue;
		if (delay_ms_since(last) > delay->pause)
			delay->pause = delay_ms_since(last);
		last = asleep_clock();
		switches = waiter->proof.switches;
		delay->polls++;
	}
	delay->dwell = delay_ms_since(begun);
}

/*
 * Have a waiter lose a race, and then leave it alone. A client of NFS lets its own processes wait
 * for each other, and polls only when another one was faster.
 */
static void let_it_wait(struct pair *pair)
{
	struct actor *loser = lose_a_race(pair), *winner;
	struct delay *delay = pair->delay;
	int took;

	if (!loser || !actor_sleeps(loser, &delay->medium.quiet))
		return;
	winner = loser == pair->waiter ? pair->other : pair->waiter;
	actor_await(winner);
	count_polls(delay, loser);
	actor_do(winner, release_it, NULL);
	took = await_grant(pair, loser);
	if (took >= 0)
		delay->late_grant = took;
	actor_do(loser, release_it, NULL);
	if (delay->polls)
		delay->medium.sort = MEDIUM_POLLS;
}

/*
 * With a delegation a client of NFSv4.1 decides by itself, but a waiter that loses a race there
 * sleeps for 30 s, as if the server were to call it (nfs4_retry_setlk() in fs/nfs/nfs4proc.c).
 * Whether it loses is luck: try it often.
 */
static void race(struct pair *pair)
{
	struct delay *delay = pair->delay;
	long long begun = asleep_clock();
	struct actor *loser, *winner;

	for (int i = 0; i < RACES && delay_ms_since(begun) < RACES_TIME && !delay->raced; i++) {
		loser = scene_goes_on(&pair->scene) ? lose_a_race(pair) : NULL;
		if (!loser)
			return;
		winner = loser == pair->waiter ? pair->other : pair->waiter;
		actor_await(winner);
		delay->raced = give_to(pair, winner, loser) >= 0 && delay->late;
	}
}

static void signal_it(struct pair *pair)
{
	take_it(pair->holder);
	actor_begin(pair->waiter, wait_for_it, NULL);
	if (actor_sleeps(pair->waiter, &pair->delay->medium.quiet))
		interrupt_it(pair);
}

void delay_ask_beside_a_holder(struct delay *delay, enum lock_kind kind, const char *dir)
{
	static struct pair pair;
	struct history *history = history_new();

	if (delay->medium.sort == MEDIUM_AT_ONCE || !history)
		return;
	pair.delay = delay;
	delay_use(delay, kind);
	scene_open(&pair.scene, kind, dir, history);
	pair.holder = actor_start(&pair.scene, "holder");
	pair.waiter = actor_start(&pair.scene, "waiter");
	pair.other = actor_start(&pair.scene, "other");
	take_it(pair.holder);
	actor_do(pair.waiter, try_it, NULL);
	delay->refusal = pair.scene.shared->number[TRIED];
	actor_unlock(pair.holder);
	for (try_on_the_free(&pair); delay->mistaken && delay->medium.quiet.ms < DELAY_MOST_QUIET;
	     try_on_the_free(&pair))
		delay->medium.quiet.ms *= 2;
	if (scene_goes_on(&pair.scene))
		try_on_waiters(&pair);
	if (scene_goes_on(&pair.scene) && !delay->late)
		let_it_wait(&pair);
	if (!delay->late && delay->medium.sort != MEDIUM_POLLS)
		race(&pair);
	if (scene_goes_on(&pair.scene))
		signal_it(&pair);
	if (delay->late && !delay->raced)
		delay->medium.sort = MEDIUM_POLLS;
	if (!scene_goes_on(&pair.scene))
		fprintf(stderr, "%s: %s\n", lock_kind_name(kind), pair.scene.error);
	scene_close(&pair.scene);
}
