// SPDX-License-Identifier: GPL-2.0
#include <assert.h>
#include <string.h>

#include "model/scenario.h"

static_assert(sizeof(struct model_step) == 9, "steps are compared as bytes: no padding");

const char *scenario_kind_name(int kind)
{
	return kind == SCENARIO_MIXED ? "mixed" : lock_kind_name(kind);
}

int scenario_kind(const char *name)
{
	for (int kind = 0; kind <= SCENARIO_MIXED; kind++) {
		if (!strcmp(scenario_kind_name(kind), name))
			return kind;
	}
	return -1;
}

bool scenario_is_control(const struct scenario *scenario)
{
	return scenario->kind < KINDS && !(lock_kind_traits(scenario->kind) & TRAIT_FILE);
}

off_t scenario_length(const struct scenario *scenario, int first, int last)
{
	if (last + 1 == MODEL_CELLS)
		return 0;
	return scenario->cell[last + 1] - scenario->cell[first];
}

unsigned int scenario_cells(const struct scenario *scenario, off_t start, off_t len)
{
	int first = 0, last = len ? -1 : MODEL_CELLS - 1;

	while (first < MODEL_CELLS && scenario->cell[first] != start)
		first++;
	for (int i = first + 1; len && i < MODEL_CELLS; i++) {
		if (scenario->cell[i] - start == len)
			last = i - 1;
	}
	return first < MODEL_CELLS && last >= first ? model_range(first, last) : 0;
}
