// SPDX-License-Identifier: GPL-2.0
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "model/free_run.h"
#include "model/step.h"

/* Points are compared as bytes. */
static_assert(sizeof(struct free_point) == sizeof(struct model_state) + 2, "no padding");
static_assert(FREE_ROWS <= 8, "a bit for each row");
static_assert(HISTORY_SITES <= MODEL_SLOTS, "a descriptor for each site");
static_assert(HISTORY_SITES <= MODEL_FILES, "a file for each site");

#define REACHED	256	/* states that one more thing can lead to from a point */

int free_run_open(struct free_run *run)
{
	return model_set_open(&run->reached, REACHED);
}

void free_run_close(struct free_run *run)
{
	model_set_close(&run->reached);
}

/* ---- actors and cells ---- */

/* The byte after the range; not positive if there is none. */
static off_t end_of(const struct history_event *e)
{
	return e->len ? (off_t)((unsigned long long)e->start + e->len) : 0;
}

static bool is_about_a_range(const struct history_event *e)
{
	return e->what == HISTORY_REQUEST || e->what == HISTORY_RELEASE;
}

static void add_bound(struct free_run *run, off_t bound)
{
	int at = 0;

	while (at < run->cells && run->cell[at] < bound)
		at++;
	if (run->cells > MODEL_CELLS || (at < run->cells && run->cell[at] == bound))
		return;
	if (run->cells++ == MODEL_CELLS)
		return;
	memmove(&run->cell[at + 1], &run->cell[at], (run->cells - 1 - at) * sizeof(*run->cell));
	run->cell[at] = bound;
}

static const char *set_cells(struct free_run *run)
{
	int length = history_length(run->history);

	run->cells = 0;
	for (int at = 0; at < length; at++) {
		const struct history_event *e = &run->history->event[at];

		if (!is_about_a_range(e))
			continue;
		add_bound(run, e->start);
		if (end_of(e) > 0)
			add_bound(run, end_of(e));
	}
	return run->cells > MODEL_CELLS ? "the history has too many ranges" : NULL;
}

static int cell_at(const struct free_run *run, off_t bound)
{
	int at = 0;

	while (at < run->cells && run->cell[at] != bound)
		at++;
	return at;
}

struct model_step free_run_step_of(const struct free_run *run, const struct history_event *e,
				   enum model_what what)
{
	struct model_step step = {
		.what = what, .actor = e->row, .slot = e->site,
		.kind = run->history->site[e->site].kind, .mode = e->mode, .wait = e->wait,
		.last = MODEL_CELLS - 1,
	};

	if (!(lock_kind_traits(step.kind) & TRAIT_RANGES))
		return step;
	step.first = cell_at(run, e->start);
	if (end_of(e) > 0)
		step.last = cell_at(run, end_of(e)) - 1;
	return step;
}

const char *free_run_set(struct free_run *run, const struct history *history,
			 const struct model_rules *rules)
{
	run->history = history;
	run->rules = rules;
	if (history->rows > FREE_ROWS)
		return "the history has too many actors";
	return set_cells(run);
}

/* ---- the points ---- */

bool free_run_has_begun(const struct free_point *point, int row)
{
	return point->begun & 1u << row;
}

bool free_run_has_ended(const struct free_point *point, int row)
{
	return point->ended & 1u << row;
}

bool free_run_closes(const struct free_point *point)
{
	return model_closes(&point->state);
}

void free_run_finish(struct free_point *point, int row)
{
	point->begun &= ~(1u << row);
}

static bool is_over(const struct model_request *request)
{
	return request->status == REQUEST_DONE || request->status == REQUEST_LEAVES;
}

bool free_run_agrees_with(const struct free_run *run, const struct free_point *point, int row)
{
	const struct model_request *request = &point->state.request[row];
	int result = run->row[row].answer->result;

	if (result == -EACCES && run->rules->conflict_may_be_eacces &&
	    lock_kind_traits(request->kind) & TRAIT_OWNED_BY_PROCESS)
		result = -EAGAIN;
	return is_over(request) && request->result == result;
}

/*
 * Practice: after the grant of a POSIX lock the kernel checks whether the descriptor is still
 * there. A close may come in between.
 */
bool free_run_may_be_ebadf(const struct free_run *run, const struct free_point *point, int row)
{
	const struct model_request *request = &point->state.request[row];

	return run->rules->ebadf_at_the_grant && run->row[row].answer &&
	       run->row[row].answer->result == -EBADF && request->status == REQUEST_LEAVES &&
	       !request->result && lock_kind_traits(request->kind) & TRAIT_OWNED_BY_PROCESS &&
	       !model_has_lost_descriptor(&point->state, row);
}

/* A point at which a request is answered differently than in the history leads nowhere. */
static bool returns_otherwise(const struct free_run *run, const struct free_point *point)
{
	for (int i = 0; i < run->history->rows; i++) {
		if (run->row[i].answer && free_run_has_begun(point, i) &&
		    is_over(&point->state.request[i]) && !free_run_agrees_with(run, point, i) &&
		    !free_run_may_be_ebadf(run, point, i))
			return true;
	}
	return false;
}

static int *find(struct free_run *run, const struct free_point *point)
{
	unsigned int mask = 2 * FREE_POINTS - 1;
	unsigned int at = (model_hash(&point->state) + 31 * point->begun + 997 * point->ended) &
		mask;

	while (run->index[at] && memcmp(&run->point[run->index[at] - 1], point, sizeof(*point)))
		at = (at + 1) & mask;
	return &run->index[at];
}

void free_run_add(struct free_run *run, struct free_point *point)
{
	int *at;

	if (!free_run_closes(point)) {
		point->state.closer = 0;
		point->state.closes = false;
	}
	if (returns_otherwise(run, point))
		return;
	at = find(run, point);
	if (*at)
		return;
	if (run->count == FREE_POINTS) {
		run->full = true;
		return;
	}
	run->place[run->count] = at - run->index;
	run->point[run->count++] = *point;
	*at = run->count;
}

static void empty_index(struct free_run *run)
{
	for (int i = 0; i < run->count; i++)
		run->index[run->place[i]] = 0;
}

static void first_point(const struct free_run *run, struct free_point *first)
{
	memset(first, 0, sizeof(*first));
	model_begin(&first->state, run->history->rows);
	first->state.freely = true;
	for (int i = 0; i < run->history->rows; i++) {
		first->state.table[i] = run->history->owner[i];
		free_run_revive(run, first, i);
	}
}

void free_run_begin(struct free_run *run)
{
	struct free_point first;

	empty_index(run);
	run->count = 0;
	run->full = false;
	memset(run->row, 0, sizeof(run->row));
	first_point(run, &first);
	free_run_add(run, &first);
}

bool free_run_is_at_begin(const struct free_run *run)
{
	struct free_point first;

	for (int i = 0; i < run->history->rows; i++) {
		if (run->row[i].call || run->row[i].ending)
			return false;
	}
	first_point(run, &first);
	return run->count == 1 && !memcmp(&first, run->point, sizeof(first));
}

bool free_run_keep(struct free_run *run, const struct history_event *e, free_run_agrees agrees)
{
	int before = run->count;

	empty_index(run);
	run->count = 0;
	for (int i = 0; i < before; i++) {
		struct free_point point = run->point[i];

		if (agrees(run, &point, e))
			free_run_add(run, &point);
	}
	if (run->count)
		return true;
	run->count = before;
	return false;
}

/* ---- descriptors ---- */

void free_run_reopen(const struct free_run *run, struct free_point *point, int row, int site)
{
	struct model_step step = {
		.what = STEP_OPEN, .actor = row, .slot = site,
		.other = run->history->site[site].file,
	};

	if (model_description(&point->state, row, site) >= 0)
		return;
	model_start(run->rules, &point->state, &step);
	memset(&point->state.request[row], 0, sizeof(point->state.request[row]));
}

void free_run_revive(const struct free_run *run, struct free_point *point, int row)
{
	point->begun &= ~(1u << row);
	point->ended &= ~(1u << row);
	point->state.alive |= 1u << row;
	for (int site = 0; site < run->history->sites; site++)
		free_run_reopen(run, point, row, site);
}
