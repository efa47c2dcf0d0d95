// SPDX-License-Identifier: GPL-2.0
/* What is to be seen of a state of the model, and sets of states. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/model.h"

bool model_allows_sight(enum model_level level, const struct model_state *state,
			const struct model_sight sight[MODEL_ACTORS])
{
	for (int i = 0; i < MODEL_ACTORS; i++) {
		const struct model_request *request = &state->request[i];

		if (request->status != sight[i].status)
			return false;
		if (request->status != REQUEST_DONE || request->result == sight[i].result)
			continue;
		/* Promise, fcntl(2), F_SETLK, and lockf(3): EACCES or EAGAIN. */
		if (level != MODEL_PROMISE || request->result != -EAGAIN ||
		    sight[i].result != -EACCES ||
		    (request->kind != LOCK_POSIX && request->kind != LOCK_LOCKF))
			return false;
	}
	return true;
}

static const struct model_cells *record_locks(const struct model_state *state, int file, int owner)
{
	int description = owner - MODEL_ACTORS;

	if (description < 0)
		return &state->posix[file][owner];
	return state->file[description] == file ? &state->ofd[description] : NULL;
}

static unsigned int of_mode(const struct model_cells *cells, enum lock_mode mode)
{
	return mode == MODE_SHARED ? cells->shared : cells->exclusive;
}

/* Is @cells one lock out of these: all of it (@whole), or some of it? */
static bool is_one_lock(unsigned int of, unsigned int cells, bool whole)
{
	bool touches = of & (cells << 1 | cells >> 1) & ~cells;

	return cells && !(cells & ~of) && !(whole && touches);
}

/*
 * Promise, fcntl(2), F_GETLK: F_UNLCK if the lock "could be placed", otherwise "details about
 * one of the locks that prevent" it. Practice: all of that lock, coalesced as it is.
 */
bool model_allows_answer(enum model_level level, const struct model_state *state, int viewer,
			 int file, enum lock_mode mode, unsigned int cells,
			 const struct model_answer *answer)
{
	for (int owner = 0; owner < MODEL_OWNERS; owner++) {
		const struct model_cells *locks = record_locks(state, file, owner);
		unsigned int in_the_way;

		if (!locks || owner == viewer)
			continue;
		in_the_way = locks->exclusive | (mode == MODE_EXCLUSIVE ? locks->shared : 0);
		if (!(in_the_way & cells))
			continue;
		if (!answer->locked)
			return false;
		if (owner < MODEL_ACTORS ?
		    !answer->description && (answer->actors & 1u << owner) : answer->description) {
			if ((answer->cells & cells & in_the_way) &&
			    is_one_lock(of_mode(locks, answer->mode), answer->cells,
					level != MODEL_PROMISE))
				return true;
		}
	}
	return !answer->locked;
}

bool model_free_for_flock(const struct model_state *state, int file, enum lock_mode mode)
{
	for (int i = 0; i < MODEL_DESCRIPTIONS; i++) {
		if (state->file[i] == file &&
		    (state->flock[i].exclusive ||
		     (mode == MODE_EXCLUSIVE && state->flock[i].shared)))
			return false;
	}
	return true;
}

/* ---- /proc/locks ---- */

static struct model_line line_of(int depth, int kind, enum lock_mode mode, unsigned int cells,
				 int actor)
{
	return (struct model_line){ depth, kind == LOCK_LOCKF ? LOCK_POSIX : kind, mode, cells,
		kind == LOCK_POSIX || kind == LOCK_LOCKF ? actor : MODEL_ACTORS };
}

static bool is_flock(const struct model_request *request)
{
	return request->kind == LOCK_FLOCK;
}

static struct model_line *add_waiters(const struct model_state *state, int file, bool flock,
				      int behind, int cell, int depth, struct model_line *line)
{
	for (int place = 0; place < MODEL_ACTORS; place++) {
		for (int i = 0; i < MODEL_ACTORS; i++) {
			const struct model_request *request = &state->request[i];

			if (request->status != REQUEST_ASLEEP || request->behind != behind ||
			    request->cell != cell || request->place != place ||
			    request->file != file || is_flock(request) != flock)
				continue;
			*line++ = line_of(depth, request->kind, request->mode, request->cells, i);
			line = add_waiters(state, file, flock, MODEL_WAITER + i, 0, depth + 1,
					   line);
		}
	}
	return line;
}

static struct model_line *add_locks(const struct model_state *state, int file, int kind, int owner,
				    const struct model_cells *locks, struct model_line *line)
{
	for (int first = 0; first < MODEL_CELLS; first++) {
		enum lock_mode mode = locks->shared & 1u << first ? MODE_SHARED : MODE_EXCLUSIVE;
		unsigned int all = of_mode(locks, mode), lock;
		int last = first;

		if (!(all & 1u << first))
			continue;
		while (all & 1u << (last + 1))
			last++;
		lock = model_range(first, last);
		*line++ = line_of(0, kind, mode, lock, owner);
		line = add_waiters(state, file, kind == LOCK_FLOCK, owner, first, 1, line);
		first = last;
	}
	return line;
}

int model_lines(const struct model_state *state, int file, struct model_line *lines)
{
	struct model_line *line = lines;

	for (int i = 0; i < MODEL_ACTORS; i++)
		line = add_locks(state, file, LOCK_POSIX, i, &state->posix[file][i], line);
	for (int i = 0; i < MODEL_DESCRIPTIONS; i++) {
		if (state->file[i] != file)
			continue;
		line = add_locks(state, file, LOCK_OFD, MODEL_ACTORS + i, &state->ofd[i], line);
		line = add_locks(state, file, LOCK_FLOCK, MODEL_ACTORS + i, &state->flock[i], line);
	}
	return line - lines;
}

/* ---- sets ---- */

int model_set_open(struct model_set *set, int room)
{
	*set = (struct model_set){ .room = room };
	set->state = calloc(room, sizeof(*set->state));
	set->index = calloc(2 * room, sizeof(*set->index));
	if (set->state && set->index)
		return 0;
	model_set_close(set);
	return -ENOMEM;
}

void model_set_close(struct model_set *set)
{
	free(set->state);
	free(set->index);
	*set = (struct model_set){ 0 };
}

unsigned long long model_hash(const struct model_state *state)
{
	unsigned long long hash = 0, word;
	const char *byte = (const char *)state;
	size_t i;

	for (i = 0; i + sizeof(word) <= sizeof(*state); i += sizeof(word)) {
		memcpy(&word, byte + i, sizeof(word));
		hash = (hash ^ word) * 0x9e3779b97f4a7c15ull;
		hash ^= hash >> 29;
	}
	for (; i < sizeof(*state); i++)
		hash = (hash ^ (unsigned char)byte[i]) * 0x9e3779b97f4a7c15ull;
	return hash ^ hash >> 32;
}

/* The place of the state in the index, or of the hole where it belongs; holes are 0. */
static int *find(struct model_set *set, const struct model_state *state)
{
	unsigned int mask = 2 * set->room - 1, at = model_hash(state) & mask;

	while (set->index[at] && memcmp(&set->state[set->index[at] - 1], state, sizeof(*state)))
		at = (at + 1) & mask;
	return &set->index[at];
}

void model_set_clear(struct model_set *set)
{
	if (set->count > set->room / 16)
		memset(set->index, 0, 2 * set->room * sizeof(*set->index));
	else
		/* Backwards: what lies behind a hole that was made later is found by then. */
		while (set->count > 0)
			*find(set, &set->state[--set->count]) = 0;
	set->count = 0;
	set->full = false;
}

bool model_set_add(struct model_set *set, const struct model_state *state)
{
	int *at = find(set, state);

	if (*at)
		return false;
	if (set->count == set->room) {
		set->full = true;
		return false;
	}
	set->state[set->count++] = *state;
	*at = set->count;
	return true;
}
