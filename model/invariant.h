/* SPDX-License-Identifier: GPL-2.0 */
/* invariant: what is true of every state of rest, if the model itself has no bug. */
#ifndef LOCKFAIR_MODEL_INVARIANT_H
#define LOCKFAIR_MODEL_INVARIANT_H

#include "model/model.h"
#include "model/rules.h"

/* Return what is wrong with a state that the rules have led to, or NULL. */
const char *invariant_broken(const struct model_rules *rules, const struct model_state *state);

/* Abort the program if anything is wrong. */
void invariant_check(const struct model_rules *rules, const struct model_state *state);

#endif /* LOCKFAIR_MODEL_INVARIANT_H */
