/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rules: how the levels differ. All other rules are the same at each level.
 *
 * There are three answers to what a kernel may do: what the documentation allows, what Linux
 * practises, and what people believe, strictly first come, first served. "Promise" in a comment
 * quotes the sentence that a rule is based on; "practice" is what Linux does beyond that, found by
 * tests and by reading fs/locks.c, and written down nowhere.
 */
#ifndef LOCKFAIR_MODEL_RULES_H
#define LOCKFAIR_MODEL_RULES_H

#include <stdbool.h>

enum model_level {
	MODEL_PROMISE,		/* POSIX.1-2024 and the manual pages */
	MODEL_PRACTICE,		/* what Linux has done since 5.10 */
	MODEL_FOLKLORE,		/* strictly first come, first served: the controls do it */
	MODEL_LEVELS
};

/* Sets of levels, a bit each. */
enum model_levels {
	MODEL_DOCUMENTED	= 1 << MODEL_PROMISE,
	MODEL_PRACTISED		= 1 << MODEL_PROMISE | 1 << MODEL_PRACTICE,
	MODEL_BELIEVED		= 1 << MODEL_FOLKLORE,
};

struct model_rules {
	/*
	 * Folklore: a request waits for all earlier requests that conflict with it, and requests
	 * that can go on do so in the order in which they came. Otherwise in any order.
	 */
	bool in_order;
	/*
	 * Practice: a waiter stands behind one lock or one other waiter, in the order of arrival,
	 * and tries again only when that goes. Otherwise (promise, fcntl(2), F_SETLKW: "wait for
	 * that lock to be released") all waiters try again whenever a lock goes.
	 */
	bool queues;
	/*
	 * flock(2): to convert a lock, "the existing lock is first removed, and then a new lock is
	 * established. Between these two steps, a pending lock request by another process may be
	 * granted". Practice: removed, and nobody is granted a lock between the steps. Otherwise:
	 * another request may be granted one, or the lock is converted as record locks are.
	 */
	bool flock_drops_and_tries_at_once;
	/*
	 * POSIX.1-2024, 2.9.7: close() and fcntl() each "see all of the specified effects of the
	 * other call, or none of them". If a thread closes the descriptor with which another waits
	 * for a POSIX lock, the request may fail with EBADF, at once or later; or it is granted,
	 * and the lock goes at once. Practice: it waits on, and fails when it could be granted.
	 */
	bool ebadf_at_the_grant;
	/* Promise, fcntl(2), F_SETLK, and lockf(3): EACCES or EAGAIN. Practice: EAGAIN. */
	bool conflict_may_be_eacces;
	/*
	 * Promise, fcntl(2), F_GETLK: "details about one of the locks that prevent" the lock.
	 * Practice: about all of that lock, with what it has been coalesced with.
	 */
	bool reports_all_of_a_lock;
	/* Practice: /proc/locks has the lines of visible.h. */
	bool lists_waiters;
};

const struct model_rules *model_rules(enum model_level level);

#endif /* LOCKFAIR_MODEL_RULES_H */
