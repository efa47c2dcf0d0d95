// SPDX-License-Identifier: GPL-2.0
#include "model/explain.h"
#include "model/judge.h"

struct check {
	agree_function agrees;
	void (*explain)(const struct explanation *why);
};

static const struct check before = { agree_own, explain_own };

/* Compared in this order; the first difference is reported. */
static const struct check after[] = {
	{ agree_calls, explain_calls },
	{ agree_answers, explain_answer },
	{ agree_query, explain_query },
	{ agree_flock, explain_flock },
	{ agree_lines, explain_lines },
};

/* Drop the states that disagree. If none would be left, change nothing and return false. */
static bool keep(struct judgement *judgement, enum model_level level, const struct check *check,
		 struct model_subset *left)
{
	const struct model_rules *rules = model_rules(level);
	int kept = 0;

	for (int i = 0; i < left->count; i++) {
		if (check->agrees(&judgement->with, rules, model_subset_state(left, i)))
			kept++;
	}
	if (!kept && left->count)
		return false;
	for (int i = 0, at = 0; kept < left->count && i < left->count; i++) {
		if (check->agrees(&judgement->with, rules, model_subset_state(left, i)))
			left->number[at++] = left->number[i];
	}
	left->count = kept;
	return true;
}

static void differs(struct judgement *judgement, enum model_level level,
		    const struct check *check, const struct model_subset *left)
{
	struct outcome *outcome = judgement->outcome;
	const struct agreement *with = &judgement->with;
	const struct explanation why = {
		.to = { .text = outcome->what, .room = sizeof(outcome->what) },
		.scenario = judgement->scenario, .step = with->made, .seen = with->seen,
		.states = left, .file = with->file, .question = with->question,
	};

	if (outcome->differs && outcome->level <= level)
		return;
	outcome->differs = true;
	outcome->level = level;
	outcome->step = judgement->step;
	outcome->what[0] = '\0';
	check->explain(&why);
}

int judge_before(struct judgement *judgement)
{
	struct possible *possible = judgement->possible;
	bool fewer = false;

	for (int level = 0; level < MODEL_FOLKLORE; level++) {
		struct model_set *now = &possible->now[level];
		struct model_subset left = model_subset_all(now, possible->number);

		if (!possible_asked(possible, level))
			continue;
		if (!keep(judgement, level, &before, &left))
			differs(judgement, level, &before, &left);
		if (left.count == now->count)
			continue;
		fewer = true;
		model_subset_copy(&left, &possible->scratch);
		left = model_subset_all(&possible->scratch, possible->number);
		model_subset_copy(&left, now);
	}
	return fewer ? possible_step(possible, judgement->with.made) : 0;
}

void judge_after(struct judgement *judgement)
{
	struct possible *possible = judgement->possible;
	int checks = sizeof(after) / sizeof(*after);

	for (int level = 0; level < MODEL_LEVELS; level++) {
		struct model_subset left = model_subset_all(&possible->next[level],
							    possible->number);

		if (!possible_asked(possible, level))
			continue;
		/* For folklore, only the results of the calls can be checked. */
		for (int i = 0; i < (level == MODEL_FOLKLORE ? 1 : checks); i++) {
			if (!keep(judgement, level, &after[i], &left)) {
				differs(judgement, level, &after[i], &left);
				break;
			}
		}
		model_subset_copy(&left, &possible->now[level]);
	}
}
