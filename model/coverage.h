/* SPDX-License-Identifier: GPL-2.0 */
/* coverage: how much has been run, and through how many states of the model it led. */
#ifndef LOCKFAIR_COVERAGE_H
#define LOCKFAIR_COVERAGE_H

#include "model/set.h"

/* States are known by their hash. All of it may be in memory that processes share. */
#define COVERAGE_STATES	1048576
struct coverage {
	unsigned long long scenarios, steps, states;
	unsigned long long unread;	/* steps after which /proc/locks was not read */
	unsigned long long partial;	/* and after which it did not prove what is not there */
	unsigned long long cut;		/* scenarios that led to too many states to go on */
	unsigned long long hash[COVERAGE_STATES];
};

/* Add 1 to one of these counts. */
void coverage_count(unsigned long long *count);

/* After a step, these states are possible. */
void coverage_step(struct coverage *coverage, const struct model_set *states);

#endif /* LOCKFAIR_COVERAGE_H */
