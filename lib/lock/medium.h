/* SPDX-License-Identifier: GPL-2.0 */
/*
 * medium: what was measured of the file system that the locks are on, before the first test.
 *
 * fs/locks.c grants a lock at once. FUSE, 9p, NFS and SMB ask a daemon or a server, so a caller
 * sleeps although its lock is free; and some of them let a waiter poll. preflight/delay.c measures
 * it, and run_tests.sh passes it on:
 *
 *	LOCKFAIR_DELAY		KIND=SORT LOOKS QUIET LONGEST ERROR;...
 *
 * SORT is asks or polls; QUIET and LONGEST are milliseconds, ERROR is per mille.
 *
 * A kind that is not named is granted at once.
 */
#ifndef LOCKFAIR_LOCK_MEDIUM_H
#define LOCKFAIR_LOCK_MEDIUM_H

#include "lock/lock.h"

enum medium_sort {
	MEDIUM_AT_ONCE,
	MEDIUM_ASKS,	/* a daemon or a server decides, and a waiter sleeps until it answers */
	MEDIUM_POLLS,	/* a waiter asks again and again */
};

struct medium {
	enum medium_sort sort;
	struct asleep_quiet quiet;	/* how long a sleep must last to count as a wait */
	int longest;			/* ms; a free lock is granted within this time */
	int error;			/* per mille: sleepers that may be mistaken for waiters */
};

struct medium medium_of(enum lock_kind kind);

/* How LOCKFAIR_DELAY names the sort. */
const char *medium_sort_name(enum medium_sort sort);

#endif /* LOCKFAIR_LOCK_MEDIUM_H */
