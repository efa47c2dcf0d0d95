/* SPDX-License-Identifier: GPL-2.0 */
/* shrink: shorten a scenario as long as it still shows the same difference. */
#ifndef LOCKFAIR_SHRINK_H
#define LOCKFAIR_SHRINK_H

#include "model/scenario.h"

/*
 * Leave out steps, actors and bytes, as long as @shows returns true for the rest. Call it up to
 * @tries times. Return how often.
 */
int shrink_scenario(struct scenario *scenario,
		    bool (*shows)(const struct scenario *scenario, void *arg), void *arg,
		    int tries);

#endif /* LOCKFAIR_SHRINK_H */
