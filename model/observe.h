/* SPDX-License-Identifier: GPL-2.0 */
/* observe: all that can be seen after a step. */
#ifndef LOCKFAIR_OBSERVE_H
#define LOCKFAIR_OBSERVE_H

#include "model/execute.h"
#include "model/lines.h"

struct observation {
	struct model_call call[MODEL_ACTORS];
	bool used[MODEL_FILES];
	/* F_GETLK, by an observer who holds nothing; and by the actor, before its step. */
	struct model_answer answer[MODEL_FILES][QUESTIONS];
	bool asked;
	struct model_answer own[QUESTIONS_OF_OWNER];
	struct model_answer query;			/* of STEP_QUERY */
	bool tried_flock;				/* by an observer: */
	bool flock_free[MODEL_FILES][MODE_EXCLUSIVE + 1];
	bool has_lines;					/* from /proc/locks: */
	struct lines lines;
	enum lines_extent extent;
};

/* What can be seen on this kernel. */
struct observer {
	bool queries[2];		/* F_GETLK and F_OFD_GETLK are to be asked */
	bool ofds, flocks;		/* there are such locks */
	struct lines_reader lines;
	int depth;			/* how deep it shows waiters: 1 until 5.12 */
	bool reads_lines;
};

/* 0 or -errno. */
int observe_open(struct observer *observer, const struct stage *stage);
void observe_close(struct observer *observer);

/*
 * Observe the execution after this step of its scenario. @busy: the actors that were busy before
 * it.
 */
void observe(struct observer *observer, const struct execution *execution, int step,
	     unsigned int busy, struct observation *seen);

/* Read /proc/locks once more. */
void observe_lines(struct observer *observer, const struct stage *stage, struct observation *seen);

/* Are all locks gone when all actors are? */
bool observe_clean(const struct observer *observer, const struct stage *stage);

#endif /* LOCKFAIR_OBSERVE_H */
