/* SPDX-License-Identifier: GPL-2.0 */
/* tidy: write a short scenario in one of the many ways that mean the same. */
#ifndef LOCKFAIR_MODEL_TIDY_H
#define LOCKFAIR_MODEL_TIDY_H

#include "model/scenario.h"

/*
 * As far as @shows still returns true: few exclusive requests, no more cells than the steps need,
 * the steps of each actor together, and that order of the actors and cells which sorts first.
 */
void tidy_scenario(struct scenario *scenario,
		   bool (*shows)(const struct scenario *scenario, void *arg), void *arg);

#endif /* LOCKFAIR_MODEL_TIDY_H */
