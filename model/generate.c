// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>

#include "model/generate.h"
#include "model/step.h"

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

struct generator {
	struct scenario *scenario;
	unsigned long long seed;
	struct model_state state;	/* one that is possible after the steps so far */
	struct model_set next, scratch;
	int files;
	bool threads;			/* some actors share their table of descriptors */
	unsigned int weight[KINDS];	/* how often each kind is chosen */
	const struct model_rules *rules;
};

/* The last byte of a file: fcntl(2), EOVERFLOW beyond it. */
#define LAST_BYTE	((off_t)((1ull << (8 * sizeof(off_t) - 1)) - 1))

static void choose_cells(struct generator *gen)
{
	off_t *cell = gen->scenario->cell;

	for (int i = 0; i < MODEL_CELLS; i++)
		cell[i] = i;
	/* lockf(3) needs a seek, and no file system allows one as far as the last byte. */
	switch (below(&gen->seed, gen->weight[KIND_LOCKF] ? 3 : 4)) {
	case 0:
		break;
	case 1:
		for (int i = 1; i < MODEL_CELLS; i++)
			cell[i] = cell[i - 1] + 1 + below(&gen->seed, 100);
		break;
	case 2:
		cell[0] = below(&gen->seed, 10);
		for (int i = 1; i < MODEL_CELLS; i++)
			cell[i] = cell[i - 1] + 1 + below(&gen->seed, 1u << (5 * i));
		break;
	case 3:
		/* the last cell has the last byte, and perhaps a few before it */
		cell[MODEL_CELLS - 1] = LAST_BYTE - below(&gen->seed, 3);
		for (int i = MODEL_CELLS - 2; i > 0; i--)
			cell[i] = cell[i + 1] - 1 - below(&gen->seed, 5);
		break;
	}
}

static void choose_kinds(struct generator *gen)
{
	int kind = gen->scenario->kind;

	if (kind != SCENARIO_MIXED) {
		gen->weight[kind] = 1;
		return;
	}
	gen->weight[KIND_POSIX] = 1 + below(&gen->seed, 4);
	gen->weight[KIND_OFD] = below(&gen->seed, 4);
	gen->weight[KIND_FLOCK] = below(&gen->seed, 3);
	gen->weight[KIND_LOCKF] = below(&gen->seed, 2);
}

static int choose_kind(struct generator *gen)
{
	unsigned int all = 0, at;
	int kind = 0;

	for (int i = 0; i < KINDS; i++)
		all += gen->weight[i];
	for (at = below(&gen->seed, all); at >= gen->weight[kind]; kind++)
		at -= gen->weight[kind];
	return kind;
}

static void choose_range(struct generator *gen, struct model_step *step)
{
	step->first = 0;
	step->last = MODEL_CELLS - 1;
	if (!(lock_kind_traits(step->kind) & TRAIT_RANGES) || chance(&gen->seed, 15))
		return;
	step->first = below(&gen->seed, MODEL_CELLS);
	step->last = step->first;
	if (chance(&gen->seed, 60))
		step->last += below(&gen->seed, MODEL_CELLS - step->first);
}

/* Does the actor hold a lock of this kind through this descriptor? */
static bool holds_any(const struct generator *gen, const struct model_step *step)
{
	struct model_request in = { .kind = step->kind };
	struct model_cells held;

	if (lock_kind_traits(step->kind) & TRAIT_FILE) {
		in.description = model_description(&gen->state, step->actor, step->slot);
		in.file = gen->state.file[in.description];
	}
	held = model_held(&gen->state, &in, model_owner(&gen->state, &in, step->actor));
	return held.shared || held.exclusive;
}

static void choose_lock(struct generator *gen, struct model_step *step)
{
	bool control = !(lock_kind_traits(step->kind) & TRAIT_FILE);
	bool any = holds_any(gen, step);
	unsigned int dice = below(&gen->seed, 100);

	step->what = STEP_LOCK;
	step->wait = chance(&gen->seed, 80);
	step->mode = chance(&gen->seed, 55) ? MODE_EXCLUSIVE : MODE_SHARED;
	if (!(lock_kind_traits(step->kind) & TRAIT_SHARED))
		step->mode = MODE_EXCLUSIVE;
	choose_range(gen, step);
	if (control ? any : any && dice < 35)
		step->what = STEP_UNLOCK;
	else if ((lock_kind_traits(step->kind) & TRAIT_QUERIES) && dice > 96)
		step->what = STEP_QUERY;
	if (step->what == STEP_UNLOCK) {
		step->wait = false;
		step->mode = 0;
		if (chance(&gen->seed, 40)) {
			step->first = 0;
			step->last = MODEL_CELLS - 1;
		}
	}
	if (step->what == STEP_QUERY)
		step->wait = false;
}

/* Choose one of the actor's slots that are open, or not, as @open says; -1 if there is none. */
static int choose_slot(struct generator *gen, int actor, bool open)
{
	int slots[MODEL_SLOTS], count = 0;

	for (int i = 0; i < MODEL_SLOTS; i++) {
		bool is_open = model_description(&gen->state, actor, i) >= 0;

		if (is_open == open)
			slots[count++] = i;
	}
	return count ? slots[below(&gen->seed, count)] : -1;
}

/* Choose one of the actors that are alive, or not, and asleep, or not; -1 if there is none. */
static int choose_actor(struct generator *gen, bool alive, bool asleep)
{
	int actors[MODEL_ACTORS], count = 0;

	for (int i = 0; i < MODEL_ACTORS; i++) {
		bool is_alive = gen->state.alive >> i & 1;
		bool is_asleep = gen->state.request[i].status == REQUEST_ASLEEP;

		if (is_alive == alive && is_asleep == asleep)
			actors[count++] = i;
	}
	return count ? actors[below(&gen->seed, count)] : -1;
}

static bool choose_on_descriptors(struct generator *gen, struct model_step *step)
{
	unsigned int dice = below(&gen->seed, 100);
	int empty = choose_slot(gen, step->actor, false), other;

	if (dice < 5) {
		step->what = STEP_EXIT;
		/* At least one actor must remain. */
		return gen->state.alive & (gen->state.alive - 1);
	}
	if (dice < 25) {
		step->what = gen->threads && chance(&gen->seed, 50) ? STEP_THREAD : STEP_FORK;
		other = choose_actor(gen, false, false);
		step->other = other;
		return other >= 0;
	}
	if (dice < 55 || choose_slot(gen, step->actor, true) < 0) {
		step->what = STEP_OPEN;
		step->slot = empty;
		step->other = chance(&gen->seed, 60) ? 0 : below(&gen->seed, gen->files);
		return empty >= 0;
	}
	step->slot = choose_slot(gen, step->actor, true);
	if (dice < 80) {
		step->what = STEP_DUP;
		step->other = chance(&gen->seed, 80) && empty >= 0 ?
			empty : (int)below(&gen->seed, MODEL_SLOTS);
		return step->slot != step->other;
	}
	step->what = STEP_CLOSE;
	return true;
}

/* An actor that is awake and shares the table of descriptors of @actor; -1 if there is none. */
static int thread_beside(const struct generator *gen, int actor)
{
	const struct model_state *state = &gen->state;

	for (int i = 0; i < MODEL_ACTORS; i++) {
		if ((state->alive & 1u << i) && state->table[i] == state->table[actor] &&
		    state->request[i].status != REQUEST_ASLEEP)
			return i;
	}
	return -1;
}

/* A thread closes the descriptor with which another waits, or opens the file there again. */
static bool choose_beside_waiter(struct generator *gen, struct model_step *step)
{
	int waiter = choose_actor(gen, true, true);
	int thread = waiter < 0 ? -1 : thread_beside(gen, waiter);
	const struct model_request *request = &gen->state.request[waiter < 0 ? 0 : waiter];

	if (thread < 0)
		return false;
	step->actor = thread;
	step->slot = request->slot;
	step->what = STEP_CLOSE;
	if (model_description(&gen->state, thread, request->slot) < 0) {
		step->what = STEP_OPEN;
		step->other = request->file;
	}
	return true;
}

static bool choose_step(struct generator *gen, struct model_step *step)
{
	int asleep = choose_actor(gen, true, true);
	int awake = choose_actor(gen, true, false);
	bool files = !scenario_is_control(gen->scenario);
	int slot;

	memset(step, 0, sizeof(*step));
	if (files && asleep >= 0 && (awake < 0 || chance(&gen->seed, 7))) {
		step->what = STEP_INTERRUPT;
		step->actor = asleep;
		return true;
	}
	if (awake < 0)
		return false;
	if (gen->threads && chance(&gen->seed, 10) && choose_beside_waiter(gen, step))
		return true;
	step->actor = awake;
	slot = choose_slot(gen, awake, true);
	if (files && (slot < 0 || chance(&gen->seed, 18)))
		return choose_on_descriptors(gen, step);
	step->slot = slot < 0 ? 0 : slot;
	step->kind = choose_kind(gen);
	choose_lock(gen, step);
	return true;
}

/*
 * Append the step, and choose one of the states that are possible after it. Return false if there
 * is no room to work them out.
 */
static bool add(struct generator *gen, const struct model_step *step)
{
	struct scenario *scenario = gen->scenario;

	model_set_clear(&gen->next);
	model_step(gen->rules, &gen->state, step, &gen->next,
		   &gen->scratch);
	if (!gen->next.count)
		return false;
	gen->state = gen->next.state[below(&gen->seed, gen->next.count)];
	scenario->step[scenario->count++] = *step;
	return true;
}

static void open_files(struct generator *gen)
{
	for (int i = 0; i < gen->scenario->actors; i++) {
		struct model_step step = { .what = STEP_OPEN, .actor = i };

		add(gen, &step);
		if (gen->files > 1 && chance(&gen->seed, 50)) {
			step.slot = 1;
			step.other = 1 + below(&gen->seed, gen->files - 1);
			add(gen, &step);
		}
	}
}

static void start_threads(struct generator *gen)
{
	for (int left = 1 + below(&gen->seed, MODEL_ACTORS - gen->scenario->actors); left; left--) {
		struct model_step step = {
			.what = STEP_THREAD, .actor = choose_actor(gen, true, false),
			.other = choose_actor(gen, false, false),
		};

		add(gen, &step);
	}
}

/* Some scenarios have threads. The others do not depend on that. */
#define THREADS_PERCENT	30

static void choose_threads(struct generator *gen)
{
	unsigned long long seed = ~gen->scenario->seed;

	gen->threads = !scenario_is_control(gen->scenario) && chance(&seed, THREADS_PERCENT);
	if (gen->threads)
		gen->scenario->actors = 1 + gen->scenario->actors / 2;
}

int generate_scenario(struct scenario *scenario, unsigned long long seed, int kind, int steps)
{
	struct generator gen = { .scenario = scenario, .seed = seed };
	bool control;
	int end;

	*scenario = (struct scenario){ .seed = seed, .kind = kind };
	control = scenario_is_control(scenario);
	scenario->processes = control;
	gen.rules = model_rules(control ? MODEL_FOLKLORE : MODEL_PRACTICE);
	if (model_set_open(&gen.next, 512) || model_set_open(&gen.scratch, 512)) {
		model_set_close(&gen.next);
		return -ENOMEM;
	}
	scenario->actors = 2 + below(&gen.seed, MODEL_ACTORS - 1);
	gen.files = chance(&gen.seed, 60) ? 1 : 2 + below(&gen.seed, MODEL_FILES - 1);
	choose_kinds(&gen);
	choose_cells(&gen);
	choose_threads(&gen);
	model_begin(&gen.state, scenario->actors);
	if (!control)
		open_files(&gen);
	if (gen.threads)
		start_threads(&gen);
	end = scenario->count + steps;
	if (end > SCENARIO_STEPS)
		end = SCENARIO_STEPS;
	while (scenario->count < end) {
		struct model_step step;

		/* If no actor is awake and waits cannot be interrupted, no step is possible. */
		if (choose_actor(&gen, true, false) < 0 && control)
			break;
		if (choose_step(&gen, &step) && model_applies(&gen.state, &step) &&
		    !add(&gen, &step))
			break;
	}
	model_set_close(&gen.next);
	model_set_close(&gen.scratch);
	return 0;
}
