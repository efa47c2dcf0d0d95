/* SPDX-License-Identifier: GPL-2.0 */
/* conflict: which locks and requests exclude each other. */
#ifndef LOCKFAIR_MODEL_CONFLICT_H
#define LOCKFAIR_MODEL_CONFLICT_H

#include "model/model.h"
#include "model/rules.h"

/* Are the requests about locks that can exclude each other at all? */
bool conflict_same_domain(const struct model_request *a, const struct model_request *b);

/* The cells in which a lock of @owner is in the way of the actor's request. */
unsigned int conflict_in_the_way(const struct model_state *state, int actor, int owner);

/* Do the two requests exclude each other? */
bool conflict_of_requests(const struct model_state *state, int a, int b);

/* Does anything keep the actor's request from being granted? */
bool conflict_blocks(const struct model_rules *rules, const struct model_state *state, int actor);

#endif /* LOCKFAIR_MODEL_CONFLICT_H */
