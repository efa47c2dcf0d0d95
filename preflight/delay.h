/* SPDX-License-Identifier: GPL-2.0 */
/*
 * delay: who decides about a lock here, and how long does that take?
 *
 * fs/locks.c decides at once: a call that finds the lock free does not sleep. A call that sleeps
 * then asks a daemon or a server, so a sleeper need not be a waiter. What distinguishes the two is
 * measured, and checked on sleepers whose lock is known to be held or free.
 */
#ifndef LOCKFAIR_DELAY_H
#define LOCKFAIR_DELAY_H

#include "actor/actor.h"
#include "lock/medium.h"

#define DELAY_MOST_QUIET	200	/* ms: a sleep of this length is a wait on any medium */

struct delay {
	int calls, slept;		/* while nobody holds the lock; those that slept */
	int calls_beside, slept_beside;	/* the same with a holder and a waiter */
	int lock, lock_usual, lock_most; /* us: such a call: the median, 9 of 10, the longest */
	struct medium medium;
	int refusal;			/* us: a try for a held lock */
	int grant, grant_most;		/* us: from a release to the grant */
	int dwell, late_grant;		/* ms: the length of a long wait; us: the grant after it */
	int polls, pause;		/* wake-ups during the long wait; ms: the longest sleep */
	int held, found;		/* waiters behind a holder; those recognized as waiters */
	int free, mistaken;		/* calls on a free lock; those taken for waits */
	bool late;			/* a release has not woken a waiter */
	int late_after;			/* ms: how long it slept on; 0 if that was not measured */
	bool raced;			/* that waiter had lost a race */
	bool lost;			/* a waiter was never granted the lock */
	bool waits;			/* it waits and excludes, so that it can be measured */
	bool deaf;			/* a waiter ignores signals until it has the lock */
};

/* Make calls while nobody else has the lock. Set medium.sort, and first values of the rest. */
void delay_ask_alone(struct delay *delay, enum lock_kind kind, const char *dir);

/* If a daemon or a server decides: measure the rest beside a holder and a waiter. */
void delay_ask_beside_a_holder(struct delay *delay, enum lock_kind kind, const char *dir);

/*
 * After a release: wait until the waiter has returned, or has slept so long that the release cannot
 * have woken it. Return whether it is late, and note that in @delay.
 */
bool delay_is_late(struct delay *delay, struct actor *waiter);

/* Have the scenes of this process use what was measured of this kind. */
void delay_use(const struct delay *delay, enum lock_kind kind);

/* Print a line as preflight.c describes it. */
void delay_print(const struct delay *delay, enum lock_kind kind);

/* The time since asleep_clock() returned @begun; and for qsort(3) of such times. */
int delay_us_since(long long begun);
int delay_ms_since(long long begun);
int delay_by_size(const void *a, const void *b);

#endif /* LOCKFAIR_DELAY_H */
