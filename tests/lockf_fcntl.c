// SPDX-License-Identifier: GPL-2.0
/*
 * Is a lock of lockf() a lock of fcntl()?
 *
 * POSIX.1-2024: "The interaction between fcntl() and lockf() locks is unspecified." lockf(3):
 * "On Linux, lockf() is just an interface on top of fcntl(2) locking", with the advice not to
 * mix them. What one sentence leaves open the other promises; what mixes them here is for the
 * test's sake alone.
 */
#include "claim/expectation.h"

/* Both on one file: a request at_site(by_fcntl, …) is made with fcntl, others with lockf. */
static int add_fcntl(struct scene *scene)
{
	return scene_add_kind(scene, LOCK_POSIX);
}

#define IS_REFUSED(actor, request) do { \
	int ret = actor_try(actor, request); \
	HOLDS(ret == -EAGAIN, "fcntl and lockf do not see each other", \
	      "%s asked for %s: %s", actor_name(actor), #request, \
	      ret ? strerror(-ret) : "granted"); \
} while (0)

#define IS_GRANTED(actor, request) do { \
	int ret = actor_try(actor, request); \
	HOLDS(!ret, "fcntl and lockf do not have one lock", \
	      "%s asked for %s: %s", actor_name(actor), #request, strerror(-ret)); \
} while (0)

CLASS(promise);

/* ---- two processes ---- */

CLAIM(promise, TRAIT_FROM_POSITION, lockf_and_fcntl_exclude_each_other)
{
	int by_fcntl = add_fcntl(&self->scene);
	struct actor *one = actor_start(&self->scene, "one");
	struct actor *other = actor_start(&self->scene, "other");

	actor_lock(one, at_site(by_fcntl, SHARED_ON(0, 4)));
	actor_lock(one, at_site(by_fcntl, EXCLUSIVE_ON(4, 4)));
	actor_lock(one, EXCLUSIVE_ON(8, 4));
	IS_REFUSED(other, EXCLUSIVE_ON(3, 1));
	IS_REFUSED(other, EXCLUSIVE_ON(4, 1));
	IS_REFUSED(other, at_site(by_fcntl, SHARED_ON(8, 1)));
	IS_REFUSED(other, at_site(by_fcntl, EXCLUSIVE_ON(11, 1)));
	IS_GRANTED(other, EXCLUSIVE_ON(12, 4));
}

CLAIM(promise, TRAIT_FROM_POSITION, lockf_and_fcntl_wait_for_each_other)
{
	int by_fcntl = add_fcntl(&self->scene);
	struct actor *one = actor_start(&self->scene, "one");
	struct actor *other = actor_start(&self->scene, "other");

	actor_lock(one, EXCLUSIVE);
	actor_queue(other, at_site(by_fcntl, SHARED));
	actor_unlock_site(one, 0);
	actor_settle(&self->scene);
	HOLDS(actor_holds(other), "a waiter is forgotten", "other sleeps on in fcntl");
	actor_queue(one, EXCLUSIVE);
	actor_unlock_site(other, by_fcntl);
	actor_settle(&self->scene);
	HOLDS(actor_holds(one), "a waiter is forgotten", "one sleeps on in lockf");
}

/* ---- one process ---- */

CLAIM(promise, TRAIT_FROM_POSITION, each_releases_what_the_other_has_locked)
{
	int by_fcntl = add_fcntl(&self->scene);
	struct actor *owner = actor_start(&self->scene, "owner");
	struct actor *peer = actor_start(&self->scene, "peer");

	actor_lock(owner, EXCLUSIVE_ON(0, 8));
	actor_unlock_site(owner, by_fcntl);
	BYTES_ARE(peer, 0, "................");
	actor_lock(owner, at_site(by_fcntl, EXCLUSIVE_ON(0, 8)));
	actor_unlock_range(owner, 2, 4);
	BYTES_ARE(peer, 0, "XX....XX........");
}

CLAIM(promise, TRAIT_FROM_POSITION, each_converts_what_the_other_has_locked)
{
	int by_fcntl = add_fcntl(&self->scene);
	struct actor *owner = actor_start(&self->scene, "owner");
	struct actor *peer = actor_start(&self->scene, "peer");

	actor_lock(owner, EXCLUSIVE_ON(0, 8));
	IS_GRANTED(owner, at_site(by_fcntl, SHARED_ON(0, 8)));
	IS_GRANTED(peer, at_site(by_fcntl, SHARED_ON(0, 4)));
	IS_GRANTED(owner, EXCLUSIVE_ON(4, 4));
	IS_REFUSED(peer, at_site(by_fcntl, SHARED_ON(4, 4)));
	IS_REFUSED(owner, EXCLUSIVE_ON(0, 4));
}

CLASS(folklore);

static int test_then_try(struct actor *self, void *arg)
{
	unsigned long long *number = self->scene->board->number;

	(void)arg;
	if (lseek(self->lock->fd, 0, SEEK_SET) < 0)
		return -errno;
	number[0] = lockf(self->lock->fd, F_TEST, 4) < 0 ? errno : 0;
	number[1] = lockf(self->lock->fd, F_TLOCK, 4) < 0 ? errno : 0;
	return 0;
}

/*
 * Nobody gets in between: there is a reader all the time. F_TLOCK asks to be a writer, but
 * F_TEST, in glibc as in musl, whether one could be a reader.
 */
CLAIM(folklore, TRAIT_FROM_POSITION, a_section_that_tests_free_can_be_locked)
{
	int by_fcntl = add_fcntl(&self->scene);
	struct actor *reader = actor_start(&self->scene, "reader");
	struct actor *tester = actor_start(&self->scene, "tester");
	int test, try;

	actor_lock(reader, at_site(by_fcntl, SHARED));
	actor_do(tester, test_then_try, NULL);
	test = self->scene.board->number[0];
	try = self->scene.board->number[1];
	REQUIRES(try, "F_TLOCK was to be refused beside a reader");
	HOLDS(test, "F_TEST overlooks a reader", "F_TEST succeeded, and then F_TLOCK: %s",
	      strerror(try));
}

EXPECTATION_MAIN
