// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "history/draw.h"
#include "model/command.h"
#include "model/fuzz.h"
#include "model/search_run.h"
#include "model/trace.h"

static const char usage[] =
	"usage: %s [-l] [-t GLOB]...        the tests\n"
	"       %s --seed N [OPTION]...     the scenario of that seed\n"
	"       %s --soak SECONDS [OPTION]...  scenarios of new seeds, for that long\n"
	"       %s --replay FILE [OPTION]...   the scenario in that file\n"
	"       %s --search COUNT [OPTION]...  what a strict order breaks, in COUNT seeds\n"
	"  --kind KIND   posix, ofd, flock, lockf, mixed, eventfd or futex\n"
	"  --steps N     this many steps (%d)\n"
	"  --processes   the actors are processes, not threads with descriptors of their own\n"
	"  --documented  compare with what the documentation allows, not with Linux\n"
	"  --fifo        compare with strict first come, first served\n"
	"  --no-getlk    do not use F_GETLK and F_OFD_GETLK\n"
	"  --save FILE   save the scenario that differs\n";

static void say_usage(FILE *stream, const char *name)
{
	fprintf(stream, usage, name, name, name, name, name, FUZZ_STEPS);
}

static int replay(struct fuzz *fuzz, const char *name, void (*emit)(const char *line))
{
	struct scenario *scenario = malloc(sizeof(*scenario));
	struct outcome *outcome = malloc(sizeof(*outcome));
	FILE *stream = fopen(name, "r");
	int err;

	if (!scenario || !outcome || !stream) {
		fprintf(stderr, "%s: %s\n", name, strerror(errno));
		return 2;
	}
	err = trace_read(scenario, stream);
	fclose(stream);
	if (err < 0)
		fprintf(stderr, "%s: cannot be read\n", name);
	if (err > 0)
		fprintf(stderr, "%s: line %d is not a step\n", name, err);
	if (err)
		return 2;
	err = fuzz_replay(fuzz, scenario, outcome);
	if (err)
		fprintf(stderr, "%s: %s\n", name, fuzz_error(fuzz, err));
	for (int i = 0; i < fuzz->lines; i++)
		printf("%s\n", fuzz->report[i]);
	if (!err)
		history_draw(fuzz->history, NULL, emit);
	return err ? 2 : outcome->differs;
}

static int run(struct fuzz *fuzz, const char *name, void (*emit)(const char *line))
{
	int err;

	printf("# seed %llu, %d steps\n", fuzz->seed, fuzz->steps);
	err = fuzz_run(fuzz);
	if (err) {
		fprintf(stderr, "seed %llu: %s\n", fuzz->seed_of_it, fuzz_error(fuzz, err));
		return 2;
	}
	fuzz_emit_figures(fuzz, emit);
	fuzz_emit_report(fuzz, name, emit);
	if (fuzz->differs)
		history_draw(fuzz->history, NULL, emit);
	return fuzz->differs;
}

enum {
	KIND, STEPS, SEED, SOAK, REPLAY, SEARCH, SAVE, PROCESSES, ONLY_DOCUMENTED, FIFO, BLIND, HELP
};

static const struct option options[] = {
	{ "kind", required_argument, NULL, KIND },
	{ "steps", required_argument, NULL, STEPS },
	{ "seed", required_argument, NULL, SEED },
	{ "soak", required_argument, NULL, SOAK },
	{ "replay", required_argument, NULL, REPLAY },
	{ "search", required_argument, NULL, SEARCH },
	{ "save", required_argument, NULL, SAVE },
	{ "processes", no_argument, NULL, PROCESSES },
	{ "documented", no_argument, NULL, ONLY_DOCUMENTED },
	{ "fifo", no_argument, NULL, FIFO },
	{ "no-getlk", no_argument, NULL, BLIND },
	{ "help", no_argument, NULL, HELP },
	{ 0 }
};

/* Return false unless it is a number from @least to @most. */
static bool read_number(const char *text, unsigned long long least, unsigned long long most,
			unsigned long long *number)
{
	char *end;

	errno = 0;
	*number = strtoull(text, &end, 0);
	return *text >= '0' && *text <= '9' && !*end && !errno && *number >= least &&
	       *number <= most;
}

static bool read_option(struct fuzz *fuzz, int option, const char *value)
{
	unsigned long long number;

	switch (option) {
	case KIND:
		fuzz->kind = scenario_kind(value);
		return fuzz->kind >= 0;
	case STEPS:
		if (!read_number(value, 1, SCENARIO_MADE, &number))
			return false;
		fuzz->steps = number;
		return true;
	case SOAK:
		if (!read_number(value, 1, INT_MAX, &number))
			return false;
		fuzz->seconds = number;
		return true;
	case SEARCH:
		return read_number(value, 1, ULLONG_MAX, &fuzz->count);
	case SEED:
		return read_number(value, 0, ULLONG_MAX, &fuzz->seed);
	case SAVE:
		fuzz->save = value;
		return true;
	case PROCESSES:
		fuzz->processes = true;
		return true;
	case ONLY_DOCUMENTED:
		fuzz->levels = MODEL_DOCUMENTED;
		return true;
	case FIFO:
		fuzz->levels = MODEL_BELIEVED;
		return true;
	case BLIND:
		fuzz->blind = true;
		return true;
	default:
		return false;
	}
}

/* What to do besides the scenario of a seed. */
struct mode {
	const char *replayed;		/* a file */
	bool searches;
};

/* Return 0, or 1 for --help, or -EINVAL. */
static int read_options(struct fuzz *fuzz, int argc, char **argv, struct mode *mode)
{
	bool seeded = false;
	int option, modes;

	while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		seeded |= option == SEED;
		if (option == HELP)
			return 1;
		mode->searches |= option == SEARCH;
		if (option == REPLAY)
			mode->replayed = optarg;
		else if (!read_option(fuzz, option, optarg))
			return -EINVAL;
	}
	modes = !!mode->replayed + !!fuzz->seconds + mode->searches;
	if (optind < argc || modes > 1 || (!modes && !seeded))
		return -EINVAL;
	if (fuzz->seconds) {
		fuzz->count = ~0ull;
		if (!seeded)
			fuzz->seed = time(NULL) * 1000000ull;
	}
	if (fuzz->kind == KIND_EVENTFD || fuzz->kind == KIND_FUTEX)
		fuzz->levels = MODEL_BELIEVED;
	return 0;
}

int command(int argc, char **argv, void (*emit)(const char *line))
{
	struct fuzz *fuzz = fuzz_new(ALL_KINDS, MODEL_PRACTISED, 1);
	struct mode mode = { 0 };
	int ret;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!fuzz)
		return 2;
	fuzz->history = history_new();
	if (!fuzz->history)
		return 2;
	ret = read_options(fuzz, argc, argv, &mode);
	if (ret) {
		say_usage(ret < 0 ? stderr : stdout, argv[0]);
		return ret < 0 ? 2 : 0;
	}
	if (mode.searches)
		return search_run(fuzz, emit);
	return mode.replayed ? replay(fuzz, mode.replayed, emit) : run(fuzz, argv[0], emit);
}
