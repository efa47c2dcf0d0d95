// SPDX-License-Identifier: GPL-2.0
/* Scenarios at random, from a seed. */
#include <errno.h>
#include <string.h>

#include "model/scenario.h"

/* splitmix64: every seed is as good as any other. */
static unsigned long long next(unsigned long long *seed)
{
	unsigned long long z = *seed += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

static unsigned int below(unsigned long long *seed, unsigned int bound)
{
	return (next(seed) >> 32) % bound;
}

static bool chance(unsigned long long *seed, unsigned int percent)
{
	return below(seed, 100) < percent;
}

struct making {
	struct scenario *scenario;
	unsigned long long seed;
	struct model_state state;	/* as it may be after the steps so far */
	struct model_set next, scratch;
	int files;
	unsigned int weight[LOCK_KINDS];
};

/* The last byte of a file: fcntl(2), EOVERFLOW beyond it. */
#define LAST_BYTE	((off_t)((1ull << (8 * sizeof(off_t) - 1)) - 1))

static void choose_cells(struct making *making)
{
	off_t *cell = making->scenario->cell;

	for (int i = 0; i < MODEL_CELLS; i++)
		cell[i] = i;
	/* lockf(3) seeks, and no file system lets one seek as far as one may lock. */
	switch (below(&making->seed, making->weight[LOCK_LOCKF] ? 3 : 4)) {
	case 0:
		break;
	case 1:
		for (int i = 1; i < MODEL_CELLS; i++)
			cell[i] = cell[i - 1] + 1 + below(&making->seed, 100);
		break;
	case 2:
		cell[0] = below(&making->seed, 10);
		for (int i = 1; i < MODEL_CELLS; i++)
			cell[i] = cell[i - 1] + 1 + below(&making->seed, 1u << (5 * i));
		break;
	case 3:
		/* the last cell is the last byte, or a few */
		cell[MODEL_CELLS - 1] = LAST_BYTE - below(&making->seed, 3);
		for (int i = MODEL_CELLS - 2; i > 0; i--)
			cell[i] = cell[i + 1] - 1 - below(&making->seed, 5);
		break;
	}
}

static void choose_kinds(struct making *making)
{
	int kind = making->scenario->kind;

	if (kind != SCENARIO_MIXED) {
		making->weight[kind] = 1;
		return;
	}
	making->weight[LOCK_POSIX] = 1 + below(&making->seed, 4);
	making->weight[LOCK_OFD] = below(&making->seed, 4);
	making->weight[LOCK_FLOCK] = below(&making->seed, 3);
	making->weight[LOCK_LOCKF] = below(&making->seed, 2);
}

static int choose_kind(struct making *making)
{
	unsigned int all = 0, at;
	int kind = 0;

	for (int i = 0; i < LOCK_KINDS; i++)
		all += making->weight[i];
	for (at = below(&making->seed, all); at >= making->weight[kind]; kind++)
		at -= making->weight[kind];
	return kind;
}

static void choose_range(struct making *making, struct model_step *step)
{
	step->first = 0;
	step->last = MODEL_CELLS - 1;
	if (!(lock_kind_traits(step->kind) & TRAIT_RANGES) || chance(&making->seed, 15))
		return;
	step->first = below(&making->seed, MODEL_CELLS);
	step->last = step->first;
	if (chance(&making->seed, 60))
		step->last += below(&making->seed, MODEL_CELLS - step->first);
}

/* What the actor holds by this kind of lock through this descriptor. */
static const struct model_cells *holds(const struct making *making, const struct model_step *step)
{
	int description = making->state.slot[step->actor][step->slot];

	if (!(lock_kind_traits(step->kind) & TRAIT_FILE))
		return &making->state.posix[0][step->actor];
	if (step->kind == LOCK_OFD)
		return &making->state.ofd[description];
	if (step->kind == LOCK_FLOCK)
		return &making->state.flock[description];
	return &making->state.posix[making->state.file[description]][step->actor];
}

static void choose_lock(struct making *making, struct model_step *step)
{
	bool control = !(lock_kind_traits(step->kind) & TRAIT_FILE);
	const struct model_cells *held = holds(making, step);
	bool any = held->shared || held->exclusive;
	unsigned int dice = below(&making->seed, 100);

	step->what = STEP_LOCK;
	step->wait = chance(&making->seed, 80);
	step->mode = chance(&making->seed, 55) ? MODE_EXCLUSIVE : MODE_SHARED;
	if (!(lock_kind_traits(step->kind) & TRAIT_SHARED))
		step->mode = MODE_EXCLUSIVE;
	choose_range(making, step);
	if (control ? any : any && dice < 35)
		step->what = STEP_UNLOCK;
	else if ((lock_kind_traits(step->kind) & TRAIT_QUERIES) && dice > 96)
		step->what = STEP_QUERY;
	if (step->what == STEP_UNLOCK) {
		step->wait = false;
		step->mode = 0;
		if (chance(&making->seed, 40)) {
			step->first = 0;
			step->last = MODEL_CELLS - 1;
		}
	}
	if (step->what == STEP_QUERY)
		step->wait = false;
}

/* A slot that is open (@open) or is not; -1 if there is none. */
static int choose_slot(struct making *making, int actor, bool open)
{
	int slots[MODEL_SLOTS], count = 0;

	for (int i = 0; i < MODEL_SLOTS; i++) {
		bool is_open = making->state.slot[actor][i] >= 0;

		if (is_open == open)
			slots[count++] = i;
	}
	return count ? slots[below(&making->seed, count)] : -1;
}

/* An actor that is @alive and asleep (@asleep), or is not; -1 if there is none. */
static int choose_actor(struct making *making, bool alive, bool asleep)
{
	int actors[MODEL_ACTORS], count = 0;

	for (int i = 0; i < MODEL_ACTORS; i++) {
		bool is_alive = making->state.alive >> i & 1;
		bool is_asleep = making->state.request[i].status == REQUEST_ASLEEP;

		if (is_alive == alive && is_asleep == asleep)
			actors[count++] = i;
	}
	return count ? actors[below(&making->seed, count)] : -1;
}

static bool choose_on_descriptors(struct making *making, struct model_step *step)
{
	unsigned int dice = below(&making->seed, 100);
	int empty = choose_slot(making, step->actor, false), other;

	if (dice < 5) {
		step->what = STEP_EXIT;
		/* Somebody has to be left. */
		return making->state.alive & (making->state.alive - 1);
	}
	if (dice < 25) {
		step->what = STEP_FORK;
		other = choose_actor(making, false, false);
		step->other = other;
		return other >= 0;
	}
	if (dice < 55 || choose_slot(making, step->actor, true) < 0) {
		step->what = STEP_OPEN;
		step->slot = empty;
		step->other = chance(&making->seed, 60) ? 0 : below(&making->seed, making->files);
		return empty >= 0;
	}
	step->slot = choose_slot(making, step->actor, true);
	if (dice < 80) {
		step->what = STEP_DUP;
		step->other = chance(&making->seed, 80) && empty >= 0 ?
			empty : (int)below(&making->seed, MODEL_SLOTS);
		return step->slot != step->other;
	}
	step->what = STEP_CLOSE;
	return true;
}

static bool choose_step(struct making *making, struct model_step *step)
{
	int asleep = choose_actor(making, true, true), awake = choose_actor(making, true, false);
	bool files = making->scenario->kind == SCENARIO_MIXED ||
		(lock_kind_traits(making->scenario->kind) & TRAIT_FILE);
	int slot;

	memset(step, 0, sizeof(*step));
	if (files && asleep >= 0 && (awake < 0 || chance(&making->seed, 7))) {
		step->what = STEP_INTERRUPT;
		step->actor = asleep;
		return true;
	}
	if (awake < 0)
		return false;
	step->actor = awake;
	slot = choose_slot(making, awake, true);
	if (files && (slot < 0 || chance(&making->seed, 18)))
		return choose_on_descriptors(making, step);
	step->slot = slot < 0 ? 0 : slot;
	step->kind = choose_kind(making);
	choose_lock(making, step);
	return true;
}

/* Append the step; the state goes on as one of those that are possible. */
static void add(struct making *making, const struct model_step *step)
{
	struct scenario *scenario = making->scenario;
	bool control = scenario->kind == LOCK_EVENTFD || scenario->kind == LOCK_FUTEX;

	model_set_clear(&making->next);
	model_step(control ? MODEL_FOLKLORE : MODEL_PRACTICE, &making->state, step, &making->next,
		   &making->scratch);
	making->state = making->next.state[below(&making->seed, making->next.count)];
	scenario->step[scenario->count++] = *step;
}

static void open_files(struct making *making)
{
	for (int i = 0; i < making->scenario->actors; i++) {
		struct model_step step = { .what = STEP_OPEN, .actor = i };

		add(making, &step);
		if (making->files > 1 && chance(&making->seed, 50)) {
			step.slot = 1;
			step.other = 1 + below(&making->seed, making->files - 1);
			add(making, &step);
		}
	}
}

int scenario_make(struct scenario *scenario, unsigned long long seed, int kind, int steps)
{
	struct making making = { .scenario = scenario, .seed = seed };
	bool control = kind == LOCK_EVENTFD || kind == LOCK_FUTEX;
	int end;

	*scenario = (struct scenario){ .seed = seed, .kind = kind, .processes = control };
	if (model_set_open(&making.next, 512) || model_set_open(&making.scratch, 512)) {
		model_set_close(&making.next);
		return -ENOMEM;
	}
	scenario->actors = 2 + below(&making.seed, MODEL_ACTORS - 1);
	making.files = chance(&making.seed, 60) ? 1 : 2 + below(&making.seed, MODEL_FILES - 1);
	choose_kinds(&making);
	choose_cells(&making);
	model_begin(&making.state, scenario->actors);
	if (!control)
		open_files(&making);
	end = scenario->count + steps;
	if (end > SCENARIO_STEPS)
		end = SCENARIO_STEPS;
	while (scenario->count < end) {
		struct model_step step;

		/* Where nobody is awake, and a wait cannot be interrupted, it is over. */
		if (choose_actor(&making, true, false) < 0 && control)
			break;
		if (choose_step(&making, &step) && model_applies(&making.state, &step))
			add(&making, &step);
	}
	model_set_close(&making.next);
	model_set_close(&making.scratch);
	return 0;
}
