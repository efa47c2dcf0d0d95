// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/scenario.h"

const char *scenario_kind_name(int kind)
{
	return kind == SCENARIO_MIXED ? "mixed" : lock_kind_name(kind);
}

int scenario_kind(const char *name)
{
	for (int kind = 0; kind <= SCENARIO_MIXED; kind++) {
		if (!strcmp(scenario_kind_name(kind), name))
			return kind;
	}
	return -1;
}

/* ---- the listing ---- */

static const struct {
	const char *name;
	enum model_what what;
	bool wait;
} lock_words[] = {
	{ "lock", STEP_LOCK, true }, { "try", STEP_LOCK, false },
	{ "unlock", STEP_UNLOCK, false }, { "query", STEP_QUERY, false },
};

static const char *mode_word(enum lock_mode mode)
{
	return mode == MODE_SHARED ? "SHARED" : "EXCLUSIVE";
}

static void lock_line(const struct scenario *scenario, const struct model_step *step, char *line,
		      size_t room)
{
	const char *word = "query";
	char range[48] = "", mode[16] = "";
	off_t start = scenario->cell[step->first];
	off_t len = step->last + 1 < MODEL_CELLS ? scenario->cell[step->last + 1] - start : 0;

	if (step->what != STEP_QUERY)
		word = step->what == STEP_UNLOCK ? "unlock" : step->wait ? "lock" : "try";
	if (step->what != STEP_UNLOCK)
		snprintf(mode, sizeof(mode), ", %s", mode_word(step->mode));
	if (lock_kind_traits(step->kind) & TRAIT_RANGES)
		snprintf(range, sizeof(range), ", %lld, %lld", (long long)start, (long long)len);
	snprintf(line, room, "%s_%s(fd%d%s%s);", lock_kind_name(step->kind), word, step->slot,
		 mode, range);
}

void scenario_line(const struct scenario *scenario, const struct model_step *step,
		   char line[SCENARIO_LINE])
{
	int at = snprintf(line, SCENARIO_LINE, "%c: ", 'A' + step->actor);
	size_t room = SCENARIO_LINE - at;

	line += at;
	switch (step->what) {
	case STEP_OPEN:
		snprintf(line, room, "fd%d = open(file%d);", step->slot, step->other);
		break;
	case STEP_DUP:
		snprintf(line, room, "fd%d = dup(fd%d);", step->other, step->slot);
		break;
	case STEP_CLOSE:
		snprintf(line, room, "close(fd%d);", step->slot);
		break;
	case STEP_FORK:
		snprintf(line, room, "fork(%c);", 'A' + step->other);
		break;
	case STEP_EXIT:
		snprintf(line, room, "exit();");
		break;
	case STEP_INTERRUPT:
		snprintf(line, room, "interrupted();");
		break;
	default:
		lock_line(scenario, step, line, room);
	}
}

static bool is_slot(int slot)
{
	return slot >= 0 && slot < MODEL_SLOTS;
}

static bool is_actor(int actor)
{
	return actor >= 0 && actor < MODEL_ACTORS;
}

/* The cells of a range of bytes. */
static bool find_cells(const struct scenario *scenario, long long start, long long len,
		       struct model_step *step)
{
	int first = -1, last = len ? -1 : MODEL_CELLS - 1;

	for (int i = 0; i < MODEL_CELLS; i++) {
		if (scenario->cell[i] == start)
			first = i;
		if (len && i && scenario->cell[i] == start + len)
			last = i - 1;
	}
	step->first = first;
	step->last = last;
	return first >= 0 && last >= first;
}

static bool parse_lock(const struct scenario *scenario, const char *text, struct model_step *step)
{
	char kind[12], word[12], mode[12] = "";
	long long start = scenario->cell[0], len = 0;
	int slot, at = 0, kind_number;
	unsigned int i;

	if (sscanf(text, "%11[a-z]_%11[a-z](fd%d%n", kind, word, &slot, &at) != 3 || !at ||
	    !is_slot(slot))
		return false;
	text += at;
	kind_number = scenario_kind(kind);
	for (i = 0; i < sizeof(lock_words) / sizeof(*lock_words); i++) {
		if (!strcmp(word, lock_words[i].name))
			break;
	}
	if (kind_number < 0 || kind_number >= LOCK_KINDS ||
	    i == sizeof(lock_words) / sizeof(*lock_words))
		return false;
	*step = (struct model_step){
		.what = lock_words[i].what, .actor = step->actor, .slot = slot,
		.kind = kind_number, .wait = lock_words[i].wait,
	};
	if (step->what != STEP_UNLOCK) {
		at = 0;
		if (sscanf(text, ", %11[A-Z]%n", mode, &at) != 1 || !at)
			return false;
		text += at;
		if (strcmp(mode, mode_word(MODE_SHARED)) && strcmp(mode, mode_word(MODE_EXCLUSIVE)))
			return false;
		step->mode = strcmp(mode, "SHARED") ? MODE_EXCLUSIVE : MODE_SHARED;
	}
	if (lock_kind_traits(step->kind) & TRAIT_RANGES) {
		at = 0;
		if (sscanf(text, ", %lld, %lld%n", &start, &len, &at) != 2 || !at)
			return false;
		text += at;
	}
	return !strncmp(text, ");", 2) && find_cells(scenario, start, len, step);
}

bool scenario_parse_line(const struct scenario *scenario, const char *line,
			 struct model_step *step)
{
	int slot, other, end = 0;
	char actor, child;

	memset(step, 0, sizeof(*step));
	if (sscanf(line, " %c: %n", &actor, &end) != 1 || !end || !is_actor(actor - 'A'))
		return false;
	line += end;
	step->actor = actor - 'A';
	end = 0;
	if (sscanf(line, "fd%d = open(file%d);%n", &slot, &other, &end) == 2 && end) {
		step->what = STEP_OPEN;
		step->slot = slot;
		step->other = other;
		return is_slot(slot) && other >= 0 && other < MODEL_FILES;
	}
	if (sscanf(line, "fd%d = dup(fd%d);%n", &other, &slot, &end) == 2 && end) {
		step->what = STEP_DUP;
		step->slot = slot;
		step->other = other;
		return is_slot(slot) && is_slot(other);
	}
	if (sscanf(line, "close(fd%d);%n", &slot, &end) == 1 && end) {
		step->what = STEP_CLOSE;
		step->slot = slot;
		return is_slot(slot);
	}
	if (sscanf(line, "fork(%c);%n", &child, &end) == 1 && end) {
		step->what = STEP_FORK;
		step->other = child - 'A';
		return is_actor(step->other);
	}
	step->what = STEP_EXIT;
	if (!strncmp(line, "exit();", 7))
		return true;
	step->what = STEP_INTERRUPT;
	if (!strncmp(line, "interrupted();", 14))
		return true;
	return parse_lock(scenario, line, step);
}

void scenario_head(const struct scenario *scenario, void (*emit)(const char *line, void *arg),
		   void *arg)
{
	char line[160];
	int at;

	if (scenario->seed) {
		snprintf(line, sizeof(line), "/* seed %llu */", scenario->seed);
		emit(line, arg);
	}
	snprintf(line, sizeof(line), "actors %d %s %s;", scenario->actors,
		 scenario->processes ? "processes" : "threads", scenario_kind_name(scenario->kind));
	emit(line, arg);
	at = snprintf(line, sizeof(line), "cells");
	for (int i = 0; i < MODEL_CELLS; i++)
		at += snprintf(line + at, sizeof(line) - at, " %lld", (long long)scenario->cell[i]);
	snprintf(line + at, sizeof(line) - at, ";");
	emit(line, arg);
}

static bool parse_head(struct scenario *scenario, const char *line)
{
	long long cell[MODEL_CELLS];
	char tasks[12], kind[12];
	int actors;

	if (sscanf(line, "actors %d %11s %11[a-z]", &actors, tasks, kind) == 3) {
		scenario->actors = actors;
		scenario->kind = scenario_kind(kind);
		scenario->processes = !strcmp(tasks, "processes");
		return actors > 0 && actors <= MODEL_ACTORS && scenario->kind >= 0;
	}
	if (sscanf(line, "cells %lld %lld %lld %lld %lld %lld", &cell[0], &cell[1], &cell[2],
		   &cell[3], &cell[4], &cell[5]) != MODEL_CELLS)
		return false;
	for (int i = 0; i < MODEL_CELLS; i++) {
		scenario->cell[i] = cell[i];
		if (cell[i] < (i ? cell[i - 1] + 1 : 0) || scenario->cell[i] != cell[i])
			return false;
	}
	return true;
}

static_assert(MODEL_CELLS == 6, "as parse_head() reads them");

int scenario_read(struct scenario *scenario, FILE *stream)
{
	char line[256];

	*scenario = (struct scenario){ .kind = SCENARIO_MIXED, .actors = 1 };
	for (int i = 0; i < MODEL_CELLS; i++)
		scenario->cell[i] = i;
	for (int number = 1; fgets(line, sizeof(line), stream); number++) {
		const char *at = line + strspn(line, "# \t");

		if (!*at || *at == '\n' || !strncmp(at, "/*", 2))
			continue;
		if (parse_head(scenario, at))
			continue;
		if (scenario->count == SCENARIO_STEPS ||
		    !scenario_parse_line(scenario, at, &scenario->step[scenario->count]))
			return number;
		scenario->count++;
	}
	return ferror(stream) ? -EIO : 0;
}

/* ---- shrinking ---- */

struct shrinking {
	struct scenario *scenario;
	bool (*shows)(const struct scenario *scenario, void *arg);
	void *arg;
	int tries, most;
};

static bool take(struct shrinking *shrinking, const struct scenario *smaller)
{
	if (shrinking->tries == shrinking->most)
		return false;
	shrinking->tries++;
	if (!shrinking->shows(smaller, shrinking->arg))
		return false;
	*shrinking->scenario = *smaller;
	return true;
}

static bool without(struct shrinking *shrinking, int from, int many)
{
	struct scenario smaller = *shrinking->scenario;

	memmove(&smaller.step[from], &smaller.step[from + many],
		(smaller.count - from - many) * sizeof(*smaller.step));
	smaller.count -= many;
	return take(shrinking, &smaller);
}

/* Leave out half of the steps, then quarters, and so on; from the end, where less depends on it. */
static bool fewer_steps(struct shrinking *shrinking)
{
	const struct scenario *scenario = shrinking->scenario;
	bool any = false;

	for (int many = (scenario->count + 1) / 2; many > 0; many /= 2) {
		for (int from = scenario->count - many; from >= 0; from -= many) {
			if (from + many <= scenario->count)
				any |= without(shrinking, from, many);
		}
	}
	return any;
}

/* @change makes step @i simpler; false if it is that already. */
static bool simpler_steps(struct shrinking *shrinking, bool (*change)(struct model_step *step))
{
	bool any = false;

	for (int i = 0; i < shrinking->scenario->count; i++) {
		struct scenario smaller = *shrinking->scenario;

		while (change(&smaller.step[i]) && take(shrinking, &smaller))
			any = true;
	}
	return any;
}

static bool has_cells(const struct model_step *step)
{
	return step->what <= STEP_QUERY && (lock_kind_traits(step->kind) & TRAIT_RANGES);
}

static bool end_earlier(struct model_step *step)
{
	if (!has_cells(step) || step->first == step->last)
		return false;
	step->last--;
	return true;
}

static bool begin_later(struct model_step *step)
{
	if (!has_cells(step) || step->first == step->last)
		return false;
	step->first++;
	return true;
}

static bool of_the_first_file(struct model_step *step)
{
	if (step->what != STEP_OPEN || !step->other)
		return false;
	step->other = 0;
	return true;
}

static bool of_the_first_slot(struct model_step *step)
{
	if (step->what == STEP_OPEN || !step->slot)
		return false;
	step->slot = 0;
	return true;
}

static bool does_not_wait(struct model_step *step)
{
	if (step->what != STEP_LOCK || !step->wait)
		return false;
	step->wait = false;
	return true;
}

/* The fewest actors, named in the order in which they come. */
static void rename_actors(struct shrinking *shrinking)
{
	struct scenario smaller = *shrinking->scenario;
	int name[MODEL_ACTORS], names = 0;

	memset(name, -1, sizeof(name));
	for (int i = 0; i < smaller.count; i++) {
		if (name[smaller.step[i].actor] < 0 && smaller.step[i].actor < smaller.actors)
			name[smaller.step[i].actor] = names++;
	}
	smaller.actors = names ? names : 1;
	for (int i = 0; i < smaller.count; i++) {
		struct model_step *step = &smaller.step[i];

		if (step->what == STEP_FORK && name[step->other] < 0)
			name[step->other] = names++;
		if (name[step->actor] < 0)
			return;
		step->actor = name[step->actor];
		if (step->what == STEP_FORK)
			step->other = name[step->other];
	}
	take(shrinking, &smaller);
}

/* Bytes counted from 0. */
static void small_cells(struct shrinking *shrinking)
{
	struct scenario smaller = *shrinking->scenario;

	for (int i = 0; i < MODEL_CELLS; i++)
		smaller.cell[i] = i;
	take(shrinking, &smaller);
}

int scenario_shrink(struct scenario *scenario, bool (*shows)(const struct scenario *, void *arg),
		    void *arg, int tries)
{
	struct shrinking shrinking = { scenario, shows, arg, 0, tries };
	bool any;

	do {
		any = fewer_steps(&shrinking);
		any |= simpler_steps(&shrinking, of_the_first_file);
		any |= simpler_steps(&shrinking, of_the_first_slot);
		any |= simpler_steps(&shrinking, does_not_wait);
		any |= simpler_steps(&shrinking, end_earlier);
		any |= simpler_steps(&shrinking, begin_later);
	} while (any && shrinking.tries < tries);
	small_cells(&shrinking);
	rename_actors(&shrinking);
	scenario->seed = 0;
	return shrinking.tries;
}
