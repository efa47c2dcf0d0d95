/* SPDX-License-Identifier: GPL-2.0 */
/*
 * scenario: a list of steps for the players, made from a seed, written as a listing that can
 * be read again, and made as short as it can be while it still shows something.
 */
#ifndef LOCKFAIR_SCENARIO_H
#define LOCKFAIR_SCENARIO_H

#include <stdio.h>

#include "model/model.h"

#define SCENARIO_STEPS	512
#define SCENARIO_MADE	(SCENARIO_STEPS - MODEL_ACTORS * MODEL_SLOTS)	/* at random, at most */
#define SCENARIO_MIXED	LOCK_KINDS	/* posix, ofd and flock in one */

struct scenario {
	unsigned long long seed;	/* 0: not made from one */
	int kind;			/* enum lock_kind, or SCENARIO_MIXED */
	bool processes;			/* the players are processes, not tasks of one */
	int actors;			/* that are there when it begins */
	off_t cell[MODEL_CELLS];	/* where each begins */
	int count;
	struct model_step step[SCENARIO_STEPS];
};

/* "posix", …, "mixed"; and back: -1 if there is no such kind. */
const char *scenario_kind_name(int kind);
int scenario_kind(const char *name);

/*
 * @steps of them at random, most of which can be made if all goes as in the model; what stands
 * before them gives the actors descriptors. The same arguments, the same scenario. 0 or -ENOMEM.
 */
int scenario_make(struct scenario *scenario, unsigned long long seed, int kind, int steps);

/* A step as a line of C, without a line feed. */
#define SCENARIO_LINE	96
void scenario_line(const struct scenario *scenario, const struct model_step *step,
		   char line[SCENARIO_LINE]);
bool scenario_parse_line(const struct scenario *scenario, const char *line,
			 struct model_step *step);

/*
 * What comes before the steps. @emit gets each line, without a line feed. Then the steps
 * follow; what stands behind a semicolon is not read.
 */
void scenario_head(const struct scenario *scenario, void (*emit)(const char *line, void *arg),
		   void *arg);

/* Read one. 0, or the number of the line that is wrong, or -EIO. */
int scenario_read(struct scenario *scenario, FILE *stream);

/*
 * Leave out steps, actors and bytes while @shows says that what is left still shows what it is
 * about; at most @tries are made. How many there were.
 */
int scenario_shrink(struct scenario *scenario, bool (*shows)(const struct scenario *, void *arg),
		    void *arg, int tries);

#endif /* LOCKFAIR_SCENARIO_H */
