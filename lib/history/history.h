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
 *
 * A task draws the place of an event from one atomic counter, between its calls. So the events
 * stand in the order in which they happened, even if different tasks wrote them.
 */
#ifndef LOCKFAIR_HISTORY_H
#define LOCKFAIR_HISTORY_H

#include "lock/lock.h"

#define HISTORY_EVENTS	4096
#define HISTORY_ROWS	80
#define HISTORY_NAME	16
#define HISTORY_SITES	3

enum history_what {
	HISTORY_REQUEST = 1,	/* about to ask */
	HISTORY_QUEUED,		/* seen asleep in its request: from here on it has a place */
	HISTORY_GRANT,
	HISTORY_REFUSE,		/* the request has failed */
	HISTORY_RELEASE,	/* about to release */
	HISTORY_MARK,		/* a mark that a test puts into the drawing */
	/* Where actors run freely, their judge needs more (model/linearize.h). */
	HISTORY_RETURN,		/* the release, or the close, has returned */
	HISTORY_CLOSE,		/* about to close the descriptor through which it locks */
	HISTORY_OPEN,		/* has opened the file again, for its next requests */
	HISTORY_END,		/* from here on it may be killed, whatever it does */
	HISTORY_GONE,		/* was reaped; another process may take its row */
};

/* Without padding: equal events are equal bytes. */
struct history_event {
	unsigned char what;
	unsigned char row;
	unsigned char mode;
	char mark;
	unsigned char site;
	unsigned char wait;	/* of a request: not a try */
	short result;		/* of a refusal: -errno */
	off_t start;		/* bytes; a range of length 0 has no end */
	off_t len;
};

/* What is locked: sites of the same file exclude each other if their kinds do. */
struct history_site {
	enum lock_kind kind;
	int file;
};

struct history {
	unsigned int used;		/* may exceed HISTORY_EVENTS: the rest was not kept */
	int sites;
	struct history_site site[HISTORY_SITES];
	int rows;
	int owner[HISTORY_ROWS];	/* the row that owns its locks: itself unless shared */
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

/* Forget all events, rows and sites. */
void history_clear(struct history *history);

/* Forget the events alone: another round of the same actors. */
void history_forget(struct history *history);

/* Add a site of this kind and file; its number, or -ENOSPC. */
int history_add_site(struct history *history, enum lock_kind kind, int file);

/* A row for an actor of that name; its number, or -ENOSPC. */
int history_row(struct history *history, const char *name);

/* Append an event; may be called by any number of tasks at once. */
void history_add(struct history *history, int row, enum history_what what,
		 const struct lock_request *request);
void history_ask(struct history *history, int row, const struct lock_request *request, bool wait);
void history_answer(struct history *history, int row, const struct lock_request *request, int ret);
void history_mark(struct history *history, int row, char mark);

/* How many events are kept. */
int history_length(const struct history *history);

/* May a conversion that waits at this site lose the old lock, as flock(2) does? */
bool history_drops(const struct history *history, int site);

/* Return the name of an actor's row, "nobody" for -1. */
const char *history_name(const struct history *history, int row);

#endif /* LOCKFAIR_HISTORY_H */
