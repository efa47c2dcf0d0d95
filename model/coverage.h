/* SPDX-License-Identifier: GPL-2.0 */
/* coverage: how much was run, and how many states of the model it reached. */
#ifndef LOCKFAIR_COVERAGE_H
#define LOCKFAIR_COVERAGE_H

#include "model/set.h"

/* States are known by their hash. All of it may be in memory that processes share. */
#define COVERAGE_STATES	1048576
struct coverage {
	unsigned long long scenarios, steps, states;
	unsigned long long unread;	/* steps after which /proc/locks was not read */
	unsigned long long partial;	/* steps after which a missing line proved nothing */
	unsigned long long cut;		/* scenarios ended early by too many states */
	unsigned long long hash[COVERAGE_STATES];
};

/* Add 1 to one of these counts. */
void coverage_count(unsigned long long *count);

/* After a step, these states are possible. */
void coverage_step(struct coverage *coverage, const struct model_set *states);

#endif /* LOCKFAIR_COVERAGE_H */
