// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/set.h"

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

/* Return the state's place in the index, or the hole (0) where it belongs. */
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
		/*
		 * Remove in reverse order of insertion, so that no hole hides a state still to be
		 * found.
		 */
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

struct model_subset model_subset_all(const struct model_set *set, int *number)
{
	for (int i = 0; i < set->count; i++)
		number[i] = i;
	return (struct model_subset){ .set = set, .number = number, .count = set->count };
}

void model_subset_copy(const struct model_subset *subset, struct model_set *to)
{
	model_set_clear(to);
	for (int i = 0; i < subset->count; i++)
		model_set_add(to, model_subset_state(subset, i));
}
