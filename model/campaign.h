/* SPDX-License-Identifier: GPL-2.0 */
/*
 * campaign: many scenarios, one seed after another, played on all CPUs but at most two.
 */
#ifndef LOCKFAIR_CAMPAIGN_H
#define LOCKFAIR_CAMPAIGN_H

#include "model/play.h"

#define CAMPAIGN_STEPS	30
#define CAMPAIGN_LINES	80
#define CAMPAIGN_WIDTH	128
#define ALL_KINDS	(-1)

/* What is to be played; in memory that the runners share with the test. */
struct campaign {
	int kind;
	unsigned int levels;
	bool processes, blind;
	int steps;
	unsigned long long seed, count;		/* the first, and how many */
	unsigned long long least;		/* of them, however slow it is */
	int seconds;				/* no new ones after so long; 0: no matter */
	const char *dir, *save;
	struct history *history;

	unsigned long long next;		/* to be played */
	unsigned int over;
	bool offered, differs, no_locks;
	int err;
	unsigned long long seed_of_it;
	int lines;
	char report[CAMPAIGN_LINES][CAMPAIGN_WIDTH];
	struct play_census census;
};

/* Of seeds from 1 on, in memory that processes share; NULL if there is none. */
struct campaign *campaign_new(int kind, unsigned int levels, unsigned long long count);

/* Which kind the scenario of this seed is of. */
int campaign_kind(const struct campaign *campaign, unsigned long long seed);

/*
 * Play it; the first scenario that differs ends it, and is reported in @report, as short as it
 * can be. 0 or -errno: @seed_of_it could not be played.
 */
int campaign_play(struct campaign *campaign);

/*
 * Play one scenario on one CPU, and report it in any case. 0 or -errno; @result says how it went.
 */
int campaign_replay(struct campaign *campaign, struct scenario *scenario,
		    struct play_result *result);

#endif /* LOCKFAIR_CAMPAIGN_H */
