/* SPDX-License-Identifier: GPL-2.0 */
/* pieces: a history cut where nobody holds or requests anything, and the pieces already allowed. */
#ifndef LOCKFAIR_PIECES_H
#define LOCKFAIR_PIECES_H

#include "history/history.h"
#include "model/rules.h"

#define PIECES_EVENTS	HISTORY_EVENTS
#define PIECES		1024	/* a power of two */

/* A run of events of the history. If @count is 0, this place in the table is free. */
struct piece {
	int first, count;
};

struct pieces {
	/* The other things that a piece depends on. */
	const struct model_rules *rules;
	int sites, rows, owner[HISTORY_ROWS];
	struct history_site site[HISTORY_SITES];

	struct history_event event[PIECES_EVENTS];
	int used;
	struct piece piece[PIECES];	/* by hash, half of them at most */
	int count;
};

/* The pieces will be of this history. Forget all pieces if the actors, sites or rules differ. */
void pieces_set(struct pieces *pieces, const struct history *history,
		const struct model_rules *rules);

/*
 * Return where the piece that begins at event @from ends: by the events of each actor, nobody holds
 * or requests anything there. The caller must check whether that is possible.
 */
int pieces_end(const struct history *history, int from);

/* Was an equal piece remembered? Remember this one, if there is room. */
bool pieces_know(const struct pieces *pieces, const struct history_event *event, int count);
void pieces_remember(struct pieces *pieces, const struct history_event *event, int count);

#endif /* LOCKFAIR_PIECES_H */
