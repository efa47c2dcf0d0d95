// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "history/history.h"
#include "system/rule.h"

static_assert(sizeof(struct history_event) == 8 + 2 * sizeof(off_t), "no padding");

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
	history->sites = 0;
}

int history_add_site(struct history *history, enum lock_kind kind, int file)
{
	if (history->sites >= HISTORY_SITES)
		return -ENOSPC;
	history->site[history->sites] = (struct history_site){ .kind = kind, .file = file };
	return history->sites++;
}

int history_row(struct history *history, const char *name)
{
	if (history->rows >= HISTORY_ROWS)
		return -ENOSPC;
	snprintf(history->name[history->rows], HISTORY_NAME, "%s", name);
	history->owner[history->rows] = history->rows;
	return history->rows++;
}

static void append(struct history *history, const struct history_event *event)
{
	unsigned int at = __atomic_load_n(&history->used, __ATOMIC_RELAXED);
	struct history_event *place, rest = *event;

	/* Do not count when it is full, so that a long run cannot wrap the counter. */
	if (at >= HISTORY_EVENTS)
		return;
	at = __atomic_fetch_add(&history->used, 1, __ATOMIC_SEQ_CST);
	if (at >= HISTORY_EVENTS)
		return;
	/* Write its sort last: an actor that is killed before that leaves no half-written event. */
	place = &history->event[at];
	/* A place is written once, and an event is of a row that there is. */
	RULE(!__atomic_load_n(&place->what, __ATOMIC_ACQUIRE));
	RULE(event->row < history->rows);
	rest.what = 0;
	*place = rest;
	__atomic_store_n(&place->what, event->what, __ATOMIC_RELEASE);
}

static struct history_event event_of(int row, enum history_what what,
				     const struct lock_request *request)
{
	return (struct history_event){
		.what = what,
		.row = row,
		.mode = request->mode,
		.start = request->start,
		.len = request->len,
		.site = request->site,
	};
}

void history_add(struct history *history, int row, enum history_what what,
		 const struct lock_request *request)
{
	struct history_event event = event_of(row, what, request);

	append(history, &event);
}

void history_ask(struct history *history, int row, const struct lock_request *request, bool wait)
{
	struct history_event event = event_of(row, HISTORY_REQUEST, request);

	event.wait = wait;
	append(history, &event);
}

void history_answer(struct history *history, int row, const struct lock_request *request, int ret)
{
	struct history_event event = event_of(row, ret ? HISTORY_REFUSE : HISTORY_GRANT, request);

	event.result = ret;
	append(history, &event);
}

void history_mark(struct history *history, int row, char mark)
{
	struct history_event event = { .what = HISTORY_MARK, .row = row, .mark = mark };

	append(history, &event);
}

bool history_drops(const struct history *history, int site)
{
	return site < history->sites &&
	       lock_kind_traits(history->site[site].kind) & TRAIT_CONVERTS_BY_DROPPING;
}

const char *history_name(const struct history *history, int row)
{
	return row < 0 || row >= history->rows ? "nobody" : history->name[row];
}
