// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "history/history.h"
#include "model/play_text.h"

/* ---- words ---- */

static void add(const struct play_telling *telling, const char *format, ...)
{
	size_t used = strlen(telling->text);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(telling->text + used, telling->room - used, format, arguments);
	va_end(arguments);
}

static const char *result_word(int result)
{
	switch (-result) {
	case 0:
		return "0";
	case EAGAIN:
		return "EAGAIN";
	case EACCES:
		return "EACCES";
	case EBADF:
		return "EBADF";
	case EDEADLK:
		return "EDEADLK";
	case EINTR:
		return "EINTR";
	case EINVAL:
		return "EINVAL";
	case ENOLCK:
		return "ENOLCK";
	}
	return strerror(-result);
}

static const char *mode_word(enum lock_mode mode)
{
	return mode == MODE_SHARED ? "SHARED" : "EXCLUSIVE";
}

static void add_sight(const struct play_telling *telling, const struct model_sight *sight)
{
	const char *before = "";

	for (int i = 0; i < MODEL_ACTORS; i++) {
		if (sight[i].status == REQUEST_NONE)
			continue;
		add(telling, "%s%c ", before, 'A' + i);
		if (sight[i].status == REQUEST_DONE)
			add(telling, "returns %s", result_word(sight[i].result));
		else
			add(telling, "sleeps");
		before = ", ";
	}
}

/* "10, 90": the bytes of some cells, as start and length. */
static void add_bytes(const struct play_telling *telling, unsigned int cells)
{
	int first, last;

	if (!cells) {
		add(telling, "some other range");
		return;
	}
	first = __builtin_ctz(cells);
	last = 31 - __builtin_clz(cells);
	add(telling, "%lld, %lld", (long long)telling->scenario->cell[first],
	    last + 1 < MODEL_CELLS ? (long long)(telling->scenario->cell[last + 1] -
						 telling->scenario->cell[first]) : 0);
}

static void add_answer(const struct play_telling *telling, const struct model_answer *answer)
{
	if (!answer->locked) {
		add(telling, "nobody");
		return;
	}
	if (answer->description)
		add(telling, "a description");
	else if (!answer->actors)
		add(telling, "an unknown process");
	else if (answer->actors & (answer->actors - 1))
		add(telling, "a process");
	else
		add(telling, "%c", 'A' + __builtin_ctz(answer->actors));
	add(telling, " with %s(", mode_word(answer->mode));
	add_bytes(telling, answer->cells);
	add(telling, ")");
}

static void add_lines(const struct play_telling *telling, const struct model_line *line, int lines)
{
	if (!lines)
		add(telling, "nothing");
	for (; lines--; line++) {
		for (int i = 0; i < line->depth; i++)
			add(telling, ">");
		add(telling, "%s", lock_kind_name(line->kind));
		if (line->actor < MODEL_ACTORS && telling->scenario->processes)
			add(telling, " %c", 'A' + line->actor);
		add(telling, " %s(", mode_word(line->mode));
		if (line->kind != LOCK_FLOCK)
			add_bytes(telling, line->cells);
		add(telling, lines ? "); " : ")");
	}
}

static void add_model(const struct play_telling *telling)
{
	struct model_line line[MODEL_LINES];
	int lines = model_lines(play_state(telling->states, 0), telling->file, line);

	add(telling, "; by the model of file%d: ", telling->file);
	add_lines(telling, line, lines);
	if (telling->states->count > 1)
		add(telling, " (or %d others)", telling->states->count - 1);
}

/* ---- what was seen, and what the model has ---- */

void tell_sight(const struct play_telling *telling)
{
	const struct play_states *states = telling->states;

	add(telling, "seen: ");
	add_sight(telling, telling->seen->sight);
	add(telling, "; by the model: ");
	for (int i = 0, told = 0; i < states->count && told < 3; i++) {
		struct model_sight sight[MODEL_ACTORS];
		bool again = false;

		for (int j = 0; j < MODEL_ACTORS; j++) {
			sight[j].status = play_state(states, i)->request[j].status;
			sight[j].result = play_state(states, i)->request[j].result;
		}
		for (int j = 0; j < i; j++)
			again |= model_allows_sight(MODEL_PRACTICE, play_state(states, j), sight);
		if (again)
			continue;
		add(telling, told++ ? "; or " : "");
		add_sight(telling, sight);
	}
}

void tell_answer(const struct play_telling *telling)
{
	struct player_question question = player_question(telling->question);

	add(telling, "file%d, asked for %s(", telling->file, mode_word(question.mode));
	add_bytes(telling, model_range(question.first, question.last));
	add(telling, ") from outside, in the way is ");
	add_answer(telling, &telling->seen->answer[telling->file][telling->question]);
	add_model(telling);
}

void tell_own(const struct play_telling *telling)
{
	struct player_question question = player_question(telling->question);

	add(telling, "%s, before it: file%d, asked for %s(", lock_kind_name(telling->step->kind),
	    telling->file, mode_word(question.mode));
	add_bytes(telling, model_range(question.first, question.last));
	add(telling, ") by %c, in the way is ", 'A' + telling->step->actor);
	add_answer(telling, &telling->seen->own[telling->question]);
	add_model(telling);
}

void tell_query(const struct play_telling *telling)
{
	add(telling, "in the way is ");
	add_answer(telling, &telling->seen->query);
	add_model(telling);
}

void tell_flock(const struct play_telling *telling)
{
	const bool *free = telling->seen->flock_free[telling->file];

	add(telling, "file%d, flock() by an outsider: shared %s", telling->file,
	    free[MODE_SHARED] ? "granted" : "refused");
	add(telling, ", exclusive %s", free[MODE_EXCLUSIVE] ? "granted" : "refused");
	add_model(telling);
}

void tell_lines(const struct play_telling *telling)
{
	add(telling, "/proc/locks of file%d: ", telling->file);
	add_lines(telling, telling->seen->known.line[telling->file],
		  telling->seen->known.count[telling->file]);
	add_model(telling);
}

/* ---- the listing and the drawing ---- */

static const char * const level_words[] = {
	[MODEL_PROMISE] = "No documentation allows this",
	[MODEL_PRACTICE] = "Linux has not done this before",
	[MODEL_FOLKLORE] = "This is not first come, first served",
};

/* What came of a step, as a comment: the actor's own result alone, or of all who were in it. */
static void note(const struct scenario *scenario, const struct play_result *result, int step,
		 char *text, size_t room)
{
	struct play_telling telling = { .scenario = scenario, .text = text, .room = room };
	const struct model_sight *sight = result->sight[step];
	struct model_sight changed[MODEL_ACTORS];

	for (int i = 0; i < MODEL_ACTORS; i++) {
		changed[i] = sight[i];
		if (i != scenario->step[step].actor && sight[i].status == REQUEST_ASLEEP)
			changed[i].status = REQUEST_NONE;
	}
	text[0] = '\0';
	if (result->made[step])
		add_sight(&telling, changed);
	else
		add(&telling, "not made");
}

static const char marks[STEP_WHATS] = {
	[STEP_DUP] = 'd', [STEP_CLOSE] = 'c', [STEP_FORK] = 'f', [STEP_EXIT] = 'x',
	[STEP_INTERRUPT] = 'i',
};

static void add_events(struct history *history, const struct scenario *scenario,
		       const struct play_result *result, int number)
{
	const struct model_step *step = &scenario->step[number];
	off_t start = scenario->cell[step->first];
	off_t len = step->last + 1 < MODEL_CELLS ? scenario->cell[step->last + 1] - start : 0;
	struct lock_request request = { .mode = step->mode, .start = start, .len = len };

	if (!(lock_kind_traits(step->kind) & TRAIT_RANGES))
		request = (struct lock_request){ .mode = step->mode };
	switch (step->what) {
	case STEP_LOCK:
		history_add(history, step->actor, HISTORY_REQUEST, &request);
		break;
	case STEP_UNLOCK:
		history_add(history, step->actor, HISTORY_RELEASE, &request);
		break;
	case STEP_QUERY:
		break;
	default:
		if (marks[step->what])
			history_mark(history, step->actor, marks[step->what]);
	}
	for (int i = 0; i < MODEL_ACTORS; i++) {
		const struct model_sight *sight = &result->sight[number][i];

		if (i == step->actor && step->what != STEP_LOCK && step->what != STEP_INTERRUPT)
			continue;
		if (sight->status == REQUEST_DONE)
			history_add(history, i, sight->result ? HISTORY_REFUSE : HISTORY_GRANT,
				    &request);
		else if (sight->status == REQUEST_ASLEEP && i == step->actor)
			history_add(history, i, HISTORY_QUEUED, &request);
	}
}

static void note_history(const struct scenario *scenario, const struct play_result *result,
			 struct history *history)
{
	history_clear(history);
	for (int i = 0; i < MODEL_ACTORS; i++) {
		char name[] = { 'A' + i, '\0' };

		history_lane(history, name);
	}
	for (int i = 0; i < scenario->count; i++) {
		if (result->made[i])
			add_events(history, scenario, result, i);
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

void play_tell(const struct scenario *scenario, const struct play_result *result,
	       struct history *history, void (*emit)(const char *line, void *arg), void *arg)
{
	char line[256], text[SCENARIO_LINE], came[120];

	note_history(scenario, result, history);
	scenario_head(scenario, emit, arg);
	for (int i = 0; i < scenario->count; i++) {
		scenario_line(scenario, &scenario->step[i], text);
		note(scenario, result, i, came, sizeof(came));
		snprintf(line, sizeof(line), "%-40s /* %s */", text, came);
		emit(line, arg);
	}
	if (!result->differs)
		return;
	snprintf(line, sizeof(line), "/* %s: */", level_words[result->level]);
	emit(line, arg);
	emit_long(result->what, emit, arg);
	emit("/* below: c closes, d duplicates, f forks, i is interrupted, x exits */", arg);
}
