// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "model/pieces.h"

void pieces_set(struct pieces *pieces, const struct history *history,
		const struct model_rules *rules)
{
	if (pieces->rules == rules && pieces->sites == history->sites &&
	    pieces->rows == history->rows &&
	    !memcmp(pieces->owner, history->owner, sizeof(pieces->owner)) &&
	    !memcmp(pieces->site, history->site, sizeof(pieces->site)))
		return;
	memset(pieces, 0, sizeof(*pieces));
	pieces->rules = rules;
	pieces->sites = history->sites;
	pieces->rows = history->rows;
	memcpy(pieces->owner, history->owner, sizeof(pieces->owner));
	memcpy(pieces->site, history->site, sizeof(pieces->site));
}

/* ---- cutting ---- */

/* The state of an actor by its own events: a bit for each site that it holds, and these. */
enum {
	CALLS	= 1 << HISTORY_SITES,
	ENDS	= 2 << HISTORY_SITES,
	CLOSED	= 4 << HISTORY_SITES,
};

static unsigned int follow(unsigned int busy, const struct history_event *e)
{
	switch (e->what) {
	case HISTORY_REQUEST:
		return busy | CALLS;
	case HISTORY_GRANT:
		return (busy & ~CALLS) | 1u << e->site;
	case HISTORY_REFUSE:
	case HISTORY_RETURN:
		return busy & ~CALLS;
	case HISTORY_RELEASE:
		return (busy & ~(1u << e->site)) | CALLS;
	case HISTORY_CLOSE:
		return busy | CALLS | CLOSED;
	case HISTORY_OPEN:
		return busy & ~(CLOSED | 1u << e->site);
	case HISTORY_END:
		return busy | ENDS;
	case HISTORY_GONE:
		return 0;
	default:
		return busy;
	}
}

int pieces_end(const struct history *history, int from)
{
	unsigned int busy[HISTORY_ROWS] = { 0 };
	int length = history_length(history), actors = 0;

	while (from < length) {
		const struct history_event *e = &history->event[from++];
		unsigned int before = busy[e->row];

		/* One task may close a descriptor, and another open it again. */
		if (e->what == HISTORY_OPEN) {
			for (int i = 0; i < history->rows; i++) {
				actors -= !!busy[i];
				busy[i] &= ~CLOSED;
				actors += !!busy[i];
			}
			before = busy[e->row];
		}
		busy[e->row] = follow(before, e);
		actors += !!busy[e->row] - !!before;
		if (!actors)
			break;
	}
	return from;
}

/* ---- remembering ---- */

static unsigned int hash_of(const struct history_event *event, int count)
{
	unsigned long long hash = 0, word;
	const char *byte = (const char *)event;

	for (size_t i = 0; i < count * sizeof(*event); i += sizeof(word)) {
		memcpy(&word, byte + i, sizeof(word));
		hash = (hash ^ word) * 0x9e3779b97f4a7c15ull;
		hash ^= hash >> 29;
	}
	return hash ^ hash >> 32;
}

/* Return the place of this piece in the table, or its free place. */
static int find(const struct pieces *pieces, const struct history_event *event, int count)
{
	unsigned int at = hash_of(event, count) % PIECES;

	while (pieces->piece[at].count &&
	       (pieces->piece[at].count != count ||
		memcmp(&pieces->event[pieces->piece[at].first], event, count * sizeof(*event))))
		at = (at + 1) % PIECES;
	return at;
}

bool pieces_know(const struct pieces *pieces, const struct history_event *event, int count)
{
	return pieces->piece[find(pieces, event, count)].count;
}

void pieces_remember(struct pieces *pieces, const struct history_event *event, int count)
{
	if (pieces->used + count > PIECES_EVENTS || pieces->count == PIECES / 2)
		return;
	memcpy(&pieces->event[pieces->used], event, count * sizeof(*event));
	pieces->piece[find(pieces, event, count)] = (struct piece){ pieces->used, count };
	pieces->used += count;
	pieces->count++;
}
