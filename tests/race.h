/* SPDX-License-Identifier: GPL-2.0 */
/*
 * race: two sides, and the children of one of them, that start together in each of many
 * rounds. The side that came first is held back in the next round.
 */
#ifndef LOCKFAIR_RACE_H
#define LOCKFAIR_RACE_H

#include <sched.h>
#include <stddef.h>

#include "linearizable.h"
#include "system/cpu.h"
#include "system/futex.h"

/* The four kinds of file lock share these. A child costs as much as a hundred closes, or more. */
#define ROUNDS		(10000 / 4)
#define CHILDREN	(10000 / 4)
#define CHILDREN_AT_LEAST 100

#define SPINS		10000
#define SPINS_FOR_CHILD	1000	/* fewer: spinning would seldom outlast the start of a child */
#define LEAD_STEP	32
#define LEAD_LIMIT	65536

enum side { HERE, THERE, CHILD, SIDES, JUDGE = SIDES, PARTIES };

/* More than a round has. */
#define EVENTS_OF_A_ROUND	20

static struct race {
	struct scene *scene;
	struct lock lock;		/* the lock that the sides race for */
	struct lock judge;		/* another owner's lock on the same bytes */
	int row[PARTIES];		/* of the history */
	unsigned int met[SIDES][SIDES];	/* how often the first side has arrived … */
	bool asleep[SIDES][SIDES];	/* … and sleeps until the second arrives */
	int cpus[2];
	int spins;			/* before a side lets others use its CPU */
	int rounds, children;		/* as LOCKFAIR_EFFORT allows */
	int lead;			/* how much later HERE begins; if negative, THERE */
	int failed;			/* the errno of a side that failed */
	pid_t test, child;		/* the child that was started last */
	int granted;			/* children that were granted the lock */
	bool shares_memory;		/* a child does, with the test */
	max_align_t stack[64 * 1024 / sizeof(max_align_t)];	/* of the child */
} race;

/*
 * Wait until the other side has come as well. Spin at first, to go on at once; then sleep, because
 * the other side may need this CPU, or the one that an emulator runs it on.
 */
static inline void meet(enum side me, enum side other)
{
	unsigned int now = __atomic_add_fetch(&race.met[me][other], 1, __ATOMIC_SEQ_CST);
	unsigned int *theirs = &race.met[other][me], seen;

	if (__atomic_load_n(&race.asleep[other][me], __ATOMIC_SEQ_CST))
		futex_wake(&race.met[me][other], 1, FUTEX_ANY_BIT);
	for (int i = 0; (int)((seen = __atomic_load_n(theirs, __ATOMIC_SEQ_CST)) - now) < 0; i++) {
		if (i < race.spins)
			continue;
		__atomic_store_n(&race.asleep[me][other], true, __ATOMIC_SEQ_CST);
		futex_wait(theirs, seen, FUTEX_ANY_BIT);
		__atomic_store_n(&race.asleep[me][other], false, __ATOMIC_SEQ_CST);
	}
}

/* The same, and both sides are awake when it returns. */
static inline void start_with(enum side me, enum side other)
{
	meet(me, other);
	meet(me, other);
}

/* Spend some nanoseconds a loop. It decides which side is likely to come first, and no verdict. */
static inline void linger(int loops)
{
	for (int i = 0; i < loops; i++)
		__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

/* Hold back the side that came first in the next round, so that most rounds are close. */
static inline void hold_back(enum side first)
{
	int step = LEAD_STEP + abs(race.lead) / 16;

	if (first == HERE && race.lead < LEAD_LIMIT)
		race.lead += step;
	if (first == THERE && race.lead > -LEAD_LIMIT)
		race.lead -= step;
}

/* Run on one of two CPUs, if there are two; otherwise the race is the same, but less close. */
static inline void run_on(int nth)
{
	if (race.spins)
		cpu_pin(0, race.cpus[nth]);
}

/* ---- the calls, which go into the history ---- */

static inline struct lock_request site_of(const struct lock *lock)
{
	return at_site(lock->site - race.scene->site, EXCLUSIVE);
}

static inline void note(enum side who, enum history_what what, const struct lock *lock)
{
	struct lock_request request = site_of(lock);

	history_add(race.scene->history, race.row[who], what, &request);
}

static inline int acquire(enum side who, struct lock *lock, bool wait)
{
	struct lock_request request = site_of(lock);
	int ret;

	history_ask(race.scene->history, race.row[who], &request, wait);
	ret = lock_acquire(lock, &request, wait);
	history_answer(race.scene->history, race.row[who], &request, ret);
	return ret;
}

static inline void release(enum side who, struct lock *lock)
{
	note(who, HISTORY_RELEASE, lock);
	lock_release(lock, 0, 0);
	note(who, HISTORY_RETURN, lock);
}

/* The other side's part: make @call in each round. */
static inline void call_in_rounds(void (*call)(void))
{
	run_on(1);
	for (int i = 0; i < race.rounds; i++) {
		start_with(THERE, HERE);
		linger(-race.lead);
		call();
		meet(THERE, HERE);
	}
}

/* Can another owner lock it now? The history has the answer. */
static inline void try_as_judge(void)
{
	if (!acquire(JUDGE, &race.judge, false))
		release(JUDGE, &race.judge);
}

static inline void open_lock(struct lock *lock, int site)
{
	int err = lock_open(lock, &race.scene->site[site], DESCRIPTION_OWN);

	if (err)
		scene_broken(race.scene, "opening the file again: %s", strerror(-err));
}

/* ---- the beginning ---- */

/*
 * The judge is another owner in this process. fcntl(2): an OFD lock and a POSIX lock "conflict
 * even when they are acquired by the same process".
 */
static inline void set_up(struct scene *scene, int spins)
{
	enum lock_kind kind = scene->site->kind == KIND_FLOCK ? KIND_FLOCK : KIND_OFD;

	race.scene = scene;
	race.rounds = claim_effort(ROUNDS);
	race.children = claim_effort(CHILDREN);
	/* The two sides come close after some fifty rounds. */
	if (race.children < CHILDREN_AT_LEAST)
		race.children = CHILDREN_AT_LEAST;
	race.test = getpid();
	if (cpu_allowed(race.cpus, 2) == 2)
		race.spins = spins;
	open_lock(&race.judge, scene_add_kind(scene, kind));
	open_lock(&race.lock, 0);
	race.row[HERE] = history_row(scene->history, "here");
	race.row[CHILD] = history_row(scene->history, "child");
	race.row[JUDGE] = history_row(scene->history, "judge");
}

static inline void start_side(const char *name, actor_job job)
{
	struct actor *actor = actor_start_with(race.scene, ACTOR_THREAD, DESCRIPTION_INHERITED,
					       name, 0);

	race.row[THERE] = actor->row;
	actor_begin(actor, job, NULL);
}

/*
 * Fail the claim unless, by the documentation, some order of the calls explains their results. Call
 * it when nobody holds or requests the lock, and after the last round.
 */
static inline bool rounds_are_linearizable(bool last)
{
	if (!last && !history_is_full(race.scene, EVENTS_OF_A_ROUND))
		return scene_goes_on(race.scene);
	return calls_are_linearizable(race.scene, MODEL_PROMISE);
}

#endif /* LOCKFAIR_RACE_H */
