// SPDX-License-Identifier: GPL-2.0
#include "model/coverage.h"

void coverage_count(unsigned long long *count)
{
	__atomic_add_fetch(count, 1, __ATOMIC_RELAXED);
}

/* Stop counting when the table is nearly full. */
#define TRIES	64

static void add_state(struct coverage *coverage, const struct model_state *state)
{
	unsigned long long hash = model_hash(state) | 1;
	unsigned int at = hash % COVERAGE_STATES;

	for (int tries = 0; tries < TRIES; tries++, at = (at + 1) % COVERAGE_STATES) {
		unsigned long long hole = 0;

		if (__atomic_load_n(&coverage->hash[at], __ATOMIC_RELAXED) == hash)
			return;
		if (__atomic_compare_exchange_n(&coverage->hash[at], &hole, hash, false,
						__ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
			coverage_count(&coverage->states);
			return;
		}
		if (hole == hash)
			return;
	}
}

void coverage_step(struct coverage *coverage, const struct model_set *states)
{
	coverage_count(&coverage->steps);
	for (int i = 0; i < states->count; i++)
		add_state(coverage, &states->state[i]);
}
