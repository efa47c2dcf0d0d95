// SPDX-License-Identifier: GPL-2.0
#include <assert.h>
#include <string.h>

#include "model/model.h"

/* States are hashed and compared as bytes, so they must not have padding. */
static_assert(sizeof(struct model_cells) == 2, "no padding");
static_assert(sizeof(struct model_request) == 12, "no padding");
static_assert(sizeof(struct model_state) == 1 + MODEL_ACTORS +
	      MODEL_ACTORS * MODEL_SLOTS + MODEL_DESCRIPTIONS +
	      (MODEL_FILES * MODEL_ACTORS + 2 * MODEL_DESCRIPTIONS) * sizeof(struct model_cells) +
	      MODEL_ACTORS * sizeof(struct model_request) + 4 + MODEL_ACTORS, "no padding");
static_assert(MODEL_ACTORS <= 8, "a bit for each actor");

static_assert(MODEL_CELLS < 8, "a cell more than there are has a bit in a char");
static_assert(MODEL_OWNERS <= MODEL_WAITER, "a number for each owner");
static_assert(MODEL_WAITER + MODEL_ACTORS <= MODEL_NOBODY, "and for each waiter");

void model_begin(struct model_state *state, int actors)
{
	memset(state, 0, sizeof(*state));
	memset(state->slot, -1, sizeof(state->slot));
	memset(state->file, -1, sizeof(state->file));
	for (int i = 0; i < MODEL_ACTORS; i++)
		state->table[i] = i;
	state->alive = model_range(0, actors - 1);
}

bool model_has_lost_descriptor(const struct model_state *state, int actor)
{
	const struct model_request *request = &state->request[actor];

	return model_description(state, actor, request->slot) != request->description &&
	       (lock_kind_traits(request->kind) & TRAIT_FILE);
}

/*
 * Promise, close(2): a call that sleeps "holds a reference to the underlying open file description,
 * and this reference keeps the description open until the I/O system call completes".
 */
unsigned int model_unused(const struct model_state *state)
{
	unsigned int open = 0, used = 0;

	for (int i = 0; i < MODEL_DESCRIPTIONS; i++)
		open |= (state->file[i] >= 0) << i;
	for (int table = 0; table < MODEL_ACTORS; table++) {
		for (int i = 0; i < MODEL_SLOTS; i++) {
			if (state->slot[table][i] >= 0)
				used |= 1u << state->slot[table][i];
		}
	}
	for (int i = 0; i < MODEL_ACTORS; i++) {
		const struct model_request *request = &state->request[i];

		if (model_pending(request) || request->status == REQUEST_LEAVES)
			used |= 1u << request->description;
	}
	return open & ~used;
}

bool model_is_table_used(const struct model_state *state, int table)
{
	for (int i = 0; i < MODEL_ACTORS; i++) {
		if ((state->alive & 1u << i) && state->table[i] == table)
			return true;
	}
	return false;
}

struct model_cells *model_held_by(struct model_state *state, const struct model_request *in,
				  int owner)
{
	int description = owner - MODEL_ACTORS;

	if (description < 0) {
		assert(in->kind != KIND_FLOCK);
		return &state->posix[in->file][owner];
	}
	assert(state->file[description] == in->file);
	return in->kind == KIND_FLOCK ? &state->flock[description] : &state->ofd[description];
}

/* Practice: cells side by side that an owner has locked alike are one lock. */
static unsigned int run_at(unsigned int cells, int cell)
{
	int first = cell, last = cell;

	while (first > 0 && (cells & 1u << (first - 1)))
		first--;
	while (cells & 1u << (last + 1))
		last++;
	return model_range(first, last);
}

unsigned int model_lock_at(struct model_cells cells, int cell)
{
	if (cells.shared & 1u << cell)
		return run_at(cells.shared, cell);
	return cells.exclusive & 1u << cell ? run_at(cells.exclusive, cell) : 0;
}
