/* SPDX-License-Identifier: GPL-2.0 */
/* What the tests under pressure have in common. */
#ifndef LOCKFAIR_PRESSURE_H
#define LOCKFAIR_PRESSURE_H

#include <time.h>

#include "claim/expectation.h"

/* Of one who was to be granted, and was not. */
static inline const char *state(const struct actor *actor)
{
	return actor->busy ? "sleeps on" : strerror(-actor->result);
}

static inline double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1e6 + time.tv_nsec / 1e3;
}

/*
 * Nobody has anything of it any more: another gets all of it. /proc/locks is not asked: where
 * others have as many locks as this test, reading it takes them, and us, many seconds.
 */
#define ALL_IS_FREE(peer) do { \
	int got = actor_try(peer, EXCLUSIVE); \
	HOLDS(!got, "a lock is left behind", "%s was refused in the end: %s", actor_name(peer), \
	      strerror(-got)); \
	actor_unlock(peer); \
} while (0)

#endif /* LOCKFAIR_PRESSURE_H */
