/* SPDX-License-Identifier: GPL-2.0 */
/* step: which states a step may lead to, once everybody has come to rest. */
#ifndef LOCKFAIR_MODEL_STEP_H
#define LOCKFAIR_MODEL_STEP_H

#include "model/rules.h"
#include "model/set.h"

/* Can this step be made: is the actor awake, the slot open, …? */
bool model_applies(const struct model_state *state, const struct model_step *step);

/* Add all states of rest to @to that @step may lead to. @scratch is used and cleared. */
void model_step(const struct model_rules *rules, const struct model_state *from,
		const struct model_step *step, struct model_set *to, struct model_set *scratch);

/* The parts of model_step(), for actors that do not wait for each other (linearize.h). */

/* @step begins: requests are awake, and have not tried yet. */
void model_start(const struct model_rules *rules, struct model_state *state,
		 const struct model_step *step);

/* The actor's request ends with EINTR. */
void model_interrupt(const struct model_rules *rules, struct model_state *state, int actor);

/* Is a close, or the end of a description, still under way? */
bool model_closes(const struct model_state *state);

/* Add to @to a state for each thing that can happen next. Return false if all are at rest. */
bool model_go_on(const struct model_rules *rules, const struct model_state *state,
		 struct model_set *to);

#endif /* LOCKFAIR_MODEL_STEP_H */
