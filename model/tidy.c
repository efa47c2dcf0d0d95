// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "model/tidy.h"

/* A scenario that is made tidier, as long as it still shows what it is about. */
struct tidying {
	struct scenario *scenario;
	bool (*shows)(const struct scenario *scenario, void *arg);
	void *arg;
};

static bool take(struct tidying *tidying, const struct scenario *tidier)
{
	if (!tidying->shows(tidier, tidying->arg))
		return false;
	*tidying->scenario = *tidier;
	return true;
}

static bool has_cells(const struct model_step *step)
{
	return step->what <= STEP_QUERY && (lock_kind_traits(step->kind) & TRAIT_RANGES);
}

static void share_more(struct tidying *tidying)
{
	for (int i = 0; i < tidying->scenario->count; i++) {
		struct scenario other = *tidying->scenario;

		if (other.step[i].what != STEP_LOCK || other.step[i].mode != MODE_EXCLUSIVE ||
		    !(lock_kind_traits(other.step[i].kind) & TRAIT_SHARED))
			continue;
		other.step[i].mode = MODE_SHARED;
		take(tidying, &other);
	}
}

/* ---- ranges, files and descriptors ---- */

/* Leave out @cell: false if a step has no other. */
static bool without_cell(struct scenario *scenario, int cell)
{
	for (int i = 0; i < scenario->count; i++) {
		struct model_step *step = &scenario->step[i];

		if (!has_cells(step))
			continue;
		if (step->first == cell && step->last == cell)
			return false;
		step->first -= step->first > cell;
		step->last -= step->last >= cell;
	}
	return true;
}

static void fewer_cells(struct tidying *tidying)
{
	for (int cell = MODEL_CELLS - 1; cell >= 0; cell--) {
		struct scenario other = *tidying->scenario;

		if (without_cell(&other, cell))
			take(tidying, &other);
	}
}

/* Return the @number of @one. The first that is asked for gets 0, and each new one the next. */
static int number_of(int *number, int *count, int one)
{
	if (number[one] < 0)
		number[one] = (*count)++;
	return number[one];
}

/* The actors do not share descriptors here. */
static void number_slots_and_files(struct scenario *scenario)
{
	int slot[MODEL_ACTORS][MODEL_SLOTS], slots[MODEL_ACTORS] = { 0 };
	int file[MODEL_FILES], files = 0;

	memset(slot, -1, sizeof(slot));
	memset(file, -1, sizeof(file));
	for (int i = 0; i < scenario->count; i++) {
		struct model_step *step = &scenario->step[i];
		int actor = step->actor;

		if (step->what != STEP_OPEN)
			step->slot = number_of(slot[actor], &slots[actor], step->slot);
	}
	for (int i = 0; i < scenario->count; i++) {
		struct model_step *step = &scenario->step[i];
		int actor = step->actor;

		if (step->what != STEP_OPEN)
			continue;
		step->slot = number_of(slot[actor], &slots[actor], step->slot);
		step->other = number_of(file, &files, step->other);
	}
}

/* The first cells in the place of the last, of those that are used. */
static void turn_cells(struct scenario *scenario)
{
	int last = 0;

	for (int i = 0; i < scenario->count; i++) {
		if (has_cells(&scenario->step[i]) && scenario->step[i].last > last)
			last = scenario->step[i].last;
	}
	for (int i = 0; i < scenario->count; i++) {
		struct model_step *step = &scenario->step[i];
		int first = step->first;

		if (!has_cells(step))
			continue;
		step->first = last - step->last;
		step->last = last - first;
	}
}

/* ---- the order ---- */

/* First all actors open their files. */
static int place_of(const struct model_step *step)
{
	if (step->what == STEP_OPEN)
		return step->actor * MODEL_SLOTS + step->slot;
	return MODEL_ACTORS * MODEL_SLOTS + step->actor;
}

static void sort_steps(struct tidying *tidying)
{
	const struct model_step *step = tidying->scenario->step;
	bool any;

	do {
		any = false;
		for (int i = 0; i + 1 < tidying->scenario->count; i++) {
			struct scenario other = *tidying->scenario;

			if (place_of(&step[i]) <= place_of(&step[i + 1]))
				continue;
			other.step[i] = step[i + 1];
			other.step[i + 1] = step[i];
			any |= take(tidying, &other);
		}
	} while (any);
}

/* The next permutation, in lexicographic order; false after the last. */
static bool permute(int *name, int count)
{
	int i = count - 2, j = count - 1, swap;

	while (i >= 0 && name[i] > name[i + 1])
		i--;
	if (i < 0)
		return false;
	while (name[j] < name[i])
		j--;
	swap = name[i];
	name[i] = name[j];
	name[j] = swap;
	for (j = count - 1, i++; i < j; i++, j--) {
		swap = name[i];
		name[i] = name[j];
		name[j] = swap;
	}
	return true;
}

/* Which of two that mean the same comes first? */
static bool comes_first(const struct scenario *one, const struct scenario *other)
{
	return memcmp(one->step, other->step, one->count * sizeof(*one->step)) < 0;
}

static void try_names(struct tidying *tidying, const struct scenario *from, const int *name,
		      struct scenario *best)
{
	*tidying->scenario = *from;
	for (int i = 0; i < from->count; i++)
		tidying->scenario->step[i].actor = name[from->step[i].actor];
	sort_steps(tidying);
	number_slots_and_files(tidying->scenario);
	sort_steps(tidying);
	if (comes_first(tidying->scenario, best))
		*best = *tidying->scenario;
}

void tidy_scenario(struct scenario *scenario,
		   bool (*shows)(const struct scenario *scenario, void *arg), void *arg)
{
	struct tidying tidying = { scenario, shows, arg };
	struct scenario from, best;
	int name[MODEL_ACTORS] = { 0 };

	share_more(&tidying);
	fewer_cells(&tidying);
	from = *scenario;
	best = from;
	memset(best.step, 0xff, best.count * sizeof(*best.step));
	for (int turned = 0; turned < 2; turned++) {
		for (int i = 0; i < from.actors; i++)
			name[i] = i;
		do {
			try_names(&tidying, &from, name, &best);
		} while (permute(name, from.actors));
		turn_cells(&from);
	}
	*scenario = best;
}
