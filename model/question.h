/* SPDX-License-Identifier: GPL-2.0 */
/*
 * question: the questions to F_GETLK and F_OFD_GETLK about a file.
 *
 * First a write lock on each cell, then a write lock on all cells, then a read lock on each cell.
 * An actor with locks of its own asks the first of these: only it can find out whose locks they
 * are.
 */
#ifndef LOCKFAIR_QUESTION_H
#define LOCKFAIR_QUESTION_H

#include "model/scenario.h"

#define QUESTIONS		(2 * MODEL_CELLS + 1)
#define QUESTIONS_OF_OWNER	(MODEL_CELLS + 1)

struct question {
	enum lock_mode mode;
	unsigned char first, last;	/* cells */
};

/* What the call has left in struct flock. */
struct question_reply {
	int err;
	short type, whence;
	off_t start, len;
	pid_t pid;
};

/* The question of this number. */
struct question question_number(int number);

/* Ask one; ask the first @count. */
struct question_reply question_ask(const struct lock *lock, const struct scenario *scenario,
				   struct question question);
void question_ask_all(const struct lock *lock, const struct scenario *scenario, int count,
		      struct question_reply *replies);

#endif /* LOCKFAIR_QUESTION_H */
