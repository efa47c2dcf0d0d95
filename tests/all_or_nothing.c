// SPDX-License-Identifier: GPL-2.0
/*
 * Does a request for many bytes get all of them or none?
 *
 * POSIX does not say so. It promises only that a lockf() that fails changes no lock (lockf.c).
 */
#include "claim/claim.h"

/*
 *	left       [0..4]
 *	right               [12..15]
 *	wide         [2.......13]	waits for both
 */
PRACTICE(RECORD_LOCKS, who_waits_for_two_holders_gets_all_or_nothing)
{
	struct actor *left = actor_start(scene, "left");
	struct actor *right = actor_start(scene, "right");
	struct actor *wide = actor_start(scene, "wide");
	struct actor *peer = actor_start(scene, "peer");

	actor_lock(left, EXCLUSIVE_ON(0, 5));
	actor_lock(right, EXCLUSIVE_ON(12, 4));
	actor_queue(wide, EXCLUSIVE_ON(2, 12));
	bytes_are(peer, 0, "XXXXX.......XXXX");
	actor_unlock(left);
	actor_settle(scene);
	holds(scene, actor_waits(wide), "wide was let in beside right");
	bytes_are(peer, 0, "............XXXX");
	actor_unlock(right);
	actor_settle(scene);
	holds(scene, actor_holds(wide), "wide sleeps on with nobody in its way");
	bytes_are(peer, 0, "..XXXXXXXXXXXX..");
}

PRACTICE(RECORD_LOCKS, a_refused_request_leaves_everything_as_it_was)
{
	struct actor *holder = actor_start(scene, "holder");
	struct actor *other = actor_start(scene, "other");
	struct actor *peer = actor_start(scene, "peer");
	int ret;

	actor_lock(holder, EXCLUSIVE_ON(8, 2));
	actor_lock(other, EXCLUSIVE_ON(2, 2));
	ret = actor_try(other, EXCLUSIVE_ON(0, 16));
	requires(scene, ret == -EAGAIN, "other should have been refused: %s",
		 ret ? strerror(-ret) : "granted");
	bytes_are(peer, 0, "..XX....XX......");
	actor_unlock(holder);
	bytes_are(peer, 0, "..XX............");
}

PRACTICE(POSIX | OFD, a_refused_change_leaves_the_modes_as_they_were)
{
	struct actor *reader = actor_start(scene, "reader");
	struct actor *other = actor_start(scene, "other");
	struct actor *peer = actor_start(scene, "peer");
	int ret;

	actor_lock(reader, SHARED_ON(0, 2));
	actor_lock(other, SHARED_ON(0, 6));
	actor_lock(other, EXCLUSIVE_ON(8, 4));
	ret = actor_try(other, EXCLUSIVE_ON(0, 16));
	requires(scene, ret == -EAGAIN, "other should have been refused: %s",
		 ret ? strerror(-ret) : "granted");
	bytes_are(peer, 0, "SSSSSS..XXXX....");
	actor_unlock(reader);
	bytes_are(peer, 0, "SSSSSS..XXXX....");
}

/*
 * The same while the change waits for the reader: until it is granted, the bytes that it would add
 * stay free, and the old locks stay unchanged.
 */
PRACTICE(POSIX | OFD, a_change_that_waits_has_changed_nothing_yet)
{
	struct actor *reader = actor_start(scene, "reader");
	struct actor *other = actor_start(scene, "other");
	struct actor *peer = actor_start(scene, "peer");

	actor_lock(reader, SHARED_ON(0, 2));
	actor_lock(other, SHARED_ON(0, 6));
	actor_lock(other, EXCLUSIVE_ON(8, 4));
	actor_queue(other, EXCLUSIVE_ON(0, 16));
	bytes_are(peer, 0, "SSSSSS..XXXX....");
	actor_unlock(reader);
	actor_await(other);
	bytes_are(peer, 0, "XXXXXXXXXXXXXXXX");
}

CLAIM_MAIN
