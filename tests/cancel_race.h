/* SPDX-License-Identifier: GPL-2.0 */
/*
 * cancel_race: how the actors of cancel_race.c talk to each other, and wait for each other.
 */
#ifndef LOCKFAIR_CANCEL_RACE_H
#define LOCKFAIR_CANCEL_RACE_H

#include "linearizable.h"
#include "system/task.h"

/* ---- what they share, in the scene's numbers ---- */

enum number {
	ROUND,		/* the number of the round that was begun last */
	INTERRUPTED,	/* how often the waiter was interrupted */
};

static inline unsigned long long number(struct actor *self, enum number which)
{
	return __atomic_load_n(&self->scene->shared->number[which], __ATOMIC_SEQ_CST);
}

static inline void set(struct actor *self, enum number which, unsigned long long value)
{
	__atomic_store_n(&self->scene->shared->number[which], value, __ATOMIC_SEQ_CST);
}

/* Release the lock; the history says when that has returned. */
static inline int let_go(struct actor *self)
{
	int ret = act_unlock(self);

	history_add(self->scene->history, self->row, HISTORY_RETURN, &EXCLUSIVE);
	return ret;
}

/* ---- words between the releaser and the others, one byte each over a socket ---- */

#define GO_ON	'g'	/* ask for the lock, which is held; or: release what you have */
#define END	'e'	/* of all rounds */
#define ASKING	'a'
#define GRANTED	'y'
#define REFUSED	'n'
#define DONE	'd'

static inline int tell(int fd, char word)
{
	ssize_t sent;

	do
		sent = write(fd, &word, 1);
	while (sent < 0 && errno == EINTR);
	return sent == 1 ? 0 : -EPIPE;
}

/* Return the word, or -EPIPE. */
static inline int hear(int fd)
{
	ssize_t got;
	char word;

	do
		got = read(fd, &word, 1);
	while (got < 0 && errno == EINTR);
	return got == 1 ? word : -EPIPE;
}

/* ---- waiting for the others ---- */

static inline int sleeps_or_is_gone(void *tid)
{
	int state = task_state(*(pid_t *)tid);

	return state < 0 || state == 'S';
}

/*
 * Wait until the task sleeps. Otherwise its signal would come before its call, or the actor behind
 * it would be first in the queue: such a round shows little. State S is enough, without a proof,
 * because no verdict depends on it.
 */
static inline void await_sleep(pid_t tid)
{
	asleep_poll(sleeps_or_is_gone, &tid, ASLEEP_DEADLINE);
}

static inline void dally(struct actor *self, unsigned int exponent)
{
	for (unsigned int i = 1u << exponent; i; i--)
		number(self, ROUND);
}

#endif /* LOCKFAIR_CANCEL_RACE_H */
