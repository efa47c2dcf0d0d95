/* SPDX-License-Identifier: GPL-2.0 */
/*
 * random_history: the history of actors that run freely, made up from a seed, as a simple lock that
 * knows nothing of the model would have it. Each call takes effect at a moment of its own.
 */
#ifndef LOCKFAIR_RANDOM_HISTORY_H
#define LOCKFAIR_RANDOM_HISTORY_H

#include <errno.h>
#include <string.h>

#include "history/history.h"

#define ACTORS	4
#define BYTES	4	/* the last stands for all that follow */

enum stage { IDLE, ASKED, ANSWERED, RELEASING, RELEASED, DEAD };
enum closing { OPEN, CLOSING, CLOSED, RETURNED };
enum disturbance { UNDISTURBED, CLOSES, KILLS };

struct made_up {
	struct history *h;
	unsigned long long seed;
	enum lock_kind kind;
	enum disturbance disturbance;
	int actors;
	struct {
		enum stage stage;
		struct lock_request request;
		bool wait, found, ending;
		int result;
		char held[BYTES];	/* 0, or 's', or 'x' */
	} actor[ACTORS];
	/* Another thread of the first actor closes its descriptor. */
	enum closing closing;
	int closer;
	bool kept_open;
};

static inline unsigned int below(unsigned long long *seed, unsigned int bound)
{
	*seed = *seed * 6364136223846793005ull + 1442695040888963407ull;
	return (*seed >> 33) % bound;
}

static inline bool asks_for(const struct lock_request *request, int byte)
{
	return byte >= request->start && (!request->len || byte < request->start + request->len);
}

static inline bool is_free(const struct made_up *all, int who, const struct lock_request *request)
{
	for (int i = 0; i < all->actors; i++) {
		for (int byte = 0; i != who && byte < BYTES; byte++) {
			char held = all->actor[i].held[byte];

			if (asks_for(request, byte) && held &&
			    (held == 'x' || request->mode == MODE_EXCLUSIVE))
				return false;
		}
	}
	return true;
}

static inline void drop_all(struct made_up *all, int who)
{
	memset(all->actor[who].held, 0, BYTES);
}

static inline void note(struct made_up *all, int row, enum history_what what)
{
	history_add(all->h, row, what, &EXCLUSIVE);
}

static inline void call(struct made_up *all, int who)
{
	struct lock_request request = below(&all->seed, 2) ? SHARED : EXCLUSIVE;

	if (all->kind != KIND_FLOCK && below(&all->seed, 2)) {
		request.start = below(&all->seed, BYTES - 1);
		request.len = 1 + below(&all->seed, BYTES - 1 - request.start);
	}
	if (below(&all->seed, 5) < 2) {
		all->actor[who].stage = RELEASING;
		note(all, who, HISTORY_RELEASE);
		return;
	}
	all->actor[who].stage = ASKED;
	all->actor[who].request = request;
	all->actor[who].wait = below(&all->seed, 2);
	all->actor[who].found = false;
	history_ask(all->h, who, &request, all->actor[who].wait);
}

static inline void answer(struct made_up *all, int who, int result)
{
	all->actor[who].stage = ANSWERED;
	all->actor[who].result = result;
}

/* Find the description, and then try, again and again if need be. */
static inline void try(struct made_up *all, int who)
{
	const struct lock_request *request = &all->actor[who].request;
	bool closed = !who && all->closing >= CLOSED;

	if (closed && (!all->actor[who].found || all->kind == KIND_POSIX)) {
		answer(all, who, -EBADF);
		return;
	}
	if (!all->actor[who].found) {
		all->actor[who].found = true;
		return;
	}
	/* flock(2) drops a lock that it converts; not one in the same mode. */
	if (all->kind == KIND_FLOCK &&
	    all->actor[who].held[0] != (request->mode == MODE_SHARED ? 's' : 'x'))
		drop_all(all, who);
	if (is_free(all, who, request)) {
		for (int byte = 0; byte < BYTES; byte++) {
			if (asks_for(request, byte))
				all->actor[who].held[byte] =
					request->mode == MODE_SHARED ? 's' : 'x';
		}
		answer(all, who, 0);
	} else if (!all->actor[who].wait) {
		answer(all, who, -EAGAIN);
	} else if (!below(&all->seed, 8)) {
		answer(all, who, -EINTR);
	}
}

static inline void go_on(struct made_up *all, int who)
{
	switch (all->actor[who].stage) {
	case IDLE:
		call(all, who);
		break;
	case ASKED:
		try(all, who);
		break;
	case ANSWERED:
		if (!who && all->kept_open) {
			drop_all(all, who);
			all->kept_open = false;
		}
		history_answer(all->h, who, &all->actor[who].request, all->actor[who].result);
		all->actor[who].stage = IDLE;
		break;
	case RELEASING:
		drop_all(all, who);
		all->actor[who].stage = RELEASED;
		break;
	case RELEASED:
		note(all, who, HISTORY_RETURN);
		all->actor[who].stage = IDLE;
		break;
	case DEAD:
		note(all, who, HISTORY_GONE);
		all->actor[who].stage = IDLE;
		all->actor[who].ending = false;
		break;
	}
}

/* A call that has found the description of an ofd lock or flock keeps it until it returns. */
static inline void go_on_closing(struct made_up *all)
{
	bool busy = (all->actor[0].stage == ASKED && all->actor[0].found) ||
		    all->actor[0].stage == ANSWERED;

	switch (all->closing) {
	case OPEN:
		note(all, all->closer, HISTORY_CLOSE);
		break;
	case CLOSING:
		all->kept_open = busy && all->kind != KIND_POSIX;
		if (!all->kept_open)
			drop_all(all, 0);
		break;
	case CLOSED:
		note(all, all->closer, HISTORY_RETURN);
		break;
	case RETURNED:
		if (all->actor[0].stage != IDLE)
			return;
		note(all, 0, HISTORY_OPEN);
		break;
	}
	all->closing = all->closing == RETURNED ? OPEN : all->closing + 1;
}

/* The last actor may be killed, and it dies some time later. */
static inline void go_on_killing(struct made_up *all)
{
	int who = all->actors - 1;

	if (all->actor[who].stage == DEAD)
		return;
	if (all->actor[who].ending) {
		all->actor[who].stage = DEAD;
		drop_all(all, who);
		return;
	}
	all->actor[who].ending = true;
	note(all, who, HISTORY_END);
}

static inline void make_up(struct history *h, unsigned long long seed, enum lock_kind kind,
			   enum disturbance disturbance, int events)
{
	static const char * const names[] = { "A", "B", "C", "D" };
	struct made_up all = { .h = h, .seed = seed, .kind = kind, .disturbance = disturbance };

	for (int i = 0; i < 4; i++)
		below(&all.seed, 2);
	history_clear(h);
	history_add_site(h, kind, 0);
	all.actors = 2 + below(&all.seed, ACTORS - 1);
	for (int i = 0; i < all.actors; i++)
		history_row(h, names[i]);
	if (disturbance == CLOSES) {
		all.closer = history_row(h, "closer");
		h->owner[all.closer] = 0;
	}
	while (history_length(h) < events) {
		int who = below(&all.seed, all.actors + 1);

		if (who < all.actors)
			go_on(&all, who);
		else if (disturbance == CLOSES)
			go_on_closing(&all);
		else if (disturbance == KILLS && !below(&all.seed, 4))
			go_on_killing(&all);
	}
}

#endif /* LOCKFAIR_RANDOM_HISTORY_H */
