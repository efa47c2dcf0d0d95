/* SPDX-License-Identifier: GPL-2.0 */
/* grant: an owner's locks change, and the waiters behind them are woken. */
#ifndef LOCKFAIR_MODEL_GRANT_H
#define LOCKFAIR_MODEL_GRANT_H

#include "model/model.h"
#include "model/rules.h"

/* The actor's request returns. */
void grant_finish(struct model_state *state, int actor, int result);

/* Is it a request for a POSIX lock that has lost its descriptor? */
bool grant_comes_too_late(const struct model_state *state, int actor);

/* The actor gets what it has requested; nothing is in the way. */
void grant(const struct model_rules *rules, struct model_state *state, int actor);

/* @owner releases these cells of the file, and of the sort of lock, that @in is about. */
void grant_release(const struct model_rules *rules, struct model_state *state,
		   const struct model_request *in, int owner, unsigned int cells);

#endif /* LOCKFAIR_MODEL_GRANT_H */
