/* SPDX-License-Identifier: GPL-2.0 */
/* visible: what can be seen of a state from outside. */
#ifndef LOCKFAIR_MODEL_VISIBLE_H
#define LOCKFAIR_MODEL_VISIBLE_H

#include "model/model.h"
#include "model/rules.h"

/* The state of an actor's call after the last step: NONE, ASLEEP or DONE, and the result. */
struct model_call {
	enum model_status status;
	int result;
};

bool model_allows_calls(const struct model_rules *rules, const struct model_state *state,
			const struct model_call call[MODEL_ACTORS]);

/* The answer to F_GETLK or F_OFD_GETLK, in cells. */
struct model_answer {
	bool locked;
	bool altered;		/* nobody is in the way, but the range was changed */
	bool description;	/* a description holds it: l_pid is -1 */
	unsigned char actors;	/* otherwise a bit for each actor that l_pid may mean */
	unsigned char mode;
	unsigned char cells;	/* 0: not a range of cells */
};

/* @viewer is the owner who asks, or -1. */
bool model_allows_answer(const struct model_rules *rules, const struct model_state *state,
			 int viewer, int file, enum lock_mode mode, unsigned int cells,
			 const struct model_answer *answer);

/* Would an outsider's flock() in this mode be granted at once? */
bool model_free_for_flock(const struct model_state *state, int file, enum lock_mode mode);

/*
 * What proc_locks(5) shows of a file, a line each: a lock, and below it, one level deeper, the
 * waiters that stand directly behind it, and so on. Only for rules that list them.
 */
struct model_line {
	unsigned char depth, kind, mode, cells;
	unsigned char actor;	/* of a POSIX lock; otherwise MODEL_ACTORS */
};

/* Write them to @lines, and return how many there are. */
#define MODEL_LINES	(MODEL_OWNERS * MODEL_CELLS + MODEL_ACTORS)
int model_lines(const struct model_state *state, int file, struct model_line *lines);

#endif /* LOCKFAIR_MODEL_VISIBLE_H */
