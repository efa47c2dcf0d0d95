// SPDX-License-Identifier: GPL-2.0
/*
 * How unevenly is a lock shared by many actors that want it all the time?
 *
 * All actors are asleep in their first request when the time begins. Each of them, once it is
 * granted, holds it only to log the grant, releases and asks again, until the time is up. It draws
 * a number before each request, and writes it into a log that is in the order of the grants: so the
 * logging costs the same for all kinds. Who was overtaken, and how often, is read from the log
 * afterwards.
 *
 * The number is drawn before the call is made, and an actor may lose its CPU in between. The
 * controls grant in the order in which their own tickets are drawn, inside the call; so the
 * overtaking that they show is the error of this method.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "figures/figure.h"
#include "figures/statistics.h"
#include "system/cpu.h"

#define ACTORS	64
#define LOG	524288

#define CROWDS	3

static const struct {
	int actors;
	double time;		/* nanoseconds */
} crowds[CROWDS] = {
	{ 2, 50e6 },
	{ 8, 80e6 },
	{ ACTORS, 200e6 },
};

static_assert(ACTORS <= SCENE_ACTORS, "each needs a place in the scene");

struct grant {
	unsigned int request;	/* its number */
	unsigned int asked;	/* how many numbers were drawn when it was released */
	unsigned int actor;
};

static struct shared {
	double end;		/* when to stop; set once the time begins */
	/* All actors draw from these; each has its own cache line. */
	char apart[64];
	unsigned int requests;
	char further[64];
	unsigned int grants;
	char apart_too[64];
	struct grant grant[LOG];
} *shared;

static int contend(struct actor *self, void *arg)
{
	struct lock *lock = self->lock;
	struct figure_run *run = arg;
	unsigned int me = self->row - 1;	/* row 0 is the holder */
	int err = cpu_pin(0, run->cpu[me % run->cpus]);

	act_sleeps_in(self, lock_sleeps_in(lock, MODE_EXCLUSIVE));
	while (!err && figure_now() < shared->end) {
		unsigned int request, grant;

		request = __atomic_fetch_add(&shared->requests, 1, __ATOMIC_SEQ_CST);
		err = lock_acquire(lock, &EXCLUSIVE, true);
		if (err)
			break;
		grant = __atomic_fetch_add(&shared->grants, 1, __ATOMIC_SEQ_CST);
		if (grant < LOG) {
			struct grant *entry = &shared->grant[grant];

			entry->request = request;
			entry->actor = me;
			entry->asked = __atomic_load_n(&shared->requests, __ATOMIC_SEQ_CST);
		}
		err = lock_release(lock, 0, 0);
	}
	return err;
}

/* The longest run of grants to one actor. */
static int longest_streak(int count)
{
	int longest = 0, streak = 0;

	for (int i = 0; i < count; i++) {
		bool again = i && shared->grant[i].actor == shared->grant[i - 1].actor;

		streak = again ? streak + 1 : 1;
		if (streak > longest)
			longest = streak;
	}
	return longest;
}

/*
 * Per 1,000 releases with a waiter: how often did the next grant go to a request made after the
 * release? When grant i ends, i + 1 of the numbers drawn so far have been granted. NAN if nobody
 * ever waited.
 */
static double barging(int count)
{
	int awaited = 0, barged = 0;

	for (int i = 0; i + 1 < count; i++) {
		unsigned int asked = shared->grant[i].asked;

		if (asked <= (unsigned int)i + 1)
			continue;
		awaited++;
		barged += shared->grant[i + 1].request >= asked;
	}
	return awaited ? 1000.0 * barged / awaited : NAN;
}

static void print_shares(struct figure_run *run, const char *kind, const char *parameter,
			 int actors, int count)
{
	double share[ACTORS] = { 0 };
	char rank[32];

	for (int i = 0; i < count; i++)
		share[shared->grant[i].actor] += 100.0 / count;
	figure_value(run, "jain", kind, parameter, statistics_jain(share, actors), "index");
	statistics_sort(share, actors);
	for (int i = 0; i < actors; i++) {
		snprintf(rank, sizeof(rank), "%s:%d", parameter, i + 1);
		figure_value(run, "share", kind, rank, share[actors - 1 - i], "%");
	}
}

/*
 * Keep the grants whose request was made before the preceding release: their actors waited. The
 * many grants without a wait, such as a barging actor's, would hide them.
 */
static int keep_waiters(double *overtaken, int count)
{
	int kept = 0;

	for (int i = 0; i < count; i++) {
		if (!i || shared->grant[i].request < shared->grant[i - 1].asked)
			overtaken[kept++] = overtaken[i];
	}
	return kept;
}

static void print_overtakes(struct figure_run *run, const char *kind, const char *parameter,
			    int count)
{
	static const struct {
		const char *figure;
		double percent;
	} wanted[] = {
		{ "overtaken_median", 50 },
		{ "overtaken_p90", 90 },
		{ "overtaken_p99", 99 },
		{ "overtaken_p99.9", 99.9 },
		{ "overtaken_worst", 100 },
	};
	unsigned int *request = malloc(count * sizeof(*request));
	double *overtaken = malloc(count * sizeof(*overtaken));

	for (int i = 0; request && i < count; i++)
		request[i] = shared->grant[i].request;
	if (!request || !overtaken || statistics_overtaken(request, count, overtaken)) {
		fprintf(stderr, "contention: no memory\n");
		run->broken = 1;
	} else {
		count = keep_waiters(overtaken, count);
		statistics_sort(overtaken, count);
		for (int i = 0; i < 5; i++)
			figure_value(run, wanted[i].figure, kind, parameter,
				     statistics_percentile(overtaken, count, wanted[i].percent),
				     "times");
	}
	free(request);
	free(overtaken);
}

static void print_contention(struct figure_run *run, const char *kind, int actors, double took)
{
	int count = shared->grants < LOG ? shared->grants : LOG;
	char parameter[16];

	snprintf(parameter, sizeof(parameter), "%d", actors);
	if (shared->grants > LOG)
		figure_note(run, "contention: of %s only the first %d grants were looked at", kind,
			    LOG);
	if (!count)
		return;
	figure_value(run, "grants", kind, parameter, shared->grants / (took / 1e9), "1/s");
	figure_value(run, "streak", kind, parameter, longest_streak(count), "grants");
	figure_value(run, "barging", kind, parameter, barging(count), "per 1000 unlocks");
	print_shares(run, kind, parameter, actors, count);
	print_overtakes(run, kind, parameter, count);
}

static void contention(struct figure_run *run, enum lock_kind kind, int crowd)
{
	int actors = crowds[crowd].actors;
	struct scene scene;
	struct actor *holder;
	double begun, took;

	shared->end = INFINITY;
	shared->requests = 0;
	shared->grants = 0;
	scene_open(&scene, kind, run->dir, run->history);
	holder = actor_start(&scene, "holder");
	actor_lock(holder, EXCLUSIVE);
	for (int i = 0; i < actors; i++)
		actor_begin(actor_start_nth(&scene, "actor", i + 1), contend, run);
	actor_settle(&scene);
	begun = figure_now();
	shared->end = begun + crowds[crowd].time;
	actor_unlock(holder);
	for (int i = 0; i < scene.actors; i++) {
		int err = actor_await(&scene.actor[i]);

		if (err)
			scene_broken(&scene, "%d actors: %s", actors, strerror(-err));
	}
	took = figure_now() - begun;
	if (figure_scene_close(run, &scene, kind))
		print_contention(run, lock_kind_name(kind), actors, took);
}

int main(int argc, char *argv[])
{
	struct figure_run run;

	figure_begin(&run, "contention", argc, argv);
	shared = figure_shared(sizeof(*shared));
	printf("# contention: pinned to %d CPUs in turn;", run.cpus);
	for (int crowd = 0; crowd < CROWDS; crowd++)
		printf(" %d actors %.0f ms%s", crowds[crowd].actors, crowds[crowd].time / 1e6,
		       crowd + 1 < CROWDS ? "," : " a round\n");
	while (figure_next_round(&run)) {
		for (int crowd = 0; crowd < CROWDS; crowd++) {
			for (int i = 0; i < KINDS; i++)
				contention(&run, figure_kind(&run, i), crowd);
		}
	}
	return figure_end(&run);
}
