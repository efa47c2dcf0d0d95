/* SPDX-License-Identifier: GPL-2.0 */
/* play_text: what play.c has found, in words. For play.c alone but for play_tell(). */
#ifndef LOCKFAIR_PLAY_TEXT_H
#define LOCKFAIR_PLAY_TEXT_H

#include "model/play.h"

/* Some states of a set. */
struct play_states {
	const struct model_set *set;
	int *number, count;
};

static inline const struct model_state *play_state(const struct play_states *states, int i)
{
	return &states->set->state[states->number[i]];
}

struct play_telling {
	const struct scenario *scenario;
	const struct play_seen *seen;
	const struct model_step *step;
	enum model_level level;
	const struct play_states *states;	/* none of which is like what was seen */
	int file, question;			/* what was looked at last */
	char *text;
	size_t room;
};

void tell_sight(const struct play_telling *telling);
void tell_answer(const struct play_telling *telling);
void tell_own(const struct play_telling *telling);
void tell_query(const struct play_telling *telling);
void tell_flock(const struct play_telling *telling);
void tell_lines(const struct play_telling *telling);

#endif /* LOCKFAIR_PLAY_TEXT_H */
