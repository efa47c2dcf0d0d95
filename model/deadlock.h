/* SPDX-License-Identifier: GPL-2.0 */
/* deadlock: would a request that waits close a cycle of waits, and is that detected? */
#ifndef LOCKFAIR_MODEL_DEADLOCK_H
#define LOCKFAIR_MODEL_DEADLOCK_H

#include "model/model.h"
#include "model/rules.h"

enum deadlock {
	DEADLOCK_NONE,
	DEADLOCK_MAY_BE_SEEN,	/* EDEADLK, or the request waits */
	DEADLOCK_IS_SEEN,	/* EDEADLK */
};

/* By the documentation: the actor's request would wait for everything in its way. */
enum deadlock deadlock_of(const struct model_rules *rules, const struct model_state *state,
			  int actor);

/* By practice: it would wait behind a lock of @owner. */
enum deadlock deadlock_behind(const struct model_state *state, int actor, int owner);

#endif /* LOCKFAIR_MODEL_DEADLOCK_H */
