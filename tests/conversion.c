// SPDX-License-Identifier: GPL-2.0
/*
 * Conversion: from shared to exclusive (an upgrade) and back (a downgrade).
 *
 * flock(2) says that a conversion "is not guaranteed to be atomic: the existing lock is first
 * removed, and then a new lock is established. Between these two steps, a pending lock request
 * by another process may be granted". That it is atomic is folklore; the tests show what exactly
 * is lost. POSIX and OFD locks keep the old lock until they have the new one.
 */
#include "claim/claim.h"
#include "network.h"

/* In each scenario a peer, another reader, is in the way of the upgrade. */
struct readers {
	struct actor *peer, *upgrader;
};

static const char *outcome(int ret)
{
	return ret ? strerror(-ret) : "granted";
}

static struct readers two_readers(struct scene *scene)
{
	struct readers readers = {
		.peer = actor_start(scene, "peer"),
		.upgrader = actor_start(scene, "upgrader"),
	};

	actor_lock(readers.peer, SHARED);
	actor_lock(readers.upgrader, SHARED);
	return readers;
}

/* An upgrader that is still a reader is in the way of the peer's upgrade. */
static void keeps_the_shared_lock(struct scene *scene)
{
	struct readers readers = two_readers(scene);
	int upgrade, peer;

	upgrade = actor_try(readers.upgrader, EXCLUSIVE);
	requires(scene, upgrade == -EAGAIN, "the upgrade beside another reader: %s",
		 outcome(upgrade));
	peer = actor_try(readers.peer, EXCLUSIVE);
	requires(scene, !peer || peer == -EAGAIN, "the upgrade of the peer: %s", strerror(-peer));
	holds(scene, peer, "the peer became the only holder: the upgrader's shared lock is gone");
}

/*
 *	peer      SSSSSSSSSSSS.
 *	upgrader   SSSSSS?wwwwww	asks for an upgrade
 *	writer       wwwwwwwwwww	was waiting before that
 *
 * The writer waits for the peer, so that the request of the upgrader does not wake it.
 */
static void goes_before_a_queued_writer(struct scene *scene)
{
	struct readers readers = two_readers(scene);
	struct actor *writer = actor_start(scene, "writer");

	actor_queue(writer, EXCLUSIVE);
	actor_queue(readers.upgrader, EXCLUSIVE);
	actor_unlock(readers.peer);
	actor_settle(scene);
	requires(scene, actor_holds(readers.upgrader) != actor_holds(writer),
		 "of upgrader and writer, both hold the lock or neither does");
	holds(scene, actor_holds(readers.upgrader),
	      "the writer holds the lock: the upgrader's shared lock is gone");
}

FOLKLORE(FLOCK, a_refused_upgrade_keeps_the_shared_lock,
	 "a refused upgrade has lost the shared lock")
{
	skip_unless(scene, !emulates_flock(scene), FLOCK_IS_EMULATED);
	keeps_the_shared_lock(scene);
}

FOLKLORE(FLOCK, nobody_gets_in_between_during_an_upgrade,
	 "another got in between during an upgrade")
{
	skip_unless(scene, !emulates_flock(scene), FLOCK_IS_EMULATED);
	goes_before_a_queued_writer(scene);
}

/*
 * flock(2): "EWOULDBLOCK: The file is locked and the LOCK_NB flag was selected";
 * POSIX.1-2024 fcntl(), F_SETLK: EACCES or EAGAIN; Linux has the latter, and it is the
 * same number as EWOULDBLOCK.
 */
PROMISE(CONVERSIONS, a_refused_upgrade_says_ewouldblock)
{
	struct readers readers = two_readers(scene);
	int ret = actor_try(readers.upgrader, EXCLUSIVE);

	holds(scene, ret == -EWOULDBLOCK, "the upgrade beside another reader: %s", outcome(ret));
}

PRACTICE(POSIX | OFD, a_refused_upgrade_keeps_the_shared_lock)
{
	keeps_the_shared_lock(scene);
}

PRACTICE(POSIX | OFD, an_upgrader_goes_before_a_queued_writer)
{
	goes_before_a_queued_writer(scene);
}

/*
 *	upgrader  [0 shared..............9]	asks for all of it, and waits for the peer
 *	other                [5 shared..9]	a reader of the second half
 *	probe     [0..4]			only the upgrader's old lock is in its way
 */
PRACTICE(POSIX | OFD, the_shared_lock_is_kept_while_the_upgrade_waits)
{
	struct actor *upgrader = actor_start(scene, "upgrader");
	struct actor *peer = actor_start(scene, "peer");
	struct actor *probe = actor_start(scene, "probe");
	int ret;

	actor_lock(upgrader, SHARED_ON(0, 10));
	actor_lock(peer, SHARED_ON(5, 5));
	actor_queue(upgrader, EXCLUSIVE_ON(0, 10));
	ret = actor_try(probe, EXCLUSIVE_ON(0, 5));
	holds(scene, ret == -EAGAIN,
	      "the probe got an exclusive lock where the upgrader was a reader");
	actor_unlock(peer);
	actor_settle(scene);
	holds(scene, actor_holds(upgrader), "the upgrader sleeps on");
}

/*
 * This is a practice, not a promise: according to flock(2) a downgrade could block as well, because
 * it removes the old lock first. The kernel does both under one spinlock.
 */
PRACTICE(CONVERSIONS, a_downgrade_never_blocks)
{
	struct actor *holder = actor_start(scene, "holder");
	struct actor *writer = actor_start(scene, "writer");
	struct actor *reader = actor_start(scene, "reader");

	actor_lock(holder, EXCLUSIVE);
	actor_queue(writer, EXCLUSIVE);
	actor_queue(reader, SHARED);
	actor_begin_lock(holder, SHARED);
	actor_settle(scene);
	holds(scene, actor_holds(holder) && !holder->result,
	      "the holder sleeps, or was refused: %s", strerror(-holder->result));
}

CLAIM_MAIN
