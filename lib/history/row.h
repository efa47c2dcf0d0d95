/* SPDX-License-Identifier: GPL-2.0 */
/*
 * row: what one actor holds and asks for, derived from its events in order. For judge.c and draw.c.
 */
#ifndef LOCKFAIR_ROW_H
#define LOCKFAIR_ROW_H

#include "history/history.h"

#define ROW_HOLDS	4	/* separate ranges that an actor can hold */

struct row {
	const struct history_event *holds[ROW_HOLDS];
	const struct history_event *asks;
	int asked;		/* at which event */
	int queued;		/* at which event it was seen waiting, or -1 */
};

/* The last byte of the event's range; LLONG_MAX if it goes to the end. */
long long row_last_byte(const struct history_event *e);

/* Do the bytes of the two events overlap? Do they overlap and exclude each other? */
bool row_touches(const struct history_event *a, const struct history_event *b);
bool row_conflict(const struct history_event *a, const struct history_event *b);

/* Does the event close the descriptor by which this row locks, because the tasks share it? */
bool row_is_closed_by(const struct history *history, int row, const struct history_event *e);

/* Apply to the row its event @e, number @at of the history. @drops: history_drops() of its site. */
void row_follow(struct row *row, const struct history_event *e, int at, bool drops);

#endif /* LOCKFAIR_ROW_H */
