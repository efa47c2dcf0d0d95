// SPDX-License-Identifier: GPL-2.0
/*
 * How many locks does an owner have who locks range after range?
 *
 * Those who are kept out see no difference (ranges.c), but each lock costs memory and time.
 * For lockf it is a promise that sections are combined (lockf.c); fcntl(2) says that setting
 * a lock "may involve" it, and not when.
 */
#include "claim/expectation.h"
#include "system/proc_locks.h"

CLASS(practice);

/* With the site's own descriptor, which has the same number there: fdinfo lists the locks. */
static struct actor *owner_to_be_read(struct scene *scene)
{
	return actor_start_with(scene, ACTOR_PROCESS, DESCRIPTION_INHERITED, "owner", 0);
}

struct listing {
	char text[80];
};

/* As in "X0-9 S12-": exclusive from byte 0 to 9, shared from byte 12 on. */
static struct listing list_locks(struct scene *scene, const struct actor *owner)
{
	struct proc_lock locks[4];
	int room = ARRAY_SIZE(locks), count;
	struct listing list = { "" };

	count = proc_locks_fdinfo(owner->pid, scene->site->fd, locks, room);
	for (int i = 0; i < count && i < room; i++) {
		size_t used = strlen(list.text);
		bool reads = !strcmp(locks[i].mode, "READ");
		char end[24] = "";

		if (locks[i].end != PROC_LOCK_END)
			snprintf(end, sizeof(end), "%lld", locks[i].end);
		snprintf(list.text + used, sizeof(list.text) - used, "%s%c%lld-%s", i ? " " : "",
			 reads ? 'S' : 'X', locks[i].start, end);
	}
	return list;
}

#define LOCKS_ARE(expected) do { \
	struct listing list = list_locks(&self->scene, owner); \
	HOLDS(list.text[0], "no lock is left", "fdinfo of the owner lists nothing"); \
	HOLDS(!strcmp(list.text, expected), "there are other locks", \
	      "fdinfo of the owner lists %s, not %s", list.text, expected); \
} while (0)

CLAIM(practice, TRAIT_QUERIES, adjacent_locks_become_one)
{
	struct actor *owner = owner_to_be_read(&self->scene);

	actor_lock(owner, EXCLUSIVE_ON(0, 4));
	actor_lock(owner, EXCLUSIVE_ON(4, 4));
	LOCKS_ARE("X0-7");
	actor_lock(owner, EXCLUSIVE_ON(14, 2));
	actor_lock(owner, EXCLUSIVE_ON(12, 2));
	LOCKS_ARE("X0-7 X12-15");
	actor_lock(owner, EXCLUSIVE_ON(8, 4));
	LOCKS_ARE("X0-15");
}

CLAIM(practice, TRAIT_QUERIES, overlapping_locks_become_one)
{
	struct actor *owner = owner_to_be_read(&self->scene);

	actor_lock(owner, SHARED_ON(10, 10));
	actor_lock(owner, SHARED_ON(10, 10));
	actor_lock(owner, SHARED_ON(12, 4));
	LOCKS_ARE("S10-19");
	actor_lock(owner, SHARED_ON(15, 10));
	actor_lock(owner, SHARED_ON(5, 10));
	LOCKS_ARE("S5-24");
}

/* The last byte has none behind it, where a sum would overflow. */
CLAIM(practice, TRAIT_QUERIES, a_lock_to_the_end_takes_in_those_before_it)
{
	struct actor *owner = owner_to_be_read(&self->scene);

	actor_lock(owner, EXCLUSIVE_ON(10, 10));
	actor_lock(owner, EXCLUSIVE_ON(20, 0));
	LOCKS_ARE("X10-");
	actor_lock(owner, EXCLUSIVE_ON(12, 4));
	actor_lock(owner, EXCLUSIVE_ON(12, 0));
	LOCKS_ARE("X10-");
	actor_lock(owner, EXCLUSIVE_ON(0, 4));
	actor_lock(owner, EXCLUSIVE_ON(0, 0));
	LOCKS_ARE("X0-");
}

CLAIM(practice, TRAIT_QUERIES, neighbours_of_two_modes_stay_apart)
{
	struct actor *owner = owner_to_be_read(&self->scene);

	actor_lock(owner, EXCLUSIVE_ON(0, 4));
	actor_lock(owner, SHARED_ON(4, 4));
	actor_lock(owner, EXCLUSIVE_ON(8, 4));
	LOCKS_ARE("X0-3 S4-7 X8-11");
}

CLAIM(practice, TRAIT_QUERIES, a_change_of_mode_joins_the_neighbours)
{
	struct actor *owner = owner_to_be_read(&self->scene);

	actor_lock(owner, EXCLUSIVE_ON(0, 12));
	actor_lock(owner, SHARED_ON(4, 4));
	LOCKS_ARE("X0-3 S4-7 X8-11");
	actor_lock(owner, EXCLUSIVE_ON(4, 4));
	LOCKS_ARE("X0-11");
}

EXPECTATION_MAIN
