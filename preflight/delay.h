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

#include "lock/medium.h"

struct delay {
	int calls, slept;		/* with nobody in the way; how many of them slept */
	int calls_beside, slept_beside;	/* the same with a holder and a waiter */
	int lock, lock_usual, lock_most; /* us: such a call: the median, 9 of 10, the longest */
	struct medium medium;
	int refusal;			/* us: a try beside a holder */
	int grant, grant_most;		/* us: from a release to the grant of a waiter */
	int dwell, late_grant;		/* ms: a waiter that has waited so long; us: its grant */
	int polls;			/* how often it woke up while it waited */
	int held, found;		/* waiters behind a holder, and those that were found */
	int free, mistaken;		/* callers that found it free, and were taken for waiters */
	bool waits;			/* it waits and excludes, so that it can be measured */
	bool deaf;			/* a waiter heeds no signal before it has the lock */
};

/* Make calls while nobody else has the lock. Set medium.sort, and first values of the rest. */
void delay_ask_alone(struct delay *delay, enum lock_kind kind, const char *dir);

/* If somebody must be asked: measure the rest with a holder and a waiter. */
void delay_ask_beside_a_holder(struct delay *delay, enum lock_kind kind, const char *dir);

/* Have the scenes of this process use what was measured of this kind. */
void delay_use(const struct delay *delay, enum lock_kind kind);

/* Print a line as preflight.c describes it. */
void delay_print(const struct delay *delay, enum lock_kind kind);

#endif /* LOCKFAIR_DELAY_H */
