/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ending: how does a scenario end, by the model alone? After its steps, each actor that is awake
 * exits, again and again. An actor that then still sleeps would sleep for ever.
 */
#ifndef LOCKFAIR_MODEL_ENDING_H
#define LOCKFAIR_MODEL_ENDING_H

#include "model/rules.h"
#include "model/scenario.h"
#include "model/set.h"

enum ending {
	ENDS_WELL,	/* all steps are made, no call fails except a try, and all have exited */
	ENDS_BADLY,	/* in a deadlock: a call is refused because of it, or somebody sleeps on */
	ENDS_SOMEHOW,	/* neither is certain, or there are too many states to say */
};

/* Memory for states. */
struct endings {
	struct model_set now, next, scratch;
};

/* 0 or -ENOMEM. */
int endings_open(struct endings *endings);
void endings_close(struct endings *endings);

enum ending ending_of(struct endings *endings, enum model_level level,
		      const struct scenario *scenario);

/* Leave out the steps that cannot be made for sure, or that make a call fail, except a try. */
void ending_keep_made(struct endings *endings, enum model_level level, struct scenario *scenario);

/* Append the exits that are possible after its steps: actor by actor, again and again. */
void ending_append_exits(struct endings *endings, enum model_level level,
			 struct scenario *scenario);

#endif /* LOCKFAIR_MODEL_ENDING_H */
