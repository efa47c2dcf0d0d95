/* SPDX-License-Identifier: GPL-2.0 */
/* judge: what a history proves. */
#ifndef LOCKFAIR_HISTORY_JUDGE_H
#define LOCKFAIR_HISTORY_JUDGE_H

#include "history/history.h"

/*
 * Find two actors that held conflicting locks at the same time. While a conversion waits, a lock
 * that it drops does not count; nor does an exclusive lock against a reader while its holder asks
 * for a shared one.
 */
struct history_verdict history_overlap(const struct history *history);

/*
 * Find an actor that had been seen waiting (HISTORY_QUEUED) and was passed by a conflicting
 * request that was made afterwards.
 */
struct history_verdict history_overtaking(const struct history *history);

/*
 * Find what is in the way of the lock that @row asks for. The result's row is that of another owner
 * that provably holds a conflicting lock, HISTORY_NOBODY, or, if @row asks for no lock,
 * HISTORY_NOTHING_ASKED.
 */
#define HISTORY_NOBODY		(-1)
#define HISTORY_NOTHING_ASKED	(-2)

struct history_way {
	int row;
	struct lock_request asks;	/* what is asked for, if anything is */
	bool converts;			/* the asking row may hold a lock on these bytes itself */
};

struct history_way history_in_the_way(const struct history *history, int row);

/* Would a release of this range by @row leave a part of a lock that its owner has? */
bool history_releases_a_part(const struct history *history, int row,
			     const struct lock_request *range);

/* Find the first mark of that sort, and count them. */
struct history_verdict history_marked(const struct history *history, char mark);

#endif /* LOCKFAIR_HISTORY_JUDGE_H */
