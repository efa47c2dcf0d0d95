/* SPDX-License-Identifier: GPL-2.0 */
/* scenario: a list of steps for the actors, and the initial actors and ranges. */
#ifndef LOCKFAIR_SCENARIO_H
#define LOCKFAIR_SCENARIO_H

#include "model/model.h"

#define SCENARIO_STEPS	512
#define SCENARIO_MADE	(SCENARIO_STEPS - MODEL_ACTORS * MODEL_SLOTS)	/* room for random steps */
#define SCENARIO_MIXED	KINDS	/* posix, ofd and flock in one */

struct scenario {
	unsigned long long seed;	/* 0: not generated */
	int kind;			/* enum lock_kind, or SCENARIO_MIXED */
	bool processes;			/* the actors are processes, not threads */
	int actors;			/* how many there are when it begins */
	off_t cell[MODEL_CELLS];	/* where each begins */
	int count;
	struct model_step step[SCENARIO_STEPS];
};

/* "posix", …, "mixed"; and back: -1 if there is no such kind. */
const char *scenario_kind_name(int kind);
int scenario_kind(const char *name);

/* Is it one of the controls: no files, no descriptors, no interrupts? */
bool scenario_is_control(const struct scenario *scenario);

/* How many bytes the cells from @first to @last are; 0: to the end of the file. */
off_t scenario_length(const struct scenario *scenario, int first, int last);

/* The cells of a range of bytes; 0 if it does not consist of whole cells. */
unsigned int scenario_cells(const struct scenario *scenario, off_t start, off_t len);

#endif /* LOCKFAIR_SCENARIO_H */
