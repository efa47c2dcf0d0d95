// SPDX-License-Identifier: GPL-2.0
#include <limits.h>
#include <string.h>

#include "history/row.h"

/* The last byte, not the one after it: nothing follows the largest offset. */
long long row_last_byte(const struct history_event *e)
{
	return e->len ? e->start + (e->len - 1) : LLONG_MAX;
}

bool row_touches(const struct history_event *a, const struct history_event *b)
{
	return a->site == b->site && a->start <= row_last_byte(b) && b->start <= row_last_byte(a);
}

bool row_conflict(const struct history_event *a, const struct history_event *b)
{
	return row_touches(a, b) && (a->mode == MODE_EXCLUSIVE || b->mode == MODE_EXCLUSIVE);
}

bool row_is_closed_by(const struct history *history, int row, const struct history_event *e)
{
	return e->what == HISTORY_CLOSE && history->owner[row] == history->owner[e->row];
}

/* Drop the locks that @e releases. A lock that reaches beyond @e counts as released, too. */
static void let_go(struct row *row, const struct history_event *e)
{
	for (int i = 0; i < ROW_HOLDS; i++) {
		if (row->holds[i] && row_touches(row->holds[i], e))
			row->holds[i] = NULL;
	}
}

static void hold(struct row *row, const struct history_event *e)
{
	for (int i = 0; i < ROW_HOLDS; i++) {
		if (!row->holds[i]) {
			row->holds[i] = e;
			return;
		}
	}
}

void row_follow(struct row *row, const struct history_event *e, int at, bool drops)
{
	switch (e->what) {
	case HISTORY_REQUEST:
		row->asks = e;
		row->asked = at;
		row->queued = -1;
		break;
	case HISTORY_QUEUED:
		if (row->asks)
			row->queued = at;
		break;
	case HISTORY_GRANT:
		let_go(row, e);
		hold(row, e);
		row->asks = NULL;
		break;
	case HISTORY_REFUSE:
		if (drops)
			let_go(row, e);
		row->asks = NULL;
		break;
	case HISTORY_RELEASE:
	case HISTORY_CLOSE:
		let_go(row, e);
		break;
	case HISTORY_END:
		memset(row->holds, 0, sizeof(row->holds));
		break;
	case HISTORY_GONE:
		*row = (struct row){ .queued = -1 };
		break;
	}
}
