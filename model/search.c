// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include "model/generate.h"
#include "model/search.h"
#include "model/shrink.h"
#include "model/tidy.h"

#define TRIES_TO_SHRINK	20000

struct search *search_new(void)
{
	struct search *search = calloc(1, sizeof(*search));

	if (!search || !endings_open(&search->endings))
		return search;
	search_free(search);
	return NULL;
}

void search_free(struct search *search)
{
	endings_close(&search->endings);
	free(search);
}

bool search_shows(struct search *search, const struct scenario *scenario)
{
	return ending_of(&search->endings, MODEL_FOLKLORE, scenario) == ENDS_BADLY &&
	       ending_of(&search->endings, MODEL_PRACTICE, scenario) == ENDS_WELL;
}

static bool shows(const struct scenario *scenario, void *arg)
{
	return search_shows(arg, scenario);
}

/* Keep what a deadlock is made of: actors open files, lock and unlock. */
static void leave_out_the_rest(struct scenario *scenario)
{
	int kept = 0;

	for (int i = 0; i < scenario->count; i++) {
		unsigned int what = scenario->step[i].what;

		if (what == STEP_OPEN || what == STEP_LOCK || what == STEP_UNLOCK)
			scenario->step[kept++] = scenario->step[i];
	}
	scenario->count = kept;
}

/* Keep the shortest beginning that ends in a deadlock. Beyond it, Linux may have one, too. */
static bool begins_with_deadlock(struct search *search, struct scenario *scenario)
{
	int count = scenario->count;

	for (int i = 0; i < count; i++) {
		const struct model_step *last = &scenario->step[i];

		scenario->count = i + 1;
		if (last->what == STEP_LOCK && last->wait &&
		    ending_of(&search->endings, MODEL_FOLKLORE, scenario) == ENDS_BADLY)
			return true;
	}
	return false;
}

bool search_shorten(struct search *search, struct scenario *scenario)
{
	leave_out_the_rest(scenario);
	ending_keep_made(&search->endings, MODEL_PRACTICE, scenario);
	if (!begins_with_deadlock(search, scenario) || !search_shows(search, scenario))
		return false;
	shrink_scenario(scenario, shows, search, TRIES_TO_SHRINK);
	tidy_scenario(scenario, shows, search);
	return true;
}

static bool is_same(const struct scenario *one, const struct scenario *other)
{
	return one->count == other->count &&
	       !memcmp(one->step, other->step, one->count * sizeof(*one->step));
}

/* Among scenarios of the same length, that of the lower seed comes first. */
static void keep(struct search *search, const struct scenario *scenario, unsigned long long seed)
{
	struct found *found = search->found;
	int at = 0;

	for (int i = 0; i < search->count; i++) {
		if (is_same(&found[i].scenario, scenario)) {
			found[i].hits++;
			return;
		}
	}
	while (at < search->count && found[at].scenario.count <= scenario->count)
		at++;
	if (search->count == SEARCH_FOUND) {
		search->others += at == SEARCH_FOUND ? 1 : found[SEARCH_FOUND - 1].hits;
		if (at == SEARCH_FOUND)
			return;
		search->count--;
	}
	memmove(&found[at + 1], &found[at], (search->count - at) * sizeof(*found));
	found[at] = (struct found){ .seed = seed, .hits = 1, .scenario = *scenario };
	search->count++;
}

int search_seed(struct search *search, unsigned long long seed, int kind, int steps)
{
	struct scenario scenario;
	int err = generate_scenario(&scenario, seed, kind, steps);

	if (err || !search_shorten(search, &scenario))
		return err;
	search->hits++;
	keep(search, &scenario, seed);
	return 0;
}

void search_append_exits(struct search *search, struct scenario *scenario)
{
	ending_append_exits(&search->endings, MODEL_PRACTICE, scenario);
	ending_append_exits(&search->endings, MODEL_FOLKLORE, scenario);
}
