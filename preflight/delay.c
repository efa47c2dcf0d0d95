// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "actor/actor.h"
#include "actor/rest.h"
#include "preflight/delay.h"

#define FILES		3	/* a server may treat files differently: delegations of NFSv4 */
#define CALLS		32	/* for each file, while the time lasts */
#define CALLS_TIME	200	/* ms, for each file */
#define ROUNDS		100	/* of sleepers that are known, while the time lasts */
#define ROUNDS_TIME	4000	/* ms */
#define LEAST_LOOKS	10
#define LEAST_QUIET	50	/* ms: so long a daemon's thread may wait for a CPU */
#define MOST_QUIET	200
#define DWELL		2500	/* ms: NFSv4.0 polls after 1, 2, 4 ... 30 s */
#define LONGEST_DWELL	8000
#define POLLS		3	/* that many show how they grow */
#define SIGNAL_TIME	1000	/* ms for a waiter to heed a signal */

/*
 * A waiter that may have the lock does not need longer; ms. NFS asks again after 30 s at most,
 * also where it is called back: too long to be measured.
 */
#define LONGEST_GRANT		15000
#define LONGEST_GRANT_OF_NFS	40000

static int us_since(long long begun)
{
	return (asleep_clock() - begun) / 1000;
}

static int ms_since(long long begun)
{
	return us_since(begun) / 1000;
}

/* ---- nobody is in the way ---- */

static int by_size(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/* How often has this task gone to sleep? */
static long sleeps(void)
{
	struct rusage usage;

	return getrusage(RUSAGE_THREAD, &usage) ? 0 : usage.ru_nvcsw;
}

static void call_often(struct delay *delay, struct lock *lock)
{
	long long begun = asleep_clock();
	int took[CALLS], count = 0;

	while (count < CALLS && (count < 3 || ms_since(begun) < CALLS_TIME)) {
		long long call = asleep_clock();
		long before = sleeps();

		if (lock_acquire(lock, &EXCLUSIVE, false))
			return;
		took[count++] = us_since(call);
		delay->calls++;
		delay->slept += sleeps() != before;
		if (lock_release(lock, 0, 0))
			return;
	}
	qsort(took, count, sizeof(took[0]), by_size);
	if (took[count / 2] > delay->lock)
		delay->lock = took[count / 2];
	if (took[count * 9 / 10] > delay->lock_usual)
		delay->lock_usual = took[count * 9 / 10];
	if (took[count - 1] > delay->lock_most)
		delay->lock_most = took[count - 1];
}

static bool is_nfs(const struct lock_site *site)
{
	struct statfs fs;

	return !fstatfs(site->fd, &fs) && fs.f_type == NFS_SUPER_MAGIC;
}

/*
 * A client that is alone with a file may decide by itself, and ask only when there are two: NFSv4
 * with a delegation. So count with two, as well. A wait is one sleep if it is decided at once.
 */
enum counted { CALLS_MADE = 3, CALLS_SLEPT, LONGEST_CALL };

static int count_call(struct actor *self, int (*call)(struct actor *self), int usual)
{
	unsigned long long *number = self->scene->shared->number;
	long long begun = asleep_clock();
	long before = sleeps();
	int ret = call(self);

	number[CALLS_MADE]++;
	number[CALLS_SLEPT] += sleeps() - before > usual;
	if (!usual && (unsigned int)us_since(begun) > number[LONGEST_CALL])
		number[LONGEST_CALL] = us_since(begun);
	return ret == -EAGAIN || ret == -EACCES ? 0 : ret;
}

static int try_exclusive(struct actor *self)
{
	return act_try(self, EXCLUSIVE);
}

static int wait_exclusive(struct actor *self)
{
	return act_lock(self, EXCLUSIVE);
}

static int count_try(struct actor *self, void *arg)
{
	(void)arg;
	return count_call(self, try_exclusive, 0);
}

static int count_wait(struct actor *self, void *arg)
{
	(void)arg;
	return count_call(self, wait_exclusive, 1);
}

static int count_release(struct actor *self, void *arg)
{
	(void)arg;
	return count_call(self, act_unlock, 0);
}

static void call_beside_a_holder(struct delay *delay, enum lock_kind kind, const char *dir)
{
	struct asleep_quiet any = { 0 };
	struct actor *holder, *waiter;
	static struct scene scene;
	struct history *history = history_new();

	if (!history)
		return;
	scene_open(&scene, kind, dir, history);
	holder = actor_start(&scene, "holder");
	waiter = actor_start(&scene, "waiter");
	for (int i = 0; i < FILES && scene_goes_on(&scene); i++) {
		actor_do(holder, count_try, NULL);
		actor_do(waiter, count_try, NULL);
		actor_begin(waiter, count_wait, NULL);
		actor_sleeps(waiter, &any);
		actor_do(holder, count_release, NULL);
		actor_await(waiter);
		actor_do(waiter, count_release, NULL);
	}
	delay->calls_beside = scene.shared->number[CALLS_MADE];
	delay->slept_beside = scene.shared->number[CALLS_SLEPT];
	if ((int)scene.shared->number[LONGEST_CALL] > delay->lock_usual)
		delay->lock_usual = scene.shared->number[LONGEST_CALL];
	scene_close(&scene);
	history_free(history);
}

/*
 * A local call may sleep once in a while, for memory, or while others read /proc/locks. Where
 * somebody must be asked, each call does.
 */
static bool often(int slept, int calls)
{
	return 2 * slept > calls;
}

void delay_ask_alone(struct delay *delay, enum lock_kind kind, const char *dir)
{
	*delay = (struct delay){ 0 };
	delay->medium.longest = LONGEST_GRANT;
	/* Nobody but this kernel knows a memfd. */
	if (!dir)
		return;
	for (int i = 0; i < FILES; i++) {
		struct lock_site site;
		struct lock lock;

		if (!lock_site_open(&site, kind, dir, SCENE_FILE_SIZE) &&
		    !lock_open(&lock, &site, DESCRIPTION_OWN)) {
			call_often(delay, &lock);
			if (is_nfs(&site))
				delay->medium.longest = LONGEST_GRANT_OF_NFS;
			lock_close(&lock);
		}
		lock_site_close(&site);
	}
	call_beside_a_holder(delay, kind, dir);
	/*
	 * A client of NFS that has a delegation decides by itself, without a sleep. But a waiter
	 * that loses a race there sleeps for up to 30 s beside a free lock, as if it had asked the
	 * server (nfs4_retry_setlk() in fs/nfs/nfs4proc.c). Whether it loses is luck.
	 */
	if (delay->medium.longest != LONGEST_GRANT_OF_NFS &&
	    !often(delay->slept, delay->calls) &&
	    !often(delay->slept_beside, delay->calls_beside))
		return;
	delay->medium.sort = MEDIUM_ASKS;
	delay->medium.quiet.looks = LEAST_LOOKS;
	delay->medium.quiet.ms = LEAST_QUIET + 4 * delay->lock_usual / 1000;
	if (delay->medium.quiet.ms > MOST_QUIET)
		delay->medium.quiet.ms = MOST_QUIET;
}

/* ---- a holder and a waiter ---- */

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
	self->scene->shared->number[TRIED] = us_since(begun);
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

/* The holder gives the lock to the waiter, which gives it up. Return how long that took, us. */
static int hand_over(struct pair *pair)
{
	unsigned long long *number = pair->scene.shared->number;
	int took;

	actor_do(pair->holder, release_it, NULL);
	actor_await(pair->waiter);
	took = (int)((number[GRANTED] - number[RELEASED]) / 1000);
	actor_do(pair->waiter, release_it, NULL);
	return took;
}

static void take_it(struct actor *actor)
{
	actor_begin_lock(actor, EXCLUSIVE);
	actor_await(actor);
}

/* A caller that finds the lock free is never to be taken for a waiter. */
static void try_on_the_free(struct pair *pair)
{
	struct delay *delay = pair->delay;
	long long begun = asleep_clock();

	delay->free = 0;
	delay->mistaken = 0;
	while (delay->free < ROUNDS && ms_since(begun) < ROUNDS_TIME &&
	       scene_goes_on(&pair->scene)) {
		actor_begin_lock(pair->waiter, EXCLUSIVE);
		delay->mistaken += actor_sleeps(pair->waiter, &delay->medium.quiet);
		delay->free++;
		actor_await(pair->waiter);
		actor_do(pair->waiter, release_it, NULL);
	}
}

/* One that waits for a holder is always to be found. */
static void try_on_waiters(struct pair *pair)
{
	struct delay *delay = pair->delay;
	long long begun = asleep_clock();
	int grants[ROUNDS];

	while (delay->held < ROUNDS && (!delay->held || ms_since(begun) < ROUNDS_TIME) &&
	       scene_goes_on(&pair->scene)) {
		take_it(pair->holder);
		actor_begin(pair->waiter, wait_for_it, NULL);
		delay->found += actor_sleeps(pair->waiter, &delay->medium.quiet);
		grants[delay->held++] = hand_over(pair);
	}
	qsort(grants, delay->held, sizeof(grants[0]), by_size);
	delay->grant = grants[delay->held / 2];
	delay->grant_most = grants[delay->held - 1];
}

static int has_returned(void *arg)
{
	struct actor *actor = arg;

	return __atomic_load_n(&actor->shared->done, __ATOMIC_ACQUIRE) == actor->shared->given;
}

static int one_has_returned(void *arg)
{
	struct pair *pair = arg;

	return has_returned(pair->waiter) || has_returned(pair->other);
}

/* Have two wait for the holder, which releases the lock. Return the one that goes on waiting. */
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
	return has_returned(pair->waiter) ? pair->other : pair->waiter;
}

/*
 * Leave a waiter alone, and count how often it wakes up. It has lost a race: a client of NFS first
 * lets its own processes wait for each other, and polls only when another has been faster.
 */
static void let_it_wait(struct pair *pair)
{
	struct actor *loser = lose_a_race(pair), *winner;
	unsigned long long *number = pair->scene.shared->number;
	struct delay *delay = pair->delay;
	long long begun = asleep_clock();
	unsigned long switches;

	if (!loser || !actor_sleeps(loser, &delay->medium.quiet))
		return;
	winner = loser == pair->waiter ? pair->other : pair->waiter;
	actor_await(winner);
	switches = loser->proof.switches;
	while (ms_since(begun) < DWELL ||
	       (delay->polls && delay->polls < POLLS && ms_since(begun) < LONGEST_DWELL)) {
		usleep(20000);
		asleep_look_at(&loser->files, loser->shared->tid, &loser->shared->call,
			       &loser->proof);
		delay->polls += loser->proof.switches != switches;
		switches = loser->proof.switches;
	}
	delay->dwell = ms_since(begun);
	actor_do(winner, release_it, NULL);
	actor_await(loser);
	delay->late_grant = (int)((number[GRANTED] - number[RELEASED]) / 1000);
	actor_do(loser, release_it, NULL);
	if (delay->polls)
		delay->medium.sort = MEDIUM_POLLS;
}

static void signal_it(struct pair *pair)
{
	struct delay *delay = pair->delay;

	take_it(pair->holder);
	actor_begin(pair->waiter, wait_for_it, NULL);
	if (!actor_sleeps(pair->waiter, &delay->medium.quiet) ||
	    syscall(SYS_tgkill, pair->waiter->pid, pair->waiter->shared->tid, SIGNAL_INTERRUPT))
		return;
	delay->deaf = asleep_poll(has_returned, pair->waiter, SIGNAL_TIME) < 0;
	hand_over(pair);
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
	for (try_on_the_free(&pair); delay->mistaken && delay->medium.quiet.ms < MOST_QUIET;
	     try_on_the_free(&pair))
		delay->medium.quiet.ms *= 2;
	if (scene_goes_on(&pair.scene))
		try_on_waiters(&pair);
	if (scene_goes_on(&pair.scene))
		let_it_wait(&pair);
	if (scene_goes_on(&pair.scene))
		signal_it(&pair);
	if (!scene_goes_on(&pair.scene))
		fprintf(stderr, "%s: %s\n", lock_kind_name(kind), pair.scene.error);
	scene_close(&pair.scene);
}

/* ---- what was measured ---- */

void delay_use(const struct delay *delay, enum lock_kind kind)
{
	const struct medium *medium = &delay->medium;
	char text[80];

	snprintf(text, sizeof(text), "%s=%s %d %d %d 1000", lock_kind_name(kind),
		 medium_sort_name(medium->sort), medium->quiet.looks, medium->quiet.ms,
		 medium->longest);
	if (medium->sort != MEDIUM_AT_ONCE)
		setenv("LOCKFAIR_DELAY", text, 1);
	else
		unsetenv("LOCKFAIR_DELAY");
}

void delay_print(const struct delay *delay, enum lock_kind kind)
{
	const struct medium *medium = &delay->medium;

	if (!delay->calls)
		return;
	printf("%s\tdelay\t%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d/%d\t%d/%d\n",
	       lock_kind_name(kind), medium_sort_name(medium->sort), medium->quiet.looks,
	       medium->quiet.ms, medium->longest, delay->lock, delay->lock_most, delay->refusal,
	       delay->grant, delay->grant_most, delay->dwell, delay->late_grant, delay->polls,
	       delay->found, delay->held, delay->mistaken, delay->free);
	if (delay->deaf)
		printf("%s\tdeaf\ta signal to a waiter\t\tfault\n", lock_kind_name(kind));
}
