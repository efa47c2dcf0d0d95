/* SPDX-License-Identifier: GPL-2.0 */
/* draw: a history as a person can read it. */
#ifndef LOCKFAIR_DRAW_H
#define LOCKFAIR_DRAW_H

#include "history/history.h"

/*
 * Draw a row for each actor, a column for each event, around the event that
 * decided (-1: around the end). @emit gets each line, without a line feed.
 */
void history_draw(const struct history *history, const struct history_verdict *verdict,
		  void (*emit)(const char *line));

#endif /* LOCKFAIR_DRAW_H */
