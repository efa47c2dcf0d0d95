// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "model/shrink.h"

struct shrinking {
	struct scenario *scenario;
	bool (*shows)(const struct scenario *scenario, void *arg);
	void *arg;
	int tries, most;
};

static bool take(struct shrinking *shrinking, const struct scenario *smaller)
{
	if (shrinking->tries == shrinking->most)
		return false;
	shrinking->tries++;
	if (!shrinking->shows(smaller, shrinking->arg))
		return false;
	*shrinking->scenario = *smaller;
	return true;
}

static bool without(struct shrinking *shrinking, int from, int many)
{
	struct scenario smaller = *shrinking->scenario;

	memmove(&smaller.step[from], &smaller.step[from + many],
		(smaller.count - from - many) * sizeof(*smaller.step));
	smaller.count -= many;
	return take(shrinking, &smaller);
}

/*
 * Leave out half of the steps, then quarters, and so on, from the end: less depends on the last
 * steps.
 */
static bool fewer_steps(struct shrinking *shrinking)
{
	const struct scenario *scenario = shrinking->scenario;
	bool any = false;

	for (int many = (scenario->count + 1) / 2; many > 0; many /= 2) {
		for (int from = scenario->count - many; from >= 0; from -= many) {
			if (from + many <= scenario->count)
				any |= without(shrinking, from, many);
		}
	}
	return any;
}

/* @change makes step @i simpler, or returns false if it is simple already. */
static bool simpler_steps(struct shrinking *shrinking, bool (*change)(struct model_step *step))
{
	bool any = false;

	for (int i = 0; i < shrinking->scenario->count; i++) {
		struct scenario smaller = *shrinking->scenario;

		while (change(&smaller.step[i]) && take(shrinking, &smaller))
			any = true;
	}
	return any;
}

static bool has_cells(const struct model_step *step)
{
	return step->what <= STEP_QUERY && (lock_kind_traits(step->kind) & TRAIT_RANGES);
}

static bool end_earlier(struct model_step *step)
{
	if (!has_cells(step) || step->first == step->last)
		return false;
	step->last--;
	return true;
}

static bool begin_later(struct model_step *step)
{
	if (!has_cells(step) || step->first == step->last)
		return false;
	step->first++;
	return true;
}

static bool of_the_first_file(struct model_step *step)
{
	if (step->what != STEP_OPEN || !step->other)
		return false;
	step->other = 0;
	return true;
}

static bool of_the_first_slot(struct model_step *step)
{
	if (step->what == STEP_OPEN || !step->slot)
		return false;
	step->slot = 0;
	return true;
}

static bool does_not_wait(struct model_step *step)
{
	if (step->what != STEP_LOCK || !step->wait)
		return false;
	step->wait = false;
	return true;
}

static bool starts_another(const struct model_step *step)
{
	return step->what == STEP_FORK || step->what == STEP_THREAD;
}

/* Renumber the actors in the order of their first appearance, without gaps. */
static void rename_actors(struct shrinking *shrinking)
{
	struct scenario smaller = *shrinking->scenario;
	int name[MODEL_ACTORS], names = 0;

	memset(name, -1, sizeof(name));
	for (int i = 0; i < smaller.count; i++) {
		if (name[smaller.step[i].actor] < 0 && smaller.step[i].actor < smaller.actors)
			name[smaller.step[i].actor] = names++;
	}
	smaller.actors = names ? names : 1;
	for (int i = 0; i < smaller.count; i++) {
		struct model_step *step = &smaller.step[i];

		if (starts_another(step) && name[step->other] < 0)
			name[step->other] = names++;
		if (name[step->actor] < 0)
			return;
		step->actor = name[step->actor];
		if (starts_another(step))
			step->other = name[step->other];
	}
	take(shrinking, &smaller);
}

/* Bytes counted from 0. */
static void small_cells(struct shrinking *shrinking)
{
	struct scenario smaller = *shrinking->scenario;

	for (int i = 0; i < MODEL_CELLS; i++)
		smaller.cell[i] = i;
	take(shrinking, &smaller);
}

int shrink_scenario(struct scenario *scenario,
		    bool (*shows)(const struct scenario *scenario, void *arg), void *arg,
		    int tries)
{
	struct shrinking shrinking = { scenario, shows, arg, 0, tries };
	bool any;

	do {
		any = fewer_steps(&shrinking);
		any |= simpler_steps(&shrinking, of_the_first_file);
		any |= simpler_steps(&shrinking, of_the_first_slot);
		any |= simpler_steps(&shrinking, does_not_wait);
		any |= simpler_steps(&shrinking, end_earlier);
		any |= simpler_steps(&shrinking, begin_later);
	} while (any && shrinking.tries < tries);
	small_cells(&shrinking);
	rename_actors(&shrinking);
	scenario->seed = 0;
	return shrinking.tries;
}
