// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <string.h>

#include "history/draw.h"
#include "history/row.h"

#define COLUMNS		64
#define COLUMNS_AFTER	16	/* how many of them follow the event that decided */
#define MANY		16	/* rows */

static char holding(const struct row *row)
{
	char shown = ' ';

	for (int i = 0; i < ROW_HOLDS; i++) {
		if (row->holds[i] && row->holds[i]->mode == MODE_EXCLUSIVE)
			return 'H';
		if (row->holds[i])
			shown = 'S';
	}
	return shown;
}

/* The character for event @e in the row of its actor. */
static char own_column(const struct row *row, const struct history_event *e)
{
	switch (e->what) {
	case HISTORY_MARK:
		return e->mark;
	case HISTORY_RELEASE:
		return '.';
	case HISTORY_CLOSE:
		return 'c';
	case HISTORY_END:
		return 'k';
	case HISTORY_REFUSE:
		return 'x';
	default:
		return row->asks ? 'w' : holding(row);
	}
}

static void draw_row(const struct history *history, int which, int from, int to, char *line)
{
	struct row row = { .queued = -1 };

	for (int at = 0; at < to; at++) {
		const struct history_event *e = &history->event[at];
		char column;

		if (e->row == which) {
			row_follow(&row, e, at, history_drops(history, e->site));
			column = own_column(&row, e);
		} else {
			if (row_is_closed_by(history, which, e))
				row_follow(&row, e, at, history_drops(history, e->site));
			column = row.asks ? 'w' : holding(&row);
		}
		if (at >= from)
			*line++ = column;
	}
	*line = '\0';
}

static void note(const struct history *history, int row, const struct history_verdict *verdict,
		 char *text, size_t size)
{
	text[0] = '\0';
	if (verdict && verdict->event >= 0 && verdict->row == row && verdict->other >= 0)
		snprintf(text, size, "   before %s", history->name[verdict->other]);
}

static const char legend[] = "H holds exclusively, S shared, w waits, . releases, x refused";

void history_draw(const struct history *history, const struct history_verdict *verdict,
		  void (*emit)(const char *line))
{
	int to = history_length(history), from = 0, width = 0;
	bool ends = false;
	char line[128], columns[COLUMNS + 1], after[HISTORY_NAME + 16];

	if (!to) {
		emit("  (nothing happened)");
		return;
	}
	if (verdict && verdict->event >= 0) {
		int wanted = verdict->event + COLUMNS_AFTER;

		if (wanted < COLUMNS)
			wanted = COLUMNS;
		to = to > wanted ? wanted : to;
	}
	if (to > COLUMNS)
		from = to - COLUMNS;

	for (int i = 0; i < history->rows; i++) {
		int length = strlen(history->name[i]);

		width = length > width ? length : width;
	}
	for (int i = 0; i < history->rows; i++) {
		draw_row(history, i, from, to, columns);
		ends |= columns[strcspn(columns, "ck")];
		/*
		 * Show the actors that do something in this window. If they are many, leave out
		 * those that only wait.
		 */
		if (!columns[strspn(columns, history->rows > MANY ? " w" : " ")])
			continue;
		note(history, i, verdict, after, sizeof(after));
		snprintf(line, sizeof(line), "  %-*s |%s|%s", width, history->name[i], columns,
			 after);
		emit(line);
	}
	snprintf(line, sizeof(line), "  events %d to %d of %u; %s%s", from + 1, to, history->used,
		 legend, ends ? ", c closes, k may be killed" : "");
	emit(line);
}
