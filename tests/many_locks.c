// SPDX-License-Identifier: GPL-2.0
/*
 * Many locks: do they hold, and do they go, where a file has thousands?
 *
 * Ten thousand of several owners, a hundred thousand of one; with a small LOCKFAIR_EFFORT two
 * thousand and ten thousand. Whoever wants all of it waits for the last of them, and no longer.
 * What it costs is printed, and decides nothing.
 */
#include "pressure.h"

CLASS(practice);

/* ---- thousands of locks on a file ---- */

#define OWNERS		10
#define LOCKS		10000
#define FEW		100	/* of the first nine each; the last has the rest */

static int locks_of(int nth)
{
	int locks = expectation_size(LOCKS, LOCKS / 5);

	return nth < OWNERS - 1 ? FEW : locks - (OWNERS - 1) * FEW;
}

static off_t block_of(int nth)
{
	return (off_t)nth * 2 * LOCKS;
}

/*
 * Every second byte of a block. One lock, with holes torn into it: a request for a lock is
 * compared with all that there are, a release is not (posix_lock_inode()), and if it begins
 * at the end it is soon where it belongs.
 */
static int tear(struct actor *self, off_t start, int pieces)
{
	int ret = lock_acquire(&self->lock[0], &EXCLUSIVE_ON(start, 2 * pieces), true);

	for (int i = pieces; !ret && i--;) {
		ret = lock_release(&self->lock[0], start + 2 * i + 1, 1);
		/* Whoever reads /proc/locks meanwhile holds it up, for long: it goes on. */
		__atomic_add_fetch(&self->board->calls, 1, __ATOMIC_RELAXED);
	}
	self->board->holds = !ret;
	return ret;
}

static int take_many(struct actor *self, void *arg)
{
	(void)arg;
	return tear(self, block_of(self->lane), locks_of(self->lane));
}

/* What one more request costs, where it conflicts with none of them. */
static int pass_by(struct actor *self, void *arg)
{
	double begun = now();
	int ret = lock_acquire(&self->lock[0], &EXCLUSIVE_ON(1, 1), false);

	(void)arg;
	self->scene->board->number[0] = (unsigned long long)(now() - begun);
	return ret ? ret : lock_release(&self->lock[0], 1, 1);
}

/*
 *	owner1   X.X.X.X.
 *	owner2             X.X.X.X.
 *	…                            …
 *	peer     wwwwwwwwwwwwwwwwwwwwwww	wants it all
 */
CLAIM(practice, TRAIT_RANGES, thousands_of_locks_on_a_file_hold_and_go)
{
	struct actor *owner[OWNERS], *peer;
	int ret;

	for (int i = 0; i < OWNERS; i++)
		owner[i] = actor_start_nth(&self->scene, "owner", i + 1);
	peer = actor_start(&self->scene, "peer");
	for (int i = 0, count = 0; i < OWNERS; i++) {
		actor_do(owner[i], take_many, NULL);
		actor_do(peer, pass_by, NULL);
		count += locks_of(i);
		if (!i || i >= OWNERS - 2)
			expectation_say("%d locks on the file: %llu us for one more", count,
					self->scene.board->number[0]);
	}
	for (int i = 0; i < OWNERS; i++) {
		ret = actor_try(peer, EXCLUSIVE_ON(block_of(i) + 2 * locks_of(i) - 2, 1));
		HOLDS(ret == -EAGAIN, "a lock is lost", "the peer got the last byte of %s: %s",
		      actor_name(owner[i]), ret ? strerror(-ret) : "granted");
	}
	actor_queue(peer, EXCLUSIVE);
	/* By release or by death. */
	for (int i = 0; i < OWNERS; i++) {
		HOLDS(!actor_holds(peer), "a lock is lost", "the peer has all, and %s holds a part",
		      actor_name(owner[i]));
		if (i % 2)
			actor_unlock(owner[i]);
		else
			actor_kill(owner[i]);
		actor_settle(&self->scene);
	}
	HOLDS(actor_holds(peer), "a waiter is lost", "the peer: %s", state(peer));
	actor_unlock(peer);
	ALL_IS_FREE(peer);
}

/* ---- thousands of ranges of one owner ---- */

#define RANGES	expectation_size(100000, 10000)

static int take_ranges(struct actor *self, void *arg)
{
	double begun = now();
	int ret = tear(self, 0, RANGES);

	(void)arg;
	self->scene->board->number[0] = (unsigned long long)(now() - begun);
	return ret;
}

CLAIM(practice, TRAIT_RANGES, thousands_of_ranges_of_one_owner_hold_and_go)
{
	int samples[] = { 0, 1, RANGES / 2, RANGES - 1 };
	struct actor *holder = actor_start(&self->scene, "holder");
	struct actor *peer = actor_start(&self->scene, "peer");
	double begun;

	actor_do(holder, take_ranges, NULL);
	expectation_say("%d ranges: %.2f us for each", RANGES,
			(double)self->scene.board->number[0] / RANGES);
	for (unsigned int i = 0; i < ARRAY_SIZE(samples); i++) {
		off_t at = (off_t)samples[i] * 2;
		int held = actor_try(peer, EXCLUSIVE_ON(at, 1));
		int hole = actor_try(peer, EXCLUSIVE_ON(at + 1, 1));

		HOLDS(held == -EAGAIN, "a lock is lost", "the peer's try at byte %d: %s", (int)at,
		      held ? strerror(-held) : "granted");
		HOLDS(!hole, "a released byte is locked", "the peer's try at byte %d: %s",
		      (int)at + 1, strerror(-hole));
		actor_unlock(peer);
	}
	actor_queue(peer, EXCLUSIVE);
	begun = now();
	actor_unlock(holder);
	expectation_say("all released in %.0f us", now() - begun);
	actor_settle(&self->scene);
	HOLDS(actor_holds(peer), "a waiter is lost", "the peer: %s", state(peer));
	actor_unlock(peer);
	ALL_IS_FREE(holder);
}

EXPECTATION_MAIN
