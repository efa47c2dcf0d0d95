/* SPDX-License-Identifier: GPL-2.0 */
/*
 * cancel_race: what the actors of cancel_race.c count, and how they talk to each other.
 */
#ifndef LOCKFAIR_CANCEL_RACE_H
#define LOCKFAIR_CANCEL_RACE_H

#include "claim/claim.h"
#include "system/task.h"

/* ---- what is counted, in the scene's shared numbers ---- */

enum number {
	INSIDE,		/* how many actors believe that they hold the lock */
	FAULT,
	FAULTY_ROUND,
	INTERRUPTED,	/* how often the waiter was */
};

enum fault { NO_FAULT, NOT_LET_GO, GRANTED_AND_FREE, REFUSED_AND_HELD, GRANTED_TWICE };

static const char * const faults[] = {
	[NO_FAULT] = "nothing",
	[NOT_LET_GO] = "all have let go, and still the lock is held",
	[GRANTED_AND_FREE] = "the waiter was granted the lock, and the releaser's try as well",
	[REFUSED_AND_HELD] = "the waiter got EINTR, and the lock is held all the same",
	[GRANTED_TWICE] = "two were granted the lock at a time",
};

static inline unsigned long long number(struct actor *self, enum number which)
{
	return __atomic_load_n(&self->scene->shared->number[which], __ATOMIC_SEQ_CST);
}

static inline void set(struct actor *self, enum number which, unsigned long long value)
{
	__atomic_store_n(&self->scene->shared->number[which], value, __ATOMIC_SEQ_CST);
}

static inline void fault(struct actor *self, enum fault what, int round)
{
	set(self, FAULTY_ROUND, round);
	set(self, FAULT, what);
}

/* ---- taking the lock; the history has no room for so many events ---- */

static inline int take(struct actor *self, bool wait)
{
	int ret = lock_acquire(&self->lock[0], &EXCLUSIVE, wait);

	/* Show actor_await() that there is progress. */
	__atomic_add_fetch(&self->shared->calls, 1, __ATOMIC_RELAXED);
	return ret;
}

static inline int let_go(struct actor *self)
{
	return lock_release(&self->lock[0], 0, 0);
}

/* The actor believes that it has the lock, from enter() to leave(). */
static inline void enter(struct actor *self, int round)
{
	unsigned long long *inside = &self->scene->shared->number[INSIDE];

	if (__atomic_add_fetch(inside, 1, __ATOMIC_SEQ_CST) != 1)
		fault(self, GRANTED_TWICE, round);
}

static inline int leave(struct actor *self)
{
	__atomic_sub_fetch(&self->scene->shared->number[INSIDE], 1, __ATOMIC_SEQ_CST);
	return let_go(self);
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
 * Wait until the task sleeps. If it has not fallen asleep yet, the signal comes before its call,
 * or the one behind it comes before it in the queue: such a round shows little. That decides no
 * verdict, so that state S is enough, without a proof.
 */
static inline void await_sleep(pid_t tid)
{
	asleep_poll(sleeps_or_is_gone, &tid, ASLEEP_DEADLINE);
}

static inline void dally(struct actor *self, unsigned int exponent)
{
	for (unsigned int i = 1u << exponent; i; i--)
		number(self, INSIDE);
}

#endif /* LOCKFAIR_CANCEL_RACE_H */
