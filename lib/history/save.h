/* SPDX-License-Identifier: GPL-2.0 */
/* save: a history as text, to be judged again. */
#ifndef LOCKFAIR_SAVE_H
#define LOCKFAIR_SAVE_H

#include <stdio.h>

#include "history/history.h"

/*
 * Write the history to @stream: a line that names the format, a line for each site, row and event,
 * with tabs in between. Return 0 or -errno.
 */
int history_save(const struct history *history, FILE *stream);

/*
 * Clear @history and read into it what history_save() wrote. Return 0, -errno, or the number of the
 * first line that is not understood.
 */
int history_load(struct history *history, FILE *stream);

#endif /* LOCKFAIR_SAVE_H */
