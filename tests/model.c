// SPDX-License-Identifier: GPL-2.0
/*
 * Does the kernel answer as the model of it does?
 *
 * A case written by hand tests what its author thought of. Here thousands of scenarios are
 * made up at random, of processes that lock, convert, unlock, duplicate and close descriptors,
 * fork, exit and are interrupted, and played a step at a time. After each step, everybody has
 * returned or is proved asleep, and then all that can be seen, results, F_GETLK from all sides,
 * flock() and /proc/locks, is compared with lib/model.c: with what the documentation allows
 * (promise) and with what Linux has always done (practice). Where they differ, the scenario is
 * made as short as possible and listed.
 *
 * The seeds are the same in every run. --help tells how to try others.
 */
#include <getopt.h>
#include <limits.h>
#include <time.h>

#include "model/campaign.h"
#include "claim/expectation.h"

#define LEVEL(level)	(1u << (level))
#define DOCUMENTED	LEVEL(MODEL_PROMISE)
#define PRACTISED	(LEVEL(MODEL_PROMISE) | LEVEL(MODEL_PRACTICE))
#define BELIEVED	LEVEL(MODEL_FOLKLORE)

static void say_figures(const struct campaign *campaign)
{
	const struct play_census *census = &campaign->census;
	unsigned long long many = campaign->next < campaign->count ?
		campaign->next : campaign->count;

	expectation_say("seeds %llu to %llu, %d steps and what sets the scene", campaign->seed,
			campaign->seed + many - 1, campaign->steps);
	expectation_say("%llu scenarios, %llu steps, %s%llu states of the model", census->scenarios,
			census->steps, census->states > PLAY_STATES / 2 ? "at least " : "",
			census->states);
	if (many < campaign->count && campaign->least)
		expectation_say("%llu were to be played: this machine is slow", campaign->count);
	if (campaign->no_locks)
		expectation_say("without /proc/locks, that has nothing of them, or is too long");
	if (census->unread)
		expectation_say("after %llu steps /proc/locks was too long to be read",
				census->unread);
	if (census->partial)
		expectation_say("after %llu steps it did not tell what is not there: several pages",
				census->partial);
	if (census->cut)
		expectation_say("%llu scenarios were not played to the end: too many states",
				census->cut);
}

static void say_report(const struct campaign *campaign, const char *name)
{
	int kind = campaign_kind(campaign, campaign->seed_of_it);

	for (int i = 0; i < campaign->lines; i++)
		expectation_say("%s", campaign->report[i]);
	if (campaign->differs)
		expectation_say("all of it: %s --seed %llu --kind %s --steps %d%s%s", name,
				campaign->seed_of_it, scenario_kind_name(kind), campaign->steps,
				campaign->processes ? " --processes" : "",
				campaign->levels & BELIEVED ? " --fifo" : "");
}

/* ---- the claims ---- */

/*
 * On two cores all is played in three seconds. A machine that is emulated and loaded takes a
 * hundred times as long; it plays the first of the same scenarios, and at least so many.
 */
#define CLAIM_SECONDS	5
#define CLAIM_LEAST(count)	((count) / 10)

static struct campaign *play_claim(struct scene *scene, int kind, unsigned int levels, int count,
				   bool processes)
{
	struct campaign *campaign = campaign_new(kind, levels, expectation_effort(count));
	int err = 0;

	if (!campaign) {
		trouble(scene, TROUBLE_BROKEN, "no memory");
		return NULL;
	}
	campaign->processes = processes;
	campaign->seconds = CLAIM_SECONDS;
	campaign->least = CLAIM_LEAST(campaign->count) + 1;
	campaign->history = expectation_history;
	if (!scene->trouble[0])
		err = campaign_play(campaign);
	if (err == -ETIMEDOUT)
		trouble(scene, TROUBLE_STEP, "seed %llu: somebody neither returned nor fell asleep",
			campaign->seed_of_it);
	else if (err)
		trouble(scene, TROUBLE_BROKEN, "seed %llu: %s", campaign->seed_of_it,
			strerror(-err));
	else if (!campaign->differs)
		say_figures(campaign);
	return campaign;
}

#define AGREES(kind, levels, count, processes, reason) do { \
	struct campaign *played = play_claim(&self->scene, kind, levels, count, processes); \
	if (played) \
		say_report(played, "tests/model"); \
	REQUIRES(played && played->offered, "a query of who holds the lock is refused"); \
	HOLDS(played && !played->differs, reason, "the scenario above, seed %llu", \
	      played->seed_of_it); \
} while (0)

CLASS(folklore);

/* The controls do; for file locks, the shortest scenario in which somebody passes a waiter. */
CLAIM(folklore, EVERY_KIND, random_scenarios_are_first_come_first_served)
{
	AGREES(self->scene.site->kind, BELIEVED, 60, false, "somebody passed one who waited");
}

CLASS(promise);

/* The sentences are in lib/model.c, each with its rule. */
CLAIM(promise, TRAIT_FILE, no_answer_is_against_the_documentation)
{
	AGREES(self->scene.site->kind, DOCUMENTED, 150, false, "against the documentation");
}

CLASS(practice);

CLAIM(practice, TRAIT_FILE, every_answer_is_as_it_has_always_been)
{
	AGREES(self->scene.site->kind, PRACTISED, 220, false, "a change of behaviour");
}

/* They go on with POSIX, OFD, flock and lockf in one scenario, where there are all of them. */
static void add_the_other_kinds(struct scene *scene)
{
	scene_add_kind(scene, LOCK_OFD);
	scene_add_kind(scene, LOCK_FLOCK);
}

CLAIM(practice, TRAIT_OWNED_BY_PROCESS | TRAIT_QUERIES, kinds_get_along_as_they_always_have)
{
	add_the_other_kinds(&self->scene);
	AGREES(SCENARIO_MIXED, PRACTISED, 300, false, "a change of behaviour");
}

/* Everywhere else, the players are threads that have unshared their descriptors. */
CLAIM(practice, TRAIT_OWNED_BY_PROCESS | TRAIT_QUERIES, processes_answer_as_they_always_have)
{
	add_the_other_kinds(&self->scene);
	AGREES(SCENARIO_MIXED, PRACTISED, 100, true, "a change of behaviour");
}

/* ---- alone ---- */

static const char usage[] =
	"usage: %s [-l] [-t GLOB]...        the tests\n"
	"       %s --seed N [OPTION]...     the scenario of that seed\n"
	"       %s --soak SECONDS [OPTION]...  those of new seeds, for so long\n"
	"       %s --replay FILE [OPTION]...   the scenario in that file\n"
	"  --kind KIND   posix, ofd, flock, lockf, mixed, eventfd or futex\n"
	"  --steps N     as many steps (%d)\n"
	"  --processes   the players are processes, not threads with descriptors of their own\n"
	"  --documented  compare with what the documentation allows, not with Linux\n"
	"  --fifo        compare with strict first come, first served\n"
	"  --no-getlk    do not ask who is in the way\n"
	"  --save FILE   keep there the scenario that is found\n";

static void say_usage(FILE *stream, const char *name)
{
	fprintf(stream, usage, name, name, name, name, CAMPAIGN_STEPS);
}

static int play_file(struct campaign *campaign, const char *name)
{
	struct scenario *scenario = malloc(sizeof(*scenario));
	struct play_result *result = malloc(sizeof(*result));
	FILE *stream = fopen(name, "r");
	int err;

	if (!scenario || !result || !stream) {
		fprintf(stderr, "%s: %s\n", name, strerror(errno));
		return 2;
	}
	err = scenario_read(scenario, stream);
	fclose(stream);
	if (err < 0)
		fprintf(stderr, "%s: cannot be read\n", name);
	if (err > 0)
		fprintf(stderr, "%s: line %d is no step\n", name, err);
	if (err)
		return 2;
	err = campaign_replay(campaign, scenario, result);
	if (err)
		fprintf(stderr, "%s: %s\n", name, strerror(-err));
	for (int i = 0; i < campaign->lines; i++)
		printf("%s\n", campaign->report[i]);
	if (!err)
		history_draw(campaign->history, NULL, expectation_emit);
	return err ? 2 : result->differs;
}

static int play_campaign(struct campaign *campaign, const char *name)
{
	int err;

	printf("# seed %llu, %d steps\n", campaign->seed, campaign->steps);
	err = campaign_play(campaign);
	if (err) {
		fprintf(stderr, "seed %llu: %s\n", campaign->seed_of_it, strerror(-err));
		return 2;
	}
	say_figures(campaign);
	say_report(campaign, name);
	if (campaign->differs)
		history_draw(campaign->history, NULL, expectation_emit);
	return campaign->differs;
}

enum {
	KIND, STEPS, SEED, SOAK, REPLAY, SAVE, PROCESSES, ONLY_DOCUMENTED, FIFO, BLIND, HELP
};

static const struct option options[] = {
	{ "kind", required_argument, NULL, KIND },
	{ "steps", required_argument, NULL, STEPS },
	{ "seed", required_argument, NULL, SEED },
	{ "soak", required_argument, NULL, SOAK },
	{ "replay", required_argument, NULL, REPLAY },
	{ "save", required_argument, NULL, SAVE },
	{ "processes", no_argument, NULL, PROCESSES },
	{ "documented", no_argument, NULL, ONLY_DOCUMENTED },
	{ "fifo", no_argument, NULL, FIFO },
	{ "no-getlk", no_argument, NULL, BLIND },
	{ "help", no_argument, NULL, HELP },
	{ 0 }
};

/* false if it is no number, or not one from @least to @most. */
static bool read_number(const char *text, unsigned long long least, unsigned long long most,
			unsigned long long *number)
{
	char *end;

	errno = 0;
	*number = strtoull(text, &end, 0);
	return *text >= '0' && *text <= '9' && !*end && !errno && *number >= least &&
	       *number <= most;
}

static bool read_option(struct campaign *campaign, int option, const char *value)
{
	unsigned long long number;

	switch (option) {
	case KIND:
		campaign->kind = scenario_kind(value);
		return campaign->kind >= 0;
	case STEPS:
		if (!read_number(value, 1, SCENARIO_MADE, &number))
			return false;
		campaign->steps = number;
		return true;
	case SOAK:
		if (!read_number(value, 1, INT_MAX, &number))
			return false;
		campaign->seconds = number;
		return true;
	case SEED:
		return read_number(value, 0, ULLONG_MAX, &campaign->seed);
	case SAVE:
		campaign->save = value;
		return true;
	case PROCESSES:
		campaign->processes = true;
		return true;
	case ONLY_DOCUMENTED:
		campaign->levels = DOCUMENTED;
		return true;
	case FIFO:
		campaign->levels = BELIEVED;
		return true;
	case BLIND:
		campaign->blind = true;
		return true;
	default:
		return false;
	}
}

static int play_alone(int argc, char **argv)
{
	struct campaign *campaign = campaign_new(ALL_KINDS, PRACTISED, 1);
	const char *replay = NULL;
	bool seeded = false;
	int option;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!campaign || pthread_atfork(expectation_before_fork, NULL, expectation_in_child))
		return 2;
	campaign->history = history_new();
	while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		seeded |= option == SEED;
		if (option == HELP) {
			say_usage(stdout, argv[0]);
			return 0;
		}
		if (option == REPLAY) {
			replay = optarg;
		} else if (!read_option(campaign, option, optarg)) {
			say_usage(stderr, argv[0]);
			return 2;
		}
	}
	if (optind < argc || (!replay && !seeded && !campaign->seconds)) {
		say_usage(stderr, argv[0]);
		return 2;
	}
	if (campaign->kind == LOCK_EVENTFD || campaign->kind == LOCK_FUTEX)
		campaign->levels = BELIEVED;
	if (replay)
		return play_file(campaign, replay);
	if (campaign->seconds) {
		campaign->count = ~0ull;
		if (!seeded)
			campaign->seed = time(NULL) * 1000000ull;
	}
	return play_campaign(campaign, argv[0]);
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strncmp(argv[1], "--", 2) && strcmp(argv[1], ACTOR_AFTER_EXEC))
		return play_alone(argc, argv);
	return expectation_main(argc, argv);
}
