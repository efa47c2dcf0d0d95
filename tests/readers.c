// SPDX-License-Identifier: GPL-2.0
/*
 * Readers and writers: is a writer that waits respected by readers who come later?
 *
 * One who believes in first come, first served expects so. A file lock looks at
 * those who hold it, and not at those who wait: a new reader conflicts with no
 * other reader, and is in. The futex control is a ticket lock with a shared
 * mode, which lets nobody past.
 */
#include "claim/expectation.h"

CLASS(folklore);

/*
 *	reader  SSSSSSSSSSSSSS
 *	writer     wwwwwwwwwww
 *	late           S?
 */
CLAIM(folklore, TRAIT_SHARED, a_new_reader_does_not_pass_a_waiting_writer)
{
	struct actor *reader = actor_start(&self->scene, "reader");
	struct actor *writer = actor_start(&self->scene, "writer");
	struct actor *late = actor_start(&self->scene, "late");

	actor_lock(reader, SHARED);
	actor_queue(writer, EXCLUSIVE);
	actor_begin_lock(late, SHARED);
	actor_settle(&self->scene);
	NOBODY_IS_OVERTAKEN();
}

/*
 * Two readers relieve each other: the second comes before the first goes. The
 * writer would be due when the one reader that was there before it has gone.
 */
#define RELIEFS	20

CLAIM(folklore, TRAIT_SHARED, readers_that_relieve_each_other_let_a_writer_in)
{
	struct actor *reader[] = {
		actor_start(&self->scene, "reader1"),
		actor_start(&self->scene, "reader2"),
	};
	struct actor *writer = actor_start(&self->scene, "writer");
	int reliefs = 0;

	actor_lock(reader[0], SHARED);
	actor_queue(writer, EXCLUSIVE);
	while (reliefs < RELIEFS) {
		actor_begin_lock(reader[(reliefs + 1) % 2], SHARED);
		actor_settle(&self->scene);
		actor_unlock(reader[reliefs % 2]);
		actor_settle(&self->scene);
		if (!actor_waits(writer))
			break;
		reliefs++;
	}
	HOLDS(reliefs < RELIEFS, "the writer is starved",
	      "readers relieved each other %d times while the writer was asleep", reliefs);
}

/*
 * Everybody queues behind a holder: W R W R W R. A reader hangs below the writer
 * that it first conflicts with, beside the readers that are there already, and is
 * woken with them: past the writers that stood between.
 */
CLAIM(folklore, TRAIT_SHARED, nobody_passes_an_earlier_request_that_conflicts)
{
	struct actor *holder = actor_start(&self->scene, "holder");

	actor_lock(holder, EXCLUSIVE);
	for (int i = 1; i <= 6; i++) {
		if (i % 2)
			actor_queue(actor_start_nth(&self->scene, "writer", i), EXCLUSIVE);
		else
			actor_queue(actor_start_nth(&self->scene, "reader", i), SHARED);
	}
	scene_drain(&self->scene);
	NOBODY_IS_OVERTAKEN();
}

CLASS(practice);

/* However the order comes out, nobody is forgotten. */
CLAIM(practice, TRAIT_SHARED, readers_and_writers_are_all_granted_in_the_end)
{
	struct actor *holder = actor_start(&self->scene, "holder");

	actor_lock(holder, EXCLUSIVE);
	for (int i = 1; i <= 9; i++) {
		if (i % 3)
			actor_queue(actor_start_nth(&self->scene, "reader", i), SHARED);
		else
			actor_queue(actor_start_nth(&self->scene, "writer", i), EXCLUSIVE);
	}
	scene_drain(&self->scene);
	NOBODY_OVERLAPS();
}

EXPECTATION_MAIN
