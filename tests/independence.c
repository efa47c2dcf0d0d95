// SPDX-License-Identifier: GPL-2.0
/*
 * Independence: which kinds of lock on one file exclude each other?
 *
 *		posix	ofd	lockf	flock
 *	posix	 x	 x	 x	 .	x: they exclude each other
 *	ofd		 x	 x	 .	.: they do not
 *	lockf			 x	 .
 *	flock				 x
 */

#include "claim/claim.h"
#include "network.h"

/* Describe what an actor got whose request returned @ret. */
static const char *got(int ret)
{
	return ret ? strerror(-ret) : "the lock";
}

static const char *kind_at(const struct scene *scene, int site)
{
	return lock_kind_name(scene->site[site].kind);
}

/* A request for a shared lock; for an exclusive one if that kind has no shared mode. */
static struct lock_request reading(const struct scene *scene, int site)
{
	bool shared = 1u << scene->site[site].kind & SHARED_MODE;

	return at_site(site, shared ? SHARED : EXCLUSIVE);
}

/*
 * Fail the claim if a request on @site, with the result @ret, was refused for a lock on site
 * @beside. One of the two is a flock, the other is not.
 */
static void is_not_refused(struct scene *scene, int ret, int site, int beside)
{
	skip_unless(scene, ret != -EAGAIN || !emulates_flock(scene), FLOCK_IS_EMULATED);
	holds(scene, !ret, "beside the lock of kind %s, one of kind %s is refused: %s",
	      kind_at(scene, beside), kind_at(scene, site), got(ret));
}

/* Add sites with the kinds that are independent of the test's own, which is on site 0. */
static void add_independent_kinds(struct scene *scene)
{
	if (scene->site->kind == KIND_FLOCK) {
		scene_add_kind(scene, KIND_POSIX);
		scene_add_kind(scene, KIND_OFD);
	} else {
		scene_add_kind(scene, KIND_FLOCK);
	}
}

/* Add a site with a kind that excludes the test's own. Return its number. */
static int add_conflicting_kind(struct scene *scene)
{
	return scene_add_kind(scene, scene->site->kind == KIND_OFD ? KIND_POSIX : KIND_OFD);
}

/*
 * flock(2): "there is no interaction between the types of lock placed by flock() and fcntl(2)".
 * This holds for any owners and in any order.
 */
PROMISE(FILE_LOCKS, flock_and_fcntl_locks_do_not_exclude_each_other)
{
	struct actor *holder, *other;

	add_independent_kinds(scene);
	holder = actor_start(scene, "holder");
	other = actor_start(scene, "other");
	for (int i = 1; i < scene->sites; i++) {
		int ret;

		actor_lock(holder, EXCLUSIVE);
		ret = actor_try(other, at_site(i, EXCLUSIVE));
		is_not_refused(scene, ret, i, 0);
		actor_unlock(other);
		ret = actor_try(holder, at_site(i, EXCLUSIVE));
		is_not_refused(scene, ret, i, 0);
		actor_unlock_site(holder, 0);
		ret = actor_try(other, EXCLUSIVE);
		is_not_refused(scene, ret, 0, i);
		actor_unlock(other);
		actor_unlock(holder);
	}
}

/*
 *	holder  A.............		both kinds
 *	holder  B......
 *	waiter     aaaaaaaaaaa A	waits for one of them
 *
 * The same sentence: a release of one kind does not release the other, and ends no wait for it.
 */
PROMISE(FILE_LOCKS, a_release_of_flock_or_fcntl_leaves_the_other)
{
	struct actor *holder, *waiter;

	add_independent_kinds(scene);
	holder = actor_start(scene, "holder");
	waiter = actor_start(scene, "waiter");
	for (int i = 0; i < scene->sites; i++) {
		int other = i ? 0 : 1, ret;

		actor_lock(holder, at_site(i, EXCLUSIVE));
		ret = actor_try(holder, at_site(other, EXCLUSIVE));
		is_not_refused(scene, ret, other, i);
		actor_queue(waiter, at_site(i, EXCLUSIVE));
		actor_unlock_site(holder, other);
		actor_settle(scene);
		holds(scene, actor_waits(waiter),
		      "the holder has released its %s lock, and the waiter was granted that of %s",
		      kind_at(scene, other), kind_at(scene, i));
		actor_unlock_site(holder, i);
		ret = actor_await(waiter);
		requires(scene, !ret, "the waiter should have been granted the lock: %s",
			 strerror(-ret));
		actor_unlock_site(waiter, i);
	}
}

/* Fail the claim unless @actor's request on @site was refused (@ret) for a lock on site @beside. */
static void is_refused(int ret, const struct actor *actor, int site, int beside)
{
	struct scene *scene = actor->scene;

	holds(scene, ret == -EAGAIN, "beside the %s lock, %s asks for one of kind %s, and gets: %s",
	      kind_at(scene, beside), actor_name(actor), kind_at(scene, site), got(ret));
}

/*
 * fcntl(2): "Conflicting lock combinations (i.e., a read lock and a write lock or two write
 * locks) where one lock is an open file description lock and the other is a traditional record
 * lock conflict even when they are acquired by the same process on the same file descriptor."
 */
PROMISE(RECORD_LOCKS, posix_and_ofd_locks_exclude_each_other)
{
	int other_kind = add_conflicting_kind(scene);
	struct actor *holder = actor_start(scene, "holder");
	struct actor *other = actor_start(scene, "other");

	for (int i = 0; i < 2; i++) {
		int site = i ? other_kind : 0, beside = i ? 0 : other_kind, ret;

		actor_lock(holder, at_site(beside, EXCLUSIVE));
		ret = actor_try(other, reading(scene, site));
		is_refused(ret, other, site, beside);
		ret = actor_try(other, at_site(site, EXCLUSIVE));
		is_refused(ret, other, site, beside);
		actor_unlock_site(holder, beside);
		actor_lock(holder, reading(scene, beside));
		ret = actor_try(other, at_site(site, EXCLUSIVE));
		is_refused(ret, other, site, beside);
		actor_unlock_site(holder, beside);
	}
}

PROMISE(RECORD_LOCKS, posix_and_ofd_exclude_each_other_in_one_process)
{
	int other_kind = add_conflicting_kind(scene);
	struct actor *both = actor_start_with(scene, ACTOR_PROCESS, DESCRIPTION_INHERITED,
					      "both", 0);

	for (int i = 0; i < 2; i++) {
		int site = i ? other_kind : 0, beside = i ? 0 : other_kind, ret;

		actor_lock(both, at_site(beside, EXCLUSIVE));
		ret = actor_try(both, at_site(site, EXCLUSIVE));
		is_refused(ret, both, site, beside);
		actor_unlock_site(both, beside);
	}
}

/* fcntl(2): "Any number of processes may hold a read lock"; only "conflicting" ones conflict. */
PROMISE(POSIX | OFD, posix_and_ofd_readers_hold_it_together)
{
	int other_kind = add_conflicting_kind(scene), ret;
	struct actor *reader = actor_start(scene, "reader");
	struct actor *other = actor_start(scene, "other");

	actor_lock(reader, SHARED);
	ret = actor_try(other, at_site(other_kind, SHARED));
	holds(scene, !ret, "beside a %s reader, one of kind %s gets: %s", kind_at(scene, 0),
	      kind_at(scene, other_kind), got(ret));
	ret = actor_try(reader, at_site(other_kind, SHARED));
	holds(scene, !ret, "in one process, the reader gets: %s", got(ret));
}

/*
 *	holder   HHHHHH.
 *	first      wwwwwHH.	of the other kind
 *	second       wwwwwwwH
 */
PRACTICE(RECORD_LOCKS, posix_and_ofd_requests_wait_in_one_queue)
{
	int other_kind = add_conflicting_kind(scene);
	struct actor *holder, *first, *second;

	order_can_be_seen(scene);
	/* If the release also woke the second, it would run first and take the lock. */
	scene_on_one_cpu(scene);
	holder = actor_start(scene, "holder");
	first = actor_start(scene, "first");
	second = actor_start(scene, "second");
	actor_lock(holder, EXCLUSIVE);
	actor_queue(first, at_site(other_kind, EXCLUSIVE));
	actor_queue(second, EXCLUSIVE);
	actor_defer(first);
	actor_prefer(second);
	actor_unlock(holder);
	actor_settle(scene);
	holds(scene, actor_holds(first) && actor_waits(second),
	      "after the release, the first (%s) %s, the second (%s) %s",
	      kind_at(scene, other_kind), actor_holds(first) ? "holds it" : "does not hold it",
	      kind_at(scene, 0), actor_waits(second) ? "waits" : "does not wait");
	actor_unlock_site(first, other_kind);
	actor_settle(scene);
	holds(scene, actor_holds(second), "after both releases the second does not hold the lock");
}

CLAIM_MAIN
