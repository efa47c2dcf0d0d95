// SPDX-License-Identifier: GPL-2.0
/*
 * Independence: which kinds of lock on one file know of each other?
 *
 *		posix	ofd	lockf	flock
 *	posix	 x	 x	 x	 .	x: they exclude each other
 *	ofd		 x	 x	 .	.: they do not
 *	lockf			 x	 .
 *	flock				 x
 */

#include "claim/expectation.h"
#include "network.h"

#define REFUSAL(ret)	((ret) ? strerror(-(ret)) : "the lock")

static const char *kind_at(const struct scene *scene, int site)
{
	return lock_kind_name(scene->site[site].kind);
}

/* A mode that the kind has. */
static struct lock_request reading(const struct scene *scene, int site)
{
	bool shared = lock_kind_traits(scene->site[site].kind) & TRAIT_SHARED;

	return at_site(site, shared ? SHARED : EXCLUSIVE);
}

#define FLOCK_IS_NOT_REFUSED(ret, site, beside) do { \
	SKIPS_UNLESS((ret) != -EAGAIN || !emulates_flock(&self->scene), FLOCK_IS_EMULATED); \
	HOLDS(!(ret), "flock and fcntl locks exclude each other", \
	      "beside the lock of kind %s, one of kind %s is refused: %s", \
	      kind_at(&self->scene, beside), kind_at(&self->scene, site), REFUSAL(ret)); \
} while (0)

/* The kind of the test on site 0, and on others those that have nothing to do with it. */
static void add_independent_kinds(struct scene *scene)
{
	if (scene->site->kind == LOCK_FLOCK) {
		scene_add_kind(scene, LOCK_POSIX);
		scene_add_kind(scene, LOCK_OFD);
	} else {
		scene_add_kind(scene, LOCK_FLOCK);
	}
}

static int add_facing_kind(struct scene *scene)
{
	return scene_add_kind(scene, scene->site->kind == LOCK_OFD ? LOCK_POSIX : LOCK_OFD);
}

CLASS(promise);

/*
 * flock(2): "there is no interaction between the types of lock placed by flock() and fcntl(2)".
 * Whoever has them, and in whatever order.
 */
CLAIM(promise, TRAIT_FILE, flock_and_fcntl_locks_do_not_exclude_each_other)
{
	struct actor *holder, *other;

	add_independent_kinds(&self->scene);
	holder = actor_start(&self->scene, "holder");
	other = actor_start(&self->scene, "other");
	for (int i = 1; i < self->scene.sites; i++) {
		int ret;

		actor_lock(holder, EXCLUSIVE);
		ret = actor_try(other, at_site(i, EXCLUSIVE));
		FLOCK_IS_NOT_REFUSED(ret, i, 0);
		actor_unlock(other);
		ret = actor_try(holder, at_site(i, EXCLUSIVE));
		FLOCK_IS_NOT_REFUSED(ret, i, 0);
		actor_unlock_site(holder, 0);
		ret = actor_try(other, EXCLUSIVE);
		FLOCK_IS_NOT_REFUSED(ret, 0, i);
		actor_unlock(other);
		actor_unlock(holder);
	}
}

/*
 *	holder  A.............		both kinds
 *	holder  B......
 *	waiter     aaaaaaaaaaa A	waits for one of them
 *
 * The same sentence: the release of the one is none of the other, and ends no wait for it.
 */
CLAIM(promise, TRAIT_FILE, a_release_of_flock_or_fcntl_leaves_the_other)
{
	struct actor *holder, *waiter;

	add_independent_kinds(&self->scene);
	holder = actor_start(&self->scene, "holder");
	waiter = actor_start(&self->scene, "waiter");
	for (int i = 0; i < self->scene.sites; i++) {
		int other = i ? 0 : 1, ret;

		actor_lock(holder, at_site(i, EXCLUSIVE));
		ret = actor_try(holder, at_site(other, EXCLUSIVE));
		FLOCK_IS_NOT_REFUSED(ret, other, i);
		actor_queue(waiter, at_site(i, EXCLUSIVE));
		actor_unlock_site(holder, other);
		actor_settle(&self->scene);
		HOLDS(actor_waits(waiter), "a release of another kind ends the wait",
		      "the holder has released its %s lock, and the waiter was granted that of %s",
		      kind_at(&self->scene, other), kind_at(&self->scene, i));
		actor_unlock_site(holder, i);
		ret = actor_await(waiter);
		REQUIRES(!ret, "the waiter was to be granted the lock: %s", strerror(-ret));
		actor_unlock_site(waiter, i);
	}
}

#define IS_REFUSED(ret, who, site, beside) \
	HOLDS((ret) == -EAGAIN, "two kinds do not exclude each other", \
	      "beside the %s lock, %s asks for one of kind %s, and gets: %s", \
	      kind_at(&self->scene, beside), actor_name(who), kind_at(&self->scene, site), \
	      REFUSAL(ret))

/*
 * fcntl(2): "Conflicting lock combinations (i.e., a read lock and a write lock or two write
 * locks) where one lock is an open file description lock and the other is a traditional record
 * lock conflict even when they are acquired by the same process on the same file descriptor."
 */
CLAIM(promise, TRAIT_RANGES, posix_and_ofd_locks_exclude_each_other)
{
	int facing = add_facing_kind(&self->scene);
	struct actor *holder = actor_start(&self->scene, "holder");
	struct actor *other = actor_start(&self->scene, "other");

	for (int i = 0; i < 2; i++) {
		int site = i ? facing : 0, beside = i ? 0 : facing, ret;

		actor_lock(holder, at_site(beside, EXCLUSIVE));
		ret = actor_try(other, reading(&self->scene, site));
		IS_REFUSED(ret, other, site, beside);
		ret = actor_try(other, at_site(site, EXCLUSIVE));
		IS_REFUSED(ret, other, site, beside);
		actor_unlock_site(holder, beside);
		actor_lock(holder, reading(&self->scene, beside));
		ret = actor_try(other, at_site(site, EXCLUSIVE));
		IS_REFUSED(ret, other, site, beside);
		actor_unlock_site(holder, beside);
	}
}

CLAIM(promise, TRAIT_RANGES, posix_and_ofd_exclude_each_other_in_one_process)
{
	int facing = add_facing_kind(&self->scene);
	struct actor *both = actor_start_with(&self->scene, ACTOR_PROCESS, DESCRIPTION_INHERITED,
					      "both", 0);

	for (int i = 0; i < 2; i++) {
		int site = i ? facing : 0, beside = i ? 0 : facing, ret;

		actor_lock(both, at_site(beside, EXCLUSIVE));
		ret = actor_try(both, at_site(site, EXCLUSIVE));
		IS_REFUSED(ret, both, site, beside);
		actor_unlock_site(both, beside);
	}
}

/* fcntl(2): "Any number of processes may hold a read lock"; only "conflicting" ones conflict. */
CLAIM(promise, TRAIT_RANGES | TRAIT_SHARED, posix_and_ofd_readers_hold_it_together)
{
	int facing = add_facing_kind(&self->scene), ret;
	struct actor *reader = actor_start(&self->scene, "reader");
	struct actor *other = actor_start(&self->scene, "other");

	actor_lock(reader, SHARED);
	ret = actor_try(other, at_site(facing, SHARED));
	HOLDS(!ret, "readers exclude each other", "beside a %s reader, one of kind %s gets: %s",
	      kind_at(&self->scene, 0), kind_at(&self->scene, facing), REFUSAL(ret));
	ret = actor_try(reader, at_site(facing, SHARED));
	HOLDS(!ret, "readers exclude each other", "in one process, the reader gets: %s",
	      REFUSAL(ret));
}

CLASS(practice);

/*
 *	holder   HHHHHH.
 *	facing     wwwwwHH.	of the other kind
 *	second       wwwwwwwH
 *
 * They are one queue.
 */
CLAIM(practice, TRAIT_RANGES, posix_and_ofd_requests_wait_in_one_queue)
{
	int facing = add_facing_kind(&self->scene);
	struct actor *holder, *first, *second;

	/* If the release wakes the second as well, it runs first, and has the lock. */
	scene_on_one_cpu(&self->scene);
	holder = actor_start(&self->scene, "holder");
	first = actor_start(&self->scene, "first");
	second = actor_start(&self->scene, "second");
	actor_lock(holder, EXCLUSIVE);
	actor_queue(first, at_site(facing, EXCLUSIVE));
	actor_queue(second, EXCLUSIVE);
	actor_defer(first);
	actor_prefer(second);
	actor_unlock(holder);
	actor_settle(&self->scene);
	HOLDS(actor_holds(first) && actor_waits(second), "the kinds queue separately",
	      "after the release, the first (%s) %s, the second (%s) %s",
	      kind_at(&self->scene, facing), actor_holds(first) ? "holds it" : "does not hold it",
	      kind_at(&self->scene, 0), actor_waits(second) ? "waits" : "does not wait");
	actor_unlock_site(first, facing);
	actor_settle(&self->scene);
	HOLDS(actor_holds(second), "the wait does not end",
	      "after both releases the second does not hold the lock");
}

EXPECTATION_MAIN
