/* SPDX-License-Identifier: GPL-2.0 */
/* possible: for each level, the states that the kernel may be in, given everything seen so far. */
#ifndef LOCKFAIR_POSSIBLE_H
#define LOCKFAIR_POSSIBLE_H

#include "model/rules.h"
#include "model/set.h"

#define POSSIBLE_STATES	4096	/* that a step may lead to */

struct possible {
	unsigned int levels;		/* to be compared, a bit each */
	struct model_set now[MODEL_LEVELS], next[MODEL_LEVELS], scratch;
	int number[POSSIBLE_STATES];	/* memory for a subset */
};

/* 0 or -ENOMEM. */
int possible_open(struct possible *possible, unsigned int levels);
void possible_close(struct possible *possible);

/* Is this level to be compared? */
bool possible_asked(const struct possible *possible, enum model_level level);

/* Nobody holds anything. */
void possible_begin(struct possible *possible, int actors);

/* Work out the next states, after this step. 0 or -E2BIG. */
int possible_step(struct possible *possible, const struct model_step *step);

/* Is there a next state in which these actors, and no others, are asleep? */
bool possible_asleep(const struct possible *possible, unsigned int actors);

/* Return any state that is possible now. All of them allow the same steps. */
const struct model_state *possible_any(const struct possible *possible);

/* The states that count as covered. */
const struct model_set *possible_covered(const struct possible *possible);

#endif /* LOCKFAIR_POSSIBLE_H */
