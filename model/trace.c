// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "model/trace.h"

static const struct {
	const char *name;
	enum model_what what;
	bool wait;
} lock_words[] = {
	{ "lock", STEP_LOCK, true }, { "try", STEP_LOCK, false },
	{ "unlock", STEP_UNLOCK, false }, { "query", STEP_QUERY, false },
};

#define LOCK_WORDS	((int)(sizeof(lock_words) / sizeof(*lock_words)))

const char *trace_mode(enum lock_mode mode)
{
	return mode == MODE_SHARED ? "SHARED" : "EXCLUSIVE";
}

/* ---- writing ---- */

static const char *lock_word(const struct model_step *step)
{
	int i = LOCK_WORDS - 1;

	while (i > 0 && (lock_words[i].what != step->what || lock_words[i].wait != step->wait))
		i--;
	return lock_words[i].name;
}

static void lock_line(const struct scenario *scenario, const struct model_step *step, char *line,
		      size_t room)
{
	char range[48] = "", mode[16] = "";

	if (step->what != STEP_UNLOCK)
		snprintf(mode, sizeof(mode), ", %s", trace_mode(step->mode));
	if (lock_kind_traits(step->kind) & TRAIT_RANGES)
		snprintf(range, sizeof(range), ", %lld, %lld",
			 (long long)scenario->cell[step->first],
			 (long long)scenario_length(scenario, step->first, step->last));
	snprintf(line, room, "%s_%s(fd%d%s%s);", lock_kind_name(step->kind), lock_word(step),
		 step->slot, mode, range);
}

void trace_line(const struct scenario *scenario, const struct model_step *step,
		char line[TRACE_LINE])
{
	int at = snprintf(line, TRACE_LINE, "%c: ", 'A' + step->actor);
	size_t room = TRACE_LINE - at;

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
	case STEP_THREAD:
		snprintf(line, room, "thread(%c);", 'A' + step->other);
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

void trace_head(const struct scenario *scenario, void (*emit)(const char *line, void *arg),
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

/* ---- reading ---- */

static bool is_slot(int slot)
{
	return slot >= 0 && slot < MODEL_SLOTS;
}

static bool is_actor(int actor)
{
	return actor >= 0 && actor < MODEL_ACTORS;
}

/* "posix_lock(fd0": return what follows, or NULL. */
static const char *parse_call(const char *text, struct model_step *step)
{
	char kind[12], word[12];
	int slot, at = 0, i = 0, number;

	if (sscanf(text, "%11[a-z]_%11[a-z](fd%d%n", kind, word, &slot, &at) != 3 || !at)
		return NULL;
	number = scenario_kind(kind);
	while (i < LOCK_WORDS && strcmp(word, lock_words[i].name))
		i++;
	if (!is_slot(slot) || number < 0 || number >= KINDS || i == LOCK_WORDS)
		return NULL;
	step->what = lock_words[i].what;
	step->wait = lock_words[i].wait;
	step->kind = number;
	step->slot = slot;
	return text + at;
}

/* ", SHARED" */
static const char *parse_mode(const char *text, struct model_step *step)
{
	char mode[12];
	int at = 0;

	if (sscanf(text, ", %11[A-Z]%n", mode, &at) != 1 || !at)
		return NULL;
	step->mode = strcmp(mode, trace_mode(MODE_SHARED)) ? MODE_EXCLUSIVE : MODE_SHARED;
	if (strcmp(mode, trace_mode(step->mode)) ||
	    (step->mode == MODE_SHARED && !(lock_kind_traits(step->kind) & TRAIT_SHARED)))
		return NULL;
	return text + at;
}

/* ", 10, 90": the cells of a range of bytes. */
static const char *parse_range(const struct scenario *scenario, const char *text,
			       struct model_step *step)
{
	long long start, len;
	unsigned int cells;
	int at = 0;

	if (sscanf(text, ", %lld, %lld%n", &start, &len, &at) != 2 || !at)
		return NULL;
	cells = scenario_cells(scenario, start, len);
	if (!cells)
		return NULL;
	step->first = model_lowest(cells);
	step->last = 31 - __builtin_clz(cells);
	return text + at;
}

static bool parse_lock(const struct scenario *scenario, const char *text, struct model_step *step)
{
	text = parse_call(text, step);
	step->first = 0;
	step->last = MODEL_CELLS - 1;
	if (text && step->what != STEP_UNLOCK)
		text = parse_mode(text, step);
	if (text && (lock_kind_traits(step->kind) & TRAIT_RANGES))
		text = parse_range(scenario, text, step);
	return text && !strncmp(text, ");", 2);
}

bool trace_parse_line(const struct scenario *scenario, const char *line, struct model_step *step)
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
	if (sscanf(line, "thread(%c);%n", &child, &end) == 1 && end) {
		step->what = STEP_THREAD;
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

int trace_read(struct scenario *scenario, FILE *stream)
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
		    !trace_parse_line(scenario, at, &scenario->step[scenario->count]))
			return number;
		scenario->count++;
	}
	return ferror(stream) ? -EIO : 0;
}
