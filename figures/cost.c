// SPDX-License-Identifier: GPL-2.0
/*
 * What does an uncontended lock cost, and how long does it take from a release in one process to
 * the grant in another that waits for it?
 */
#define _GNU_SOURCE
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "figures/figure.h"
#include "figures/statistics.h"
#include "system/cpu.h"
#include "system/futex.h"

#define BATCH		64	/* pairs of calls between two readings of the clock */
#define BATCHES		100
#define HANDOFFS	300
#define TIME_FOR_EACH	40e6	/* nanoseconds for each figure of a kind and round */

/* What giver and taker share. */
static struct shared {
	int cpu[2];		/* of the giver, of the taker */
	pid_t taker;
	struct asleep_call call;	/* where the taker will sleep */
	unsigned int there;	/* the taker has announced itself */
	unsigned int turn;	/* the taker may ask for the nth time … */
	unsigned int taken;	/* … and has been granted it */
	double granted;		/* when */
	int count;
	double sample[HANDOFFS];
} *shared;

#define NO_MORE		(~0u)

static int lock_and_unlock(struct actor *self, void *arg)
{
	double begun = figure_now(), before = begun, after;
	struct lock *lock = self->lock;
	int err = cpu_pin(0, shared->cpu[0]);

	(void)arg;
	shared->count = 0;
	while (!err && shared->count < BATCHES) {
		for (int i = 0; !err && i < BATCH; i++) {
			err = lock_acquire(lock, &EXCLUSIVE, true);
			if (!err)
				err = lock_release(lock, 0, 0);
		}
		after = figure_now();
		shared->sample[shared->count++] = (after - before) / BATCH;
		before = after;
		if (after - begun > TIME_FOR_EACH)
			break;
	}
	return err;
}

/*
 * For comparison, a lock that stays in user space: a mutex between processes. It is not a kind,
 * because its waiters have no order; the futex control always makes its system calls.
 */
static int mutex_lock_and_unlock(void)
{
	pthread_mutex_t *mutex = figure_shared(sizeof(*mutex));
	pthread_mutexattr_t attributes;
	double before = figure_now(), after;

	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
	pthread_mutex_init(mutex, &attributes);
	for (shared->count = 0; shared->count < BATCHES; shared->count++) {
		for (int i = 0; i < BATCH; i++) {
			if (pthread_mutex_lock(mutex) || pthread_mutex_unlock(mutex))
				return -EIO;
		}
		after = figure_now();
		shared->sample[shared->count] = (after - before) / BATCH;
		before = after;
	}
	munmap(mutex, sizeof(*mutex));
	return 0;
}

static int take(struct actor *self, void *arg)
{
	struct lock *lock = self->lock;
	unsigned int turn;
	int err = cpu_pin(0, shared->cpu[1]);

	(void)arg;
	shared->taker = syscall(SYS_gettid);
	shared->call = lock_sleeps_in(lock, MODE_EXCLUSIVE);
	futex_announce(&shared->there, 1);
	for (turn = 1; !err; turn++) {
		futex_await(&shared->turn, turn - 1);
		if (__atomic_load_n(&shared->turn, __ATOMIC_ACQUIRE) == NO_MORE)
			return 0;
		err = lock_acquire(lock, &EXCLUSIVE, true);
		shared->granted = figure_now();
		if (!err)
			err = lock_release(lock, 0, 0);
		futex_announce(&shared->taken, err ? NO_MORE : turn);
	}
	return err;
}

static int give(struct actor *self, void *arg)
{
	double begun = figure_now(), released;
	struct lock *lock = self->lock;
	unsigned int turn;
	int err = cpu_pin(0, shared->cpu[0]);

	(void)arg;
	futex_await(&shared->there, 0);
	shared->count = 0;
	for (turn = 1; !err && shared->count < HANDOFFS; turn++) {
		err = lock_acquire(lock, &EXCLUSIVE, true);
		if (err)
			break;
		futex_announce(&shared->turn, turn);
		err = figure_asleep(shared->taker, &shared->call);
		released = figure_now();
		if (lock_release(lock, 0, 0) || err)
			break;
		futex_await(&shared->taken, turn - 1);
		if (__atomic_load_n(&shared->taken, __ATOMIC_ACQUIRE) == NO_MORE)
			break;
		shared->sample[shared->count++] = shared->granted - released;
		if (figure_now() - begun > TIME_FOR_EACH)
			break;
	}
	futex_announce(&shared->turn, NO_MORE);
	return err;
}

static void print_percentiles(struct figure_run *run, const char *figure, const char *kind)
{
	char name[64];

	statistics_sort(shared->sample, shared->count);
	snprintf(name, sizeof(name), "%s_median", figure);
	figure_value(run, name, kind, "-",
		     statistics_percentile(shared->sample, shared->count, 50), "ns");
	snprintf(name, sizeof(name), "%s_p99", figure);
	figure_value(run, name, kind, "-",
		     statistics_percentile(shared->sample, shared->count, 99), "ns");
	snprintf(name, sizeof(name), "%s_worst", figure);
	figure_value(run, name, kind, "-",
		     statistics_percentile(shared->sample, shared->count, 100), "ns");
}

static void handoff(struct figure_run *run, struct scene *scene, const char *figure, int to)
{
	struct actor *giver = &scene->actor[0], *taker = &scene->actor[1];
	int err;

	*shared = (struct shared){ .cpu = { run->cpu[0], to } };
	actor_begin(taker, take, NULL);
	actor_begin(giver, give, NULL);
	err = actor_await(giver);
	if (!err)
		err = actor_await(taker);
	if (err)
		scene_broken(scene, "%s: %s", figure, strerror(-err));
	else
		print_percentiles(run, figure, lock_kind_name(scene->site->kind));
}

static void cost(struct figure_run *run, enum lock_kind kind)
{
	struct scene scene;
	struct actor *giver;
	int err;

	scene_open(&scene, kind, run->dir, run->history);
	giver = actor_start(&scene, "giver");
	actor_start(&scene, "taker");
	shared->cpu[0] = run->cpu[0];
	err = actor_do(giver, lock_and_unlock, NULL);
	if (err && scene_goes_on(&scene))
		scene_broken(&scene, "lock and unlock: %s", strerror(-err));
	if (scene_goes_on(&scene)) {
		print_percentiles(run, "uncontended", lock_kind_name(kind));
		handoff(run, &scene, "handoff_one_cpu", run->cpu[0]);
	}
	if (scene_goes_on(&scene) && run->cpus > 1)
		handoff(run, &scene, "handoff_two_cpus", run->cpu[1]);
	figure_scene_close(run, &scene, kind);
}

int main(int argc, char *argv[])
{
	struct figure_run run;

	figure_begin(&run, "cost", argc, argv);
	shared = figure_shared(sizeof(*shared));
	if (run.cpus > 1)
		printf("# cost: pinned to CPU %d, and to %d and %d\n", run.cpu[0], run.cpu[0],
		       run.cpu[1]);
	else
		printf("# cost: pinned to CPU %d; there is no second one\n", run.cpu[0]);
	printf("# cost: lock and unlock in batches of %d\n", BATCH);
	while (figure_next_round(&run)) {
		for (int i = 0; i < KINDS; i++)
			cost(&run, figure_kind(&run, i));
		if (!mutex_lock_and_unlock())
			print_percentiles(&run, "uncontended", "mutex");
	}
	return figure_end(&run);
}
