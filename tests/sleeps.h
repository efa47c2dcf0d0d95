/* SPDX-License-Identifier: GPL-2.0 */
/*
 * sleeps: has something woken a waiter? If not, it has gone to sleep as often as before.
 */
#ifndef LOCKFAIR_SLEEPS_H
#define LOCKFAIR_SLEEPS_H

#include "claim/claim.h"
#include "system/release.h"

/* Return how often the waiter, which sleeps, has gone to sleep. */
static inline unsigned long sleeps_of(const struct actor *waiter)
{
	struct scene *scene = waiter->scene;
	unsigned long count = waiter->proof.switches;

	skip_unless(scene, count || !release_is_gvisor(),
		    "/proc does not show how often a task has slept");
	requires(scene, count,
		 "/proc/PID/status has no voluntary_ctxt_switches of a task that sleeps");
	return count;
}

#endif /* LOCKFAIR_SLEEPS_H */
