// SPDX-License-Identifier: GPL-2.0
/*
 * Does a lock keep others out?
 *
 * First step by step. Then under load: actors take the lock again and again, at their own pace,
 * and add to a number that comes out right only if no other actor changes it in the meantime.
 * They give up the CPU between reading it and writing it, so that an overlap would show.
 *
 * What is promised: fcntl(2), "Any number of processes may hold a read lock (shared lock) on a file
 * region, but only one process may hold a write lock (exclusive lock). An exclusive lock excludes
 * all other locks, both shared and exclusive"; flock(2) on LOCK_SH and LOCK_EX, "More than one
 * process may hold a shared lock", "Only one process may hold an exclusive lock"; lockf(3) on
 * F_LOCK, "If (part of) this section is already locked, the call blocks until the previous lock is
 * released". For the controls, only lib/lock/control.c promises it.
 */
#include <sched.h>

#include "claim/claim.h"

#define ACTORS	4
#define ROUNDS	50

enum { SUM, READERS_INSIDE, WRITERS_INSIDE, VIOLATIONS };

PROMISE(SHARED_MODE, readers_hold_it_together)
{
	struct actor *first = actor_start(scene, "first");
	struct actor *second = actor_start(scene, "second");
	int ret;

	actor_lock(first, SHARED);
	ret = actor_try(second, SHARED);
	holds(scene, !ret, "second was refused: %s", strerror(-ret));
}

PROMISE(EVERY_KIND, a_writer_excludes_a_writer)
{
	struct actor *first = actor_start(scene, "first");
	struct actor *second = actor_start(scene, "second");

	actor_lock(first, EXCLUSIVE);
	conflicts_with(second, EXCLUSIVE, first);
	actor_begin_lock(second, EXCLUSIVE);
	actor_settle(scene);
	holds(scene, second->busy || second->result, TWO_HELD_IT "second was let in beside first");
	requires(scene, second->busy, "second was refused: %s", strerror(-second->result));
}

PROMISE(SHARED_MODE, a_writer_excludes_a_reader)
{
	struct actor *writer = actor_start(scene, "writer");
	struct actor *reader = actor_start(scene, "reader");

	actor_lock(writer, EXCLUSIVE);
	conflicts_with(reader, SHARED, writer);
}

PROMISE(SHARED_MODE, a_reader_excludes_a_writer)
{
	struct actor *reader = actor_start(scene, "reader");
	struct actor *writer = actor_start(scene, "writer");

	actor_lock(reader, SHARED);
	conflicts_with(writer, EXCLUSIVE, reader);
}

PROMISE(EVERY_KIND, a_released_lock_is_free)
{
	struct actor *first = actor_start(scene, "first");
	struct actor *second = actor_start(scene, "second");
	int ret;

	actor_lock(first, EXCLUSIVE);
	actor_unlock(first);
	ret = actor_try(second, EXCLUSIVE);
	holds(scene, !ret, "second was refused: %s", strerror(-ret));
}

/*
 *	first  [0........9]
 *	second             [10.......19]
 *	third           [8..........]      touches both
 */
PROMISE(RECORD_LOCKS, only_bytes_in_common_exclude)
{
	struct actor *first = actor_start(scene, "first");
	struct actor *second = actor_start(scene, "second");
	struct actor *third = actor_start(scene, "third");
	int ret;

	actor_lock(first, EXCLUSIVE_ON(0, 10));
	ret = actor_try(second, EXCLUSIVE_ON(10, 10));
	holds(scene, !ret, "second was refused: %s", strerror(-ret));
	conflicts_with(third, EXCLUSIVE_ON(8, 4), first);
	actor_unlock(first);
	conflicts_with(third, EXCLUSIVE_ON(8, 4), second);
}

static int add(struct actor *self, void *arg)
{
	unsigned long long *sum = &self->scene->shared->number[SUM];

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

static void all_do(struct scene *scene, actor_job job)
{
	struct actor *actors[ACTORS];

	for (int i = 0; i < ACTORS; i++)
		actors[i] = actor_start_nth(scene, "actor", i + 1);
	for (int i = 0; i < ACTORS; i++)
		actor_begin(actors[i], job, NULL);
	for (int i = 0; i < ACTORS; i++)
		actor_await(actors[i]);
}

PROMISE(EVERY_KIND, no_update_is_lost_under_an_exclusive_lock)
{
	int lost;

	all_do(scene, add);
	lost = ACTORS * ROUNDS - (int)scene->shared->number[SUM];
	holds(scene, !lost, TWO_HELD_IT "lost %d of %d updates", lost, ACTORS * ROUNDS);
	nobody_overlaps(scene);
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
	unsigned long long *number = self->scene->shared->number;

	(void)arg;
	for (int i = 0; i < ROUNDS; i++) {
		bool writes = (i + self->row) % 3 == 0;
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

PROMISE(SHARED_MODE, readers_and_writers_are_never_inside_together)
{
	int violations;

	all_do(scene, read_and_write);
	nobody_overlaps(scene);
	violations = scene->shared->number[VIOLATIONS];
	holds(scene, !violations, TWO_HELD_IT "a conflicting holder was met %d times", violations);
}

/* Judge it here, although run_tests.sh skips the other tests if it has found this. */
int main(int argc, char **argv)
{
	unsetenv("LOCKFAIR_SHARED");
	return claim_main(argc, argv);
}
