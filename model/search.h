/* SPDX-License-Identifier: GPL-2.0 */
/*
 * search: what would a strict order break? Random scenarios that end well on Linux, and that end in
 * a deadlock where all is strictly first come, first served; by the model alone.
 */
#ifndef LOCKFAIR_MODEL_SEARCH_H
#define LOCKFAIR_MODEL_SEARCH_H

#include "model/ending.h"

#define SEARCH_FOUND	64

struct search {
	struct endings endings;
	unsigned long long hits;	/* seeds */
	unsigned long long others;	/* seeds of scenarios for which there was no room */
	int count;
	struct found {
		unsigned long long seed, hits;	/* the first, and how many */
		struct scenario scenario;
	} found[SEARCH_FOUND];			/* the shortest first */
};

/* NULL without memory. */
struct search *search_new(void);
void search_free(struct search *search);

/* Does the scenario show it? */
bool search_shows(struct search *search, const struct scenario *scenario);

/* If a beginning of the scenario shows it, make that as short and tidy as possible. */
bool search_shorten(struct search *search, struct scenario *scenario);

/* Do so with the scenario of this seed, and keep it. 0 or -ENOMEM. */
int search_seed(struct search *search, unsigned long long seed, int kind, int steps);

/* Append that all exit, in an order that is possible on Linux, and then in a strict one. */
void search_append_exits(struct search *search, struct scenario *scenario);

#endif /* LOCKFAIR_MODEL_SEARCH_H */
