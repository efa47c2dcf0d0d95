// SPDX-License-Identifier: GPL-2.0
/*
 * Pressure: are all granted, where a thousand wait? (A hundred, with LOCKFAIR_EFFORT=10.)
 *
 * Each once, and nobody has anything of the lock afterwards. What it costs is printed, and
 * decides nothing. (Thousands of locks: tests/many_locks.c. Nothing left of something else:
 * tests/exhaustion.c.)
 */
#include <sched.h>
#include <sys/syscall.h>

#include "pressure.h"

CLASS(practice);

#define WAITERS		1000
#define WAITER_STACK	262144	/* no less than any machine's least */

/*
 * Much smaller than an actor: a thread. unshare(2) gives it a descriptor table, by which
 * fs/locks.c knows the owner of a POSIX lock.
 */
struct waiter {
	pthread_t thread;
	pid_t tid;
	struct asleep_call call;
	struct asleep_proof proof;
	bool asleep;
	int result;
};

static struct crowd {
	const struct lock_site *site;
	struct waiter waiter[WAITERS];
	int count;
	int inside, inside_together, granted, returned;
} crowd;

static int wait_and_leave(struct waiter *me)
{
	struct lock lock;
	int ret = unshare(CLONE_FILES) ? -errno : lock_open(&lock, crowd.site, DESCRIPTION_OWN);

	if (ret)
		return ret;
	me->call = lock_sleeps_in(&lock, MODE_EXCLUSIVE);
	__atomic_store_n(&me->tid, syscall(SYS_gettid), __ATOMIC_RELEASE);
	ret = lock_acquire(&lock, &EXCLUSIVE, true);
	if (ret)
		return ret;
	if (__atomic_fetch_add(&crowd.inside, 1, __ATOMIC_SEQ_CST))
		crowd.inside_together++;
	crowd.granted++;
	__atomic_fetch_sub(&crowd.inside, 1, __ATOMIC_SEQ_CST);
	return lock_release(&lock, 0, 0);
}

static void *live(void *arg)
{
	struct waiter *me = arg;

	me->result = wait_and_leave(me);
	__atomic_fetch_add(&crowd.returned, 1, __ATOMIC_RELEASE);
	return NULL;
}

/* Whoever sleeps goes on to sleep: nothing is released yet. One look at each will do. */
static int all_wait(void *arg)
{
	bool all = true;

	(void)arg;
	for (int i = 0; i < crowd.count; i++) {
		struct waiter *waiter = &crowd.waiter[i];
		pid_t tid = __atomic_load_n(&waiter->tid, __ATOMIC_ACQUIRE);

		if (!waiter->asleep && tid)
			waiter->asleep = asleep_look(tid, &waiter->call, &waiter->proof) == 1;
		all &= waiter->asleep;
	}
	return __atomic_load_n(&crowd.returned, __ATOMIC_ACQUIRE) ? -EPIPE : all;
}

static int more_than(void *arg)
{
	return __atomic_load_n(&crowd.returned, __ATOMIC_ACQUIRE) > *(int *)arg;
}

/* Until all have returned, or for long nobody has. */
static void await_crowd(void)
{
	int before;

	do
		before = __atomic_load_n(&crowd.returned, __ATOMIC_ACQUIRE);
	while (before < crowd.count && asleep_poll(more_than, &before, ASLEEP_DEADLINE) > 0);
}

static int how_many_sleep(void)
{
	int sleepers = 0;

	for (int i = 0; i < crowd.count; i++)
		sleepers += crowd.waiter[i].asleep;
	return sleepers;
}

/* Until all sleep, or for long nobody more. */
static void await_sleepers(struct scene *scene)
{
	int before, ret = -ETIMEDOUT;

	if (scene->trouble[0])
		return;
	do
		before = how_many_sleep();
	while ((ret = asleep_poll(all_wait, NULL, ASLEEP_DEADLINE)) == -ETIMEDOUT &&
	       how_many_sleep() > before);
	if (ret == -ETIMEDOUT)
		trouble(scene, TROUBLE_STEP, "%d of %d waiters are asleep, and no more",
			how_many_sleep(), crowd.count);
	for (int i = 0; ret == -EPIPE && i < crowd.count; i++) {
		if (crowd.waiter[i].result)
			trouble(scene, TROUBLE_BROKEN, "waiter %d of %d: %s", i + 1, crowd.count,
				strerror(-crowd.waiter[i].result));
	}
	if (ret == -EPIPE)
		trouble(scene, TROUBLE_STEP, "a waiter was granted the lock beside the holder");
}

/* 0 or an errno */
static int start_crowd(struct scene *scene, int count, void *(*lives)(void *))
{
	pthread_attr_t attr;
	int err;

	memset(&crowd, 0, sizeof(crowd));
	crowd.site = scene->site;
	err = pthread_attr_init(&attr);
	if (!err)
		err = pthread_attr_setstacksize(&attr, WAITER_STACK);
	for (; !err && crowd.count < count; crowd.count++)
		err = pthread_create(&crowd.waiter[crowd.count].thread, &attr, lives,
				     &crowd.waiter[crowd.count]);
	if (err)
		crowd.count--;
	return err;
}

static void join_crowd(void)
{
	for (int i = 0; i < crowd.count; i++)
		pthread_join(crowd.waiter[i].thread, NULL);
}

/* ---- where no more threads can be started ---- */

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;

static void *wait_at_the_gate(void *arg)
{
	pthread_mutex_lock(&gate);
	pthread_mutex_unlock(&gate);
	return arg;
}

/* Can there be as many threads that have nothing to do with locks, after those that have? */
static bool may_have_threads(struct scene *scene, struct actor *holder, int count)
{
	int err;

	actor_unlock(holder);
	await_crowd();
	if (crowd.returned < crowd.count)
		trouble(scene, TROUBLE_STEP, "%d of %d waiters sleep on",
			crowd.count - crowd.returned, crowd.count);
	if (scene->trouble[0])
		return true;
	join_crowd();
	pthread_mutex_lock(&gate);
	err = start_crowd(scene, count, wait_at_the_gate);
	pthread_mutex_unlock(&gate);
	join_crowd();
	return !err;
}

/*
 *	holder     HHHHHHHHHHHHH.
 *	waiter1       wwwwwwwwwwwH.
 *	…                          …
 *	waiter1000        wwwwwww           H.
 */
CLAIM(practice, TRAIT_FILE, each_of_a_crowd_of_waiters_is_granted)
{
	struct actor *holder = actor_start(&self->scene, "holder");
	int sizes[] = { 10, 100, expectation_size(WAITERS, 100) };

	for (int size = 0; size < (sizes[2] > 100 ? 3 : 2); size++) {
		int count = sizes[size];
		double begun;
		int err;

		actor_lock(holder, EXCLUSIVE);
		err = start_crowd(&self->scene, count, live);
		SKIPS_UNLESS(!err || may_have_threads(&self->scene, holder, count),
			     "so many threads are not permitted");
		if (err)
			trouble(&self->scene, TROUBLE_BROKEN, "starting a thread: %s",
				strerror(err));
		await_sleepers(&self->scene);
		begun = now();
		actor_unlock(holder);
		await_crowd();
		begun = now() - begun;
		HOLDS(crowd.returned == count, "a waiter is lost", "%d of %d waiters sleep on",
		      count - crowd.returned, count);
		join_crowd();
		for (int i = 0; i < count; i++)
			HOLDS(!crowd.waiter[i].result, "a waiter was refused",
			      "waiter %d of %d: %s", i + 1, count,
			      strerror(-crowd.waiter[i].result));
		HOLDS(crowd.granted == count && !crowd.inside_together, "two held it together",
		      "%d grants to %d waiters, %d to more than one at a time", crowd.granted,
		      count, crowd.inside_together);
		expectation_say("%d waiters: %.1f us from grant to grant", count, begun / count);
		ALL_IS_FREE(holder);
	}
}

EXPECTATION_MAIN
