// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "model/campaign.h"

#define RUNNERS	2

struct campaign *campaign_new(int kind, unsigned int levels, unsigned long long count)
{
	struct campaign *campaign = mmap(NULL, sizeof(*campaign), PROT_READ | PROT_WRITE,
					 MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (campaign == MAP_FAILED)
		return NULL;
	campaign->kind = kind;
	campaign->levels = levels;
	campaign->steps = CAMPAIGN_STEPS;
	campaign->seed = 1;
	campaign->count = count;
	campaign->dir = getenv("LOCKFAIR_DIR");
	return campaign;
}

static void note_line(const char *line, void *arg)
{
	struct campaign *campaign = arg;

	if (campaign->lines < CAMPAIGN_LINES)
		snprintf(campaign->report[campaign->lines++], CAMPAIGN_WIDTH, "%s", line);
}

#define NOTE(campaign, ...) do { \
	char noted[CAMPAIGN_WIDTH]; \
	snprintf(noted, sizeof(noted), __VA_ARGS__); \
	note_line(noted, campaign); \
} while (0)

/* ---- a runner: a process with its players on one CPU, where they hand over fastest ---- */

/* Confine this task to the CPU of that number among those that it may use. How many these are. */
static int choose_cpu(int number)
{
	cpu_set_t all, one;
	int count = 0;

	if (sched_getaffinity(0, sizeof(all), &all) < 0)
		return 1;
	CPU_ZERO(&one);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (CPU_ISSET(cpu, &all) && count++ == number)
			CPU_SET(cpu, &one);
	}
	if (number >= 0 && number < count)
		sched_setaffinity(0, sizeof(one), &one);
	return count;
}

static void report(struct campaign *campaign, struct play *play, struct scenario *scenario,
		   struct play_result *result)
{
	struct scenario whole = *scenario;
	struct play_result first = *result;
	int tries;

	campaign->differs = true;
	campaign->seed_of_it = scenario->seed;
	tries = play_shrink(play, scenario, result);
	if (result->differs) {
		NOTE(campaign, "/* shortened by playing it %d times: */", tries);
	} else {
		NOTE(campaign, "/* seen once, and not again in %d plays: */", tries);
		*scenario = whole;
		*result = first;
	}
	play_tell(scenario, result, campaign->history, note_line, campaign);
	if (campaign->save) {
		FILE *stream = fopen(campaign->save, "w");

		for (int i = 0; stream && i < campaign->lines; i++)
			fprintf(stream, "%s\n", campaign->report[i]);
		if (!stream || fclose(stream))
			NOTE(campaign, "cannot save it: %s", strerror(errno));
	}
}

/* For all kinds: which is by the seed. */
int campaign_kind(const struct campaign *campaign, unsigned long long seed)
{
	static const int kinds[] = {
		LOCK_POSIX, LOCK_OFD, LOCK_FLOCK, LOCK_LOCKF,
		SCENARIO_MIXED, SCENARIO_MIXED, SCENARIO_MIXED, SCENARIO_MIXED,
	};

	if (campaign->kind != ALL_KINDS)
		return campaign->kind;
	return kinds[seed % (sizeof(kinds) / sizeof(*kinds))];
}

static int play_one(struct campaign *campaign, struct play *play, struct scenario *scenario,
		    struct play_result *result)
{
	unsigned int before = 0;
	int err = play_scenario(play, scenario, result);

	/* Of those who find something at the same time, one tells. */
	if (!err && result->differs &&
	    __atomic_compare_exchange_n(&campaign->over, &before, 1, false, __ATOMIC_SEQ_CST,
					__ATOMIC_SEQ_CST))
		report(campaign, play, scenario, result);
	return err;
}

static bool time_is_up(const struct campaign *campaign, const struct timespec *begun)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return campaign->seconds && now.tv_sec - begun->tv_sec >= campaign->seconds;
}

static int play_seeds(struct campaign *campaign, struct play *play)
{
	struct scenario *scenario = malloc(sizeof(*scenario));
	struct play_result *result = malloc(sizeof(*result));
	struct timespec begun;
	int err = scenario && result ? 0 : -ENOMEM;

	clock_gettime(CLOCK_MONOTONIC, &begun);
	while (!err && !__atomic_load_n(&campaign->over, __ATOMIC_SEQ_CST)) {
		unsigned long long number, seed;
		int kind;

		if (__atomic_load_n(&campaign->next, __ATOMIC_RELAXED) >= campaign->least &&
		    time_is_up(campaign, &begun))
			break;
		number = __atomic_fetch_add(&campaign->next, 1, __ATOMIC_RELAXED);
		if (number >= campaign->count)
			break;
		seed = campaign->seed + number;
		kind = campaign_kind(campaign, seed);
		if (!play_offers(play, kind))
			continue;
		campaign->offered = true;
		err = scenario_make(scenario, seed, kind, campaign->steps);
		scenario->processes |= campaign->processes ||
			(campaign->kind == ALL_KINDS && seed % 16 == 0);
		if (!err)
			err = play_one(campaign, play, scenario, result);
		if (err)
			campaign->seed_of_it = seed;
	}
	free(scenario);
	free(result);
	return err;
}

static void blind(const struct campaign *campaign, struct play *play)
{
	play->queries[0] &= !campaign->blind;
	play->queries[1] &= !campaign->blind;
}

static void run(struct campaign *campaign, int number)
{
	struct play *play = malloc(sizeof(*play));
	int err = -ENOMEM;

	choose_cpu(number);
	if (play) {
		err = play_open(play, campaign->dir, campaign->levels);
		play->census = &campaign->census;
		blind(campaign, play);
		if (play->locks < 0)
			campaign->no_locks = true;
		if (!err)
			err = play_seeds(campaign, play);
	}
	if (err)
		campaign->err = err;
	_exit(0);
}

/* Play all of it. 0 or -errno. */
int campaign_play(struct campaign *campaign)
{
	int cpus = choose_cpu(-1), runners = cpus < RUNNERS ? cpus : RUNNERS, status, err = 0;
	pid_t pid[RUNNERS];

	for (int i = 0; i < runners; i++) {
		pid[i] = fork();
		if (!pid[i])
			run(campaign, i);
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
	return err ? err : campaign->err;
}

int campaign_replay(struct campaign *campaign, struct scenario *scenario,
		    struct play_result *result)
{
	struct play *play = malloc(sizeof(*play));
	int err;

	if (!play)
		return -ENOMEM;
	choose_cpu(0);
	scenario->processes |= campaign->processes;
	err = play_open(play, campaign->dir, campaign->levels);
	blind(campaign, play);
	if (!err)
		err = play_scenario(play, scenario, result);
	if (!err)
		play_tell(scenario, result, campaign->history, note_line, campaign);
	play_close(play);
	free(play);
	return err;
}
