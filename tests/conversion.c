// SPDX-License-Identifier: GPL-2.0
/*
 * Conversion: from shared to exclusive (an upgrade) and back (a downgrade).
 *
 * flock(2) says that a conversion "is not guaranteed to be atomic: the existing
 * lock is first removed, and then a new lock is established. Between these two
 * steps, a pending lock request by another process may be granted". That it is
 * atomic is folklore; what exactly is lost is shown here. POSIX and OFD locks
 * keep the old lock until they have the new one.
 */
#include "claim/expectation.h"

/* In each scenario the peer, a reader too, is what stands in the way of the upgrade. */
struct readers {
	struct actor *peer, *upgrader;
};

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

/* The upgrade is refused; if the upgrader is still a reader, so must the peer's upgrade be. */
static int upgrade_of_the_peer_after_a_refusal(struct scene *scene, int *refusal)
{
	struct readers readers = two_readers(scene);

	*refusal = actor_try(readers.upgrader, EXCLUSIVE);
	return actor_try(readers.peer, EXCLUSIVE);
}

/*
 *	peer      SSSSSSSSSSSS.
 *	upgrader   SSSSSS?wwwwww	asks for more
 *	writer       wwwwwwwwwww	was waiting before that
 *
 * The writer waits for the peer, so that nothing wakes it when the upgrader asks.
 */
static void queue_a_writer_and_upgrade(struct scene *scene)
{
	struct readers readers = two_readers(scene);
	struct actor *writer = actor_start(scene, "writer");

	actor_queue(writer, EXCLUSIVE);
	actor_queue(readers.upgrader, EXCLUSIVE);
	actor_unlock(readers.peer);
	actor_settle(scene);
}

#define UPGRADER	1	/* as started: peer, upgrader, writer */
#define WRITER		2

#define KEEPS_THE_SHARED_LOCK() do { \
	int refusal, peer = upgrade_of_the_peer_after_a_refusal(&self->scene, &refusal); \
	REQUIRES(refusal == -EAGAIN, "the upgrade beside another reader: %s", \
		 refusal ? strerror(-refusal) : "granted"); \
	REQUIRES(!peer || peer == -EAGAIN, "the upgrade of the peer: %s", strerror(-peer)); \
	HOLDS(peer, "a refused upgrade has lost the shared lock", \
	      "the peer became the only holder: the upgrader's shared lock is gone"); \
} while (0)

#define GOES_BEFORE_A_QUEUED_WRITER() do { \
	queue_a_writer_and_upgrade(&self->scene); \
	REQUIRES(actor_holds(&self->scene.actor[UPGRADER]) != \
		 actor_holds(&self->scene.actor[WRITER]), \
		 "of upgrader and writer, both hold the lock or neither does"); \
	HOLDS(actor_holds(&self->scene.actor[UPGRADER]), \
	      "another got in between during an upgrade", \
	      "the writer holds the lock: the upgrader's shared lock is gone"); \
} while (0)

CLASS(folklore);

CLAIM(folklore, TRAIT_CONVERTS_BY_DROPPING, a_refused_upgrade_keeps_the_shared_lock)
{
	KEEPS_THE_SHARED_LOCK();
}

CLAIM(folklore, TRAIT_CONVERTS_BY_DROPPING, nobody_gets_in_between_during_an_upgrade)
{
	GOES_BEFORE_A_QUEUED_WRITER();
}

CLASS(promise);

/*
 * flock(2): "EWOULDBLOCK: The file is locked and the LOCK_NB flag was selected";
 * POSIX.1-2024 fcntl(), F_SETLK: EACCES or EAGAIN; Linux has the latter, and it is the
 * same number as EWOULDBLOCK.
 */
CLAIM(promise, TRAIT_CONVERTS, a_refused_upgrade_says_ewouldblock)
{
	struct readers readers = two_readers(&self->scene);
	int ret = actor_try(readers.upgrader, EXCLUSIVE);

	HOLDS(ret == -EWOULDBLOCK, "another error", "the upgrade beside another reader: %s",
	      ret ? strerror(-ret) : "granted");
}

CLASS(practice);

CLAIM(practice, TRAIT_CONVERTS_IN_PLACE, a_refused_upgrade_keeps_the_shared_lock)
{
	KEEPS_THE_SHARED_LOCK();
}

CLAIM(practice, TRAIT_CONVERTS_IN_PLACE, an_upgrader_goes_before_a_queued_writer)
{
	GOES_BEFORE_A_QUEUED_WRITER();
}

/*
 *	upgrader  [0 shared..............9]	asks for all of it, and waits for the peer
 *	other                [5 shared..9]	a reader of the second half
 *	probe     [0..4]			only the upgrader's old lock is in its way
 */
CLAIM(practice, TRAIT_CONVERTS_IN_PLACE, the_shared_lock_is_kept_while_the_upgrade_waits)
{
	struct actor *upgrader = actor_start(&self->scene, "upgrader");
	struct actor *peer = actor_start(&self->scene, "peer");
	struct actor *probe = actor_start(&self->scene, "probe");
	int ret;

	actor_lock(upgrader, SHARED_ON(0, 10));
	actor_lock(peer, SHARED_ON(5, 5));
	actor_queue(upgrader, EXCLUSIVE_ON(0, 10));
	ret = actor_try(probe, EXCLUSIVE_ON(0, 5));
	HOLDS(ret == -EAGAIN, "the shared lock is lost while waiting",
	      "the probe got an exclusive lock where the upgrader was a reader");
	actor_unlock(peer);
	actor_settle(&self->scene);
	HOLDS(actor_holds(upgrader), "the upgrade is lost", "the upgrader sleeps on");
}

/*
 * A practice and no promise: by the words of flock(2) a downgrade too could block,
 * for it removes the old lock first. The kernel does both under one spinlock.
 */
CLAIM(practice, TRAIT_CONVERTS, a_downgrade_never_blocks)
{
	struct actor *holder = actor_start(&self->scene, "holder");
	struct actor *writer = actor_start(&self->scene, "writer");
	struct actor *reader = actor_start(&self->scene, "reader");

	actor_lock(holder, EXCLUSIVE);
	actor_queue(writer, EXCLUSIVE);
	actor_queue(reader, SHARED);
	actor_begin_lock(holder, SHARED);
	actor_settle(&self->scene);
	HOLDS(actor_holds(holder) && !holder->result, "a downgrade blocks",
	      "the holder sleeps, or was refused: %s", strerror(-holder->result));
}

EXPECTATION_MAIN
