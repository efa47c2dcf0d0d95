/* SPDX-License-Identifier: GPL-2.0 */
/*
 * delay: who decides about a lock here, and how long does that take?
 *
 * fs/locks.c decides at once: a call that finds the lock free does not sleep. A call that does
 * asks a daemon or a server. Then a sleeper need not be a waiter, and what tells them apart is
 * measured, and tried on sleepers of which it is known.
 */
#ifndef LOCKFAIR_DELAY_H
#define LOCKFAIR_DELAY_H

#include "actor/actor.h"
#include "lock/medium.h"

#define DELAY_MOST_QUIET	200	/* ms: a sleep that lasts as long is a wait */

struct delay {
	int calls, slept;		/* with nobody in the way; how many of them slept */
	int calls_beside, slept_beside;	/* the same with a holder and a waiter */
	int lock, lock_usual, lock_most; /* us: such a call: the median, 9 of 10, the longest */
	struct medium medium;
	int refusal;			/* us: a try beside a holder */
	int grant, grant_most;		/* us: from a release to the grant of a waiter */
	int dwell, late_grant;		/* ms: a waiter that has waited so long; us: its grant */
	int polls, pause;		/* how often it woke up meanwhile; ms: the longest pause */
	int held, found;		/* waiters behind a holder, and those that were found */
	int free, mistaken;		/* callers that found it free, and were taken for waiters */
	bool late;			/* a release has not woken a waiter */
	int late_after;			/* ms: so long it slept on; 0 if that was not measured */
	bool raced;			/* and that waiter had lost a race */
	bool lost;			/* a waiter was never granted the lock */
	bool waits;			/* it waits and excludes, so that it can be measured */
	bool deaf;			/* a waiter heeds no signal before it has the lock */
};

/* Make calls while nobody else has the lock. Set medium.sort, and first values of the rest. */
void delay_ask_alone(struct delay *delay, enum lock_kind kind, const char *dir);

/* If somebody must be asked: measure the rest with a holder and a waiter. */
void delay_ask_beside_a_holder(struct delay *delay, enum lock_kind kind, const char *dir);

/*
 * The lock has been released. Wait until the waiter has returned, or has slept on for so long that
 * the release has not woken it. Return, and note in @delay, whether it is late.
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
