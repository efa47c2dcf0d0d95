/* SPDX-License-Identifier: GPL-2.0 */
/* judge: what a history proves. */
#ifndef LOCKFAIR_HISTORY_JUDGE_H
#define LOCKFAIR_HISTORY_JUDGE_H

#include "history/history.h"

/*
 * Find two actors that held conflicting locks at a time. While a conversion waits, a lock that it
 * drops does not count; nor does an exclusive lock against a reader while its holder asks for a
 * shared one.
 */
struct history_verdict history_overlap(const struct history *history);

/*
 * Find an actor that had been seen waiting (HISTORY_QUEUED) and was passed by a conflicting
 * request that was made afterwards.
 */
struct history_verdict history_overtaking(const struct history *history);

/* Find the first mark of that sort, and count them. */
struct history_verdict history_marked(const struct history *history, char mark);

#endif /* LOCKFAIR_HISTORY_JUDGE_H */
