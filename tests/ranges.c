// SPDX-License-Identifier: GPL-2.0
/*
 * Which bytes are locked, when locks are laid over each other and released in part?
 *
 * An owner locks and releases. A peer, who holds nothing, then tries each byte; what it
 * finds is written as in "..SSXX..", a character for each byte: '.' free, 'S' locked
 * shared, 'X' locked exclusively.
 *
 * What is promised: POSIX.1-2024 fcntl(), of a new lock, "the previous shared or exclusive
 * lock for each byte in the specified region shall be replaced by the new shared or exclusive
 * lock", and of an unlock, that it "shall attempt to unlock only the requested segment";
 * fcntl(2), of both kinds, "Such conversions may involve splitting, shrinking, or coalescing
 * with an existing lock"; POSIX.1-2024 lockf(), "Releasing the center portion of a locked
 * section shall cause the remaining locked beginning and end portions to become two separate
 * locked sections".
 */
#include "claim/expectation.h"

CLASS(promise);

/* ---- over each other ---- */

CLAIM(promise, TRAIT_RANGES, a_release_in_the_middle_splits_the_lock)
{
	struct actor *owner = actor_start(&self->scene, "owner");
	struct actor *peer = actor_start(&self->scene, "peer");

	actor_lock(owner, EXCLUSIVE_ON(2, 12));
	BYTES_ARE(peer, 0, "..XXXXXXXXXXXX..");
	actor_unlock_range(owner, 6, 4);
	BYTES_ARE(peer, 0, "..XXXX....XXXX..");
	actor_unlock_range(owner, 3, 1);
	BYTES_ARE(peer, 0, "..X.XX....XXXX..");
}

CLAIM(promise, TRAIT_RANGES, a_release_at_an_edge_shrinks_the_lock)
{
	struct actor *owner = actor_start(&self->scene, "owner");
	struct actor *peer = actor_start(&self->scene, "peer");

	actor_lock(owner, EXCLUSIVE_ON(2, 12));
	actor_unlock_range(owner, 2, 3);
	BYTES_ARE(peer, 0, ".....XXXXXXXXX..");
	actor_unlock_range(owner, 11, 5);
	BYTES_ARE(peer, 0, ".....XXXXXX.....");
	actor_unlock_range(owner, 0, 6);
	BYTES_ARE(peer, 0, "......XXXXX.....");
}

CLAIM(promise, TRAIT_RANGES, a_release_across_several_locks_takes_from_each)
{
	struct actor *owner = actor_start(&self->scene, "owner");
	struct actor *peer = actor_start(&self->scene, "peer");

	actor_lock(owner, EXCLUSIVE_ON(1, 4));
	actor_lock(owner, EXCLUSIVE_ON(6, 2));
	actor_lock(owner, EXCLUSIVE_ON(9, 2));
	actor_lock(owner, EXCLUSIVE_ON(12, 3));
	BYTES_ARE(peer, 0, ".XXXX.XX.XX.XXX.");
	actor_unlock_range(owner, 3, 10);
	BYTES_ARE(peer, 0, ".XX..........XX.");
}

CLAIM(promise, TRAIT_RANGES | TRAIT_CONVERTS, a_new_lock_replaces_all_that_it_covers)
{
	struct actor *owner = actor_start(&self->scene, "owner");
	struct actor *peer = actor_start(&self->scene, "peer");

	actor_lock(owner, EXCLUSIVE_ON(1, 3));
	actor_lock(owner, SHARED_ON(5, 4));
	actor_lock(owner, EXCLUSIVE_ON(10, 5));
	BYTES_ARE(peer, 0, ".XXX.SSSS.XXXXX.");
	actor_lock(owner, SHARED_ON(2, 10));
	BYTES_ARE(peer, 0, ".XSSSSSSSSSSXXX.");
	actor_lock(owner, EXCLUSIVE_ON(0, 16));
	BYTES_ARE(peer, 0, "XXXXXXXXXXXXXXXX");
	actor_unlock_range(owner, 3, 2);
	actor_unlock_range(owner, 8, 2);
	BYTES_ARE(peer, 0, "XXX..XXX..XXXXXX");
	actor_lock(owner, SHARED_ON(0, 16));
	BYTES_ARE(peer, 0, "SSSSSSSSSSSSSSSS");
}

/* A downgrade in the middle, then an upgrade in the middle of that. */
CLAIM(promise, TRAIT_RANGES | TRAIT_CONVERTS, a_change_of_mode_in_the_middle_splits_in_three)
{
	struct actor *owner = actor_start(&self->scene, "owner");
	struct actor *peer = actor_start(&self->scene, "peer");

	actor_lock(owner, EXCLUSIVE_ON(1, 14));
	actor_lock(owner, SHARED_ON(4, 8));
	BYTES_ARE(peer, 0, ".XXXSSSSSSSSXXX.");
	actor_lock(owner, EXCLUSIVE_ON(6, 4));
	BYTES_ARE(peer, 0, ".XXXSSXXXXSSXXX.");
}

/*
 * What is left of a lock has to be found again, wherever a split has put it. Until 2e2f756f81ed
 * (4.0) the parts stood in the wrong order, and a release of the first found nothing.
 */
CLAIM(promise, TRAIT_RANGES | TRAIT_CONVERTS, a_release_after_a_split_is_a_release)
{
	struct actor *owner = actor_start(&self->scene, "owner");
	struct actor *peer = actor_start(&self->scene, "peer");

	actor_lock(owner, EXCLUSIVE_ON(0, 16));
	actor_lock(owner, SHARED_ON(6, 4));
	actor_unlock_range(owner, 0, 2);
	BYTES_ARE(peer, 0, "..XXXXSSSSXXXXXX");
	actor_unlock_range(owner, 8, 4);
	BYTES_ARE(peer, 0, "..XXXXSS....XXXX");
	actor_unlock_range(owner, 0, 16);
	BYTES_ARE(peer, 0, "................");
}

/* ---- at the end of the file, and beyond ---- */

#define END	SCENE_FILE_SIZE

/* POSIX.1-2024 fcntl(): "Locks may start and extend beyond the current end of a file". */
CLAIM(promise, TRAIT_RANGES, bytes_past_the_end_of_the_file_can_be_locked)
{
	struct actor *owner = actor_start(&self->scene, "owner");
	struct actor *peer = actor_start(&self->scene, "peer");

	actor_lock(owner, EXCLUSIVE_ON(END - 2, 4));
	actor_lock(owner, EXCLUSIVE_ON(END + 8, 4));
	BYTES_ARE(peer, END - 4, "..XXXX......XXXX....");
}

/* fcntl(2), of length 0: "through to the end of file, no matter how large the file grows". */
CLAIM(promise, TRAIT_RANGES, a_lock_to_the_end_covers_bytes_appended_later)
{
	struct actor *owner = actor_start(&self->scene, "owner");
	struct actor *peer = actor_start(&self->scene, "peer");

	actor_lock(owner, EXCLUSIVE_ON(END - 4, 0));
	SETS_UP(ftruncate(self->scene.site->fd, 2 * END));
	BYTES_ARE(peer, END - 8, "....XXXXXXXX");
	BYTES_ARE(peer, 2 * END - 4, "XXXXXXXX");
}

CLAIM(promise, TRAIT_RANGES, a_lock_to_the_end_can_be_released_in_part)
{
	struct actor *owner = actor_start(&self->scene, "owner");
	struct actor *peer = actor_start(&self->scene, "peer");

	actor_lock(owner, EXCLUSIVE_ON(2, 0));
	actor_unlock_range(owner, 6, 4);
	BYTES_ARE(peer, 0, "..XXXX....XXXXXX");
	BYTES_ARE(peer, 2 * END, "XXXX");
	actor_unlock_range(owner, END, 0);
	BYTES_ARE(peer, 0, "..XXXX....XXXXXX");
	BYTES_ARE(peer, END - 4, "XXXX....");
	BYTES_ARE(peer, 2 * END, "....");
}

/* ---- any number of them ---- */

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
 * Two owners lock and release ranges as drawn, and their peer looks after each step. What
 * it is to find follows from one rule: each owner has of each byte what it was granted last.
 */
CLAIM(promise, TRAIT_RANGES, each_byte_has_what_was_last_granted_for_it)
{
	bool shared = lock_kind_traits(variant->kind) & TRAIT_SHARED;
	struct actor *owner = actor_start(&self->scene, "owner");
	struct actor *peer = actor_start(&self->scene, "peer");
	struct actor *owners[OWNERS] = { owner, actor_start(&self->scene, "other") };
	char has[OWNERS][BYTES + 1], all[BYTES + 1] = "";
	unsigned int state = 1;

	memset(has, '.', sizeof(has));
	for (int step = 0; step < STEPS; step++) {
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
			HOLDS(ret == (refused ? -EAGAIN : 0), "a request has the wrong result",
			      "%s asked for bytes %d to %d: %s", actor_name(owners[who]), start,
			      start + len - 1, ret ? strerror(-ret) : "granted");
			what = request.mode == MODE_SHARED ? 'S' : 'X';
			if (!refused)
				memset(has[who] + start, what, len);
		}
		for (int i = 0; i < BYTES; i++)
			all[i] = has[0][i] != '.' ? has[0][i] : has[1][i];
		BYTES_ARE(peer, 0, all);
	}
}

EXPECTATION_MAIN
