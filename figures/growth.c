// SPDX-License-Identifier: GPL-2.0
/*
 * How does the cost of a grant grow with the number of waiters, and the cost of a lock call with
 * the number of ranges that are locked in the file already?
 *
 * Waiters: processes on one CPU, all asleep in their request when the holder releases; the time
 * until the last has had the lock, divided by their number.
 *
 * Ranges: single bytes with a free one between any two, of the caller itself or of others. The
 * call is for a byte behind them all. Locking them one by one would take quadratic time. Instead a
 * large range is locked and its odd bytes are released, the last first: then only one entry of the
 * kernel's list comes before each.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "figures/figure.h"
#include "figures/statistics.h"
#include "system/cpu.h"
#include "system/futex.h"

#define WAITERS		1000
#define RANGES		100000
#define OWNERS		500	/* at most, each with several ranges and a descriptor */
#define SIZES		6
#define FIT		3	/* the largest sizes: small ones cost no more than a call */
#define CALLS		200
#define TIME_FOR_CALLS	2e6	/* nanoseconds for each size, kind and round */
#define TIME_TO_LOCK	1e9	/* a kind that takes longer gets no larger number of ranges */

/* The curve of a cost: the sizes, and the cost at each. */
struct growth {
	const char *figure;
	int count;
	double size[SIZES];
	double cost[SIZES];
};

static void grow(struct figure_run *run, struct growth *growth, enum lock_kind kind, int size,
		 double cost)
{
	char parameter[16];

	snprintf(parameter, sizeof(parameter), "%d", size);
	figure_value(run, growth->figure, lock_kind_name(kind), parameter, cost, "ns");
	growth->size[growth->count] = size;
	growth->cost[growth->count++] = cost;
}

static void fit(struct figure_run *run, const struct growth *growth, enum lock_kind kind)
{
	int first = growth->count - FIT;
	char name[64];

	if (first < 0)
		return;
	snprintf(name, sizeof(name), "%s_exponent", growth->figure);
	figure_value(run, name, lock_kind_name(kind), "-",
		     statistics_exponent(growth->size + first, growth->cost + first, FIT),
		     "exponent");
}

static const char *reason(int err)
{
	return err == -ETIMEDOUT ? "it takes too long" : strerror(-err);
}

/* ---- waiters ---- */

static struct shared {
	unsigned int failed;
	unsigned int granted;
	unsigned int done;	/* all waiters have been granted it */
	double end;
	struct asleep_call call[WAITERS];
	unsigned int ready[WAITERS];
} *shared;

static void wait_for_it(const struct lock_site *site, int me, unsigned int waiters)
{
	struct lock lock;
	int err = lock_open(&lock, site, DESCRIPTION_OWN);

	if (err) {
		__atomic_store_n(&shared->failed, 1, __ATOMIC_SEQ_CST);
		futex_announce(&shared->ready[me], 1);
		_exit(1);
	}
	shared->call[me] = lock_sleeps_in(&lock, MODE_EXCLUSIVE);
	futex_announce(&shared->ready[me], 1);
	err = lock_acquire(&lock, &EXCLUSIVE, true);
	if (!err)
		err = lock_release(&lock, 0, 0);
	if (err)
		__atomic_store_n(&shared->failed, 1, __ATOMIC_SEQ_CST);
	if (__atomic_add_fetch(&shared->granted, 1, __ATOMIC_SEQ_CST) == waiters) {
		shared->end = figure_now();
		futex_announce(&shared->done, 1);
	}
	/* No actor may exit within the measured time. */
	futex_await(&shared->done, 0);
	_exit(0);
}

static int queue_up(const struct lock_site *site, pid_t *pid, int waiters)
{
	pid_t parent = getpid();
	int err = 0;

	for (int i = 0; i < waiters; i++) {
		pid[i] = fork();
		if (!pid[i]) {
			actor_die_with_parent(parent);
			wait_for_it(site, i, waiters);
		}
		if (pid[i] < 0)
			return -errno;
	}
	for (int i = 0; !err && i < waiters; i++) {
		futex_await(&shared->ready[i], 0);
		err = shared->failed ? -EIO : figure_asleep(pid[i], &shared->call[i]);
	}
	return err;
}

/* Return the time until all waiters have been granted the lock, or NAN and -errno in @err. */
static double drain(const struct lock_site *site, int waiters, int *err)
{
	static pid_t pid[WAITERS];
	double begun = NAN;
	struct lock lock;

	memset(shared, 0, sizeof(*shared));
	memset(pid, 0, sizeof(pid));
	*err = lock_open(&lock, site, DESCRIPTION_OWN);
	if (*err)
		return NAN;
	*err = lock_acquire(&lock, &EXCLUSIVE, true);
	if (!*err)
		*err = queue_up(site, pid, waiters);
	if (!*err) {
		begun = figure_now();
		*err = lock_release(&lock, 0, 0);
		if (!*err)
			futex_await(&shared->done, 0);
	}
	for (int i = 0; i < waiters; i++) {
		if (pid[i] > 0)
			kill(pid[i], SIGKILL);
	}
	while (wait(NULL) > 0 || errno == EINTR)
		;
	lock_close(&lock);
	return shared->end - begun;
}

static void with_waiters(struct figure_run *run, enum lock_kind kind)
{
	struct growth growth = { .figure = "growth_grant" };

	for (int waiters = 1; waiters <= WAITERS; waiters *= 10) {
		struct lock_site site;
		double took;
		int err;

		if (kind == KIND_EVENTFD && waiters >= LOCK_BATONS) {
			figure_note(run, "growth: eventfd: no more than %d can wait",
				    LOCK_BATONS - 1);
			break;
		}
		err = lock_site_open(&site, kind, run->dir, SCENE_FILE_SIZE);
		took = err ? NAN : drain(&site, waiters, &err);
		lock_site_close(&site);
		if (err) {
			figure_note(run, "growth: %s, %d waiters: %s", lock_kind_name(kind),
				    waiters, reason(err));
			break;
		}
		grow(run, &growth, kind, waiters, took / waiters);
	}
	fit(run, &growth, kind);
}

/* ---- ranges ---- */

/* Lock every other one of 2 * @count bytes from @start on. */
static int lock_ranges(struct lock *lock, off_t start, int count, double deadline)
{
	int err = 0;

	for (int i = count - 1; !err && i >= 0; i--) {
		err = lock_release(lock, start + 2 * i + 1, 1);
		if (!err && i % 100 == 0 && figure_now() > deadline)
			err = -ETIMEDOUT;
	}
	return err;
}

static int lock_large(struct lock *lock, off_t start, int count)
{
	return lock_acquire(lock, &EXCLUSIVE_ON(start, 2 * count), true);
}

/*
 * Ranges of other owners. For every kind these are descriptions with OFD locks: the kernel has them
 * in one list with those of posix and lockf, and a process can be many owners.
 */
static int lock_by_others(const struct lock_site *site, struct lock *owner, int owners, int count,
			  double deadline)
{
	int each = count / owners, err = 0;

	for (int i = 0; !err && i < owners; i++) {
		err = lock_open(&owner[i], site, DESCRIPTION_OWN);
		if (!err)
			err = lock_large(&owner[i], (off_t)2 * each * i, each);
	}
	/*
	 * Release the last range first: before it the list still has only one entry for each owner.
	 */
	for (int i = owners - 1; !err && i >= 0; i--)
		err = lock_ranges(&owner[i], (off_t)2 * each * i, each, deadline);
	return err;
}

static double one_call(struct lock *lock, off_t at, int *err)
{
	double sample[CALLS], begun = figure_now();
	int count;

	for (count = 0; !*err && count < CALLS; count++) {
		double before = figure_now();

		*err = lock_acquire(lock, &EXCLUSIVE_ON(at, 1), true);
		sample[count] = figure_now() - before;
		if (!*err)
			*err = lock_release(lock, at, 1);
		if (count >= 1 && figure_now() - begun > TIME_FOR_CALLS)
			break;
	}
	statistics_sort(sample, count);
	return statistics_percentile(sample, count, 50);
}

static double lock_call(struct figure_run *run, enum lock_kind kind, int ranges, bool others,
			int *err)
{
	static struct lock owner[OWNERS];
	int owners = ranges < OWNERS ? ranges : OWNERS;
	double cost = NAN, deadline = figure_now() + TIME_TO_LOCK;
	struct lock_site site, share = { .fd = -1 };
	struct lock lock = { .fd = -1 };

	memset(share.baton, -1, sizeof(share.baton));
	for (int i = 0; i < OWNERS; i++)
		owner[i].fd = -1;
	*err = lock_site_open(&site, kind, run->dir, SCENE_FILE_SIZE);
	if (!*err)
		*err = lock_open(&lock, &site, DESCRIPTION_OWN);
	if (!*err && others) {
		*err = lock_site_share(&share, KIND_OFD, &site);
		if (!*err)
			*err = lock_by_others(&share, owner, owners, ranges, deadline);
	} else if (!*err) {
		*err = lock_large(&lock, 0, ranges);
		if (!*err)
			*err = lock_ranges(&lock, 0, ranges, deadline);
	}
	if (!*err)
		cost = one_call(&lock, (off_t)2 * ranges + 1, err);
	/* Begin with the first in the list: otherwise each close or release searches all of it. */
	for (int i = 0; i < OWNERS && owner[i].fd >= 0; i++)
		lock_release(&owner[i], 0, 0);
	for (int i = 0; i < OWNERS; i++) {
		if (owner[i].fd >= 0)
			lock_close(&owner[i]);
	}
	if (lock.fd >= 0)
		lock_close(&lock);
	lock_site_close(&share);
	lock_site_close(&site);
	return cost;
}

static void with_ranges(struct figure_run *run, enum lock_kind kind, bool others)
{
	struct growth growth = { .figure = others ? "growth_lock_others" : "growth_lock_own" };

	for (int ranges = 1; ranges <= RANGES; ranges *= 10) {
		int err = 0;
		double cost = lock_call(run, kind, ranges, others, &err);

		if (err) {
			figure_note(run, "growth: %s, %d ranges of %s: %s", lock_kind_name(kind),
				    ranges, others ? "others" : "the caller", reason(err));
			break;
		}
		grow(run, &growth, kind, ranges, cost);
	}
	fit(run, &growth, kind);
}

/* For comparison, a kind without ranges: one call on an unlocked file. */
static void without_ranges(struct figure_run *run, enum lock_kind kind)
{
	struct lock_site site;
	struct lock lock;
	double sample[CALLS];
	int err = lock_site_open(&site, kind, run->dir, SCENE_FILE_SIZE);

	if (!err)
		err = lock_open(&lock, &site, DESCRIPTION_OWN);
	for (int i = 0; !err && i < CALLS; i++) {
		double before = figure_now();

		err = lock_acquire(&lock, &EXCLUSIVE, true);
		sample[i] = figure_now() - before;
		if (!err)
			err = lock_release(&lock, 0, 0);
	}
	lock_site_close(&site);
	if (err)
		return;
	statistics_sort(sample, CALLS);
	figure_value(run, "growth_lock_none", lock_kind_name(kind), "0",
		     statistics_percentile(sample, CALLS, 50), "ns");
}

int main(int argc, char *argv[])
{
	struct figure_run run;

	figure_begin(&run, "growth", argc, argv);
	shared = figure_shared(sizeof(*shared));
	run.broken |= cpu_pin(0, run.cpu[0]) != 0;
	printf("# growth: all on CPU %d; ranges of others: one each, from 1000 on of %d others\n",
	       run.cpu[0], OWNERS);
	while (figure_next_round(&run)) {
		for (int i = 0; i < KINDS; i++)
			with_waiters(&run, figure_kind(&run, i));
		for (int i = 0; i < KINDS; i++) {
			enum lock_kind kind = figure_kind(&run, i);

			without_ranges(&run, kind);
			if (!(lock_kind_traits(kind) & TRAIT_RANGES))
				continue;
			with_ranges(&run, kind, false);
			with_ranges(&run, kind, true);
		}
	}
	return figure_end(&run);
}
