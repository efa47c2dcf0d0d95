// SPDX-License-Identifier: GPL-2.0
/*
 * Readers and writers: do readers that come later pass a writer that waits?
 *
 * They would not if the lock were first come, first served. But a file lock checks its holders, not
 * its waiters: a new reader conflicts with no other reader, and is granted the lock. The futex
 * control is a ticket lock with a shared mode, and lets nobody pass.
 */
#include "claim/claim.h"

/*
 *	reader  SSSSSSSSSSSSSS
 *	writer     wwwwwwwwwww
 *	late           S?
 */
FOLKLORE(SHARED_MODE, a_new_reader_does_not_pass_a_waiting_writer, "a waiter was overtaken")
{
	struct actor *reader = actor_start(scene, "reader");
	struct actor *writer = actor_start(scene, "writer");
	struct actor *late = actor_start(scene, "late");

	actor_lock(reader, SHARED);
	actor_queue(writer, EXCLUSIVE);
	actor_begin_lock(late, SHARED);
	actor_settle(scene);
	nobody_is_overtaken(scene);
}

/*
 * Two readers take turns: the second locks before the first unlocks. In the order of the requests,
 * the writer is next as soon as the reader that came before it unlocks.
 */
#define RELIEFS	20

FOLKLORE(SHARED_MODE, readers_that_relieve_each_other_let_a_writer_in, "the writer is starved")
{
	struct actor *reader[] = {
		actor_start(scene, "reader1"),
		actor_start(scene, "reader2"),
	};
	struct actor *writer = actor_start(scene, "writer");
	int reliefs = 0;

	scene_needs(scene, LACKS_TURNS);
	actor_lock(reader[0], SHARED);
	actor_queue(writer, EXCLUSIVE);
	while (reliefs < RELIEFS) {
		actor_begin_lock(reader[(reliefs + 1) % 2], SHARED);
		actor_settle(scene);
		actor_unlock(reader[reliefs % 2]);
		actor_settle(scene);
		if (!actor_waits(writer))
			break;
		reliefs++;
	}
	holds(scene, reliefs < RELIEFS,
	      "readers relieved each other %d times while the writer was asleep", reliefs);
}

/*
 * All queue behind a holder: W R W R W R. In the kernel, a reader hangs below the first writer
 * that it conflicts with, beside the readers that are there already, and is woken together with
 * them: it passes the writers in between.
 */
FOLKLORE(SHARED_MODE, nobody_passes_an_earlier_request_that_conflicts, "a waiter was overtaken")
{
	struct actor *holder = actor_start(scene, "holder");

	actor_lock(holder, EXCLUSIVE);
	for (int i = 1; i <= 6; i++) {
		if (i % 2)
			actor_queue(actor_start_nth(scene, "writer", i), EXCLUSIVE);
		else
			actor_queue(actor_start_nth(scene, "reader", i), SHARED);
	}
	scene_drain(scene);
	nobody_is_overtaken(scene);
}

/* Whatever the order, no waiter is forgotten. */
PRACTICE(SHARED_MODE, readers_and_writers_are_all_granted_in_the_end)
{
	struct actor *holder = actor_start(scene, "holder");

	actor_lock(holder, EXCLUSIVE);
	for (int i = 1; i <= 9; i++) {
		if (i % 3)
			actor_queue(actor_start_nth(scene, "reader", i), SHARED);
		else
			actor_queue(actor_start_nth(scene, "writer", i), EXCLUSIVE);
	}
	scene_drain(scene);
	nobody_overlaps(scene);
}

CLAIM_MAIN
