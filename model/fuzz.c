// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "model/fuzz.h"
#include "model/generate.h"
#include "system/cpu.h"

#define RUNNERS	2

struct fuzz *fuzz_new(int kind, unsigned int levels, unsigned long long count)
{
	struct fuzz *fuzz = mmap(NULL, sizeof(*fuzz), PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (fuzz == MAP_FAILED)
		return NULL;
	fuzz->kind = kind;
	fuzz->levels = levels;
	fuzz->steps = FUZZ_STEPS;
	fuzz->seed = 1;
	fuzz->count = count;
	fuzz->dir = getenv("LOCKFAIR_DIR");
	return fuzz;
}

/* If all kinds are fuzzed, the seed decides the kind. */
int fuzz_kind(const struct fuzz *fuzz, unsigned long long seed)
{
	static const int kinds[] = {
		KIND_POSIX, KIND_OFD, KIND_FLOCK, KIND_LOCKF,
		SCENARIO_MIXED, SCENARIO_MIXED, SCENARIO_MIXED, SCENARIO_MIXED,
	};

	if (fuzz->kind != ALL_KINDS)
		return fuzz->kind;
	return kinds[seed % (sizeof(kinds) / sizeof(*kinds))];
}

/* ---- the report ---- */

static void note_line(const char *line, void *arg)
{
	struct fuzz *fuzz = arg;

	if (fuzz->lines < FUZZ_LINES)
		snprintf(fuzz->report[fuzz->lines++], FUZZ_WIDTH, "%s", line);
}

static void note(struct fuzz *fuzz, const char *format, ...)
{
	char line[FUZZ_WIDTH];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	note_line(line, fuzz);
}

static void save_report(struct fuzz *fuzz)
{
	FILE *stream = fopen(fuzz->save, "w");

	for (int i = 0; stream && i < fuzz->lines; i++)
		fprintf(stream, "%s\n", fuzz->report[i]);
	if (!stream || fclose(stream))
		note(fuzz, "cannot save it: %s", strerror(errno));
}

static void report(struct fuzz *fuzz, struct comparison *comparison, struct scenario *scenario,
		   struct outcome *outcome)
{
	struct scenario whole = *scenario;
	struct outcome first = *outcome;
	int tries;

	fuzz->differs = true;
	fuzz->seed_of_it = scenario->seed;
	tries = compare_shrink(comparison, scenario, outcome);
	if (outcome->differs) {
		note(fuzz, "/* shortened by running it %d times: */", tries);
	} else {
		note(fuzz, "/* seen once, and not again in %d runs: */", tries);
		*scenario = whole;
		*outcome = first;
	}
	listing_emit(scenario, outcome, fuzz->history, note_line, fuzz);
	if (fuzz->save)
		save_report(fuzz);
}

/* ---- a runner: a process with its actors on one CPU, where they hand over fastest ---- */

static void blind(const struct fuzz *fuzz, struct comparison *comparison)
{
	comparison->observer.queries[0] &= !fuzz->blind;
	comparison->observer.queries[1] &= !fuzz->blind;
}

static int run_one(struct fuzz *fuzz, struct comparison *comparison, struct scenario *scenario,
		   struct outcome *outcome)
{
	unsigned int before = 0;
	int err = compare_scenario(comparison, scenario, outcome);

	/* If several runners find something at the same time, only one reports it. */
	if (!err && outcome->differs &&
	    __atomic_compare_exchange_n(&fuzz->over, &before, 1, false, __ATOMIC_SEQ_CST,
					__ATOMIC_SEQ_CST))
		report(fuzz, comparison, scenario, outcome);
	return err;
}

static bool time_is_up(const struct fuzz *fuzz, const struct timespec *begun)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return fuzz->seconds && now.tv_sec - begun->tv_sec >= fuzz->seconds;
}

/* The next seed to be run; false if there is none. */
static bool take_seed(struct fuzz *fuzz, const struct timespec *begun, unsigned long long *seed)
{
	unsigned long long number;

	if (__atomic_load_n(&fuzz->over, __ATOMIC_SEQ_CST) ||
	    (__atomic_load_n(&fuzz->next, __ATOMIC_RELAXED) >= fuzz->least &&
	     time_is_up(fuzz, begun)))
		return false;
	number = __atomic_fetch_add(&fuzz->next, 1, __ATOMIC_RELAXED);
	*seed = fuzz->seed + number;
	return number < fuzz->count;
}

static int run_seeds(struct fuzz *fuzz, struct comparison *comparison)
{
	struct scenario *scenario = malloc(sizeof(*scenario));
	struct outcome *outcome = malloc(sizeof(*outcome));
	unsigned long long seed;
	struct timespec begun;
	int err = scenario && outcome ? 0 : -ENOMEM;

	clock_gettime(CLOCK_MONOTONIC, &begun);
	while (!err && take_seed(fuzz, &begun, &seed)) {
		int kind = fuzz_kind(fuzz, seed);

		if (!compare_offers(comparison, kind))
			continue;
		fuzz->offered = true;
		err = generate_scenario(scenario, seed, kind, fuzz->steps);
		scenario->processes |= fuzz->processes ||
			(fuzz->kind == ALL_KINDS && seed % 16 == 0);
		if (!err)
			err = run_one(fuzz, comparison, scenario, outcome);
		if (err) {
			fuzz->seed_of_it = seed;
			memcpy(fuzz->error, comparison->execution.error, sizeof(fuzz->error));
		}
	}
	free(scenario);
	free(outcome);
	return err;
}

static void run(struct fuzz *fuzz, int cpu)
{
	struct comparison *comparison = malloc(sizeof(*comparison));
	int err = -ENOMEM;

	cpu_pin(0, cpu);
	if (comparison) {
		err = compare_open(comparison, fuzz->dir, fuzz->levels);
		comparison->coverage = &fuzz->coverage;
		blind(fuzz, comparison);
		if (comparison->observer.lines.fd < 0)
			fuzz->no_lines = true;
		if (!err)
			err = run_seeds(fuzz, comparison);
		/* In a directory, the files may have names. */
		compare_close(comparison);
	}
	if (err)
		fuzz->err = err;
	_exit(0);
}

/* ---- all of it ---- */

int fuzz_run(struct fuzz *fuzz)
{
	int cpus[RUNNERS] = { 0 }, runners = cpu_allowed(cpus, RUNNERS), status, err = 0;
	pid_t pid[RUNNERS];

	if (runners < 1)
		runners = 1;
	for (int i = 0; i < runners; i++) {
		pid[i] = fork();
		if (!pid[i])
			run(fuzz, cpus[i]);
		if (pid[i] < 0)
			err = -errno;
	}
	for (int i = 0; i < runners; i++) {
		if (pid[i] < 0)
			continue;
		while (waitpid(pid[i], &status, 0) < 0 && errno == EINTR)
			;
		if (status && !err)
			err = -ECHILD;
	}
	return err ? err : fuzz->err;
}

const char *fuzz_error(const struct fuzz *fuzz, int err)
{
	return *fuzz->error ? fuzz->error : strerror(-err);
}

int fuzz_replay(struct fuzz *fuzz, struct scenario *scenario, struct outcome *outcome)
{
	struct comparison *comparison = malloc(sizeof(*comparison));
	int cpu, err;

	if (!comparison)
		return -ENOMEM;
	if (cpu_allowed(&cpu, 1) == 1)
		cpu_pin(0, cpu);
	scenario->processes |= fuzz->processes;
	err = compare_open(comparison, fuzz->dir, fuzz->levels);
	blind(fuzz, comparison);
	if (!err)
		err = compare_scenario(comparison, scenario, outcome);
	memcpy(fuzz->error, comparison->execution.error, sizeof(fuzz->error));
	if (!err)
		listing_emit(scenario, outcome, fuzz->history, note_line, fuzz);
	compare_close(comparison);
	free(comparison);
	return err;
}

/* ---- what it was ---- */

static void say(void (*emit)(const char *line), const char *format, ...)
{
	char line[250];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	emit(line);
}

void fuzz_emit_figures(const struct fuzz *fuzz, void (*emit)(const char *line))
{
	const struct coverage *coverage = &fuzz->coverage;
	unsigned long long many = fuzz->next < fuzz->count ? fuzz->next : fuzz->count;

	say(emit, "seeds %llu to %llu, %d steps and what sets the scene", fuzz->seed,
	    fuzz->seed + many - 1, fuzz->steps);
	say(emit, "%llu scenarios, %llu steps, %s%llu states of the model", coverage->scenarios,
	    coverage->steps, coverage->states > COVERAGE_STATES / 2 ? "at least " : "",
	    coverage->states);
	if (many < fuzz->count && fuzz->least)
		say(emit, "%llu were planned: this machine is slow", fuzz->count);
	if (fuzz->no_lines)
		say(emit, "without /proc/locks, which has nothing about them, or is too long");
	if (coverage->unread)
		say(emit, "after %llu steps /proc/locks was too long to be read",
		    coverage->unread);
	if (coverage->partial)
		say(emit, "after %llu steps it had several pages: no proof of what is not there",
		    coverage->partial);
	if (coverage->cut)
		say(emit, "%llu scenarios were not run to the end: too many states",
		    coverage->cut);
}

void fuzz_emit_report(const struct fuzz *fuzz, const char *name, void (*emit)(const char *line))
{
	int kind = fuzz_kind(fuzz, fuzz->seed_of_it);

	for (int i = 0; i < fuzz->lines; i++)
		emit(fuzz->report[i]);
	if (fuzz->differs)
		say(emit, "all of it: %s --seed %llu --kind %s --steps %d%s%s", name,
		    fuzz->seed_of_it, scenario_kind_name(kind), fuzz->steps,
		    fuzz->processes ? " --processes" : "",
		    fuzz->levels & MODEL_BELIEVED ? " --fifo" : "");
}
