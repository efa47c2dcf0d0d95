/* SPDX-License-Identifier: GPL-2.0 */
/* lines: what /proc/locks says about the files of the scenarios. */
#ifndef LOCKFAIR_LINES_H
#define LOCKFAIR_LINES_H

#include "model/stage.h"
#include "model/visible.h"

#define LINES_ROOM	64	/* for each file */

struct lines {
	struct model_line line[MODEL_FILES][LINES_ROOM];
	int count[MODEL_FILES];
};

/* How it was read. A page out of several proves only that its lines exist. */
enum lines_extent {
	LINES_ALL,		/* all of it, at once */
	LINES_ONCE,		/* all, but equal locks may have been seen as one */
	LINES_IN_PART		/* some of it */
};

struct lines_reader {
	int fd;				/* of /proc/locks, or -1 */
	char tag[MODEL_FILES][40];	/* the numbers by which it lists a file */
	long page;			/* how much is read at once */
	int pause;			/* after it was too long: steps until the next reading */
};

/* Open it, if it is there. 0 or -errno. */
int lines_open(struct lines_reader *reader, const struct stage *stage);
void lines_close(struct lines_reader *reader);

/* Update the tags after the files were replaced. 0 or -errno. */
int lines_name_files(struct lines_reader *reader, const struct stage *stage);

/*
 * Add the lines to @known; no actor has moved since @known was read last. Return false if it is too
 * long to be read, or cannot be read.
 */
bool lines_read(struct lines_reader *reader, const struct stage *stage, struct lines *known,
		enum lines_extent *extent);

/*
 * Are they the lines of the state, as far as lines that were read to this @extent can prove?
 * Waiters deeper than @depth are not shown. @file is set to where they differ.
 */
bool lines_match(const struct lines *known, enum lines_extent extent, int depth, bool processes,
		 const struct model_state *state, int *file);

#endif /* LOCKFAIR_LINES_H */
