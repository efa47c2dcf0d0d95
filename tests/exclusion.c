// SPDX-License-Identifier: GPL-2.0
/*
 * Does a lock keep others out?
 *
 * First step by step. Then in earnest: actors which take the lock again and
 * again, without anybody telling them when, and add to a number that comes out
 * right only if nobody else touched it in the meantime. They give up the CPU
 * between reading it and writing it, so that an overlap would show.
 *
 * What is promised: fcntl(2), "Any number of processes may hold a read lock (shared
 * lock) on a file region, but only one process may hold a write lock (exclusive lock).
 * An exclusive lock excludes all other locks, both shared and exclusive"; flock(2) on
 * LOCK_SH and LOCK_EX, "More than one process may hold a shared lock", "Only one process
 * may hold an exclusive lock"; lockf(3) on F_LOCK, "If (part of) this section is already
 * locked, the call blocks until the previous lock is released". The controls are not
 * promised by anybody but lib/control.c.
 */
#include <sched.h>

#include "claim/expectation.h"

CLASS(promise);

#define ACTORS	4
#define ROUNDS	50

enum { SUM, READERS_INSIDE, WRITERS_INSIDE, VIOLATIONS };

CLAIM(promise, TRAIT_SHARED, readers_hold_it_together)
{
	struct actor *first = actor_start(&self->scene, "first");
	struct actor *second = actor_start(&self->scene, "second");
	int ret;

	actor_lock(first, SHARED);
	ret = actor_try(second, SHARED);
	HOLDS(!ret, "readers exclude each other", "second was refused: %s", strerror(-ret));
}

#define IS_REFUSED(ret, who, whom) \
	HOLDS((ret) == -EAGAIN, "two conflicting locks were held at a time", \
	      "%s was to be refused with EAGAIN beside %s, and got: %s", who, whom, \
	      (ret) ? strerror(-(ret)) : "the lock")

CLAIM(promise, EVERY_KIND, a_writer_excludes_a_writer)
{
	struct actor *first = actor_start(&self->scene, "first");
	struct actor *second = actor_start(&self->scene, "second");
	int ret;

	actor_lock(first, EXCLUSIVE);
	ret = actor_try(second, EXCLUSIVE);
	IS_REFUSED(ret, "second", "a writer");
	actor_queue(second, EXCLUSIVE);
	HOLDS(actor_waits(second), "a waiter was let in", "second was let in beside first");
}

CLAIM(promise, TRAIT_SHARED, a_writer_excludes_a_reader)
{
	struct actor *writer = actor_start(&self->scene, "writer");
	struct actor *reader = actor_start(&self->scene, "reader");
	int ret;

	actor_lock(writer, EXCLUSIVE);
	ret = actor_try(reader, SHARED);
	IS_REFUSED(ret, "the reader", "the writer");
}

CLAIM(promise, TRAIT_SHARED, a_reader_excludes_a_writer)
{
	struct actor *reader = actor_start(&self->scene, "reader");
	struct actor *writer = actor_start(&self->scene, "writer");
	int ret;

	actor_lock(reader, SHARED);
	ret = actor_try(writer, EXCLUSIVE);
	IS_REFUSED(ret, "the writer", "the reader");
}

CLAIM(promise, EVERY_KIND, a_released_lock_is_free)
{
	struct actor *first = actor_start(&self->scene, "first");
	struct actor *second = actor_start(&self->scene, "second");
	int ret;

	actor_lock(first, EXCLUSIVE);
	actor_unlock(first);
	ret = actor_try(second, EXCLUSIVE);
	HOLDS(!ret, "a free lock is refused", "second was refused: %s", strerror(-ret));
}

/*
 *	first  [0........9]
 *	second             [10.......19]
 *	third           [8..........]      touches both
 */
CLAIM(promise, TRAIT_RANGES, only_bytes_in_common_exclude)
{
	struct actor *first = actor_start(&self->scene, "first");
	struct actor *second = actor_start(&self->scene, "second");
	struct actor *third = actor_start(&self->scene, "third");
	int ret;

	actor_lock(first, EXCLUSIVE_ON(0, 10));
	ret = actor_try(second, EXCLUSIVE_ON(10, 10));
	HOLDS(!ret, "a free range is refused", "second was refused: %s", strerror(-ret));
	ret = actor_try(third, EXCLUSIVE_ON(8, 4));
	IS_REFUSED(ret, "third", "first and second");
	actor_unlock(first);
	ret = actor_try(third, EXCLUSIVE_ON(8, 4));
	IS_REFUSED(ret, "third", "second");
}

static int add(struct actor *self, void *arg)
{
	unsigned long long *sum = &self->scene->board->number[SUM];

	(void)arg;
	for (int i = 0; i < ROUNDS; i++) {
		unsigned long long seen;
		int ret = act_lock(self, EXCLUSIVE);

		if (ret)
			return ret;
		seen = __atomic_load_n(sum, __ATOMIC_RELAXED);
		sched_yield();
		__atomic_store_n(sum, seen + 1, __ATOMIC_RELAXED);
		ret = act_unlock(self);
		if (ret)
			return ret;
	}
	return 0;
}

static void all_do(struct scene *scene, actor_deed deed)
{
	struct actor *actors[ACTORS];

	for (int i = 0; i < ACTORS; i++)
		actors[i] = actor_start_nth(scene, "actor", i + 1);
	for (int i = 0; i < ACTORS; i++)
		actor_begin(actors[i], deed, NULL);
	for (int i = 0; i < ACTORS; i++)
		actor_await(actors[i]);
}

CLAIM(promise, EVERY_KIND, no_update_is_lost_under_an_exclusive_lock)
{
	int sum;

	all_do(&self->scene, add);
	NOBODY_OVERLAPS();
	sum = self->scene.board->number[SUM];
	HOLDS(sum == ACTORS * ROUNDS, "an update was lost",
	      "%d actors added one %d times each, and the sum is %d", ACTORS, ROUNDS, sum);
}

static void look_around(unsigned long long *number, bool writes)
{
	bool alone = !__atomic_load_n(&number[WRITERS_INSIDE], __ATOMIC_SEQ_CST) &&
		     (!writes || !__atomic_load_n(&number[READERS_INSIDE], __ATOMIC_SEQ_CST));

	if (!alone)
		__atomic_add_fetch(&number[VIOLATIONS], 1, __ATOMIC_SEQ_CST);
}

static int read_and_write(struct actor *self, void *arg)
{
	unsigned long long *number = self->scene->board->number;

	(void)arg;
	for (int i = 0; i < ROUNDS; i++) {
		bool writes = (i + self->lane) % 3 == 0;
		unsigned long long *inside = &number[writes ? WRITERS_INSIDE : READERS_INSIDE];
		int ret = act_lock(self, writes ? EXCLUSIVE : SHARED);

		if (ret)
			return ret;
		look_around(number, writes);
		__atomic_add_fetch(inside, 1, __ATOMIC_SEQ_CST);
		sched_yield();
		__atomic_sub_fetch(inside, 1, __ATOMIC_SEQ_CST);
		look_around(number, writes);
		ret = act_unlock(self);
		if (ret)
			return ret;
	}
	return 0;
}

CLAIM(promise, TRAIT_SHARED, readers_and_writers_are_never_inside_together)
{
	int violations;

	all_do(&self->scene, read_and_write);
	NOBODY_OVERLAPS();
	violations = self->scene.board->number[VIOLATIONS];
	HOLDS(!violations, "two conflicting locks were held at a time",
	      "a conflicting holder was met %d times", violations);
}

EXPECTATION_MAIN
