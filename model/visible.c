// SPDX-License-Identifier: GPL-2.0
#include <assert.h>
#include <errno.h>

#include "model/queue.h"
#include "model/visible.h"

static_assert(sizeof(struct model_line) == 5, "lines are compared as bytes: no padding");

static bool is_owned_by_process(int kind)
{
	return lock_kind_traits(kind) & TRAIT_OWNED_BY_PROCESS;
}

bool model_allows_calls(const struct model_rules *rules, const struct model_state *state,
			const struct model_call call[MODEL_ACTORS])
{
	for (int i = 0; i < MODEL_ACTORS; i++) {
		const struct model_request *request = &state->request[i];

		if (request->status != call[i].status)
			return false;
		if (request->status != REQUEST_DONE || request->result == call[i].result)
			continue;
		if (!rules->conflict_may_be_eacces || request->result != -EAGAIN ||
		    call[i].result != -EACCES || !is_owned_by_process(request->kind))
			return false;
	}
	return true;
}

/* Is @cells a whole lock out of these (@whole), or a part of one? */
static bool is_one_lock(unsigned int of, unsigned int cells, bool whole)
{
	bool touches = of & (cells << 1 | cells >> 1) & ~cells;

	return cells && !(cells & ~of) && !(whole && touches);
}

static bool names_owner(const struct model_answer *answer, int owner)
{
	if (owner >= MODEL_ACTORS)
		return answer->description;
	return !answer->description && (answer->actors & 1u << owner);
}

/* Promise, fcntl(2), F_GETLK: F_UNLCK if the lock "could be placed", otherwise details. */
bool model_allows_answer(const struct model_rules *rules, const struct model_state *state,
			 int viewer, int file, enum lock_mode mode, unsigned int cells,
			 const struct model_answer *answer)
{
	for (int owner = 0; owner < MODEL_OWNERS; owner++) {
		const struct model_request in = {
			.kind = owner < MODEL_ACTORS ? KIND_POSIX : KIND_OFD, .file = file,
		};
		struct model_cells locks = model_held(state, &in, owner);
		unsigned int in_the_way = locks.exclusive;

		if (mode == MODE_EXCLUSIVE)
			in_the_way |= locks.shared;
		if (owner == viewer || !(in_the_way & cells))
			continue;
		if (!answer->locked)
			return false;
		if (names_owner(answer, owner) && (answer->cells & cells & in_the_way) &&
		    is_one_lock(model_of_mode(locks, answer->mode), answer->cells,
				rules->reports_all_of_a_lock))
			return true;
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
				 int table)
{
	return (struct model_line){ depth, kind == KIND_LOCKF ? KIND_POSIX : kind, mode, cells,
		is_owned_by_process(kind) ? table : MODEL_ACTORS };
}

static struct model_line *add_waiters(const struct model_state *state, int file, bool flock,
				      int behind, int cell, int depth, struct model_line *line)
{
	for (int place = 0; place < MODEL_ACTORS; place++) {
		for (int i = 0; i < MODEL_ACTORS; i++) {
			const struct model_request *request = &state->request[i];

			if (request->place != place ||
			    !queue_is_behind(state, i, behind, cell, file, flock))
				continue;
			*line++ = line_of(depth, request->kind, request->mode, request->cells,
					  state->table[i]);
			line = add_waiters(state, file, flock, MODEL_WAITER + i, 0, depth + 1,
					   line);
		}
	}
	return line;
}

static struct model_line *add_locks(const struct model_state *state, int file, int kind, int owner,
				    struct model_line *line)
{
	const struct model_request in = { .kind = kind, .file = file };
	struct model_cells locks = model_held(state, &in, owner);
	unsigned int lock;

	for (int first = 0; first < MODEL_CELLS; first += lock ? __builtin_popcount(lock) : 1) {
		enum lock_mode mode = locks.shared & 1u << first ? MODE_SHARED : MODE_EXCLUSIVE;

		lock = model_lock_at(locks, first);
		if (!lock)
			continue;
		*line++ = line_of(0, kind, mode, lock, owner);
		line = add_waiters(state, file, kind == KIND_FLOCK, owner, first, 1, line);
	}
	return line;
}

int model_lines(const struct model_state *state, int file, struct model_line *lines)
{
	struct model_line *line = lines;

	for (int i = 0; i < MODEL_ACTORS; i++)
		line = add_locks(state, file, KIND_POSIX, i, line);
	for (int i = 0; i < MODEL_DESCRIPTIONS; i++) {
		if (state->file[i] != file)
			continue;
		line = add_locks(state, file, KIND_OFD, MODEL_ACTORS + i, line);
		line = add_locks(state, file, KIND_FLOCK, MODEL_ACTORS + i, line);
	}
	return line - lines;
}
