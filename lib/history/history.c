// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "history/history.h"

struct history *history_new(void)
{
	struct history *history = mmap(NULL, sizeof(*history), PROT_READ | PROT_WRITE,
				       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return history == MAP_FAILED ? NULL : history;
}

void history_free(struct history *history)
{
	munmap(history, sizeof(*history));
}

int history_length(const struct history *history)
{
	unsigned int used = __atomic_load_n(&history->used, __ATOMIC_ACQUIRE);

	return used < HISTORY_EVENTS ? (int)used : HISTORY_EVENTS;
}

void history_forget(struct history *history)
{
	memset(history->event, 0, history_length(history) * sizeof(history->event[0]));
	__atomic_store_n(&history->used, 0, __ATOMIC_RELEASE);
}

void history_clear(struct history *history)
{
	history_forget(history);
	history->rows = 0;
}

int history_row(struct history *history, const char *name)
{
	if (history->rows >= HISTORY_ROWS)
		return -ENOSPC;
	snprintf(history->name[history->rows], HISTORY_NAME, "%s", name);
	return history->rows++;
}

static void append(struct history *history, const struct history_event *event)
{
	unsigned int at = __atomic_load_n(&history->used, __ATOMIC_RELAXED);

	/* Do not count when it is full, so that a long run cannot wrap the counter. */
	if (at >= HISTORY_EVENTS)
		return;
	at = __atomic_fetch_add(&history->used, 1, __ATOMIC_SEQ_CST);
	if (at >= HISTORY_EVENTS)
		return;
	history->event[at] = *event;
}

void history_add(struct history *history, int row, enum history_what what,
		 const struct lock_request *request)
{
	struct history_event event = {
		.what = what,
		.row = row,
		.mode = request->mode,
		.start = request->start,
		.len = request->len,
		.site = request->site,
	};

	append(history, &event);
}

void history_mark(struct history *history, int row, char mark)
{
	struct history_event event = { .what = HISTORY_MARK, .row = row, .mark = mark };

	append(history, &event);
}

const char *history_name(const struct history *history, int row)
{
	return row < 0 || row >= history->rows ? "nobody" : history->name[row];
}
