/* SPDX-License-Identifier: GPL-2.0 */
/* listing: a scenario and how it went, as a listing for --replay and as a history to be drawn. */
#ifndef LOCKFAIR_LISTING_H
#define LOCKFAIR_LISTING_H

#include "history/history.h"
#include "model/rules.h"
#include "model/scenario.h"
#include "model/visible.h"

/* How a scenario went. */
struct outcome {
	bool differs;
	enum model_level level;		/* the strongest that is broken: promise before practice */
	int step;			/* where */
	char what[400];			/* what was seen, and what the model has */
	bool made[SCENARIO_STEPS];
	struct model_call call[SCENARIO_STEPS][MODEL_ACTORS];
};

/* @emit gets each line of the listing; @history gets what happened. */
void listing_emit(const struct scenario *scenario, const struct outcome *outcome,
		  struct history *history, void (*emit)(const char *line, void *arg), void *arg);

#endif /* LOCKFAIR_LISTING_H */
