// SPDX-License-Identifier: GPL-2.0
/*
 * Does a request over many bytes get all of them or none?
 *
 * POSIX does not say so in as many words. What is promised of requests that fail: lockf(),
 * that "existing locks shall not be changed"; that is in lockf.c.
 */
#include "claim/expectation.h"

CLASS(practice);

/*
 *	left       [0..4]
 *	right               [12..15]
 *	wide         [2.......13]	has to wait for both
 */
CLAIM(practice, TRAIT_RANGES, who_waits_for_two_holders_gets_all_or_nothing)
{
	struct actor *left = actor_start(&self->scene, "left");
	struct actor *right = actor_start(&self->scene, "right");
	struct actor *wide = actor_start(&self->scene, "wide");
	struct actor *peer = actor_start(&self->scene, "peer");

	actor_lock(left, EXCLUSIVE_ON(0, 5));
	actor_lock(right, EXCLUSIVE_ON(12, 4));
	actor_queue(wide, EXCLUSIVE_ON(2, 12));
	BYTES_ARE(peer, 0, "XXXXX.......XXXX");
	actor_unlock(left);
	actor_settle(&self->scene);
	HOLDS(actor_waits(wide), "one holder of two is forgotten", "wide was let in beside right");
	BYTES_ARE(peer, 0, "............XXXX");
	actor_unlock(right);
	actor_settle(&self->scene);
	HOLDS(actor_holds(wide), "a waiter is forgotten", "wide sleeps on with nobody in its way");
	BYTES_ARE(peer, 0, "..XXXXXXXXXXXX..");
}

CLAIM(practice, TRAIT_RANGES, a_refused_request_leaves_everything_as_it_was)
{
	struct actor *holder = actor_start(&self->scene, "holder");
	struct actor *other = actor_start(&self->scene, "other");
	struct actor *peer = actor_start(&self->scene, "peer");
	int ret;

	actor_lock(holder, EXCLUSIVE_ON(8, 2));
	actor_lock(other, EXCLUSIVE_ON(2, 2));
	ret = actor_try(other, EXCLUSIVE_ON(0, 16));
	REQUIRES(ret == -EAGAIN, "other was to be refused: %s", ret ? strerror(-ret) : "granted");
	BYTES_ARE(peer, 0, "..XX....XX......");
	actor_unlock(holder);
	BYTES_ARE(peer, 0, "..XX............");
}

CLAIM(practice, TRAIT_RANGES | TRAIT_CONVERTS, a_refused_change_leaves_the_modes_as_they_were)
{
	struct actor *reader = actor_start(&self->scene, "reader");
	struct actor *other = actor_start(&self->scene, "other");
	struct actor *peer = actor_start(&self->scene, "peer");
	int ret;

	actor_lock(reader, SHARED_ON(0, 2));
	actor_lock(other, SHARED_ON(0, 6));
	actor_lock(other, EXCLUSIVE_ON(8, 4));
	ret = actor_try(other, EXCLUSIVE_ON(0, 16));
	REQUIRES(ret == -EAGAIN, "other was to be refused: %s", ret ? strerror(-ret) : "granted");
	BYTES_ARE(peer, 0, "SSSSSS..XXXX....");
	actor_unlock(reader);
	BYTES_ARE(peer, 0, "SSSSSS..XXXX....");
}

/*
 * The same while the change waits for the reader: until it is granted, the bytes that it would
 * lock anew are free, and those of the old locks are as they were.
 */
CLAIM(practice, TRAIT_RANGES | TRAIT_CONVERTS, a_change_that_waits_has_changed_nothing_yet)
{
	struct actor *reader = actor_start(&self->scene, "reader");
	struct actor *other = actor_start(&self->scene, "other");
	struct actor *peer = actor_start(&self->scene, "peer");

	actor_lock(reader, SHARED_ON(0, 2));
	actor_lock(other, SHARED_ON(0, 6));
	actor_lock(other, EXCLUSIVE_ON(8, 4));
	actor_queue(other, EXCLUSIVE_ON(0, 16));
	BYTES_ARE(peer, 0, "SSSSSS..XXXX....");
	actor_unlock(reader);
	actor_await(other);
	BYTES_ARE(peer, 0, "XXXXXXXXXXXXXXXX");
}

EXPECTATION_MAIN
