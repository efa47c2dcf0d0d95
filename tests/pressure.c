// SPDX-License-Identifier: GPL-2.0
/*
 * Pressure: are all of a thousand waiters granted the lock? (A hundred, with LOCKFAIR_EFFORT=10.)
 *
 * Each is granted it once, and afterwards the lock is free. The test prints what it costs, and
 * does not judge that. (many_locks.c: thousands of locks; exhaustion.c: no descriptors or
 * processes left.)
 */
#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>

#include "pressure.h"

#define WAITERS		1000
#define WAITER_STACK	262144	/* at least PTHREAD_STACK_MIN of any machine */

/*
 * A waiter is a thread, which is much smaller than an actor. unshare(2) gives it a descriptor
 * table of its own, by which fs/locks.c knows the owner of a POSIX lock.
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

static void *wait_and_return(void *arg)
{
	struct waiter *me = arg;

	me->result = wait_and_leave(me);
	__atomic_fetch_add(&crowd.returned, 1, __ATOMIC_RELEASE);
	return NULL;
}

/*
 * Nothing is released yet, so no sleeper wakes up, and one look at each is enough. -EPIPE: one has
 * returned; -EOPNOTSUPP: whether they sleep cannot be seen.
 */
static int all_wait(void *arg)
{
	bool all = true, unseen = false;

	(void)arg;
	for (int i = 0; i < crowd.count; i++) {
		struct waiter *waiter = &crowd.waiter[i];
		pid_t tid = __atomic_load_n(&waiter->tid, __ATOMIC_ACQUIRE);
		int ret = 0;

		if (!waiter->asleep && tid)
			ret = asleep_look(tid, &waiter->call, &waiter->proof);
		waiter->asleep |= ret == 1;
		unseen |= ret == -EOPNOTSUPP;
		all &= waiter->asleep;
	}
	if (__atomic_load_n(&crowd.returned, __ATOMIC_ACQUIRE))
		return -EPIPE;
	return unseen ? -EOPNOTSUPP : all;
}

static int more_have_returned(void *arg)
{
	return __atomic_load_n(&crowd.returned, __ATOMIC_ACQUIRE) > *(int *)arg;
}

/* Wait until all have returned, or no other has for ASLEEP_DEADLINE. */
static void await_crowd(void)
{
	int before;

	do
		before = __atomic_load_n(&crowd.returned, __ATOMIC_ACQUIRE);
	while (before < crowd.count &&
	       asleep_poll(more_have_returned, &before, ASLEEP_DEADLINE) > 0);
}

static int how_many_sleep(void)
{
	int sleepers = 0;

	for (int i = 0; i < crowd.count; i++)
		sleepers += crowd.waiter[i].asleep;
	return sleepers;
}

/* Wait until all sleep; the scene fails if no other falls asleep for ASLEEP_DEADLINE. */
static void await_sleepers(struct scene *scene)
{
	int before, ret = -ETIMEDOUT;

	if (!scene_goes_on(scene))
		return;
	do
		before = how_many_sleep();
	while ((ret = asleep_poll(all_wait, NULL, ASLEEP_DEADLINE)) == -ETIMEDOUT &&
	       how_many_sleep() > before);
	skip_unless(scene, ret != -EOPNOTSUPP, ASLEEP_IS_HIDDEN);
	if (ret == -ETIMEDOUT)
		scene_failed(scene, "%d of %d waiters are asleep, and no more",
			     how_many_sleep(), crowd.count);
	for (int i = 0; ret == -EPIPE && i < crowd.count; i++) {
		if (crowd.waiter[i].result)
			scene_broken(scene, "waiter %d of %d: %s", i + 1, crowd.count,
				     strerror(-crowd.waiter[i].result));
	}
	if (ret == -EPIPE)
		scene_failed(scene, "a waiter was granted the lock beside the holder");
}

/* Start @count threads. Return 0 or an errno; crowd.count is how many were started. */
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

/* ---- if so many threads cannot be started ---- */

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;

static void *wait_at_the_gate(void *arg)
{
	pthread_mutex_lock(&gate);
	pthread_mutex_unlock(&gate);
	return arg;
}

/* After the waiters have gone, can as many threads be started that do not lock anything? */
static bool may_have_threads(struct scene *scene, struct actor *holder, int count)
{
	int err;

	actor_unlock(holder);
	await_crowd();
	if (crowd.returned < crowd.count)
		scene_failed(scene, "%d of %d waiters sleep on",
			     crowd.count - crowd.returned, crowd.count);
	if (!scene_goes_on(scene))
		return true;
	join_crowd();
	pthread_mutex_lock(&gate);
	err = start_crowd(scene, count, wait_at_the_gate);
	pthread_mutex_unlock(&gate);
	join_crowd();
	return !err;
}

static bool starts_crowd(struct scene *scene, struct actor *holder, int count)
{
	int err;

	if (!scene_needs_wait(scene, EXCLUSIVE))
		return false;
	err = start_crowd(scene, count, wait_and_return);
	skip_unless(scene, !err || may_have_threads(scene, holder, count),
		    "this many threads are not permitted");
	if (err)
		scene_broken(scene, "starting a thread: %s", strerror(err));
	return scene_goes_on(scene);
}

static bool each_was_granted_once(struct scene *scene)
{
	int count = crowd.count;

	for (int i = 0; i < count; i++)
		holds(scene, !crowd.waiter[i].result, "waiter %d of %d: %s", i + 1, count,
		      strerror(-crowd.waiter[i].result));
	return holds(scene, crowd.granted == count && !crowd.inside_together,
		     "%d grants to %d waiters, %d to several at the same time", crowd.granted,
		     count, crowd.inside_together);
}

/* Let @count waiters queue behind the holder. All are granted the lock after its release. */
static void crowd_is_granted(struct scene *scene, struct actor *holder, int count)
{
	double begun;

	actor_lock(holder, EXCLUSIVE);
	if (!starts_crowd(scene, holder, count))
		return;
	await_sleepers(scene);
	begun = now();
	actor_unlock(holder);
	await_crowd();
	begun = now() - begun;
	if (!holds(scene, crowd.returned == count, "%d of %d waiters sleep on",
		   count - crowd.returned, count))
		return;
	join_crowd();
	if (!each_was_granted_once(scene))
		return;
	claim_say("%d waiters: %.1f us from grant to grant", count, begun / count);
	all_is_free(holder);
}

/*
 *	holder     HHHHHHHHHHHHH.
 *	waiter1       wwwwwwwwwwwH.
 *	…                          …
 *	waiter1000        wwwwwww           H.
 */
PRACTICE(FILE_LOCKS, each_of_a_crowd_of_waiters_is_granted)
{
	struct actor *holder = actor_start(scene, "holder");
	int sizes[] = { 10, 100, claim_size(WAITERS, 100) };

	for (int size = 0; size < (sizes[2] > 100 ? 3 : 2); size++)
		crowd_is_granted(scene, holder, sizes[size]);
}

CLAIM_MAIN
