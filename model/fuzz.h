/* SPDX-License-Identifier: GPL-2.0 */
/* fuzz: many scenarios, one seed after another, run on up to two CPUs. */
#ifndef LOCKFAIR_FUZZ_H
#define LOCKFAIR_FUZZ_H

#include "model/compare.h"

#define FUZZ_STEPS	30
#define FUZZ_LINES	80
#define FUZZ_WIDTH	128
#define ALL_KINDS	(-1)

/* What to run, in memory that the runners share with the test. */
struct fuzz {
	int kind;
	unsigned int levels;
	bool processes, blind;
	int steps;
	unsigned long long seed, count;		/* the first, and how many */
	unsigned long long least;		/* run at least this many */
	int seconds;				/* start none after this; 0: no limit */
	const char *dir, *save;
	struct history *history;

	unsigned long long next;		/* to be run */
	unsigned int over;
	bool offered, differs, no_lines;
	int err;
	char error[SCENE_ERROR];		/* more about it, or empty */
	unsigned long long seed_of_it;
	int lines;
	char report[FUZZ_LINES][FUZZ_WIDTH];
	struct coverage coverage;
};

/* Allocate it, for seeds from 1 on, in memory that processes share. NULL without memory. */
struct fuzz *fuzz_new(int kind, unsigned int levels, unsigned long long count);

/* Return the kind of the scenario of this seed. */
int fuzz_kind(const struct fuzz *fuzz, unsigned long long seed);

/*
 * Run it; the first scenario that differs ends it, and is reported in @report, as short as it
 * can be. 0 or -errno: @seed_of_it could not be run; fuzz_error() says why.
 */
int fuzz_run(struct fuzz *fuzz);
const char *fuzz_error(const struct fuzz *fuzz, int err);

/*
 * Run one scenario on one CPU, and report it in any case. 0 or -errno; @outcome says how it went.
 */
int fuzz_replay(struct fuzz *fuzz, struct scenario *scenario, struct outcome *outcome);

/* Emit how much was run; emit the report, and the command of program @name that repeats the run. */
void fuzz_emit_figures(const struct fuzz *fuzz, void (*emit)(const char *line));
void fuzz_emit_report(const struct fuzz *fuzz, const char *name, void (*emit)(const char *line));

#endif /* LOCKFAIR_FUZZ_H */
