/* SPDX-License-Identifier: GPL-2.0 */
/*
 * history: what was requested, granted and released, in order.
 *
 * The room lib/history has the events (history.h), what they prove (judge.h), their drawing
 * (draw.h), and their text (save.h); row.h is private to it. It uses lib/lock.
 *
 * The actors write it into memory that they share, each event at the moment
 * when it is certain: a request before the call, a grant after the call, a
 * release before the call that releases. A lock is therefore held at least from
 * its grant to its release as they stand here, and two conflicting grants that
 * overlap here did overlap.
 */
#ifndef LOCKFAIR_HISTORY_H
#define LOCKFAIR_HISTORY_H

#include "lock/lock.h"

#define HISTORY_EVENTS	4096
#define HISTORY_ROWS	80
#define HISTORY_NAME	16

enum history_what {
	HISTORY_REQUEST = 1,	/* about to ask */
	HISTORY_QUEUED,		/* seen asleep in its request: from here on it has a place */
	HISTORY_GRANT,
	HISTORY_REFUSE,		/* the request has failed */
	HISTORY_RELEASE,	/* about to release */
	HISTORY_MARK,		/* a mark that a test puts into the drawing */
};

struct history_event {
	unsigned char what;
	unsigned char row;
	unsigned char mode;
	char mark;
	unsigned char site;
	off_t start;		/* bytes; a range of length 0 has no end */
	off_t len;
};

struct history {
	unsigned int used;		/* may exceed HISTORY_EVENTS: the rest was not kept */
	bool drops;		/* a waiting conversion may lose the old lock: flock(2) */
	int rows;
	char name[HISTORY_ROWS][HISTORY_NAME];
	struct history_event event[HISTORY_EVENTS];
};

/* What a judge found; -1 where there is no such event. */
struct history_verdict {
	int count;		/* how often it happened */
	int event;		/* the first deciding event */
	int row;		/* the row of the actor that did it */
	int other;		/* the row of the other actor */
};

/* A history in memory that forks share, or NULL with errno set. */
struct history *history_new(void);
void history_free(struct history *history);

/* Forget all events and rows. */
void history_clear(struct history *history);

/* Forget the events alone: another round of the same actors. */
void history_forget(struct history *history);

/* A row for an actor of that name; its number, or -ENOSPC. */
int history_row(struct history *history, const char *name);

/* Append an event; may be called by any number of tasks at once. */
void history_add(struct history *history, int row, enum history_what what,
		 const struct lock_request *request);
void history_mark(struct history *history, int row, char mark);

/* How many events are kept. */
int history_length(const struct history *history);

/* Return the name of an actor's row, "nobody" for -1. */
const char *history_name(const struct history *history, int row);

#endif /* LOCKFAIR_HISTORY_H */
