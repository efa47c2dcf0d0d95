/* SPDX-License-Identifier: GPL-2.0 */
/*
 * model: what file locks do, as a specification that can be executed; and does a kernel do it?
 *
 * The room has four parts:
 *   - the specification: states (model.h), the rules of each level (rules.h), which states a
 *     step may lead to (step.h), and what can be seen of a state (visible.h);
 *   - random scenarios (scenario.h): written as a listing (trace.h), generated from a seed
 *     (generate.h) and shortened (shrink.h);
 *   - the comparison: a scenario is run on the kernel (execute.h), observed (observe.h),
 *     compared with the model (compare.h) and explained (explain.h), many times (fuzz.h);
 *   - the judge of histories of actors that run freely (linearize.h), on free_run.h and pieces.h.
 * It may use lib/lock, lib/actor, lib/history and lib/system. Only tests use it.
 *
 * A state says who holds what and who waits for whom. Nothing here knows how a kernel stores
 * locks. A file is divided into a few cells, ranges of bytes of which the last has no end; an
 * owner holds each of them or does not.
 */
#ifndef LOCKFAIR_MODEL_H
#define LOCKFAIR_MODEL_H

#include "lock/lock.h"

#define MODEL_ACTORS		6
#define MODEL_FILES		3
#define MODEL_SLOTS		4	/* descriptors in a table */
#define MODEL_CELLS		6
#define MODEL_DESCRIPTIONS	(MODEL_ACTORS * MODEL_SLOTS)
#define MODEL_OWNERS		(MODEL_ACTORS + MODEL_DESCRIPTIONS)
#define MODEL_WHOLE		((1u << MODEL_CELLS) - 1)	/* all cells */

enum model_what {
	STEP_LOCK,		/* or convert; kind, slot, mode, cells, wait */
	STEP_UNLOCK,		/* kind, slot, cells */
	STEP_QUERY,		/* kind, slot, mode, cells: changes nothing */
	STEP_OPEN,		/* slot, other: the file */
	STEP_DUP,		/* slot, other: the new slot, which is closed if it is open */
	STEP_CLOSE,		/* slot */
	STEP_FORK,		/* other: the new actor, with a copy of the table of descriptors */
	STEP_THREAD,		/* other: the new actor, which shares the table */
	STEP_EXIT,
	STEP_INTERRUPT,		/* the actor's wait ends with EINTR */
	STEP_WHATS
};

struct model_step {
	unsigned char what, actor, slot, other;
	unsigned char kind, mode, wait;
	unsigned char first, last;	/* cells */
};

/* An owner's locks on a file: a bit for each cell. */
struct model_cells {
	unsigned char shared, exclusive;
};

enum model_status {
	REQUEST_NONE,
	REQUEST_ASLEEP,
	REQUEST_AWAKE,		/* about to try, for the first time or again */
	REQUEST_DONE,		/* has returned in the last step */
	REQUEST_LEAVES,		/* of actors that run freely: is decided, and may return */
};

struct model_request {
	unsigned char status, kind, mode, wait;
	unsigned char file, slot, description, cells;
	/* If waiters queue: an owner whose lock on @cell is in the way, or MODEL_WAITER + actor. */
	unsigned char behind, cell;
	unsigned char place;	/* among the waiters behind that; else in the order of arrival */
	signed char result;	/* 0 or -errno */
};

#define MODEL_WAITER	64
#define MODEL_NOBODY	127

/*
 * A table of descriptors, files_struct in the kernel, owns POSIX locks. It has the number of the
 * actor that it began with; a thread shares that of the actor that started it.
 *
 * Owners are numbered: tables, then open file descriptions.
 */
struct model_state {
	unsigned char alive;					/* actors, a bit each */
	unsigned char table[MODEL_ACTORS];			/* of each actor */
	signed char slot[MODEL_ACTORS][MODEL_SLOTS];		/* a description, or -1 */
	signed char file[MODEL_DESCRIPTIONS];			/* -1: no such description */
	struct model_cells posix[MODEL_FILES][MODEL_ACTORS];
	struct model_cells ofd[MODEL_DESCRIPTIONS];
	struct model_cells flock[MODEL_DESCRIPTIONS];		/* all cells or none */
	struct model_request request[MODEL_ACTORS];
	/*
	 * What may be under way, if @closes: the table @closer loses its POSIX locks on the files
	 * of @forgets, by a close or its exit; the kernel takes back those of a table on the files
	 * of @takes_back, because a request has lost its descriptor; and descriptions that nobody
	 * refers to end.
	 */
	unsigned char closes, closer, forgets;
	unsigned char takes_back[MODEL_ACTORS];
	unsigned char freely;		/* the actors run freely: free_run.h */
};

/* Nobody holds anything; the first @actors are there. */
void model_begin(struct model_state *state, int actors);

/* Is the request asleep? Has it not returned yet? */
static inline bool model_waits(const struct model_request *request)
{
	return request->status == REQUEST_ASLEEP;
}

static inline bool model_pending(const struct model_request *request)
{
	return request->status == REQUEST_ASLEEP || request->status == REQUEST_AWAKE;
}

/* What a descriptor of the actor refers to: a description, or -1. */
static inline int model_description(const struct model_state *state, int actor, int slot)
{
	return state->slot[state->table[actor]][slot];
}

/*
 * Who owns the lock that the actor requests. Promise, fcntl(2): record locks "are associated with
 * the process", "the threads in a process share locks"; OFD locks "with the open file description
 * on which they are acquired"; flock(2): "with an open file description".
 */
static inline int model_owner(const struct model_state *state, const struct model_request *request,
			      int actor)
{
	bool description = request->kind == KIND_OFD || request->kind == KIND_FLOCK;

	return description ? MODEL_ACTORS + request->description : state->table[actor];
}

/* Has another thread closed, or replaced, the descriptor of the actor's request? */
bool model_has_lost_descriptor(const struct model_state *state, int actor);

/* The open descriptions, a bit each, that neither a descriptor nor a call refers to. */
unsigned int model_unused(const struct model_state *state);

/* Does any actor use the table? */
bool model_is_table_used(const struct model_state *state, int table);

/* What @owner holds of the file, and of the sort of lock, that @in is about. */
static inline struct model_cells model_held(const struct model_state *state,
					    const struct model_request *in, int owner)
{
	const struct model_cells nothing = { 0 };
	int description = owner - MODEL_ACTORS;

	if (description < 0)
		return in->kind == KIND_FLOCK ? nothing : state->posix[in->file][owner];
	if (state->file[description] != in->file)
		return nothing;
	return in->kind == KIND_FLOCK ? state->flock[description] : state->ofd[description];
}

/* The same, to be changed: @owner must be able to hold it. */
struct model_cells *model_held_by(struct model_state *state, const struct model_request *in,
				  int owner);

/* The cells of the lock that @cell is in; 0 if none. */
unsigned int model_lock_at(struct model_cells cells, int cell);

/* The cells that are locked in this mode. */
static inline unsigned int model_of_mode(struct model_cells cells, enum lock_mode mode)
{
	return mode == MODE_SHARED ? cells.shared : cells.exclusive;
}

/* The cells from @first to @last. */
static inline unsigned int model_range(int first, int last)
{
	return ((2u << last) - 1) & ~((1u << first) - 1);
}

static inline int model_lowest(unsigned int cells)
{
	return __builtin_ctz(cells);
}

#endif /* LOCKFAIR_MODEL_H */
