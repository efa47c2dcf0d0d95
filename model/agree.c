// SPDX-License-Identifier: GPL-2.0
#include "model/agree.h"

bool agree_calls(struct agreement *with, const struct model_rules *rules,
		 const struct model_state *state)
{
	return model_allows_calls(rules, state, with->seen->call);
}

/* ---- F_GETLK ---- */

static bool agree_about_file(struct agreement *with, const struct model_rules *rules,
			     const struct model_state *state, int viewer, int count,
			     const struct model_answer *answers)
{
	for (int i = 0; i < count; i++) {
		struct question question = question_number(i);

		with->question = i;
		if (!model_allows_answer(rules, state, viewer, with->file, question.mode,
					 model_range(question.first, question.last), &answers[i]))
			return false;
	}
	return true;
}

bool agree_answers(struct agreement *with, const struct model_rules *rules,
		   const struct model_state *state)
{
	if (!with->observer->queries[0] && !with->observer->queries[1])
		return true;
	for (int file = 0; file < MODEL_FILES; file++) {
		with->file = file;
		if (with->seen->used[file] &&
		    !agree_about_file(with, rules, state, -1, QUESTIONS, with->seen->answer[file]))
			return false;
	}
	return true;
}

static int viewer_of(const struct model_state *state, const struct model_step *step)
{
	return step->kind == KIND_OFD ?
		MODEL_ACTORS + model_description(state, step->actor, step->slot) :
		state->table[step->actor];
}

static int file_of(const struct model_state *state, const struct model_step *step)
{
	return state->file[model_description(state, step->actor, step->slot)];
}

static bool is_answered(const struct agreement *with)
{
	return with->observer->queries[with->made->kind == KIND_OFD];
}

bool agree_own(struct agreement *with, const struct model_rules *rules,
	       const struct model_state *state)
{
	if (!with->seen->asked || !is_answered(with))
		return true;
	with->file = file_of(state, with->made);
	return agree_about_file(with, rules, state, viewer_of(state, with->made),
				QUESTIONS_OF_OWNER, with->seen->own);
}

bool agree_query(struct agreement *with, const struct model_rules *rules,
		 const struct model_state *state)
{
	const struct model_step *made = with->made;

	if (made->what != STEP_QUERY || !is_answered(with) ||
	    with->seen->call[made->actor].status != REQUEST_DONE)
		return true;
	with->file = file_of(state, made);
	return model_allows_answer(rules, state, viewer_of(state, made), with->file, made->mode,
				   model_range(made->first, made->last), &with->seen->query);
}

/* ---- flock() and /proc/locks ---- */

bool agree_flock(struct agreement *with, const struct model_rules *rules,
		 const struct model_state *state)
{
	(void)rules;
	for (int file = 0; with->seen->tried_flock && file < MODEL_FILES; file++) {
		with->file = file;
		if (!with->seen->used[file])
			continue;
		for (int mode = MODE_SHARED; mode <= MODE_EXCLUSIVE; mode++) {
			if (with->seen->flock_free[file][mode] !=
			    model_free_for_flock(state, file, mode))
				return false;
		}
	}
	return true;
}

bool agree_lines_to(struct agreement *with, enum lines_extent extent,
		    const struct model_state *state)
{
	return lines_match(&with->seen->lines, extent, with->observer->depth, with->processes,
			   state, &with->file);
}

bool agree_lines(struct agreement *with, const struct model_rules *rules,
		 const struct model_state *state)
{
	return !rules->lists_waiters || !with->seen->has_lines ||
	       agree_lines_to(with, with->seen->extent, state);
}
