/* SPDX-License-Identifier: GPL-2.0 */
/*
 * model: what file locks do, as a specification that can be executed.
 *
 * A state says who holds what and who waits for whom. model_step() tells every state that a
 * step may lead to once everybody has come to rest; what is then seen of the kernel rules
 * out some of them, and when none is left, the kernel did what it may not do. There are
 * three answers to what it may do: what the documentation allows, what Linux practises, and
 * what people believe, strictly first come, first served.
 *
 * Nothing here knows how a kernel stores locks. A file is looked at in a few cells, ranges
 * of bytes of which the last has no end; an owner holds each of them or does not.
 */
#ifndef LOCKFAIR_MODEL_H
#define LOCKFAIR_MODEL_H

#include "lock/lock.h"

#define MODEL_ACTORS		6
#define MODEL_FILES		3
#define MODEL_SLOTS		4	/* descriptors of an actor */
#define MODEL_CELLS		6
#define MODEL_DESCRIPTIONS	(MODEL_ACTORS * MODEL_SLOTS)
#define MODEL_OWNERS		(MODEL_ACTORS + MODEL_DESCRIPTIONS)
#define MODEL_WHOLE		((1u << MODEL_CELLS) - 1)	/* all cells */

enum model_level {
	MODEL_PROMISE,		/* POSIX.1-2024 and the manual pages */
	MODEL_PRACTICE,		/* what Linux has done since 5.10 */
	MODEL_FOLKLORE,		/* strictly first come, first served: the controls do it */
};

enum model_what {
	STEP_LOCK,		/* or convert; kind, slot, mode, cells, wait */
	STEP_UNLOCK,		/* kind, slot, cells */
	STEP_QUERY,		/* kind, slot, mode, cells: changes nothing */
	STEP_OPEN,		/* slot, other: the file */
	STEP_DUP,		/* slot, other: the new slot, which is closed if it is open */
	STEP_CLOSE,		/* slot */
	STEP_FORK,		/* other: the new actor */
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
};

struct model_request {
	unsigned char status, kind, mode, wait;
	unsigned char file, description, cells;
	/* Practice: an owner whose lock on @cell it stands behind, or MODEL_WAITER + actor. */
	unsigned char behind, cell;
	unsigned char place;	/* among those there; folklore: among all who wait */
	short result;		/* 0 or -errno */
};

#define MODEL_WAITER	64
#define MODEL_NOBODY	127

/* Owners are numbered: actors, then open file descriptions. All bytes count when compared. */
struct model_state {
	unsigned short alive;					/* actors, a bit each */
	signed char slot[MODEL_ACTORS][MODEL_SLOTS];		/* a description, or -1 */
	signed char file[MODEL_DESCRIPTIONS];			/* -1: there is none */
	struct model_cells posix[MODEL_FILES][MODEL_ACTORS];
	struct model_cells ofd[MODEL_DESCRIPTIONS];
	struct model_cells flock[MODEL_DESCRIPTIONS];		/* all cells or none */
	struct model_request request[MODEL_ACTORS];
	/* A close or an exit under way: files whose POSIX locks go, descriptions given up. */
	unsigned char closer, forgets;
	signed char closing[MODEL_SLOTS];
};

struct model_set {
	struct model_state *state;
	int count, room;
	int *index;		/* by hash */
	bool full;		/* there were more */
};

/* 0 or -ENOMEM; @room is a power of two. */
int model_set_open(struct model_set *set, int room);
void model_set_close(struct model_set *set);
void model_set_clear(struct model_set *set);
bool model_set_add(struct model_set *set, const struct model_state *state);
unsigned long long model_hash(const struct model_state *state);

/* Nobody holds anything; the first @actors are there. */
void model_begin(struct model_state *state, int actors);

/* Can this step be made: is the actor awake, the slot open, …? */
bool model_applies(const struct model_state *state, const struct model_step *step);

/* Add all states of rest to @to that @step may lead to. @scratch is used and cleared. */
void model_step(enum model_level level, const struct model_state *from,
		const struct model_step *step, struct model_set *to, struct model_set *scratch);

/* ---- what can be seen ---- */

/* What has become of an actor's call in the last step: NONE, ASLEEP or DONE, and the result. */
struct model_sight {
	enum model_status status;
	int result;
};

bool model_allows_sight(enum model_level level, const struct model_state *state,
			const struct model_sight sight[MODEL_ACTORS]);

/* The answer to F_GETLK or F_OFD_GETLK, in cells. */
struct model_answer {
	bool locked;
	bool description;	/* held by one: l_pid is -1 */
	unsigned char actors;	/* otherwise a bit for each actor that l_pid may mean */
	unsigned char mode;
	unsigned char cells;	/* 0: not a range of cells */
};

/* @viewer is the owner who asks, or -1. */
bool model_allows_answer(enum model_level level, const struct model_state *state, int viewer,
			 int file, enum lock_mode mode, unsigned int cells,
			 const struct model_answer *answer);

/* May an outsider have flock() in this mode, at once? */
bool model_free_for_flock(const struct model_state *state, int file, enum lock_mode mode);

/*
 * What proc_locks(5) shows of a file, a line each: a lock, and below it, one level deeper,
 * those who stand directly behind it, and so on. Practice alone. How many lines.
 */
struct model_line {
	unsigned char depth, kind, mode, cells;
	unsigned char actor;	/* of a POSIX lock; otherwise MODEL_ACTORS */
};

#define MODEL_LINES	(MODEL_OWNERS * MODEL_CELLS + MODEL_ACTORS)
int model_lines(const struct model_state *state, int file, struct model_line *lines);

/* The cells from @first to @last. */
static inline unsigned int model_range(int first, int last)
{
	return ((2u << last) - 1) & ~((1u << first) - 1);
}

#endif /* LOCKFAIR_MODEL_H */
