/* SPDX-License-Identifier: GPL-2.0 */
/* shrink: a scenario is made shorter while it still shows something. */
#ifndef LOCKFAIR_SHRINK_H
#define LOCKFAIR_SHRINK_H

#include "model/scenario.h"

/*
 * Leave out steps, actors and bytes while @shows says that what is left still shows what it is
 * about; up to @tries times. How many there were.
 */
int shrink_scenario(struct scenario *scenario,
		    bool (*shows)(const struct scenario *scenario, void *arg), void *arg,
		    int tries);

#endif /* LOCKFAIR_SHRINK_H */
