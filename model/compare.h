/* SPDX-License-Identifier: GPL-2.0 */
/*
 * compare: a scenario is run on the kernel, and after every step all that can be seen is compared
 * with the model.
 */
#ifndef LOCKFAIR_COMPARE_H
#define LOCKFAIR_COMPARE_H

#include "model/coverage.h"
#include "model/listing.h"
#include "model/observe.h"
#include "model/possible.h"

struct comparison {
	struct execution execution;
	struct observer observer;
	struct possible possible;
	bool probing;			/* now finding out what /proc/locks shows */
	int patience;			/* how many ms /proc/locks may be wrong */
	struct coverage *coverage;	/* or NULL */
	/* For tests of the comparison: change what was seen. */
	void (*distort)(struct observation *seen, const struct model_state *state,
			const struct model_step *step, void *arg);
	void *arg;
};

/*
 * Compare at these levels, a bit each. Files are made in @dir if that is not NULL. 0 or
 * -errno.
 */
int compare_open(struct comparison *comparison, const char *dir, unsigned int levels);
void compare_close(struct comparison *comparison);

/* Does the kernel support everything that a scenario of this kind needs? */
bool compare_offers(const struct comparison *comparison, int kind);

/*
 * Run it, to its end or until there are more states than the model has room for. 0 or -errno:
 * it could not be run.
 */
int compare_scenario(struct comparison *comparison, const struct scenario *scenario,
		     struct outcome *outcome);

/* Shorten the scenario as far as the same level stays broken. Return how often it was run. */
int compare_shrink(struct comparison *comparison, struct scenario *scenario,
		   struct outcome *outcome);

#endif /* LOCKFAIR_COMPARE_H */
