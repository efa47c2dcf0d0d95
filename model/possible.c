// SPDX-License-Identifier: GPL-2.0
#include <errno.h>

#include "model/possible.h"
#include "model/step.h"

int possible_open(struct possible *possible, unsigned int levels)
{
	int err = model_set_open(&possible->scratch, POSSIBLE_STATES);

	possible->levels = levels;
	for (int level = 0; level < MODEL_LEVELS; level++) {
		if (!err)
			err = model_set_open(&possible->now[level], POSSIBLE_STATES);
		if (!err)
			err = model_set_open(&possible->next[level], POSSIBLE_STATES);
	}
	return err;
}

void possible_close(struct possible *possible)
{
	for (int level = 0; level < MODEL_LEVELS; level++) {
		model_set_close(&possible->now[level]);
		model_set_close(&possible->next[level]);
	}
	model_set_close(&possible->scratch);
}

bool possible_asked(const struct possible *possible, enum model_level level)
{
	return possible->levels & 1u << level;
}

void possible_begin(struct possible *possible, int actors)
{
	struct model_state first;

	model_begin(&first, actors);
	for (int level = 0; level < MODEL_LEVELS; level++) {
		if (!possible_asked(possible, level))
			continue;
		model_set_clear(&possible->now[level]);
		model_set_add(&possible->now[level], &first);
	}
}

int possible_step(struct possible *possible, const struct model_step *step)
{
	for (int level = 0; level < MODEL_LEVELS; level++) {
		const struct model_set *now = &possible->now[level];
		struct model_set *next = &possible->next[level];

		if (!possible_asked(possible, level))
			continue;
		model_set_clear(next);
		for (int i = 0; i < now->count; i++)
			model_step(model_rules(level), &now->state[i], step, next,
				   &possible->scratch);
		if (next->full)
			return -E2BIG;
	}
	return 0;
}

static unsigned int asleep(const struct model_state *state)
{
	unsigned int actors = 0;

	for (int i = 0; i < MODEL_ACTORS; i++)
		actors |= model_waits(&state->request[i]) << i;
	return actors;
}

bool possible_asleep(const struct possible *possible, unsigned int actors)
{
	for (int level = MODEL_LEVELS - 1; level >= 0; level--) {
		const struct model_set *next = &possible->next[level];

		for (int i = 0; possible_asked(possible, level) && i < next->count; i++) {
			if (asleep(&next->state[i]) == actors)
				return true;
		}
	}
	return false;
}

const struct model_state *possible_any(const struct possible *possible)
{
	return &possible->now[model_lowest(possible->levels)].state[0];
}

const struct model_set *possible_covered(const struct possible *possible)
{
	return &possible->now[possible_asked(possible, MODEL_PRACTICE) ? MODEL_PRACTICE :
			      model_lowest(possible->levels)];
}
