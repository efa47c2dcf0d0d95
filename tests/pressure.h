/* SPDX-License-Identifier: GPL-2.0 */
/* What the tests under pressure have in common. */
#ifndef LOCKFAIR_PRESSURE_H
#define LOCKFAIR_PRESSURE_H

#include "claim/claim.h"

/* Describe an actor that should have been granted the lock, and was not. */
static inline const char *state(const struct actor *actor)
{
	return actor->busy ? "sleeps on" : strerror(-actor->result);
}

static inline double now(void)
{
	return asleep_clock() / 1e3;
}

/*
 * No part of the file is locked any more: @peer gets all of it. /proc/locks is not read: if others
 * have as many locks as this test, reading it takes many seconds and holds up their lock calls.
 */
static inline void all_is_free(struct actor *peer)
{
	int ret = actor_try(peer, EXCLUSIVE);

	holds(peer->scene, !ret, "%s was refused in the end: %s", actor_name(peer), strerror(-ret));
	actor_unlock(peer);
}

#endif /* LOCKFAIR_PRESSURE_H */
