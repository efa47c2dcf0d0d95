// SPDX-License-Identifier: GPL-2.0
/*
 * Which bytes are locked when locks overlap and are released in part?
 *
 * An owner locks and releases. Then a peer, which holds nothing, tries each byte, and what it
 * finds is compared with a text such as "..SSXX..", a character for each byte: '.' free, 'S'
 * locked shared, 'X' locked exclusively.
 *
 * What is promised: POSIX.1-2024 fcntl(), of a new lock, "the previous shared or exclusive
 * lock for each byte in the specified region shall be replaced by the new shared or exclusive
 * lock", and of an unlock, that it "shall attempt to unlock only the requested segment";
 * fcntl(2), of both kinds, "Such conversions may involve splitting, shrinking, or coalescing
 * with an existing lock"; POSIX.1-2024 lockf(), "Releasing the center portion of a locked
 * section shall cause the remaining locked beginning and end portions to become two separate
 * locked sections".
 */
#include "claim/claim.h"

/* ---- locks that overlap ---- */

PROMISE(RECORD_LOCKS, a_release_in_the_middle_splits_the_lock)
{
	struct actor *owner = actor_start(scene, "owner");
	struct actor *peer = actor_start(scene, "peer");

	scene_judges(scene, LACKS_PARTS);
	actor_lock(owner, EXCLUSIVE_ON(2, 12));
	bytes_are(peer, 0, "..XXXXXXXXXXXX..");
	actor_unlock_range(owner, 6, 4);
	bytes_are(peer, 0, "..XXXX....XXXX..");
	actor_unlock_range(owner, 3, 1);
	bytes_are(peer, 0, "..X.XX....XXXX..");
}

PROMISE(RECORD_LOCKS, a_release_at_an_edge_shrinks_the_lock)
{
	struct actor *owner = actor_start(scene, "owner");
	struct actor *peer = actor_start(scene, "peer");

	actor_lock(owner, EXCLUSIVE_ON(2, 12));
	actor_unlock_range(owner, 2, 3);
	bytes_are(peer, 0, ".....XXXXXXXXX..");
	actor_unlock_range(owner, 11, 5);
	bytes_are(peer, 0, ".....XXXXXX.....");
	actor_unlock_range(owner, 0, 6);
	bytes_are(peer, 0, "......XXXXX.....");
}

PROMISE(RECORD_LOCKS, a_release_across_several_locks_takes_from_each)
{
	struct actor *owner = actor_start(scene, "owner");
	struct actor *peer = actor_start(scene, "peer");

	actor_lock(owner, EXCLUSIVE_ON(1, 4));
	actor_lock(owner, EXCLUSIVE_ON(6, 2));
	actor_lock(owner, EXCLUSIVE_ON(9, 2));
	actor_lock(owner, EXCLUSIVE_ON(12, 3));
	bytes_are(peer, 0, ".XXXX.XX.XX.XXX.");
	actor_unlock_range(owner, 3, 10);
	bytes_are(peer, 0, ".XX..........XX.");
}

/*
 *	before   .XXX..XX.XX.XXX.
 *	new      ..XXXXXXXXXXX...	joined with the first, and these with the next...
 */
PROMISE(RECORD_LOCKS, a_lock_across_several_locks_takes_none_from_them)
{
	struct actor *owner = actor_start(scene, "owner");
	struct actor *peer = actor_start(scene, "peer");

	actor_lock(owner, EXCLUSIVE_ON(1, 3));
	actor_lock(owner, EXCLUSIVE_ON(6, 2));
	actor_lock(owner, EXCLUSIVE_ON(9, 2));
	actor_lock(owner, EXCLUSIVE_ON(12, 3));
	bytes_are(peer, 0, ".XXX..XX.XX.XXX.");
	actor_lock(owner, EXCLUSIVE_ON(2, 11));
	bytes_are(peer, 0, ".XXXXXXXXXXXXXX.");
}

PROMISE(POSIX | OFD, a_new_lock_replaces_all_that_it_covers)
{
	struct actor *owner = actor_start(scene, "owner");
	struct actor *peer = actor_start(scene, "peer");

	actor_lock(owner, EXCLUSIVE_ON(1, 3));
	actor_lock(owner, SHARED_ON(5, 4));
	actor_lock(owner, EXCLUSIVE_ON(10, 5));
	bytes_are(peer, 0, ".XXX.SSSS.XXXXX.");
	actor_lock(owner, SHARED_ON(2, 10));
	bytes_are(peer, 0, ".XSSSSSSSSSSXXX.");
	actor_lock(owner, EXCLUSIVE_ON(0, 16));
	bytes_are(peer, 0, "XXXXXXXXXXXXXXXX");
	actor_unlock_range(owner, 3, 2);
	actor_unlock_range(owner, 8, 2);
	bytes_are(peer, 0, "XXX..XXX..XXXXXX");
	actor_lock(owner, SHARED_ON(0, 16));
	bytes_are(peer, 0, "SSSSSSSSSSSSSSSS");
}

/* A downgrade in the middle, then an upgrade in the middle of that. */
PROMISE(POSIX | OFD, a_change_of_mode_in_the_middle_splits_in_three)
{
	struct actor *owner = actor_start(scene, "owner");
	struct actor *peer = actor_start(scene, "peer");

	actor_lock(owner, EXCLUSIVE_ON(1, 14));
	actor_lock(owner, SHARED_ON(4, 8));
	bytes_are(peer, 0, ".XXXSSSSSSSSXXX.");
	actor_lock(owner, EXCLUSIVE_ON(6, 4));
	bytes_are(peer, 0, ".XXXSSXXXXSSXXX.");
}

/*
 * The kernel has to find the parts of a lock again after a split. Before 4.0 they stood in the
 * wrong order, and a release of the first found nothing.
 */
PROMISE(POSIX | OFD, a_release_after_a_split_is_a_release)
{
	struct actor *owner = actor_start(scene, "owner");
	struct actor *peer = actor_start(scene, "peer");

	actor_lock(owner, EXCLUSIVE_ON(0, 16));
	actor_lock(owner, SHARED_ON(6, 4));
	actor_unlock_range(owner, 0, 2);
	bytes_are(peer, 0, "..XXXXSSSSXXXXXX");
	actor_unlock_range(owner, 8, 4);
	bytes_are(peer, 0, "..XXXXSS....XXXX");
	actor_unlock_range(owner, 0, 16);
	bytes_are(peer, 0, "................");
}

/* ---- at the end of the file, and beyond ---- */

#define END	(scene->size)

/* POSIX.1-2024 fcntl(): "Locks may start and extend beyond the current end of a file". */
PROMISE(RECORD_LOCKS, bytes_past_the_end_of_the_file_can_be_locked)
{
	struct actor *owner = actor_start(scene, "owner");
	struct actor *peer = actor_start(scene, "peer");

	actor_lock(owner, EXCLUSIVE_ON(END - 2, 4));
	actor_lock(owner, EXCLUSIVE_ON(END + 8, 4));
	bytes_are(peer, END - 4, "..XXXX......XXXX....");
}

/* fcntl(2), of length 0: "through to the end of file, no matter how large the file grows". */
PROMISE(RECORD_LOCKS, a_lock_to_the_end_covers_bytes_appended_later)
{
	struct actor *owner = actor_start(scene, "owner");
	struct actor *peer = actor_start(scene, "peer");

	actor_lock(owner, EXCLUSIVE_ON(END - 4, 0));
	sets_up(scene, ftruncate(scene->site->fd, 2 * END), "ftruncate");
	bytes_are(peer, END - 8, "....XXXXXXXX");
	bytes_are(peer, 2 * END - 4, "XXXXXXXX");
}

PROMISE(RECORD_LOCKS, a_lock_to_the_end_can_be_released_in_part)
{
	struct actor *owner = actor_start(scene, "owner");
	struct actor *peer = actor_start(scene, "peer");

	actor_lock(owner, EXCLUSIVE_ON(2, 0));
	actor_unlock_range(owner, 6, 4);
	bytes_are(peer, 0, "..XXXX....XXXXXX");
	bytes_are(peer, 2 * END, "XXXX");
	actor_unlock_range(owner, END, 0);
	bytes_are(peer, 0, "..XXXX....XXXXXX");
	bytes_are(peer, END - 4, "XXXX....");
	bytes_are(peer, 2 * END, "....");
}

/* ---- many locks, drawn at random ---- */

#define OWNERS	2
#define STEPS	100
#define BYTES	16

enum { RELEASE, SHARE, EXCLUDE, WHATS };

/* The same numbers each time, and with every C library. */
static unsigned int draw(unsigned int *state, unsigned int below)
{
	*state = *state * 1103515245 + 12345;
	return (*state >> 16) % below;
}

static bool in_the_way(const char *others, struct lock_request request)
{
	for (int i = request.start; i < request.start + request.len; i++) {
		if (others[i] == 'X' || (others[i] == 'S' && request.mode == MODE_EXCLUSIVE))
			return true;
	}
	return false;
}

/*
 * Two owners lock and release random ranges, and a peer tries all bytes after each step. One rule
 * says what it should find: on each byte an owner has what it was granted last.
 */
PROMISE(RECORD_LOCKS, each_byte_has_what_was_last_granted_for_it)
{
	bool shared = is_kind(scene, SHARED_MODE);
	struct actor *owner = actor_start(scene, "owner");
	struct actor *peer = actor_start(scene, "peer");
	struct actor *owners[OWNERS] = { owner, actor_start(scene, "other") };
	char has[OWNERS][BYTES + 1], all[BYTES + 1] = "";
	unsigned int state = 1;

	memset(has, '.', sizeof(has));
	for (int step = 0; step < STEPS && scene_goes_on(scene); step++) {
		int who = draw(&state, OWNERS), what = draw(&state, WHATS);
		int start = draw(&state, BYTES), len = 1 + draw(&state, BYTES - start);
		struct lock_request request = EXCLUSIVE_ON(start, len);
		bool refused;
		int ret;

		if (what == RELEASE) {
			actor_unlock_range(owners[who], start, len);
			memset(has[who] + start, '.', len);
		} else {
			if (shared && what == SHARE)
				request.mode = MODE_SHARED;
			refused = in_the_way(has[!who], request);
			ret = actor_try(owners[who], request);
			holds(scene, ret == (refused ? -EAGAIN : 0),
			      "%s asked for bytes %d to %d: %s", actor_name(owners[who]), start,
			      start + len - 1, ret ? strerror(-ret) : "granted");
			what = request.mode == MODE_SHARED ? 'S' : 'X';
			if (!refused)
				memset(has[who] + start, what, len);
		}
		for (int i = 0; i < BYTES; i++)
			all[i] = has[0][i] != '.' ? has[0][i] : has[1][i];
		bytes_are(peer, 0, all);
	}
}

CLAIM_MAIN
