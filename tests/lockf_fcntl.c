// SPDX-License-Identifier: GPL-2.0
/*
 * Is a lock of lockf() a lock of fcntl()?
 *
 * POSIX.1-2024: "The interaction between fcntl() and lockf() locks is unspecified." lockf(3): "On
 * Linux, lockf() is just an interface on top of fcntl(2) locking", with the advice not to mix them.
 * So Linux promises what POSIX leaves open.
 */
#include "claim/claim.h"

/* Both on one file: a request at_site(by_fcntl, …) goes to fcntl(), the others go to lockf(). */
static int add_fcntl(struct scene *scene)
{
	return scene_add_kind(scene, KIND_POSIX);
}

/* The actor's try ends with @expected, 0 or -errno. */
static bool ends_with(struct actor *actor, struct lock_request request, int expected)
{
	int ret = actor_try(actor, request);

	return holds(actor->scene, ret == expected,
		     "%s asked %s() for %s lock on bytes %lld to %lld: %s", actor_name(actor),
		     request.site ? "fcntl" : "lockf",
		     request.mode == MODE_SHARED ? "a shared" : "an exclusive",
		     (long long)request.start, (long long)request.start + request.len - 1,
		     ret ? strerror(-ret) : "granted");
}

static bool is_refused(struct actor *actor, struct lock_request request)
{
	return ends_with(actor, request, -EAGAIN);
}

static bool is_granted(struct actor *actor, struct lock_request request)
{
	return ends_with(actor, request, 0);
}

/* ---- two processes ---- */

PROMISE(LOCKF, lockf_and_fcntl_exclude_each_other)
{
	int by_fcntl = add_fcntl(scene);
	struct actor *one = actor_start(scene, "one");
	struct actor *other = actor_start(scene, "other");

	actor_lock(one, at_site(by_fcntl, SHARED_ON(0, 4)));
	actor_lock(one, at_site(by_fcntl, EXCLUSIVE_ON(4, 4)));
	actor_lock(one, EXCLUSIVE_ON(8, 4));
	is_refused(other, EXCLUSIVE_ON(3, 1));
	is_refused(other, EXCLUSIVE_ON(4, 1));
	is_refused(other, at_site(by_fcntl, SHARED_ON(8, 1)));
	is_refused(other, at_site(by_fcntl, EXCLUSIVE_ON(11, 1)));
	is_granted(other, EXCLUSIVE_ON(12, 4));
}

PROMISE(LOCKF, lockf_and_fcntl_wait_for_each_other)
{
	int by_fcntl = add_fcntl(scene);
	struct actor *one = actor_start(scene, "one");
	struct actor *other = actor_start(scene, "other");

	actor_lock(one, EXCLUSIVE);
	actor_queue(other, at_site(by_fcntl, SHARED));
	actor_unlock_site(one, 0);
	actor_settle(scene);
	holds(scene, actor_holds(other), "other sleeps on in fcntl");
	actor_queue(one, EXCLUSIVE);
	actor_unlock_site(other, by_fcntl);
	actor_settle(scene);
	holds(scene, actor_holds(one), "one sleeps on in lockf");
}

/* ---- one process ---- */

PROMISE(LOCKF, each_releases_what_the_other_has_locked)
{
	int by_fcntl = add_fcntl(scene);
	struct actor *owner = actor_start(scene, "owner");
	struct actor *peer = actor_start(scene, "peer");

	scene_needs(scene, LACKS_PARTS);
	actor_lock(owner, EXCLUSIVE_ON(0, 8));
	actor_unlock_site(owner, by_fcntl);
	bytes_are(peer, 0, "................");
	actor_lock(owner, at_site(by_fcntl, EXCLUSIVE_ON(0, 8)));
	actor_unlock_range(owner, 2, 4);
	bytes_are(peer, 0, "XX....XX........");
}

PROMISE(LOCKF, each_converts_what_the_other_has_locked)
{
	int by_fcntl = add_fcntl(scene);
	struct actor *owner = actor_start(scene, "owner");
	struct actor *peer = actor_start(scene, "peer");

	scene_needs(scene, LACKS_CONVERSION);
	actor_lock(owner, EXCLUSIVE_ON(0, 8));
	is_granted(owner, at_site(by_fcntl, SHARED_ON(0, 8)));
	is_granted(peer, at_site(by_fcntl, SHARED_ON(0, 4)));
	is_granted(owner, EXCLUSIVE_ON(4, 4));
	is_refused(peer, at_site(by_fcntl, SHARED_ON(4, 4)));
	is_refused(owner, EXCLUSIVE_ON(0, 4));
}

static int test_then_try(struct actor *self, void *arg)
{
	unsigned long long *number = self->scene->shared->number;

	(void)arg;
	if (lseek(self->lock->fd, 0, SEEK_SET) < 0)
		return -errno;
	number[0] = lockf(self->lock->fd, F_TEST, 4) < 0 ? errno : 0;
	number[1] = lockf(self->lock->fd, F_TLOCK, 4) < 0 ? errno : 0;
	return 0;
}

/*
 * Nothing changes between the two calls: there is a reader all the time. F_TLOCK asks for an
 * exclusive lock, but F_TEST, in glibc and musl, asks whether a shared one could be placed.
 */
FOLKLORE(LOCKF, a_section_that_tests_free_can_be_locked, "F_TEST overlooks a reader")
{
	int by_fcntl = add_fcntl(scene);
	struct actor *reader = actor_start(scene, "reader");
	struct actor *tester = actor_start(scene, "tester");
	int test, try;

	actor_lock(reader, at_site(by_fcntl, SHARED));
	actor_do(tester, test_then_try, NULL);
	test = scene->shared->number[0];
	try = scene->shared->number[1];
	requires(scene, try, "F_TLOCK should have been refused beside a reader");
	holds(scene, test, "F_TEST succeeded, and then F_TLOCK: %s", strerror(try));
}

CLAIM_MAIN
