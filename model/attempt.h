/* SPDX-License-Identifier: GPL-2.0 */
/* attempt: a request that is awake tries to get its lock, for the first time or again. */
#ifndef LOCKFAIR_MODEL_ATTEMPT_H
#define LOCKFAIR_MODEL_ATTEMPT_H

#include "model/rules.h"
#include "model/set.h"

/* Add all states to @to that this may lead to. */
void attempt(const struct model_rules *rules, const struct model_state *from, int actor,
	     struct model_set *to);

#endif /* LOCKFAIR_MODEL_ATTEMPT_H */
