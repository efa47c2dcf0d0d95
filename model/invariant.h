/* SPDX-License-Identifier: GPL-2.0 */
/* invariant: conditions that every state of rest meets, unless the model has a bug. */
#ifndef LOCKFAIR_MODEL_INVARIANT_H
#define LOCKFAIR_MODEL_INVARIANT_H

#include "model/model.h"
#include "model/rules.h"

/* Return what is wrong with a state, or NULL. */
const char *invariant_broken(const struct model_rules *rules, const struct model_state *state);

/* Abort the program if anything is wrong. */
void invariant_check(const struct model_rules *rules, const struct model_state *state);

#endif /* LOCKFAIR_MODEL_INVARIANT_H */
