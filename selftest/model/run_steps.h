/* SPDX-License-Identifier: GPL-2.0 */
/* run_steps: what a few steps may lead to, in the specification. */
#ifndef LOCKFAIR_RUN_STEPS_H
#define LOCKFAIR_RUN_STEPS_H

#include <string.h>

#include "model/step.h"
#include "model/trace.h"

#define OPEN3	"A: fd0 = open(file0);\nB: fd0 = open(file0);\nC: fd0 = open(file0);\n"

struct sets {
	struct model_set now, next, scratch;
};

static inline int sets_open(struct sets *sets)
{
	int err = model_set_open(&sets->now, 4096);

	if (!err)
		err = model_set_open(&sets->next, 4096);
	if (!err)
		err = model_set_open(&sets->scratch, 4096);
	return err;
}

static inline void sets_close(struct sets *sets)
{
	model_set_close(&sets->now);
	model_set_close(&sets->next);
	model_set_close(&sets->scratch);
}

/*
 * Make these steps, a line each; sets->now gets the states that they may lead to. Return NULL, or
 * the line that is no step or cannot be made.
 */
static inline const char *run_steps(struct sets *sets, enum model_level level, int actors,
				    const char *lines)
{
	const struct model_rules *rules = model_rules(level);
	struct scenario all = { .kind = SCENARIO_MIXED, .actors = actors,
		.cell = { 0, 1, 2, 3, 4, 5 } };
	struct model_state state;

	model_begin(&state, actors);
	model_set_clear(&sets->now);
	model_set_add(&sets->now, &state);
	for (const char *line = lines; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		struct model_set swap = sets->next;
		struct model_step step;

		if (!trace_parse_line(&all, line, &step))
			return line;
		model_set_clear(&swap);
		for (int i = 0; i < sets->now.count; i++) {
			if (!model_applies(&sets->now.state[i], &step))
				return line;
			model_step(rules, &sets->now.state[i], &step, &swap, &sets->scratch);
		}
		sets->next = sets->now;
		sets->now = swap;
	}
	return NULL;
}

#endif /* LOCKFAIR_RUN_STEPS_H */
