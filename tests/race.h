/* SPDX-License-Identifier: GPL-2.0 */
/*
 * race: two sides, and the children of one of them, that start together in each of many
 * rounds. Whoever came too early is held back the next time.
 */
#ifndef LOCKFAIR_RACE_H
#define LOCKFAIR_RACE_H

#include <linux/futex.h>
#include <sched.h>
#include <stddef.h>
#include <sys/syscall.h>

#include "claim/expectation.h"

/*
 * The four kinds of file lock share these. A child costs as much as a hundred closes, or more;
 * LOCKFAIR_EFFORT is for machines that have not the time.
 */
#define ROUNDS		(10000 / 4)
#define CHILDREN	(10000 / 4)
#define CHILDREN_AT_LEAST 100

#if !defined(SYS_futex) && defined(SYS_futex_time64)
#define SYS_futex SYS_futex_time64
#endif

#define SPINS		10000
#define SPINS_FOR_CHILD	1000	/* being born takes longer than that anyway */
#define LEAD_STEP	32
#define LEAD_LIMIT	65536

enum side { HERE, THERE, CHILD, SIDES };

static struct race {
	struct scene *scene;
	struct lock lock;		/* what they race for */
	struct lock judge;		/* another owner's, who is excluded by it */
	unsigned int met[SIDES][SIDES];	/* how often the first was there for the second … */
	bool asleep[SIDES][SIDES];	/* … and waits for it */
	cpu_set_t cpus;
	int spins;			/* before a side lets others use its CPU */
	int rounds, children;		/* by LOCKFAIR_EFFORT */
	int lead;			/* how much later is HERE to begin, or, below 0, THERE */
	int failed;			/* an errno of the other sides */
	pid_t test, child;		/* the last that was born */
	int granted;			/* how many children have been */
	max_align_t stack[2048];	/* of the child */
} race;

/*
 * Two sides go on together. Who is early looks again and again, to be there at once; not for
 * long, since the other may need this very CPU, or the one that an emulator runs it on.
 */
static inline void meet(enum side me, enum side other)
{
	unsigned int now = __atomic_add_fetch(&race.met[me][other], 1, __ATOMIC_SEQ_CST);
	unsigned int *theirs = &race.met[other][me], seen;

	if (__atomic_load_n(&race.asleep[other][me], __ATOMIC_SEQ_CST))
		syscall(SYS_futex, &race.met[me][other], FUTEX_WAKE, 1, NULL, NULL, 0);
	for (int i = 0; (int)((seen = __atomic_load_n(theirs, __ATOMIC_SEQ_CST)) - now) < 0; i++) {
		if (i < race.spins)
			continue;
		__atomic_store_n(&race.asleep[me][other], true, __ATOMIC_SEQ_CST);
		syscall(SYS_futex, theirs, FUTEX_WAIT, seen, NULL, NULL, 0);
		__atomic_store_n(&race.asleep[me][other], false, __ATOMIC_SEQ_CST);
	}
}

/* The same, but both are awake when it begins. */
static inline void start_with(enum side me, enum side other)
{
	meet(me, other);
	meet(me, other);
}

/* Some nanoseconds for each; it decides nothing but who is likely to come first. */
static inline void linger(int loops)
{
	for (int i = 0; i < loops; i++)
		__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

/* Who came first is held back the next time, so that most rounds are close. */
static inline void hold_back(enum side first)
{
	int step = LEAD_STEP + abs(race.lead) / 16;

	if (first == HERE && race.lead < LEAD_LIMIT)
		race.lead += step;
	if (first == THERE && race.lead > -LEAD_LIMIT)
		race.lead -= step;
}

/* If there are two CPUs. Where they are not told, the race is the same, if less close. */
static inline void run_on(int nth)
{
	cpu_set_t set;
	int cpu = 0;

	if (!race.spins)
		return;
	for (; !CPU_ISSET(cpu, &race.cpus) || nth--; cpu++)
		;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static inline void open_lock(struct lock *lock, int site)
{
	int err = lock_open(lock, &race.scene->site[site], DESCRIPTION_OWN);

	if (err)
		trouble(race.scene, TROUBLE_BROKEN, "opening the file again: %s", strerror(-err));
}

/*
 * The judge is in this process. fcntl(2): an OFD lock and a POSIX lock "conflict even when
 * they are acquired by the same process".
 */
static inline void set_up(struct scene *scene, int spins)
{
	enum lock_kind kind = scene->site->kind == LOCK_FLOCK ? LOCK_FLOCK : LOCK_OFD;

	race.scene = scene;
	race.rounds = expectation_effort(ROUNDS);
	race.children = expectation_effort(CHILDREN);
	/* It takes some fifty until the two sides come close. */
	if (race.children < CHILDREN_AT_LEAST)
		race.children = CHILDREN_AT_LEAST;
	race.test = getpid();
	if (!sched_getaffinity(0, sizeof(race.cpus), &race.cpus) && CPU_COUNT(&race.cpus) > 1)
		race.spins = spins;
	open_lock(&race.judge, scene_add_kind(scene, kind));
	open_lock(&race.lock, 0);
}

static inline struct actor *start_side(const char *name, actor_deed deed)
{
	struct actor *actor = actor_start_with(race.scene, ACTOR_THREAD, DESCRIPTION_INHERITED,
					       name, 0);

	actor_begin(actor, deed, NULL);
	return actor;
}

/* 0 or -errno: could another owner lock it now? */
static inline int judge(void)
{
	int ret = lock_acquire(&race.judge, &EXCLUSIVE, false);

	if (!ret)
		lock_release(&race.judge, 0, 0);
	return ret;
}

#endif /* LOCKFAIR_RACE_H */
