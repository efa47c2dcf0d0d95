// SPDX-License-Identifier: GPL-2.0
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/free_run.h"
#include "model/linearize.h"
#include "model/pieces.h"
#include "system/compiler.h"
#include "system/error_name.h"

struct linearizer {
	struct free_run run;
	struct pieces pieces;
	struct linearize_verdict verdict;
};

struct linearizer *linearizer_new(void)
{
	struct linearizer *judge = calloc(1, sizeof(*judge));

	if (judge && free_run_open(&judge->run)) {
		free(judge);
		judge = NULL;
	}
	return judge;
}

void linearizer_free(struct linearizer *judge)
{
	if (!judge)
		return;
	free_run_close(&judge->run);
	free(judge);
}

static bool PRINTF_LIKE(4, 5) decide(struct linearizer *judge, enum linearize_answer answer, int at,
				     const char *format, ...)
{
	struct linearize_verdict *verdict = &judge->verdict;
	va_list args;

	verdict->answer = answer;
	verdict->at = (struct history_verdict){
		.count = 1, .event = at, .row = judge->run.history->event[at].row, .other = -1,
	};
	va_start(args, format);
	vsnprintf(verdict->why, sizeof(verdict->why), format, args);
	va_end(args);
	return false;
}

static bool undecided(struct linearizer *judge, int at, const char *why)
{
	return decide(judge, LINEARIZE_UNDECIDED, at, "%s", why);
}

/* ---- which points agree with an event ---- */

static bool lives(const struct free_run *run, struct free_point *point,
		  const struct history_event *e)
{
	(void)run;
	return !free_run_has_ended(point, e->row);
}

static bool opens(const struct free_run *run, struct free_point *point,
		  const struct history_event *e)
{
	free_run_reopen(run, point, e->row, e->site);
	return !free_run_has_ended(point, e->row);
}

static bool has_a_place(const struct free_run *run, struct free_point *point,
			const struct history_event *e)
{
	(void)run;
	return free_run_has_begun(point, e->row);
}

/* The call has begun, and what it closes is closed. */
static bool is_over(const struct free_point *point, int row)
{
	return free_run_has_begun(point, row) && !free_run_closes(point);
}

static bool returns(const struct free_run *run, struct free_point *point,
		    const struct history_event *e)
{
	(void)run;
	if (free_run_has_ended(point, e->row) || !is_over(point, e->row))
		return false;
	free_run_finish(point, e->row);
	return true;
}

/* The last call that refers to a description ends it before it returns. */
static bool is_answered(const struct free_run *run, struct free_point *point,
			const struct history_event *e)
{
	if (free_run_has_ended(point, e->row) || !free_run_has_begun(point, e->row) ||
	    !free_run_agrees_with(run, point, e->row) ||
	    (point->state.request[e->row].status == REQUEST_LEAVES &&
	     model_has_lost_descriptor(&point->state, e->row)) || model_unused(&point->state))
		return false;
	point->state.request[e->row] = (struct model_request){ 0 };
	free_run_finish(point, e->row);
	return true;
}

static bool is_gone(const struct free_run *run, struct free_point *point,
		    const struct history_event *e)
{
	if (!free_run_has_ended(point, e->row) || free_run_closes(point))
		return false;
	free_run_revive(run, point, e->row);
	return true;
}

/* ---- one event after another ---- */

static bool impossible(struct linearizer *judge, int at)
{
	const struct history *history = judge->run.history;
	const struct history_event *e = &history->event[at];
	const char *name = history_name(history, e->row);
	int holder = -1;

	if (e->what == HISTORY_GRANT || e->what == HISTORY_REFUSE)
		holder = free_run_holder(&judge->run, e, e->what == HISTORY_GRANT);
	if (e->what == HISTORY_GRANT && holder >= 0)
		return decide(judge, LINEARIZE_IMPOSSIBLE, at,
			      "%s was granted the lock while %s held it", name,
			      history_name(history, holder));
	if (e->what == HISTORY_REFUSE)
		return decide(judge, LINEARIZE_IMPOSSIBLE, at, "%s was refused the lock (%s)%s",
			      name, error_name(e->result),
			      holder < 0 ? ", and nobody held it" : "");
	return decide(judge, LINEARIZE_IMPOSSIBLE, at,
		      "no order of the calls before it explains what %s did", name);
}

static bool keep(struct linearizer *judge, int at, free_run_agrees agrees)
{
	return free_run_keep(&judge->run, &judge->run.history->event[at], agrees) ||
	       impossible(judge, at);
}

/* The row's release or close has returned. */
static bool finish(struct linearizer *judge, int at)
{
	judge->run.row[judge->run.history->event[at].row].call = NULL;
	return keep(judge, at, returns);
}

static const struct history_event *answer_to(const struct history *history, int at)
{
	int length = history_length(history), row = history->event[at].row;

	for (at++; at < length; at++) {
		const struct history_event *e = &history->event[at];

		if (e->row == row && (e->what == HISTORY_GRANT || e->what == HISTORY_REFUSE))
			return e;
		if (e->row == row && e->what == HISTORY_GONE)
			return NULL;
	}
	return NULL;
}

/* The model can have only one close or end under way, and a process ends with all its threads. */
static const char *goes_beyond_the_model(const struct free_run *run, const struct history_event *e)
{
	bool closes = e->what == HISTORY_CLOSE || e->what == HISTORY_END;

	if (run->row[e->row].ending && closes)
		return "an end, and another end or a close";
	for (int i = 0; i < run->history->rows; i++) {
		const struct free_row *other = &run->row[i];
		bool other_closes = other->call && other->call->what == HISTORY_CLOSE;

		if (i == e->row)
			continue;
		if (closes && (other_closes || other->ending))
			return "two closes or ends at the same time";
		if (e->what == HISTORY_END && run->history->owner[i] == run->history->owner[e->row])
			return "the end of a process that shares its locks";
	}
	return NULL;
}

static bool begin(struct linearizer *judge, int at)
{
	const struct history_event *e = &judge->run.history->event[at];
	struct free_row *row = &judge->run.row[e->row];
	const char *beyond = goes_beyond_the_model(&judge->run, e);

	if (beyond)
		return undecided(judge, at, beyond);
	if (e->what == HISTORY_END) {
		row->ending = true;
	} else {
		if (!keep(judge, at, lives))
			return false;
		row->call = e;
		row->answer = e->what == HISTORY_REQUEST ? answer_to(judge->run.history, at) : NULL;
	}
	return true;
}

static bool answer(struct linearizer *judge, int at)
{
	struct free_row *row = &judge->run.row[judge->run.history->event[at].row];

	if (!keep(judge, at, is_answered))
		return false;
	row->call = NULL;
	row->answer = NULL;
	return true;
}

/* Is a descriptor of this owner and site being closed? */
static bool is_being_closed(const struct free_run *run, const struct history_event *e)
{
	for (int i = 0; i < run->history->rows; i++) {
		const struct history_event *call = run->row[i].call;

		if (call && call->what == HISTORY_CLOSE && call->site == e->site &&
		    run->history->owner[i] == run->history->owner[e->row])
			return true;
	}
	return false;
}

/* Does such an event, which the actor itself writes, show that its last call has returned? */
static bool follows_a_return(enum history_what what)
{
	return what == HISTORY_REQUEST || what == HISTORY_RELEASE || what == HISTORY_CLOSE ||
	       what == HISTORY_OPEN;
}

static bool follow(struct linearizer *judge, int at)
{
	const struct history_event *e = &judge->run.history->event[at];
	struct free_row *row = &judge->run.row[e->row];
	bool asks = row->call && row->call->what == HISTORY_REQUEST;

	if (row->call && !asks && follows_a_return(e->what) && !finish(judge, at))
		return false;
	if (asks && follows_a_return(e->what))
		return undecided(judge, at, "a call before the last has returned");
	switch (e->what) {
	case HISTORY_REQUEST:
	case HISTORY_RELEASE:
	case HISTORY_CLOSE:
	case HISTORY_END:
		return begin(judge, at);
	case HISTORY_QUEUED:
		return !asks || keep(judge, at, has_a_place);
	case HISTORY_GRANT:
	case HISTORY_REFUSE:
		return asks ? answer(judge, at) : undecided(judge, at, "an answer to no request");
	case HISTORY_RETURN:
		return row->call && !asks ? finish(judge, at) :
			undecided(judge, at, "a return from no call");
	case HISTORY_OPEN:
		if (is_being_closed(&judge->run, e))
			return undecided(judge, at, "an open before the close has returned");
		return keep(judge, at, opens);
	case HISTORY_GONE:
		if (!row->ending)
			return undecided(judge, at, "a process that has gone without an end");
		if (!keep(judge, at, is_gone))
			return false;
		*row = (struct free_row){ 0 };
		return true;
	default:
		return true;
	}
}

/*
 * Add what the event makes possible: that a call takes effect; that a process ends after the event;
 * and, after an open, that other calls through this descriptor take effect.
 */
static bool go_on(struct linearizer *judge, int at)
{
	const struct history_event *e = &judge->run.history->event[at];
	const int *owner = judge->run.history->owner;

	for (int i = 0; i < judge->run.history->rows; i++) {
		const struct free_row *row = &judge->run.row[i];

		if (i != e->row && (e->what != HISTORY_OPEN || owner[i] != owner[e->row]))
			continue;
		if ((row->call || row->ending) && !free_run_go_on(&judge->run, i))
			return undecided(judge, at, "too many orders are possible");
	}
	return true;
}

static bool follow_piece(struct linearizer *judge, int from, int to)
{
	const struct history *history = judge->run.history;

	for (int at = from; at < to; at++) {
		if (history->event[at].site >= history->sites)
			return undecided(judge, at, "a site that is not known");
		if (!follow(judge, at) || !go_on(judge, at))
			return false;
	}
	return true;
}

static void judge_pieces(struct linearizer *judge)
{
	const struct history *history = judge->run.history;
	int length = history_length(history);
	bool at_begin = true, before;

	free_run_begin(&judge->run);
	for (int at = 0, end; at < length; at = end) {
		const struct history_event *piece = &history->event[at];

		end = pieces_end(history, at);
		if (at_begin && pieces_know(&judge->pieces, piece, end - at))
			continue;
		if (!follow_piece(judge, at, end))
			return;
		before = at_begin;
		at_begin = free_run_is_at_begin(&judge->run);
		if (before && at_begin)
			pieces_remember(&judge->pieces, piece, end - at);
	}
	if (length == HISTORY_EVENTS)
		undecided(judge, length - 1, "the history is full");
}

struct linearize_verdict linearize(struct linearizer *judge, const struct history *history,
				   const struct model_rules *rules)
{
	const char *too_many = free_run_set(&judge->run, history, rules);

	judge->verdict = (struct linearize_verdict){
		.at = { .event = -1, .row = -1, .other = -1 },
	};
	if (too_many) {
		undecided(judge, 0, too_many);
		return judge->verdict;
	}
	pieces_set(&judge->pieces, history, rules);
	judge_pieces(judge);
	return judge->verdict;
}

struct linearize_verdict linearize_by(struct linearizer *judge, const struct history *history,
				      enum model_level level)
{
	struct linearize_verdict found = linearize(judge, history, model_rules(level)), documented;

	found.level = level;
	if (level != MODEL_PRACTICE || found.answer != LINEARIZE_IMPOSSIBLE)
		return found;
	documented = linearize(judge, history, model_rules(MODEL_PROMISE));
	documented.level = MODEL_PROMISE;
	return documented.answer == LINEARIZE_IMPOSSIBLE ? documented : found;
}

const char *linearize_rules_name(enum model_level level)
{
	static const char * const names[MODEL_LEVELS] = {
		[MODEL_PROMISE] = "by the documentation",
		[MODEL_PRACTICE] = "by what Linux does",
		[MODEL_FOLKLORE] = "first come, first served",
	};

	return names[level];
}
