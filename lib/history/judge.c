// SPDX-License-Identifier: GPL-2.0
#include "history/judge.h"
#include "history/row.h"

static bool holds_against(const struct row *row, const struct history_event *e, bool drops)
{
	bool converts = row->asks && row_touches(row->asks, e);

	/*
	 * During a conversion the kernel may have dropped the old lock, or made it shared, before
	 * the actor knows it.
	 */
	if (converts && (drops || (row->asks->mode == MODE_SHARED && e->mode == MODE_SHARED)))
		return false;
	for (int i = 0; i < ROW_HOLDS; i++) {
		if (row->holds[i] && row_conflict(row->holds[i], e))
			return true;
	}
	return false;
}

/* When @granted was requested, was @row already waiting for a lock that this grant blocks? */
static bool was_waiting(const struct row *row, const struct history_event *e, int asked)
{
	return row->asks && row->queued >= 0 && row->queued < asked && row_conflict(row->asks, e);
}

static struct history_verdict judge(const struct history *history, bool overtaking)
{
	struct history_verdict verdict = { .event = -1, .row = -1, .other = -1 };
	struct row rows[HISTORY_ROWS] = { 0 };
	int length = history_length(history);

	for (int at = 0; at < length; at++) {
		const struct history_event *e = &history->event[at];
		bool drops = history_drops(history, e->site);

		for (int i = 0; e->what == HISTORY_GRANT && i < history->rows; i++) {
			if (history->owner[i] == history->owner[e->row])
				continue;
			if (overtaking ? !was_waiting(&rows[i], e, rows[e->row].asked) :
					 !holds_against(&rows[i], e, drops))
				continue;
			if (!verdict.count++) {
				verdict.event = at;
				verdict.row = e->row;
				verdict.other = i;
			}
		}
		row_follow(&rows[e->row], e, at, drops);
		for (int i = 0; i < history->rows; i++) {
			if (i != e->row && row_is_closed_by(history, i, e))
				row_follow(&rows[i], e, at, drops);
		}
	}
	return verdict;
}

struct history_verdict history_overlap(const struct history *history)
{
	return judge(history, false);
}

struct history_verdict history_overtaking(const struct history *history)
{
	return judge(history, true);
}

/* Apply all events to rows[]. */
static void follow_all(const struct history *history, struct row *rows)
{
	int length = history_length(history);

	for (int at = 0; at < length; at++) {
		const struct history_event *e = &history->event[at];
		bool drops = history_drops(history, e->site);

		row_follow(&rows[e->row], e, at, drops);
		for (int i = 0; i < history->rows; i++) {
			if (i != e->row && row_is_closed_by(history, i, e))
				row_follow(&rows[i], e, at, drops);
		}
	}
}

struct history_way history_in_the_way(const struct history *history, int row)
{
	struct history_way way = { .row = HISTORY_NOTHING_ASKED };
	struct row rows[HISTORY_ROWS] = { 0 };
	const struct history_event *asks;

	follow_all(history, rows);
	asks = rows[row].asks;
	if (!asks)
		return way;
	way.row = HISTORY_NOBODY;
	way.asks = (struct lock_request){ asks->mode, asks->start, asks->len, asks->site };
	for (int i = 0; i < history->rows; i++) {
		bool own = history->owner[i] == history->owner[row];

		for (int j = 0; own && j < ROW_HOLDS; j++)
			way.converts |= rows[i].holds[j] && row_touches(rows[i].holds[j], asks);
		if (!own && way.row == HISTORY_NOBODY &&
		    holds_against(&rows[i], asks, history_drops(history, asks->site)))
			way.row = i;
	}
	return way;
}

static bool is_within(const struct history_event *lock, const struct history_event *range)
{
	return lock->start >= range->start && row_last_byte(lock) <= row_last_byte(range);
}

bool history_releases_a_part(const struct history *history, int row,
			     const struct lock_request *range)
{
	struct history_event release = {
		.site = range->site, .start = range->start, .len = range->len,
	};
	struct row rows[HISTORY_ROWS] = { 0 };
	bool leaves = false;

	follow_all(history, rows);
	for (int i = 0; i < history->rows; i++) {
		for (int j = 0; history->owner[i] == history->owner[row] && j < ROW_HOLDS; j++) {
			const struct history_event *lock = rows[i].holds[j];

			leaves |= lock && row_touches(lock, &release) && !is_within(lock, &release);
		}
	}
	return leaves;
}

struct history_verdict history_marked(const struct history *history, char mark)
{
	struct history_verdict verdict = { .event = -1, .row = -1, .other = -1 };
	int length = history_length(history);

	for (int at = 0; at < length; at++) {
		const struct history_event *e = &history->event[at];

		if (e->what == HISTORY_MARK && e->mark == mark && !verdict.count++) {
			verdict.event = at;
			verdict.row = e->row;
		}
	}
	return verdict;
}
