/* SPDX-License-Identifier: GPL-2.0 */
/*
 * player: a task that carries out the steps of a scenario, one at a time.
 *
 * Unlike actors, players are made by the hundred in a second. What owns a POSIX lock is the
 * table of descriptors (in the kernel: current->files), so a thread that calls
 * unshare(CLONE_FILES) is an owner like a process, and one that such a thread creates is like
 * its child: that is a fork, fast. The same players can also be processes.
 */
#ifndef LOCKFAIR_PLAYER_H
#define LOCKFAIR_PLAYER_H

#include "model/model.h"

/* The answer to a query: what the call has left in struct flock. */
struct player_answer {
	int err;
	short type, whence;
	off_t start, len;
	pid_t pid;
};

/*
 * For each cell a lock to write, then one to write all, then one to read for each cell. Who has
 * locks of his own asks the first of these: whose locks they are is what he alone can tell.
 */
#define PLAYER_QUERIES		(2 * MODEL_CELLS + 1)
#define PLAYER_OWN_QUERIES	(MODEL_CELLS + 1)

struct player_question {
	enum lock_mode mode;
	unsigned char first, last;	/* cells */
};

struct player_question player_question(int number);

struct player_view {
	bool taken;
	struct player_answer answer[PLAYER_QUERIES];
};

/* What a player shows, in memory that all share. */
struct player_board {
	unsigned int go, done;		/* how many steps it was to make, and has made */
	pid_t tid;
	int fd[MODEL_SLOTS];
	struct model_step step;
	int result;
	struct asleep_call call;	/* where it may now be asleep */
	struct player_view view;	/* how things looked to it before the step */
	struct player_answer answer;	/* to STEP_QUERY */
};

struct player {
	bool there;
	bool busy;		/* its step has not returned */
	bool steady;		/* has been seen asleep in it, and nothing has moved since */
	struct asleep_proof proof;
	struct asleep_files files;
};

struct players {
	struct player_board *board;
	bool processes;
	pid_t pid;			/* whose threads or children they are */
	off_t cell[MODEL_CELLS];
	struct lock_site *site;		/* of a control; otherwise NULL */
	const char *dir;
	int file[MODEL_FILES];		/* descriptions of nobody but him who looks on */
	struct player player[MODEL_ACTORS];
};

/* Make the files, in @dir if that is not NULL, and install the handler of SIGUSR1. 0 or -errno. */
int players_open(struct players *players, const char *dir);
void players_close(struct players *players);

/* Take new files, with no locks on them. 0 or -errno. */
int players_renew(struct players *players);

/* The first @count appear, without any descriptors. 0 or -errno. */
int players_enter(struct players *players, int count);

/* Tell a player to make a step; for STEP_INTERRUPT, send it the signal. 0 or -errno. */
int player_begin(struct players *players, const struct model_step *step);

/*
 * Wait until each player has returned from its step or is proved asleep in it. @expected says
 * whether that may be all when this is the set of those who are busy yet: proof is then looked
 * for, and otherwise not before it has been awaited for a while. 0 or -errno.
 */
int players_settle(struct players *players, bool (*expected)(void *arg, unsigned int busy),
		   void *arg);

/* End them all, wherever they are, and see that they are gone. 0 or -errno. */
int players_leave(struct players *players);

/* Ask the first @count questions. */
void player_look(const struct players *players, int fd, int command, int count,
		 struct player_view *view);

#endif /* LOCKFAIR_PLAYER_H */
