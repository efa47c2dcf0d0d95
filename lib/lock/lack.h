/* SPDX-License-Identifier: GPL-2.0 */
/*
 * lack: what locks of a kind do not do here, though POSIX or Linux says so.
 *
 * The locks of SMB are mandatory, and those of a Windows file: they neither convert nor split, and
 * belong to a handle. flock(2), CIFS details: "Remote and mandatory locking semantics may vary with
 * SMB protocol, mount options and server type." preflight/lack.c measures it before the first test,
 * and run_tests.sh passes it on:
 *
 *	LOCKFAIR_LACKS		KIND=WORD WORD...;...
 *
 * For each of them, claims about it are judged (scene_judges()); other claims that need it are
 * skipped (scene_needs()).
 */
#ifndef LOCKFAIR_LOCK_LACK_H
#define LOCKFAIR_LOCK_LACK_H

#include "lock/lock.h"

enum lock_lack {
	LACKS_CONVERSION,	/* an owner's lock is in the way of its own next one */
	LACKS_PARTS,		/* a part of a lock cannot be released */
	LACKS_OWNER,		/* a lock is the descriptor's, where it should be the process's */
	LACKS_QUERY,		/* F_GETLK does not say who is in the way */
	LACKS_TURNS,		/* a release wakes all waiters, which race */
	LACKS_DEADLOCK,		/* nobody looks for a cycle of waiters */
	LACKS_WAITERS,		/* /proc/locks has no waiters */
	LACKS
};

/* The word for LOCKFAIR_LACKS, and the reason for a skip. */
const char *lock_lack_word(enum lock_lack lack);
const char *lock_lack_reason(enum lock_lack lack);

/* What the kind lacks, by LOCKFAIR_LACKS: 1 << LACKS_CONVERSION and so on. */
unsigned int lock_lacks(enum lock_kind kind);

#endif /* LOCKFAIR_LOCK_LACK_H */
