// SPDX-License-Identifier: GPL-2.0
/*
 * Many locks: do thousands of locks on one file exclude, and are they all released?
 *
 * Ten thousand locks of several owners, a hundred thousand of one; with a small LOCKFAIR_EFFORT
 * two thousand and ten thousand. A request for the whole file waits for the last of them, and no
 * longer. The tests print what it costs, and do not judge that.
 */
#include "pressure.h"
#include "system/many_locks.h"

/* ---- thousands of locks on a file ---- */

#define OWNERS		10
#define LOCKS		10000
#define FEW		100	/* per owner, except the last, which takes the remainder */

static int locks_of(int nth)
{
	int locks = claim_size(LOCKS, LOCKS / 5);

	return nth < OWNERS - 1 ? FEW : locks - (OWNERS - 1) * FEW;
}

static off_t block_of(int nth)
{
	return (off_t)nth * 2 * LOCKS;
}

/*
 * Lock every second byte of a block, as one lock with holes torn into it. That is cheap: the
 * kernel compares a request with all locks on the file, but not a release (posix_lock_inode()),
 * and a release from the end on soon finds its place in the list.
 */
static int tear(struct actor *self, off_t start, int pieces)
{
	int ret = lock_acquire(&self->lock[0], &EXCLUSIVE_ON(start, 2 * pieces), true);

	for (int i = pieces; !ret && i--;) {
		ret = lock_release(&self->lock[0], start + 2 * i + 1, 1);
		/* Count it as progress: other readers of /proc/locks may delay this for long. */
		__atomic_add_fetch(&self->shared->calls, 1, __ATOMIC_RELAXED);
	}
	self->shared->holds = !ret;
	return ret;
}

static int take_many(struct actor *self, void *arg)
{
	(void)arg;
	return tear(self, block_of(self->row), locks_of(self->row));
}

/* Measure the cost of one more request, which conflicts with none of them. */
static int pass_by(struct actor *self, void *arg)
{
	double begun = now();
	int ret = lock_acquire(&self->lock[0], &EXCLUSIVE_ON(1, 1), false);

	(void)arg;
	self->scene->shared->number[0] = (unsigned long long)(now() - begun);
	return ret ? ret : lock_release(&self->lock[0], 1, 1);
}

/*
 *	owner1   X.X.X.X.
 *	owner2             X.X.X.X.
 *	…                            …
 *	peer     wwwwwwwwwwwwwwwwwwwwwww	asks for the whole file
 */
PRACTICE(RECORD_LOCKS, thousands_of_locks_on_a_file_hold_and_go)
{
	struct actor *owner[OWNERS], *peer;
	int ret;

	scene_needs(scene, LACKS_PARTS);
	/* After its deadline, or where it cannot be said, go on all the same. */
	many_locks_begin();
	for (int i = 0; i < OWNERS; i++)
		owner[i] = actor_start_nth(scene, "owner", i + 1);
	peer = actor_start(scene, "peer");
	for (int i = 0, count = 0; i < OWNERS; i++) {
		actor_do(owner[i], take_many, NULL);
		actor_do(peer, pass_by, NULL);
		count += locks_of(i);
		if (!i || i >= OWNERS - 2)
			claim_say("%d locks on the file: %llu us for one more", count,
				  scene->shared->number[0]);
	}
	for (int i = 0; i < OWNERS; i++) {
		ret = actor_try(peer, EXCLUSIVE_ON(block_of(i) + 2 * locks_of(i) - 2, 1));
		holds(scene, ret == -EAGAIN, "the peer got the last byte of %s: %s",
		      actor_name(owner[i]), ret ? strerror(-ret) : "granted");
	}
	actor_queue(peer, EXCLUSIVE);
	/* Kill every second owner; the others release their locks. */
	for (int i = 0; i < OWNERS; i++) {
		holds(scene, !actor_holds(peer), "the peer has all, and %s holds a part",
		      actor_name(owner[i]));
		if (i % 2)
			actor_unlock(owner[i]);
		else
			actor_kill(owner[i]);
		actor_settle(scene);
	}
	holds(scene, actor_holds(peer), "the peer: %s", state(peer));
	actor_unlock(peer);
	all_is_free(peer);
}

/* ---- thousands of ranges of one owner ---- */

static int ranges(void)
{
	return claim_size(100000, 10000);
}

static int take_ranges(struct actor *self, void *arg)
{
	double begun = now();
	int ret = tear(self, 0, ranges());

	(void)arg;
	self->scene->shared->number[0] = (unsigned long long)(now() - begun);
	return ret;
}

PRACTICE(RECORD_LOCKS, thousands_of_ranges_of_one_owner_hold_and_go)
{
	int count = ranges(), samples[] = { 0, 1, count / 2, count - 1 };
	struct actor *holder, *peer;
	double begun;

	scene_needs(scene, LACKS_PARTS);
	/* After its deadline, or where it cannot be said, go on all the same. */
	many_locks_begin();
	holder = actor_start(scene, "holder");
	peer = actor_start(scene, "peer");
	actor_do(holder, take_ranges, NULL);
	claim_say("%d ranges: %.2f us for each", count,
		  (double)scene->shared->number[0] / count);
	for (unsigned int i = 0; i < ARRAY_SIZE(samples); i++) {
		off_t at = (off_t)samples[i] * 2;
		int held = actor_try(peer, EXCLUSIVE_ON(at, 1));
		int hole = actor_try(peer, EXCLUSIVE_ON(at + 1, 1));

		holds(scene, held == -EAGAIN, "the peer's try at byte %d: %s", (int)at,
		      held ? strerror(-held) : "granted");
		holds(scene, !hole, "the peer's try at byte %d: %s", (int)at + 1, strerror(-hole));
		actor_unlock(peer);
	}
	actor_queue(peer, EXCLUSIVE);
	if (!scene_goes_on(scene))
		return;
	begun = now();
	actor_unlock(holder);
	claim_say("all released in %.0f us", now() - begun);
	actor_settle(scene);
	holds(scene, actor_holds(peer), "the peer: %s", state(peer));
	actor_unlock(peer);
	all_is_free(holder);
}

CLAIM_MAIN
