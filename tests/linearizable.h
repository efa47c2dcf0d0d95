/* SPDX-License-Identifier: GPL-2.0 */
/*
 * linearizable: the model judges the history of actors that run freely, for many rounds.
 *
 * After some rounds, when nobody requests or holds a lock, the history so far is judged and
 * forgotten. So a run may have any number of rounds.
 */
#ifndef LOCKFAIR_LINEARIZABLE_H
#define LOCKFAIR_LINEARIZABLE_H

#include "claim/claim.h"
#include "model/linearize.h"
#include "system/release.h"

/*
 * The rules of practice are those of fs/locks.c. Where it does not decide alone, on gVisor or a
 * network file system, a claim of practice is judged by the documentation.
 */
static inline enum model_level rules_of_practice(const struct scene *scene)
{
	return release_is_gvisor() || !lock_is_local(scene->site) ? MODEL_PROMISE : MODEL_PRACTICE;
}

/*
 * Fail the claim unless the rules of @level allow the calls in the history, and forget them. An
 * undecided history decides nothing about locks: the set-up was too large.
 */
static inline bool calls_are_linearizable(struct scene *scene, enum model_level level)
{
	static struct linearizer *judge;
	struct linearize_verdict found;

	if (!scene_goes_on(scene))
		return false;
	if (!judge)
		judge = linearizer_new();
	if (!judge) {
		scene_broken(scene, "no memory");
		return false;
	}
	found = linearize_by(judge, scene->history, level);
	if (found.answer == LINEARIZE_UNDECIDED)
		scene_broken(scene, "the history cannot be judged: event %d, %s",
			     found.at.event + 1, found.why);
	if (!holds_verdict(scene, found.answer == LINEARIZE_ALLOWED, &found.at, "%s, event %d: %s",
			   linearize_rules_name(found.level), found.at.event + 1, found.why))
		return false;
	history_forget(scene->history);
	return true;
}

/* Is there too little room in the history for a round of up to @events events? */
static inline bool history_is_full(const struct scene *scene, int events)
{
	return history_length(scene->history) + events >= HISTORY_EVENTS;
}

/* For --judge: what the rules of each level say of a history that was kept. */
static inline struct history_verdict linearizable_judge_again(const struct history *history)
{
	struct linearizer *judge = linearizer_new();
	struct linearize_verdict found = { .at = { .event = -1, .row = -1, .other = -1 } };

	for (int level = MODEL_PRACTICE; judge && level >= MODEL_PROMISE; level--) {
		found = linearize(judge, history, model_rules(level));
		if (found.answer == LINEARIZE_ALLOWED)
			claim_say("%s, there is an order of the calls",
				  linearize_rules_name(level));
		else
			claim_say("%s, event %d is %s: %s", linearize_rules_name(level),
				  found.at.event + 1,
				  found.answer == LINEARIZE_UNDECIDED ? "undecided" : "impossible",
				  found.why);
	}
	linearizer_free(judge);
	return found.at;
}

static void __attribute__((constructor)) linearizable_register(void)
{
	judge_also(linearizable_judge_again);
}

#endif /* LOCKFAIR_LINEARIZABLE_H */
