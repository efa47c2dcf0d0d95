/* SPDX-License-Identifier: GPL-2.0 */
/*
 * play: a scenario is played on the running kernel, and after every step all that can be seen
 * is compared with the model.
 */
#ifndef LOCKFAIR_PLAY_H
#define LOCKFAIR_PLAY_H

#include "history/history.h"
#include "model/player.h"
#include "model/scenario.h"

#define PLAY_SET	4096	/* states that a step may lead to */
#define PLAY_LINES	64	/* of /proc/locks, for each file */

/* How /proc/locks was read: of several pages, each tells only what is there. */
enum play_reading {
	READ_WHOLE,		/* all of it, at once */
	READ_ONCE,		/* all, but what is there twice may have been seen once */
	READ_IN_PART		/* some of it */
};

struct play_lines {
	struct model_line line[MODEL_FILES][PLAY_LINES];
	int count[MODEL_FILES];
};

/* What was seen after a step. */
struct play_seen {
	struct model_sight sight[MODEL_ACTORS];
	bool used[MODEL_FILES];
	/* F_GETLK, by one who holds nothing; and by who makes the step, before it. */
	struct model_answer answer[MODEL_FILES][PLAYER_QUERIES];
	struct model_answer own[PLAYER_OWN_QUERIES];
	struct model_answer query;			/* of STEP_QUERY */
	bool flock_free[MODEL_FILES][MODE_EXCLUSIVE + 1];
	struct play_lines known;	/* from /proc/locks */
	enum play_reading read;
	bool no_lines;			/* what it says cannot be relied on */
};

/* How a scenario went. */
struct play_result {
	bool differs;
	enum model_level level;		/* the strongest that is broken: promise before practice */
	int step;			/* where */
	char what[400];			/* what was seen, and what the model has */
	bool made[SCENARIO_STEPS];
	struct model_sight sight[SCENARIO_STEPS][MODEL_ACTORS];
};

/* States that have been come across, by their hash; may be in memory that processes share. */
#define PLAY_STATES	1048576
struct play_census {
	unsigned long long scenarios, steps, states;
	unsigned long long unread;	/* steps after which /proc/locks told nothing */
	unsigned long long partial;	/* and after which it did not tell what is not there */
	unsigned long long cut;		/* scenarios that led to too many states to go on */
	unsigned long long hash[PLAY_STATES];
};

struct play {
	struct players players;
	struct lock_site site;		/* of a control */
	unsigned int levels;		/* which are asked for, a bit each */
	bool queries[2];		/* F_GETLK and F_OFD_GETLK are to be asked */
	bool ofds, flocks;		/* there are such locks */
	int locks;			/* /proc/locks, or -1 */
	char tag[MODEL_FILES][40];	/* what names a file there */
	long page;			/* as much of it is read at once */
	int look_again;			/* it is too long: not before so many steps */
	int shows;			/* how deep it shows waiters: 1 until 5.12 */
	bool probing;
	int patience;
	struct model_set now[MODEL_FOLKLORE + 1], next[MODEL_FOLKLORE + 1], scratch;
	int number[PLAY_SET];		/* for a list of states */
	struct play_census *census;	/* or NULL */
	/* For tests of the comparison: change what was seen. */
	void (*lie)(struct play_seen *seen, const struct model_state *state,
		    const struct model_step *step, void *arg);
	void *arg;
};

/* Files are made as in lock_site_open(). 0 or -errno. */
int play_open(struct play *play, const char *dir, unsigned int levels);
void play_close(struct play *play);

/* Does the kernel offer all that a scenario of this kind needs? */
bool play_offers(const struct play *play, int kind);

/*
 * Play it, to its end or until there are more states than the model has room for. 0 or -errno:
 * it could not be played.
 */
int play_scenario(struct play *play, const struct scenario *scenario, struct play_result *result);

/* Make the scenario as short as it can be with the same level broken. How often it was played. */
int play_shrink(struct play *play, struct scenario *scenario, struct play_result *result);

/*
 * Describe scenario and result as a listing that can be played again. @history gets what
 * happened, to be drawn.
 */
void play_tell(const struct scenario *scenario, const struct play_result *result,
	       struct history *history, void (*emit)(const char *line, void *arg), void *arg);

#endif /* LOCKFAIR_PLAY_H */
