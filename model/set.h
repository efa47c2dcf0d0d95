/* SPDX-License-Identifier: GPL-2.0 */
/* set: a set of states, without duplicates. */
#ifndef LOCKFAIR_MODEL_SET_H
#define LOCKFAIR_MODEL_SET_H

#include "model/model.h"

struct model_set {
	struct model_state *state;
	int count, room;
	int *index;		/* by hash */
	bool full;		/* some states did not fit */
};

/* 0 or -ENOMEM; @room is a power of two. */
int model_set_open(struct model_set *set, int room);
void model_set_close(struct model_set *set);
void model_set_clear(struct model_set *set);

/* Return whether it is new and there was room. */
bool model_set_add(struct model_set *set, const struct model_state *state);

/* Some states of a set, by their numbers in it. */
struct model_subset {
	const struct model_set *set;
	int *number, count;
};

static inline const struct model_state *model_subset_state(const struct model_subset *subset, int i)
{
	return &subset->set->state[subset->number[i]];
}

/* A subset of all states, with their numbers in @number. Copy the states of a subset to a set. */
struct model_subset model_subset_all(const struct model_set *set, int *number);
void model_subset_copy(const struct model_subset *subset, struct model_set *to);

unsigned long long model_hash(const struct model_state *state);

#endif /* LOCKFAIR_MODEL_SET_H */
