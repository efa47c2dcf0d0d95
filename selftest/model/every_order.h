/* SPDX-License-Identifier: GPL-2.0 */
/*
 * every_order: is a short history linearizable? Tries one order of the effects after another, with
 * a lock of its own instead of the model. For ofd and flock; nobody closes or is killed.
 */
#ifndef LOCKFAIR_EVERY_ORDER_H
#define LOCKFAIR_EVERY_ORDER_H

#include "random_history.h"

struct tried {
	const struct history *h;
	struct {
		const struct history_event *call;	/* not returned */
		bool done;
		int result;
		char held[BYTES];
	} actor[ACTORS];
};

static inline bool in_range(const struct history_event *e, int byte)
{
	return byte >= e->start && (!e->len || byte < e->start + e->len);
}

static inline bool is_in_the_way(const struct tried *now, int who)
{
	const struct history_event *e = now->actor[who].call;

	for (int i = 0; i < now->h->rows; i++) {
		for (int byte = 0; i != who && byte < BYTES; byte++) {
			char held = now->actor[i].held[byte];

			if (held && in_range(e, byte) && (held == 'x' || e->mode == MODE_EXCLUSIVE))
				return true;
		}
	}
	return false;
}

static inline bool explains(const struct tried *now, int at);

/* Do not try orders in which an answer differs from the one in the history. */
static inline bool is_answered_otherwise(const struct history *h, int who, int result, int at)
{
	for (; at < history_length(h); at++) {
		const struct history_event *e = &h->event[at];

		if (e->row == who && e->what != HISTORY_QUEUED)
			return e->result != result;
	}
	return false;
}

static inline bool explains_after(struct tried *now, int who, int result, int at)
{
	if (is_answered_otherwise(now->h, who, result, at))
		return false;
	now->actor[who].done = true;
	now->actor[who].result = result;
	return explains(now, at);
}

/* Is there an order in which the actor's call takes effect next? */
static inline bool effect_explains(const struct tried *now, int who, int at)
{
	const struct history_event *e = now->actor[who].call;
	char mode = e->mode == MODE_SHARED ? 's' : 'x', *held;
	struct tried next = *now;

	held = next.actor[who].held;
	if (e->what == HISTORY_RELEASE) {
		for (int byte = 0; byte < BYTES; byte++)
			held[byte] = in_range(e, byte) ? 0 : held[byte];
		return explains_after(&next, who, 0, at);
	}
	if (e->wait && explains_after(&next, who, -EINTR, at))
		return true;
	next = *now;
	/* A conversion by flock(2) may drop the old lock first. */
	if (now->h->site[0].kind == KIND_FLOCK && held[0] && held[0] != mode) {
		memset(held, 0, BYTES);
		if (explains(&next, at))
			return true;
		next = *now;
	}
	if (is_in_the_way(now, who))
		return !e->wait && explains_after(&next, who, -EAGAIN, at);
	for (int byte = 0; byte < BYTES; byte++)
		held[byte] = in_range(e, byte) ? mode : held[byte];
	return explains_after(&next, who, 0, at);
}

/* Is there an order of the effects that explains event number @at and all after it? */
static inline bool explains(const struct tried *now, int at)
{
	const struct history_event *e = &now->h->event[at];
	struct tried next = *now;
	bool returned;

	if (at == history_length(now->h))
		return true;
	returned = now->actor[e->row].call && now->actor[e->row].done;
	if (e->what == HISTORY_REQUEST || e->what == HISTORY_RELEASE) {
		next.actor[e->row].call = e;
		next.actor[e->row].done = false;
		if (explains(&next, at + 1))
			return true;
	} else if (returned && now->actor[e->row].result == e->result) {
		next.actor[e->row].call = NULL;
		if (explains(&next, at + 1))
			return true;
	}
	for (int who = 0; who < now->h->rows; who++) {
		if (now->actor[who].call && !now->actor[who].done &&
		    effect_explains(now, who, at))
			return true;
	}
	return false;
}

static inline bool some_order_explains(const struct history *h)
{
	struct tried first = { .h = h };

	return explains(&first, 0);
}

#endif /* LOCKFAIR_EVERY_ORDER_H */
