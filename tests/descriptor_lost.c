// SPDX-License-Identifier: GPL-2.0
/*
 * What if a descriptor is closed while a lock call sleeps with it?
 *
 * A thread waits for a lock through a descriptor that another thread closes, or replaces by
 * another file with dup2(2). The wait goes on, and in the end the lock is granted. To whom? No
 * lock may be left without an owner. (race.c: both happen at the same moment.)
 */
#include "claim/claim.h"

static const char *outcome(int ret)
{
	return ret ? strerror(-ret) : "granted";
}

struct thread_queue {
	struct actor *holder, *peer, *waiter;
};

/*
 *	holder  HHHHHHHHHH.
 *	waiter     wwwwwwww?	a thread of this process
 *	test           |	closes the waiter's descriptor
 *
 * The waiter is started last, because a fork would give its description to the others.
 */
static struct thread_queue queue_a_thread(struct scene *scene, struct lock_request request)
{
	struct thread_queue queue = {
		.holder = actor_start(scene, "holder"),
		.peer = actor_start(scene, "peer"),
	};

	queue.waiter = actor_start_with(scene, ACTOR_THREAD, DESCRIPTION_OWN, "waiter", 0);
	actor_lock(queue.holder, request);
	actor_queue(queue.waiter, request);
	return queue;
}

static int grant(const struct thread_queue *queue)
{
	actor_unlock(queue->holder);
	return actor_await(queue->waiter);
}

static void peer_is_granted(struct actor *peer, const char *when)
{
	int ret = actor_try(peer, EXCLUSIVE);

	holds(peer->scene, !ret, "%s, the peer: %s", when, strerror(-ret));
}

/* Close the waiter's descriptor, or make it one of another file. */
static void close_descriptor(struct actor *waiter)
{
	if (scene_goes_on(waiter->scene))
		sets_up(waiter->scene, close(waiter->lock[0].fd), "close");
}

static void replace_descriptor(struct actor *waiter)
{
	struct scene *scene = waiter->scene;

	if (scene_goes_on(scene))
		sets_up(scene, dup2(scene->wake[0], waiter->lock[0].fd), "dup2");
}

/*
 * POSIX.1-2024, 2.9.7, of close(), dup2(), fcntl() and others: "each call shall either see
 * all of the specified effects of the other call, or none of them". close() removes the
 * process's locks on the file; it may come first, or last. fcntl(2) and flock(2): others go
 * with the last descriptor. Fixed in 2.6.12, and again in 6.10 (3cad1bc01041).
 */
PROMISE(FILE_LOCKS, a_lock_granted_after_close_is_not_left_behind)
{
	struct thread_queue queue = queue_a_thread(scene, EXCLUSIVE);

	fixed_by("3cad1bc01041", "6.10");
	close_descriptor(queue.waiter);
	grant(&queue);
	peer_is_granted(queue.peer, "after a grant to a closed descriptor");
}

/* POSIX would permit success, too; fcntl_setlk() takes the lock back and returns EBADF. */
PRACTICE(OWNED_BY_PROCESS, a_grant_after_dup2_says_ebadf)
{
	struct thread_queue queue = queue_a_thread(scene, EXCLUSIVE);
	int ret;

	replace_descriptor(queue.waiter);
	ret = grant(&queue);
	holds(scene, ret == -EBADF, "the waiter whose descriptor was replaced: %s", outcome(ret));
	peer_is_granted(queue.peer, "after a grant to a replaced descriptor");
}

/* The number may refer to the same file again: what counts is the description. */
PRACTICE(OWNED_BY_PROCESS, a_grant_after_another_open_says_ebadf)
{
	struct thread_queue queue = queue_a_thread(scene, EXCLUSIVE);
	struct lock again = { .fd = -1 };
	int ret;

	if (!scene_goes_on(scene))
		return;
	ret = lock_open(&again, scene->site, DESCRIPTION_OWN);
	requires(scene, !ret, "opening the file again: %s", strerror(-ret));
	sets_up(scene, dup2(again.fd, queue.waiter->lock[0].fd), "dup2");
	ret = grant(&queue);
	holds(scene, ret == -EBADF, "the waiter whose number has another description: %s",
	      outcome(ret));
	peer_is_granted(queue.peer, "after a grant to another description");
}

/*
 *	holder  HHHHHHHHHHHHH.		the first bytes
 *	waiter     wwwwwwwwwwx		a thread of this process
 *	test           |		replaces the waiter's descriptor
 *	other            HHHHH		other bytes, as a thread of this process
 *	peer                   H	the bytes that other had
 *
 * 3cad1bc01041 (6.10, and stable from 5.10.223): the kernel takes back the lock that was granted,
 * and all other locks of the process on the file, as close() would.
 */
PRACTICE(OWNED_BY_PROCESS, ebadf_after_dup2_ends_every_lock_of_the_process)
{
	struct lock_request other_bytes = EXCLUSIVE_ON(100, 10);
	struct thread_queue queue = queue_a_thread(scene, EXCLUSIVE_ON(0, 10));
	struct actor *other = actor_start_with(scene, ACTOR_THREAD, DESCRIPTION_OWN,
					       "other", 0);
	int ret;

	fixed_by("3cad1bc01041", "6.10");
	replace_descriptor(queue.waiter);
	actor_lock(other, other_bytes);
	ret = actor_try(queue.peer, other_bytes);
	requires(scene, ret == -EAGAIN,
		 "the peer was not refused what another thread has locked: %s", outcome(ret));
	ret = grant(&queue);
	requires(scene, ret == -EBADF, "the waiter whose descriptor was replaced: %s",
		 outcome(ret));
	ret = actor_try(queue.peer, other_bytes);
	holds(scene, !ret,
	      "the waiter got EBADF, and the peer was refused what the other had locked: %s",
	      strerror(-ret));
}

/*
 * The description is the owner, regardless of its descriptors. Before 4.6 a request for an OFD
 * lock returned EBADF as well.
 */
PRACTICE(OWNED_BY_DESCRIPTION, a_grant_after_close_stays_with_the_duplicate)
{
	struct thread_queue queue = queue_a_thread(scene, EXCLUSIVE);
	struct lock duplicate = queue.waiter->lock[0];
	int ret, peer;

	if (!scene_goes_on(scene))
		return;
	duplicate.fd = dup(duplicate.fd);
	sets_up(scene, duplicate.fd, "dup");
	close_descriptor(queue.waiter);
	ret = grant(&queue);
	holds(scene, !ret, "the waiter whose description had a duplicate: %s", strerror(-ret));
	peer = actor_try(queue.peer, EXCLUSIVE);
	if (!holds(scene, peer == -EAGAIN, "after a grant to the description, the peer: %s",
		   outcome(peer)))
		return;
	lock_release(&duplicate, 0, 0);
	peer_is_granted(queue.peer, "after a release through the duplicate");
}

CLAIM_MAIN
