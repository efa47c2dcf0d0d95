// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "history/history.h"

#define COLUMNS		64	/* of a drawing */
#define COLUMNS_AFTER	16	/* of those, to the right of the event that decided */
#define MANY		16	/* lanes */
#define HOLDS		4	/* ranges that a lane can hold apart from each other */

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
	history->lanes = 0;
}

int history_lane(struct history *history, const char *name)
{
	if (history->lanes >= HISTORY_LANES)
		return -ENOSPC;
	snprintf(history->name[history->lanes], HISTORY_NAME, "%s", name);
	return history->lanes++;
}

static void append(struct history *history, const struct history_event *event)
{
	unsigned int at = __atomic_load_n(&history->used, __ATOMIC_RELAXED);

	/* Once full it stays so, and a long run cannot wrap the counter. */
	if (at >= HISTORY_EVENTS)
		return;
	at = __atomic_fetch_add(&history->used, 1, __ATOMIC_SEQ_CST);
	if (at >= HISTORY_EVENTS)
		return;
	history->event[at] = *event;
}

void history_add(struct history *history, int lane, enum history_what what,
		 const struct lock_request *request)
{
	struct history_event event = {
		.what = what,
		.lane = lane,
		.mode = request->mode,
		.start = request->start,
		.len = request->len,
		.site = request->site,
	};

	append(history, &event);
}

void history_mark(struct history *history, int lane, char mark)
{
	struct history_event event = { .what = HISTORY_MARK, .lane = lane, .mark = mark };

	append(history, &event);
}

/* ---- judging ---- */

/* Not the byte behind it: there is none behind the last. */
static long long last_byte(const struct history_event *e)
{
	return e->len ? e->start + (e->len - 1) : LLONG_MAX;
}

static bool touch(const struct history_event *a, const struct history_event *b)
{
	return a->site == b->site && a->start <= last_byte(b) && b->start <= last_byte(a);
}

static bool conflict(const struct history_event *a, const struct history_event *b)
{
	return touch(a, b) && (a->mode == MODE_EXCLUSIVE || b->mode == MODE_EXCLUSIVE);
}

struct lane {
	const struct history_event *holds[HOLDS];
	const struct history_event *asks;
	int asked;		/* at which event */
	int queued;		/* at which event it was seen waiting, or -1 */
};

/* Let go of what is within @e; a lock that reaches beyond it counts as gone too. */
static void let_go(struct lane *lane, const struct history_event *e)
{
	for (int i = 0; i < HOLDS; i++) {
		if (lane->holds[i] && touch(lane->holds[i], e))
			lane->holds[i] = NULL;
	}
}

static void hold(struct lane *lane, const struct history_event *e)
{
	for (int i = 0; i < HOLDS; i++) {
		if (!lane->holds[i]) {
			lane->holds[i] = e;
			return;
		}
	}
}

/* Bring a lane from before the event to after it. */
static void follow(struct lane *lane, const struct history_event *e, int at, bool drops)
{
	switch (e->what) {
	case HISTORY_REQUEST:
		lane->asks = e;
		lane->asked = at;
		lane->queued = -1;
		break;
	case HISTORY_QUEUED:
		if (lane->asks)
			lane->queued = at;
		break;
	case HISTORY_GRANT:
		let_go(lane, e);
		hold(lane, e);
		lane->asks = NULL;
		break;
	case HISTORY_REFUSE:
		if (drops)
			let_go(lane, e);
		lane->asks = NULL;
		break;
	case HISTORY_RELEASE:
		let_go(lane, e);
		break;
	}
}

static bool holds_against(const struct lane *lane, const struct history_event *e, bool drops)
{
	bool converts = lane->asks && touch(lane->asks, e);

	/* By now the old lock may be lost, or a shared one; who asks is the last to know. */
	if (converts && (drops || (lane->asks->mode == MODE_SHARED && e->mode == MODE_SHARED)))
		return false;
	for (int i = 0; i < HOLDS; i++) {
		if (lane->holds[i] && conflict(lane->holds[i], e))
			return true;
	}
	return false;
}

/* Did @lane wait, when @granted was asked for, for something that this grant keeps from it? */
static bool was_waiting(const struct lane *lane, const struct history_event *e, int asked)
{
	return lane->asks && lane->queued >= 0 && lane->queued < asked && conflict(lane->asks, e);
}

static struct history_verdict judge(const struct history *history, bool overtaking)
{
	struct history_verdict verdict = { .event = -1, .lane = -1, .other = -1 };
	struct lane lanes[HISTORY_LANES] = { 0 };
	int length = history_length(history);

	for (int at = 0; at < length; at++) {
		const struct history_event *e = &history->event[at];

		for (int i = 0; e->what == HISTORY_GRANT && i < history->lanes; i++) {
			if (i == e->lane)
				continue;
			if (overtaking ? !was_waiting(&lanes[i], e, lanes[e->lane].asked) :
					 !holds_against(&lanes[i], e, history->drops))
				continue;
			if (!verdict.count++) {
				verdict.event = at;
				verdict.lane = e->lane;
				verdict.other = i;
			}
		}
		follow(&lanes[e->lane], e, at, history->drops);
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

struct history_verdict history_marked(const struct history *history, char mark)
{
	struct history_verdict verdict = { .event = -1, .lane = -1, .other = -1 };
	int length = history_length(history);

	for (int at = 0; at < length; at++) {
		const struct history_event *e = &history->event[at];

		if (e->what == HISTORY_MARK && e->mark == mark && !verdict.count++) {
			verdict.event = at;
			verdict.lane = e->lane;
		}
	}
	return verdict;
}

/* ---- drawing ---- */

static char holding(const struct lane *lane)
{
	char shown = ' ';

	for (int i = 0; i < HOLDS; i++) {
		if (lane->holds[i] && lane->holds[i]->mode == MODE_EXCLUSIVE)
			return 'H';
		if (lane->holds[i])
			shown = 'S';
	}
	return shown;
}

/* What the column of event @e shows in the lane that it belongs to. */
static char own_column(const struct lane *lane, const struct history_event *e)
{
	switch (e->what) {
	case HISTORY_MARK:
		return e->mark;
	case HISTORY_RELEASE:
		return '.';
	case HISTORY_REFUSE:
		return 'x';
	default:
		return lane->asks ? 'w' : holding(lane);
	}
}

static void draw_lane(const struct history *history, int which, int from, int to, char *line)
{
	struct lane lane = { .queued = -1 };

	for (int at = 0; at < to; at++) {
		const struct history_event *e = &history->event[at];
		char column;

		if (e->lane == which) {
			follow(&lane, e, at, history->drops);
			column = own_column(&lane, e);
		} else {
			column = lane.asks ? 'w' : holding(&lane);
		}
		if (at >= from)
			*line++ = column;
	}
	*line = '\0';
}

static void note(const struct history *history, int lane, const struct history_verdict *verdict,
		 char *text, size_t size)
{
	text[0] = '\0';
	if (verdict && verdict->event >= 0 && verdict->lane == lane && verdict->other >= 0)
		snprintf(text, size, "   before %s", history->name[verdict->other]);
}

static const char legend[] = "H holds exclusively, S shared, w waits, . releases, x refused";

void history_draw(const struct history *history, const struct history_verdict *verdict,
		  void (*emit)(const char *line))
{
	int to = history_length(history), from = 0, width = 0;
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

	for (int i = 0; i < history->lanes; i++) {
		int length = strlen(history->name[i]);

		width = length > width ? length : width;
	}
	for (int i = 0; i < history->lanes; i++) {
		draw_lane(history, i, from, to, columns);
		/* Show who does something in this window; of many, not those who only wait. */
		if (!columns[strspn(columns, history->lanes > MANY ? " w" : " ")])
			continue;
		note(history, i, verdict, after, sizeof(after));
		snprintf(line, sizeof(line), "  %-*s |%s|%s", width, history->name[i], columns,
			 after);
		emit(line);
	}
	snprintf(line, sizeof(line), "  events %d to %d of %u; %s", from + 1, to, history->used,
		 legend);
	emit(line);
}
