/* SPDX-License-Identifier: GPL-2.0 */
/*
 * history: what was requested, granted and released, in order.
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
#define HISTORY_LANES	80
#define HISTORY_NAME	16

enum history_what {
	HISTORY_REQUEST = 1,	/* about to ask */
	HISTORY_QUEUED,		/* seen asleep in its request: from here on it has a place */
	HISTORY_GRANT,
	HISTORY_REFUSE,		/* the request has failed */
	HISTORY_RELEASE,	/* about to let go */
	HISTORY_MARK,		/* whatever a test wants to be seen in the drawing */
};

struct history_event {
	unsigned char what;
	unsigned char lane;
	unsigned char mode;
	char mark;
	unsigned char site;
	off_t start;		/* bytes; a range of length 0 has no end */
	off_t len;
};

struct history {
	unsigned int used;		/* may exceed HISTORY_EVENTS: the rest was not kept */
	bool drops;		/* who asks for a conversion may have lost the old lock: flock(2) */
	int lanes;
	char name[HISTORY_LANES][HISTORY_NAME];
	struct history_event event[HISTORY_EVENTS];
};

/* What a judge found; -1 where there is no such event. */
struct history_verdict {
	int count;		/* how often */
	int event;		/* the first that decides */
	int lane;		/* who did it */
	int other;		/* to whom */
};

/* A history in memory that forks share, or NULL with errno set. */
struct history *history_new(void);
void history_free(struct history *history);

/* Forget all events and lanes. */
void history_clear(struct history *history);

/* Forget the events alone: another round of the same actors. */
void history_forget(struct history *history);

/* A lane for an actor of that name; its number, or -ENOSPC. */
int history_lane(struct history *history, const char *name);

/* Append an event; may be called by any number of tasks at once. */
void history_add(struct history *history, int lane, enum history_what what,
		 const struct lock_request *request);
void history_mark(struct history *history, int lane, char mark);

/* How many events are kept. */
int history_length(const struct history *history);

/*
 * Did two hold conflicting locks at a time? Where a conversion drops the old lock, it
 * does not count while the conversion waits; nor does an exclusive lock against a reader
 * while its holder asks for a shared one.
 */
struct history_verdict history_overlap(const struct history *history);

/*
 * Was anybody who had been seen waiting (HISTORY_QUEUED) passed by a conflicting
 * request that was made afterwards?
 */
struct history_verdict history_overtaking(const struct history *history);

/* The first mark of that sort, and how many there are. */
struct history_verdict history_marked(const struct history *history, char mark);

/*
 * Draw a lane for each actor, a column for each event, around the event that
 * decided (-1: around the end). @emit gets each line, without a line feed.
 */
void history_draw(const struct history *history, const struct history_verdict *verdict,
		  void (*emit)(const char *line));

#endif /* LOCKFAIR_HISTORY_H */
