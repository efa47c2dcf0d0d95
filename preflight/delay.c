// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/vfs.h>

#include "actor/actor.h"
#include "actor/rest.h"
#include "preflight/delay.h"
#include "preflight/trait.h"

#define FILES		3	/* a server may treat files differently: delegations of NFSv4 */
#define CALLS		32	/* for each file, unless the time is up */
#define CALLS_TIME	200	/* ms, for each file */
#define LEAST_LOOKS	10
#define LEAST_QUIET	50	/* ms: how long a daemon's thread may have to wait for a CPU */

/*
 * ms: a free lock is granted within this time. NFS polls again after up to 30 s, even where the
 * server calls back: that is too long to be measured.
 */
#define LONGEST_GRANT		15000
#define LONGEST_GRANT_OF_NFS	40000

int delay_us_since(long long begun)
{
	return (asleep_clock() - begun) / 1000;
}

int delay_ms_since(long long begun)
{
	return delay_us_since(begun) / 1000;
}

/* ---- nobody is in the way ---- */

int delay_by_size(const void *a, const void *b)
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

	while (count < CALLS && (count < 3 || delay_ms_since(begun) < CALLS_TIME)) {
		long long call = asleep_clock();
		long before = sleeps();

		if (lock_acquire(lock, &EXCLUSIVE, false))
			return;
		took[count++] = delay_us_since(call);
		delay->calls++;
		delay->slept += sleeps() != before;
		if (lock_release(lock, 0, 0))
			return;
	}
	qsort(took, count, sizeof(took[0]), delay_by_size);
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
 * An NFSv4 client that has a delegation decides by itself, until another client opens the file. So
 * count the calls of a lone process, and then those beside a holder and a waiter. A wait for a lock
 * that is decided at once is one sleep.
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
	if (!usual && (unsigned int)delay_us_since(begun) > number[LONGEST_CALL])
		number[LONGEST_CALL] = delay_us_since(begun);
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
		if (delay_is_late(delay, waiter))
			break;
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
 * A local call sleeps once in a while, for memory, or while others read /proc/locks. A call that
 * asks a daemon or a server sleeps each time.
 */
static bool often(int slept, int calls)
{
	return 2 * slept > calls;
}

void delay_ask_alone(struct delay *delay, enum lock_kind kind, const char *dir)
{
	bool delegates = false;

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
			if (is_nfs(&site)) {
				const char *read_only = trait_flock_read_only(&site);

				delay->medium.longest = LONGEST_GRANT_OF_NFS;
				delegates |= read_only && !strcmp(read_only, "EBADF");
			}
			lock_close(&lock);
		}
		lock_site_close(&site);
	}
	call_beside_a_holder(delay, kind, dir);
	/*
	 * A client of NFS 4 that has a delegation decides by itself, without a sleep. But a waiter
	 * that loses a race there sleeps for up to 30 s although the lock is free, as if it had
	 * asked the server (nfs4_retry_setlk() in fs/nfs/nfs4proc.c). Whether it loses is luck. NFS
	 * 3 has no delegations: if its calls do not sleep, its locks are local (nolock).
	 */
	if (!delegates &&
	    !often(delay->slept, delay->calls) &&
	    !often(delay->slept_beside, delay->calls_beside)) {
		/* fs/locks.c never grants late: it forgot this waiter, which is judged later. */
		delay->late = false;
		return;
	}
	delay->medium.sort = delay->late ? MEDIUM_POLLS : MEDIUM_ASKS;
	delay->medium.quiet.looks = LEAST_LOOKS;
	delay->medium.quiet.ms = LEAST_QUIET + 4 * delay->lock_usual / 1000;
	if (delay->medium.quiet.ms > DELAY_MOST_QUIET)
		delay->medium.quiet.ms = DELAY_MOST_QUIET;
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
	printf("%s\tdelay\t%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d/%d\t%d/%d",
	       lock_kind_name(kind), medium_sort_name(medium->sort), medium->quiet.looks,
	       medium->quiet.ms, medium->longest, delay->lock, delay->lock_most, delay->refusal,
	       delay->grant, delay->grant_most, delay->dwell, delay->late_grant, delay->polls,
	       delay->found, delay->held, delay->mistaken, delay->free);
	printf("\t%d\t%s%d\n", delay->pause, delay->late ? "late " : "", delay->late_after);
	if (delay->lost || delay->late)
		printf("%s\t%s\ta waiter%s\t\tfault\n", lock_kind_name(kind),
		       delay->lost ? "lost" : "late",
		       delay->raced ? " that has lost a race" : "");
	if (delay->deaf)
		printf("%s\tdeaf\ta signal to a waiter\t\tfault\n", lock_kind_name(kind));
}
