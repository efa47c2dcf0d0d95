// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "history/draw.h"
#include "model/search.h"
#include "model/search_run.h"

/* How a scenario ended on this kernel. */
struct seen {
	bool refused;			/* a call failed with EDEADLK */
	unsigned int asleep;		/* actors, after all others have exited */
};

static struct seen seen_of(const struct scenario *scenario, const struct outcome *outcome)
{
	struct seen seen = { 0 };

	for (int i = 0; i < scenario->count; i++) {
		if (!outcome->made[i])
			continue;
		seen.asleep = 0;
		for (int actor = 0; actor < MODEL_ACTORS; actor++) {
			const struct model_call *call = &outcome->call[i][actor];

			seen.refused |= call->status == REQUEST_DONE && call->result == -EDEADLK;
			seen.asleep |= (call->status == REQUEST_ASLEEP) << actor;
		}
	}
	return seen;
}

static void print_seen(const struct seen *seen)
{
	if (seen->refused)
		printf("# here: EDEADLK\n");
	if (seen->asleep) {
		printf("# here: ");
		for (int actor = 0; actor < MODEL_ACTORS; actor++) {
			if (seen->asleep & 1u << actor)
				printf("%c ", 'A' + actor);
		}
		printf("sleep on, after all others have exited\n");
	}
	if (!seen->refused && !seen->asleep)
		printf("# here: all have exited\n");
}

/* Return whether the kernel does with it what the model predicts, or -errno. */
static int run_found(struct fuzz *fuzz, struct search *search, const struct found *found,
		     struct outcome *outcome, void (*emit)(const char *line))
{
	bool deadlock = fuzz->levels & MODEL_BELIEVED;
	struct scenario scenario = found->scenario;
	struct seen seen;
	int err;

	printf("# seed %llu, and %llu more\n", found->seed, found->hits - 1);
	search_append_exits(search, &scenario);
	fuzz->lines = 0;
	err = fuzz_replay(fuzz, &scenario, outcome);
	if (err) {
		fprintf(stderr, "seed %llu: %s\n", found->seed, fuzz_error(fuzz, err));
		return err;
	}
	for (int i = 0; i < fuzz->lines; i++)
		printf("%s\n", fuzz->report[i]);
	history_draw(fuzz->history, NULL, emit);
	seen = seen_of(&scenario, outcome);
	print_seen(&seen);
	return !outcome->differs && (seen.refused || seen.asleep) == deadlock;
}

static int search_all(struct fuzz *fuzz, struct search *search)
{
	int err = 0;

	for (unsigned long long i = 0; i < fuzz->count && !err; i++) {
		unsigned long long seed = fuzz->seed + i;

		err = search_seed(search, seed, fuzz_kind(fuzz, seed), fuzz->steps);
	}
	return err;
}

int search_run(struct fuzz *fuzz, void (*emit)(const char *line))
{
	struct outcome *outcome = malloc(sizeof(*outcome));
	struct search *search = search_new();
	int err = outcome && search ? 0 : -ENOMEM, predicted = 0;

	if (!err)
		err = search_all(fuzz, search);
	for (int i = 0; !err && i < search->count; i++) {
		int ret = run_found(fuzz, search, &search->found[i], outcome, emit);

		err = ret < 0 ? ret : 0;
		predicted += ret > 0;
	}
	if (!err) {
		printf("# %llu of %llu seeds end well on Linux, and not in a strict order\n",
		       search->hits, fuzz->count);
		printf("# %d scenarios, %d of them end here as predicted\n", search->count,
		       predicted);
		if (search->others)
			printf("# %llu seeds are longer ones\n", search->others);
		err = predicted < search->count;
	}
	if (search)
		search_free(search);
	free(outcome);
	return err < 0 ? 2 : err;
}
