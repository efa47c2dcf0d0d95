// SPDX-License-Identifier: GPL-2.0
/*
 * What does a release free?
 *
 * All that its owner holds of those bytes, however often the owner has asked for them: a lock is
 * held or not, and nothing is counted. It frees nothing that another owner holds, and it is no
 * error if there is nothing to free. (Which bytes it frees: tests/ranges.c.)
 */
#include "claim/claim.h"
#include "new_file.h"

static const char *got(int ret)
{
	return ret ? strerror(-ret) : "the lock";
}

/* The peer is refused, and after one release by the holder it is granted the lock. */
static void one_release_frees_it(struct actor *holder, struct actor *peer)
{
	struct scene *scene = holder->scene;
	int ret = actor_try(peer, EXCLUSIVE);

	requires(scene, ret == -EAGAIN, "beside the holder, the peer got: %s", got(ret));
	actor_unlock(holder);
	ret = actor_try(peer, EXCLUSIVE);
	holds(scene, !ret, "after one release the peer got: %s", got(ret));
	actor_unlock(peer);
}

/* ---- nothing is counted ---- */

/* Have @holder lock it as @first says, and again as @then says: by a try, and by waiting. */
static void takes_it_again(struct actor *holder, enum lock_mode first, enum lock_mode then)
{
	struct lock_request request = { .mode = then };
	int ret;

	actor_lock(holder, (struct lock_request){ .mode = first });
	ret = actor_try(holder, request);
	holds(holder->scene, !ret, "the holder, which tried for it again, got: %s", got(ret));
	actor_lock(holder, request);
}

/*
 *	holder  HHHHHHHHH.	takes it three times, in one mode or in both
 *	peer            x H
 *
 * fcntl(2): "if a new lock is applied to an already-locked region, then the existing lock is
 * converted"; flock(2): "A process may hold only one type of lock (shared or exclusive) on a
 * file"; lockf(3): "If this section overlaps an earlier locked section, both are merged".
 */
PROMISE(FILE_LOCKS, one_release_frees_what_was_taken_several_times)
{
	struct actor *holder = actor_start(scene, "holder");
	struct actor *peer = actor_start(scene, "peer");
	enum lock_mode least = is_kind(scene, SHARED_MODE) ? MODE_SHARED : MODE_EXCLUSIVE;

	scene_judges(scene, LACKS_CONVERSION);
	for (enum lock_mode first = least; first <= MODE_EXCLUSIVE; first++) {
		for (enum lock_mode then = least; then <= MODE_EXCLUSIVE; then++) {
			takes_it_again(holder, first, then);
			one_release_frees_it(holder, peer);
		}
	}
}

/*
 * The same sentences: two processes with one open file description, or two threads of one
 * process, are one owner, which has one lock. Each can release what the other has taken.
 */
PROMISE(FILE_LOCKS, one_release_frees_what_two_of_one_owner_have_taken)
{
	bool process_owns = is_kind(scene, OWNED_BY_PROCESS);
	enum actor_sort sort = process_owns ? ACTOR_THREAD : ACTOR_PROCESS;
	enum lock_description how = process_owns ? DESCRIPTION_OWN : DESCRIPTION_INHERITED;
	struct actor *peer = actor_start(scene, "peer");
	struct actor *first = actor_start_with(scene, sort, how, "first", 0);
	struct actor *second = actor_start_with(scene, sort, how, "second", 0);

	scene_judges(scene, LACKS_OWNER);
	actor_lock(first, EXCLUSIVE);
	one_release_frees_it(second, peer);
	scene_needs(scene, LACKS_CONVERSION);
	actor_lock(first, EXCLUSIVE);
	actor_lock(second, EXCLUSIVE);
	one_release_frees_it(first, peer);
}

/* The same for bytes that two requests have in common. */
PROMISE(RECORD_LOCKS, one_release_frees_the_bytes_that_were_taken_twice)
{
	struct actor *holder = actor_start(scene, "holder");
	struct actor *peer = actor_start(scene, "peer");

	actor_lock(holder, EXCLUSIVE_ON(0, 8));
	actor_lock(holder, EXCLUSIVE_ON(4, 8));
	bytes_are(peer, 0, "XXXXXXXXXXXX..");
	actor_unlock_range(holder, 4, 4);
	bytes_are(peer, 0, "XXXX....XXXX..");
}

/* ---- only the owner's locks ---- */

/* number[0]: 0, or the errno of the release. */
static int release(struct actor *self, void *arg)
{
	(void)arg;
	self->scene->shared->number[0] = -act_unlock(self);
	return 0;
}

/*
 *	holder  HHHHHHHHHHHH.
 *	waiter    wwwwwwwwwwwH
 *	other       . x		releases what it does not hold, and is refused
 */
static void releases_nothing(struct actor *holder, struct actor *other)
{
	struct scene *scene = holder->scene;
	struct actor *waiter = actor_start(scene, "waiter");
	int ret;

	actor_lock(holder, EXCLUSIVE);
	actor_queue(waiter, EXCLUSIVE);
	actor_do(other, release, NULL);
	ret = actor_try(other, EXCLUSIVE);
	holds(scene, ret == -EAGAIN, "the other released the holder's lock, tried it, and got: %s",
	      got(ret));
	actor_settle(scene);
	holds(scene, actor_waits(waiter),
	      "the other released the holder's lock, and the waiter sleeps no more");
	actor_unlock(holder);
	actor_settle(scene);
	holds(scene, actor_holds(waiter), "the holder released the lock, and the waiter sleeps on");
}

/*
 * POSIX.1-2024 fcntl(): a request replaces the "previously existing locks" of "the calling
 * process"; of OFD locks, which are "in most respects identical", fcntl(2), the owner is the
 * description. flock(2): "the lock is released either by an explicit LOCK_UN operation on any of
 * these duplicate file descriptors, or when all such file descriptors have been closed". lockf(3)
 * "is just an interface on top of fcntl(2) locking".
 */
PROMISE(FILE_LOCKS, a_release_by_another_owner_releases_nothing)
{
	releases_nothing(actor_start(scene, "holder"), actor_start(scene, "other"));
}

/* Another process has the same description, and is another owner. */
PROMISE(OWNED_BY_PROCESS, a_release_through_the_same_description_releases_nothing)
{
	struct actor *holder = actor_start_with(scene, ACTOR_PROCESS, DESCRIPTION_INHERITED,
						"holder", 0);

	releases_nothing(holder, actor_start_with(scene, ACTOR_PROCESS, DESCRIPTION_INHERITED,
						  "other", 0));
}

/* Another thread of the process has another description, which is another owner. */
PROMISE(OWNED_BY_DESCRIPTION, a_release_through_another_description_releases_nothing)
{
	struct actor *holder = actor_start_with(scene, ACTOR_THREAD, DESCRIPTION_OWN, "holder", 0);

	releases_nothing(holder,
			 actor_start_with(scene, ACTOR_THREAD, DESCRIPTION_OWN, "other", 0));
}

static int release_of_a_new_file(struct actor *self, void *arg)
{
	struct new_file file;
	int err = new_file_open(&file, self->scene);

	(void)arg;
	if (err)
		return err;
	self->scene->shared->number[0] = -lock_release(&file.lock, 0, 0);
	new_file_close(&file);
	return 0;
}

static void release_succeeds(struct actor *other, actor_job job, const char *file)
{
	int err;

	actor_do(other, job, NULL);
	err = other->scene->shared->number[0];
	holds(other->scene, !err, "a release of the file that %s: %s", file, strerror(err));
}

/* On a new file; on one that another process has locked; and for a second time. */
PRACTICE(FILE_LOCKS, a_release_of_nothing_succeeds)
{
	struct actor *holder = actor_start(scene, "holder");
	struct actor *other = actor_start(scene, "other");

	release_succeeds(other, release_of_a_new_file, "nobody has locked");
	actor_lock(holder, EXCLUSIVE);
	release_succeeds(other, release, "another has locked");
	actor_unlock(holder);
	actor_lock(other, EXCLUSIVE);
	actor_unlock(other);
	release_succeeds(other, release, "it has released already");
}

CLAIM_MAIN
