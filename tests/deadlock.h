/* SPDX-License-Identifier: GPL-2.0 */
/* What the tests on deadlock have in common. */
#ifndef LOCKFAIR_DEADLOCK_H
#define LOCKFAIR_DEADLOCK_H

#include "claim/expectation.h"

/* A cycle of that many processes is still seen, a longer one is not: tests/deadlock.c. */
#define LONGEST_SEEN	12

static inline struct lock_request byte(int number)
{
	return EXCLUSIVE_ON(number, 1);
}

static inline void ask(struct actor *actor, struct lock_request request)
{
	actor_begin_lock(actor, request);
	actor_settle(actor->scene);
}

/* What came of it: these three of an actor whose last order was a request. */
static inline bool refused(const struct actor *actor)
{
	return !actor->busy && actor->result == -EDEADLK;
}

static inline bool granted(const struct actor *actor)
{
	return !actor->busy && !actor->result;
}

static inline const char *fate(const struct actor *actor)
{
	if (actor->busy)
		return "asleep";
	return actor->result ? strerror(-actor->result) : "granted";
}

#define IS_REFUSED(actor) \
	HOLDS(refused(actor), "a deadlock is not seen", \
	      "%s was to be refused with EDEADLK: %s", actor_name(actor), fate(actor))

#define SLEEPS(actor) \
	HOLDS(actor_waits(actor), "a request is refused or granted", \
	      "%s was to sleep: %s", actor_name(actor), fate(actor))

/* A signal ends its wait, and only when it then lets go does the next one go on. */
#define IS_FREED_BY_A_SIGNAL(actor, next) do { \
	int woken; \
	actor_interrupt(actor); \
	woken = actor_await(actor); \
	HOLDS(woken == -EINTR, "a signal does not end the wait", \
	      "%s was sent a signal, and then: %s", actor_name(actor), fate(actor)); \
	SLEEPS(next); \
	actor_unlock(actor); \
	actor_settle(&self->scene); \
	HOLDS(granted(next), "the others do not go on", \
	      "%s had let go, and %s: %s", actor_name(actor), actor_name(next), fate(next)); \
} while (0)

#endif /* LOCKFAIR_DEADLOCK_H */
