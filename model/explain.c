// SPDX-License-Identifier: GPL-2.0
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "model/explain.h"
#include "model/trace.h"
#include "system/error_name.h"

/* ---- words ---- */

void explain_add(const struct explain_text *to, const char *format, ...)
{
	size_t used = strlen(to->text);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(to->text + used, to->room - used, format, arguments);
	va_end(arguments);
}

void explain_add_calls(const struct explain_text *to, const struct model_call *call)
{
	const char *before = "";

	for (int i = 0; i < MODEL_ACTORS; i++) {
		if (call[i].status == REQUEST_NONE)
			continue;
		explain_add(to, "%s%c ", before, 'A' + i);
		if (call[i].status == REQUEST_DONE)
			explain_add(to, "returns %s",
				    call[i].result ? error_name(call[i].result) : "0");
		else
			explain_add(to, "sleeps");
		before = ", ";
	}
}

/* "10, 90": the bytes of some cells, as start and length. */
static void add_bytes(const struct explanation *why, unsigned int cells)
{
	int first, last;

	if (!cells) {
		explain_add(&why->to, "some other range");
		return;
	}
	first = model_lowest(cells);
	last = 31 - __builtin_clz(cells);
	explain_add(&why->to, "%lld, %lld", (long long)why->scenario->cell[first],
		    (long long)scenario_length(why->scenario, first, last));
}

static void add_answer(const struct explanation *why, const struct model_answer *answer)
{
	if (!answer->locked) {
		explain_add(&why->to, "nobody");
		return;
	}
	if (answer->altered) {
		explain_add(&why->to, "nobody, but the range asked for was changed");
		return;
	}
	if (answer->description)
		explain_add(&why->to, "a description");
	else if (!answer->actors)
		explain_add(&why->to, "an unknown process");
	else if (answer->actors & (answer->actors - 1))
		explain_add(&why->to, "a process");
	else
		explain_add(&why->to, "%c", 'A' + model_lowest(answer->actors));
	explain_add(&why->to, " with %s(", trace_mode(answer->mode));
	add_bytes(why, answer->cells);
	explain_add(&why->to, ")");
}

static void add_lines(const struct explanation *why, const struct model_line *line, int lines)
{
	if (!lines)
		explain_add(&why->to, "nothing");
	for (; lines--; line++) {
		for (int i = 0; i < line->depth; i++)
			explain_add(&why->to, ">");
		explain_add(&why->to, "%s", lock_kind_name(line->kind));
		if (line->actor < MODEL_ACTORS && why->scenario->processes)
			explain_add(&why->to, " %c", 'A' + line->actor);
		explain_add(&why->to, " %s(", trace_mode(line->mode));
		if (line->kind != KIND_FLOCK)
			add_bytes(why, line->cells);
		explain_add(&why->to, lines ? "); " : ")");
	}
}

static void add_model(const struct explanation *why)
{
	struct model_line line[MODEL_LINES];
	int lines = model_lines(model_subset_state(why->states, 0), why->file, line);

	explain_add(&why->to, "; by the model of file%d: ", why->file);
	add_lines(why, line, lines);
	if (why->states->count > 1)
		explain_add(&why->to, " (or %d others)", why->states->count - 1);
}

/* ---- what was seen, and what the model has ---- */

static void calls_of(const struct model_state *state, struct model_call *call)
{
	for (int i = 0; i < MODEL_ACTORS; i++) {
		call[i].status = state->request[i].status;
		call[i].result = state->request[i].result;
	}
}

#define MOST_STATES	3	/* to be described */

void explain_calls(const struct explanation *why)
{
	const struct model_rules *rules = model_rules(MODEL_PRACTICE);
	const struct model_subset *states = why->states;

	explain_add(&why->to, "seen: ");
	explain_add_calls(&why->to, why->seen->call);
	explain_add(&why->to, "; by the model: ");
	for (int i = 0, count = 0; i < states->count && count < MOST_STATES; i++) {
		struct model_call call[MODEL_ACTORS];
		bool again = false;

		calls_of(model_subset_state(states, i), call);
		for (int j = 0; j < i; j++)
			again |= model_allows_calls(rules, model_subset_state(states, j), call);
		if (again)
			continue;
		explain_add(&why->to, count++ ? "; or " : "");
		explain_add_calls(&why->to, call);
	}
}

void explain_answer(const struct explanation *why)
{
	struct question question = question_number(why->question);

	explain_add(&why->to, "file%d, asked for %s(", why->file, trace_mode(question.mode));
	add_bytes(why, model_range(question.first, question.last));
	explain_add(&why->to, ") from outside, in the way is ");
	add_answer(why, &why->seen->answer[why->file][why->question]);
	add_model(why);
}

void explain_own(const struct explanation *why)
{
	struct question question = question_number(why->question);

	explain_add(&why->to, "%s, before it: file%d, asked for %s(",
		    lock_kind_name(why->step->kind), why->file, trace_mode(question.mode));
	add_bytes(why, model_range(question.first, question.last));
	explain_add(&why->to, ") by %c, in the way is ", 'A' + why->step->actor);
	add_answer(why, &why->seen->own[why->question]);
	add_model(why);
}

void explain_query(const struct explanation *why)
{
	explain_add(&why->to, "in the way is ");
	add_answer(why, &why->seen->query);
	add_model(why);
}

void explain_flock(const struct explanation *why)
{
	const bool *free = why->seen->flock_free[why->file];

	explain_add(&why->to, "file%d, flock() by an outsider: shared %s", why->file,
		    free[MODE_SHARED] ? "granted" : "refused");
	explain_add(&why->to, ", exclusive %s", free[MODE_EXCLUSIVE] ? "granted" : "refused");
	add_model(why);
}

void explain_lines(const struct explanation *why)
{
	explain_add(&why->to, "/proc/locks of file%d: ", why->file);
	add_lines(why, why->seen->lines.line[why->file], why->seen->lines.count[why->file]);
	add_model(why);
}

