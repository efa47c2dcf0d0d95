// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <string.h>

#include "model/explain.h"
#include "model/listing.h"
#include "model/trace.h"

static const char * const level_words[MODEL_LEVELS] = {
	[MODEL_PROMISE] = "No documentation allows this",
	[MODEL_PRACTICE] = "Linux has not done this before",
	[MODEL_FOLKLORE] = "This is not first come, first served",
};

/* What a step led to, as a comment: the result of the actor's call, and calls that returned. */
static void note(const struct scenario *scenario, const struct outcome *outcome, int step,
		 char *text, size_t room)
{
	const struct explain_text to = { .text = text, .room = room };
	const struct model_call *call = outcome->call[step];
	struct model_call changed[MODEL_ACTORS];

	for (int i = 0; i < MODEL_ACTORS; i++) {
		changed[i] = call[i];
		if (i != scenario->step[step].actor && call[i].status == REQUEST_ASLEEP)
			changed[i].status = REQUEST_NONE;
	}
	text[0] = '\0';
	if (outcome->made[step])
		explain_add_calls(&to, changed);
	else
		explain_add(&to, "not made");
}

static const char marks[STEP_WHATS] = {
	[STEP_DUP] = 'd', [STEP_CLOSE] = 'c', [STEP_FORK] = 'f', [STEP_THREAD] = 't',
	[STEP_EXIT] = 'x', [STEP_INTERRUPT] = 'i',
};

/* What the actors ask for, and who shares a table of descriptors with whom. */
struct drawing {
	struct history *history;
	struct lock_request asked[MODEL_ACTORS];
	unsigned int shares[MODEL_ACTORS];	/* a bit for each, and for itself */
	unsigned int left;			/* who has exited */
};

static struct lock_request request_of(const struct scenario *scenario,
				      const struct model_step *step)
{
	struct lock_request request = { .mode = step->mode };

	if (lock_kind_traits(step->kind) & TRAIT_RANGES) {
		request.start = scenario->cell[step->first];
		request.len = scenario_length(scenario, step->first, step->last);
	}
	return request;
}

static void share(struct drawing *drawing, int actor, int thread)
{
	unsigned int group = drawing->shares[actor] | 1u << thread;

	drawing->left &= ~(1u << thread);
	for (int i = 0; i < MODEL_ACTORS; i++) {
		drawing->shares[i] &= ~(1u << thread);
		if (group & 1u << i)
			drawing->shares[i] = group;
	}
}

static void begin_alone(struct drawing *drawing, int actor)
{
	for (int i = 0; i < MODEL_ACTORS; i++)
		drawing->shares[i] &= ~(1u << actor);
	drawing->shares[actor] = 1u << actor;
	drawing->left &= ~(1u << actor);
}

/* The locks end when the last actor that shares the table exits. */
static void leave(struct drawing *drawing, int actor)
{
	drawing->left |= 1u << actor;
	if (drawing->shares[actor] & ~drawing->left)
		return;
	for (int i = 0; i < MODEL_ACTORS; i++) {
		if (drawing->shares[actor] & 1u << i)
			history_add(drawing->history, i, HISTORY_GONE, &drawing->asked[i]);
	}
}

static void add_step(struct drawing *drawing, const struct scenario *scenario,
		     const struct model_step *step)
{
	struct lock_request request = request_of(scenario, step);

	if (marks[step->what])
		history_mark(drawing->history, step->actor, marks[step->what]);
	switch (step->what) {
	case STEP_LOCK:
		drawing->asked[step->actor] = request;
		history_add(drawing->history, step->actor, HISTORY_REQUEST, &request);
		break;
	case STEP_UNLOCK:
		history_add(drawing->history, step->actor, HISTORY_RELEASE, &request);
		break;
	case STEP_THREAD:
		share(drawing, step->actor, step->other);
		break;
	case STEP_FORK:
		begin_alone(drawing, step->other);
		break;
	case STEP_EXIT:
		leave(drawing, step->actor);
		break;
	}
}

static void add_events(struct drawing *drawing, const struct scenario *scenario,
		       const struct outcome *outcome, int number)
{
	const struct model_step *step = &scenario->step[number];

	add_step(drawing, scenario, step);
	for (int i = 0; i < MODEL_ACTORS; i++) {
		const struct model_call *call = &outcome->call[number][i];
		const struct lock_request *asked = &drawing->asked[i];

		if (i == step->actor && step->what != STEP_LOCK && step->what != STEP_INTERRUPT)
			continue;
		if (call->status == REQUEST_DONE)
			history_add(drawing->history, i,
				    call->result ? HISTORY_REFUSE : HISTORY_GRANT, asked);
		else if (call->status == REQUEST_ASLEEP && i == step->actor)
			history_add(drawing->history, i, HISTORY_QUEUED, asked);
	}
}

static void note_history(const struct scenario *scenario, const struct outcome *outcome,
			 struct history *history)
{
	struct drawing drawing = { .history = history };

	history_clear(history);
	if (scenario->kind < KINDS)
		history_add_site(history, scenario->kind, 0);
	for (int i = 0; i < MODEL_ACTORS; i++) {
		char name[] = { 'A' + i, '\0' };

		history_row(history, name);
		begin_alone(&drawing, i);
	}
	for (int i = 0; i < scenario->count; i++) {
		if (outcome->made[i])
			add_events(&drawing, scenario, outcome, i);
	}
}

/* A long line in pieces: the test's own lines are cut at some 240 characters. */
static void emit_long(const char *text, void (*emit)(const char *line, void *arg), void *arg)
{
	char piece[100];

	while (*text) {
		int length = strlen(text);

		if (length > 90) {
			for (length = 90; length > 40 && text[length] != ' '; length--)
				;
		}
		snprintf(piece, sizeof(piece), "/* %.*s */", length, text);
		emit(piece, arg);
		text += length;
		text += *text == ' ';
	}
}

void listing_emit(const struct scenario *scenario, const struct outcome *outcome,
		  struct history *history, void (*emit)(const char *line, void *arg), void *arg)
{
	char line[256], text[TRACE_LINE], came[120];

	note_history(scenario, outcome, history);
	trace_head(scenario, emit, arg);
	for (int i = 0; i < scenario->count; i++) {
		trace_line(scenario, &scenario->step[i], text);
		note(scenario, outcome, i, came, sizeof(came));
		snprintf(line, sizeof(line), "%-40s /* %s */", text, came);
		emit(line, arg);
	}
	if (!outcome->differs)
		return;
	snprintf(line, sizeof(line), "/* %s: */", level_words[outcome->level]);
	emit(line, arg);
	emit_long(outcome->what, emit, arg);
	emit("/* below: c closes, d duplicates, f forks, i interrupted, t thread, x exits */", arg);
}
