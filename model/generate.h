/* SPDX-License-Identifier: GPL-2.0 */
/* generate: a random scenario from a seed. */
#ifndef LOCKFAIR_GENERATE_H
#define LOCKFAIR_GENERATE_H

#include "model/scenario.h"

/*
 * Generate @steps random steps, most of which can be made if all goes as in the model; the steps
 * before them give the actors descriptors. The same arguments give the same scenario. 0 or -ENOMEM.
 */
int generate_scenario(struct scenario *scenario, unsigned long long seed, int kind, int steps);

#endif /* LOCKFAIR_GENERATE_H */
