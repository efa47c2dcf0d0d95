// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "figures/figure.h"
#include "system/asleep.h"
#include "system/cpu.h"

#define SECOND		1e9
#define ROUNDS_MOST	1000
/* If a program takes longer, something is wrong with the machine. */
#define SECONDS_MOST	600

double figure_now(void)
{
	return asleep_clock();
}

static void misused(const char *name)
{
	fprintf(stderr, "%s [-r ROUNDS | -s SECONDS]\n", name);
	exit(2);
}

static void choose_cpus(struct figure_run *run)
{
	int count = cpu_allowed(run->cpu, FIGURE_CPUS);

	run->cpus = count < 0 ? 0 : count;
}

void figure_begin(struct figure_run *run, const char *name, int argc, char *argv[])
{
	int option;

	*run = (struct figure_run){ .name = name, .dir = getenv("LOCKFAIR_DIR"), .seconds = 10 };
	while ((option = getopt(argc, argv, "r:s:")) != -1) {
		switch (option) {
		case 'r':
			run->rounds = atoi(optarg);
			run->fixed = true;
			if (run->rounds < 1 || run->rounds > ROUNDS_MOST)
				misused(name);
			break;
		case 's':
			run->seconds = atof(optarg);
			if (!(run->seconds > 0))
				misused(name);
			break;
		default:
			misused(name);
		}
	}
	if (optind != argc)
		misused(name);

	actor_die_with_parent(getppid());
	alarm(SECONDS_MOST);
	setvbuf(stdout, NULL, _IOLBF, 0);
	choose_cpus(run);
	run->history = history_new();
	if (!run->history || !run->cpus) {
		fprintf(stderr, "%s: no memory, or no CPUs\n", name);
		exit(1);
	}
	run->began = figure_now();
}

bool figure_next_round(struct figure_run *run)
{
	double spent = (figure_now() - run->began) / SECOND;

	/* After the first round, compute how many rounds of that length fit into the time. */
	if (run->round == 1 && !run->rounds) {
		run->rounds = run->seconds / spent;
		if (run->rounds > ROUNDS_MOST)
			run->rounds = ROUNDS_MOST;
	}
	/*
	 * The machine may have become slower: do not begin a round that will probably end too late.
	 */
	if (run->round && (run->round >= run->rounds ||
			   (!run->fixed && spent + spent / run->round > run->seconds)))
		return false;
	run->round++;
	if (isatty(STDERR_FILENO))
		fprintf(stderr, run->rounds ? "\r\033[K%s: round %d of %d" : "\r\033[K%s: round %d",
			run->name, run->round, run->rounds);
	return true;
}

enum lock_kind figure_kind(const struct figure_run *run, int nth)
{
	return (run->round + nth) % KINDS;
}

void figure_value(const struct figure_run *run, const char *figure, const char *kind,
		  const char *parameter, double value, const char *unit)
{
	if (isfinite(value))
		printf("%s\t%s\t%s\t%d\t%.6g\t%s\n", figure, kind, parameter, run->round, value,
		       unit);
}

bool figure_scene_close(struct figure_run *run, struct scene *scene, enum lock_kind kind)
{
	bool well = scene_goes_on(scene);

	if (scene->end == SCENE_LACKS) {
		figure_note(run, "%s: %s", run->name, scene->error);
	} else if (!well) {
		fprintf(stderr, "%s: %s: %s\n", run->name, lock_kind_name(kind), scene->error);
		run->broken = 1;
	}
	scene_close(scene);
	return well;
}

int figure_end(struct figure_run *run)
{
	if (isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
	printf("# %s: %d %s in %.1f s\n", run->name, run->round,
	       run->round == 1 ? "round" : "rounds",
	       (figure_now() - run->began) / SECOND);
	history_free(run->history);
	return run->broken;
}

void *figure_shared(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (memory == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	return memory;
}

struct sleeper {
	pid_t tid;
	const struct asleep_call *call;
	struct asleep_proof proof;
};

static int sleeps(void *arg)
{
	struct sleeper *sleeper = arg;

	return asleep_look(sleeper->tid, sleeper->call, &sleeper->proof);
}

int figure_asleep(pid_t tid, const struct asleep_call *call)
{
	struct sleeper sleeper = { .tid = tid, .call = call };
	int ret = asleep_poll(sleeps, &sleeper, 1000);

	return ret < 0 ? ret : 0;
}
