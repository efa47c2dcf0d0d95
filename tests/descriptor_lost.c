// SPDX-License-Identifier: GPL-2.0
/*
 * What if the descriptor goes while a lock call sleeps with it?
 *
 * A thread waits for a lock through a descriptor that another thread closes, or makes into
 * another file by dup2(2). The wait goes on, and in the end the lock is granted, to whom?
 * There must be none that has no owner. (What if both happen at once: tests/race.c.)
 */
#include "claim/expectation.h"

CLASS(promise);
CLASS(practice);

static const char *outcome(int ret)
{
	return ret ? strerror(-ret) : "granted";
}

struct cast {
	struct actor *holder, *peer, *waiter;
};

/*
 *	holder  HHHHHHHHHH.
 *	waiter     wwwwwwww?	a thread of this process
 *	test           |	closes the waiter's descriptor
 *
 * The waiter is started last, for a fork would give its description to the others.
 */
static struct cast queue_a_thread(struct scene *scene, struct lock_request request)
{
	struct cast cast = {
		.holder = actor_start(scene, "holder"),
		.peer = actor_start(scene, "peer"),
	};

	cast.waiter = actor_start_with(scene, ACTOR_THREAD, DESCRIPTION_OWN, "waiter", 0);
	actor_lock(cast.holder, request);
	actor_queue(cast.waiter, request);
	return cast;
}

static int grant(const struct cast *cast)
{
	actor_unlock(cast->holder);
	return actor_await(cast->waiter);
}

#define PEER_IS_GRANTED(after) do { \
	int got = actor_try(cast.peer, EXCLUSIVE); \
	HOLDS(!got, "a lock is left behind", after ", the peer: %s", strerror(-got)); \
} while (0)

/*
 * POSIX.1-2024, 2.9.7, of close(), dup2(), fcntl() and others: "each call shall either see
 * all of the specified effects of the other call, or none of them". close() removes the
 * process's locks on the file; it may come first, or last. fcntl(2) and flock(2): others go
 * with the last descriptor. 2.6.12 (c293621bbf67), and again 6.10 (3cad1bc01041).
 */
CLAIM(promise, TRAIT_FILE, a_lock_granted_after_close_is_not_left_behind)
{
	struct cast cast = queue_a_thread(&self->scene, EXCLUSIVE);

	SETS_UP(close(cast.waiter->lock[0].fd));
	grant(&cast);
	PEER_IS_GRANTED("after a grant to a closed descriptor");
}

/* POSIX would let it succeed, too; fcntl_setlk() takes the lock back, and says so. */
CLAIM(practice, TRAIT_OWNED_BY_PROCESS, a_grant_after_dup2_says_ebadf)
{
	struct cast cast = queue_a_thread(&self->scene, EXCLUSIVE);
	int ret;

	SETS_UP(dup2(self->scene.poke[0], cast.waiter->lock[0].fd));
	ret = grant(&cast);
	HOLDS(ret == -EBADF, "another result", "the waiter whose descriptor was replaced: %s",
	      outcome(ret));
	PEER_IS_GRANTED("after a grant to a replaced descriptor");
}

/*
 *	holder  HHHHHHHHHHHHH.		the first bytes
 *	waiter     wwwwwwwwwwx		a thread of this process
 *	test           |		replaces the waiter's descriptor
 *	other            HHHHH		other bytes, as a thread of this process
 *	peer                   H	what other had
 *
 * 3cad1bc01041 (6.10, and stable from 5.10.223): the lock that was granted is taken back
 * together with all that the process has on the file, as by a close that comes now.
 */
CLAIM(practice, TRAIT_OWNED_BY_PROCESS, ebadf_after_dup2_ends_every_lock_of_the_process)
{
	struct lock_request other_bytes = EXCLUSIVE_ON(100, 10);
	struct cast cast = queue_a_thread(&self->scene, EXCLUSIVE_ON(0, 10));
	struct actor *other = actor_start_with(&self->scene, ACTOR_THREAD, DESCRIPTION_OWN,
					       "other", 0);
	int ret;

	SETS_UP(dup2(self->scene.poke[0], cast.waiter->lock[0].fd));
	actor_lock(other, other_bytes);
	ret = actor_try(cast.peer, other_bytes);
	REQUIRES(ret == -EAGAIN, "the peer was not refused what another thread has locked: %s",
		 outcome(ret));
	ret = grant(&cast);
	REQUIRES(ret == -EBADF, "the waiter whose descriptor was replaced: %s", outcome(ret));
	ret = actor_try(cast.peer, other_bytes);
	HOLDS(!ret, "other locks are kept",
	      "the waiter was told EBADF, and the peer was refused what the other had locked: %s",
	      strerror(-ret));
}

/*
 * The description is the owner, whatever its descriptors are. From 2.6.12 to 4.6
 * (0752ba807b04) an OFD lock, too, was answered with EBADF.
 */
CLAIM(practice, TRAIT_OWNED_BY_DESCRIPTION, a_grant_after_close_stays_with_the_duplicate)
{
	struct cast cast = queue_a_thread(&self->scene, EXCLUSIVE);
	struct lock duplicate = cast.waiter->lock[0];
	int ret, peer;

	SETS_UP(duplicate.fd = dup(cast.waiter->lock[0].fd));
	SETS_UP(close(cast.waiter->lock[0].fd));
	ret = grant(&cast);
	HOLDS(!ret, "another result", "the waiter whose description had a duplicate: %s",
	      strerror(-ret));
	peer = actor_try(cast.peer, EXCLUSIVE);
	HOLDS(peer == -EAGAIN, "the lock is lost", "after a grant to the description, the peer: %s",
	      outcome(peer));
	lock_release(&duplicate, 0, 0);
	PEER_IS_GRANTED("after a release through the duplicate");
}

EXPECTATION_MAIN
