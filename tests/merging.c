// SPDX-License-Identifier: GPL-2.0
/*
 * How many locks does an owner have after it has locked several ranges?
 *
 * Other processes see no difference (ranges.c), but each lock costs memory and time. POSIX promises
 * for lockf() that sections are combined (lockf.c); fcntl(2) says only that setting a lock "may
 * involve" that.
 */
#include "listed.h"

/* The owner has the site's own descriptor, whose number is known: its fdinfo lists the locks. */
static struct actor *start_owner(struct scene *scene)
{
	return actor_start_with(scene, ACTOR_PROCESS, DESCRIPTION_INHERITED, "owner", 0);
}

/*
 * Describe the owner's locks as in "X0-9 S12-": exclusive on bytes 0 to 9, shared from 12 on.
 * Return how many there are.
 */
static int list_locks(char *text, size_t size, const struct actor *owner)
{
	struct proc_lock locks[4];
	int room = ARRAY_SIZE(locks), count;

	text[0] = '\0';
	count = proc_locks_fdinfo(owner->pid, owner->scene->site->fd, locks, room);
	for (int i = 0; i < count && i < room; i++) {
		size_t used = strlen(text);
		bool reads = !strcmp(locks[i].mode, "READ");
		char end[24] = "";

		if (locks[i].end != PROC_LOCK_END)
			snprintf(end, sizeof(end), "%lld", locks[i].end);
		snprintf(text + used, size - used, "%s%c%lld-%s", i ? " " : "",
			 reads ? 'S' : 'X', locks[i].start, end);
	}
	return count;
}

static bool locks_are(const struct actor *owner, const char *expected)
{
	struct scene *scene = owner->scene;
	char found[80];

	if (!are_in_fdinfo(scene, list_locks(found, sizeof(found), owner)))
		return false;
	holds(scene, found[0], "fdinfo of the owner lists nothing");
	return holds(scene, !strcmp(found, expected), "fdinfo of the owner lists %s, not %s",
		     found, expected);
}

PRACTICE(POSIX | OFD, adjacent_locks_become_one)
{
	struct actor *owner = start_owner(scene);

	actor_lock(owner, EXCLUSIVE_ON(0, 4));
	actor_lock(owner, EXCLUSIVE_ON(4, 4));
	locks_are(owner, "X0-7");
	actor_lock(owner, EXCLUSIVE_ON(14, 2));
	actor_lock(owner, EXCLUSIVE_ON(12, 2));
	locks_are(owner, "X0-7 X12-15");
	actor_lock(owner, EXCLUSIVE_ON(8, 4));
	locks_are(owner, "X0-15");
}

PRACTICE(POSIX | OFD, overlapping_locks_become_one)
{
	struct actor *owner = start_owner(scene);

	actor_lock(owner, SHARED_ON(10, 10));
	actor_lock(owner, SHARED_ON(10, 10));
	actor_lock(owner, SHARED_ON(12, 4));
	locks_are(owner, "S10-19");
	actor_lock(owner, SHARED_ON(15, 10));
	actor_lock(owner, SHARED_ON(5, 10));
	locks_are(owner, "S5-24");
}

/* A lock to the end of the file ends at the largest offset: the kernel must not add 1 to that. */
PRACTICE(POSIX | OFD, a_lock_to_the_end_takes_in_those_before_it)
{
	struct actor *owner = start_owner(scene);

	actor_lock(owner, EXCLUSIVE_ON(10, 10));
	actor_lock(owner, EXCLUSIVE_ON(20, 0));
	locks_are(owner, "X10-");
	actor_lock(owner, EXCLUSIVE_ON(12, 4));
	actor_lock(owner, EXCLUSIVE_ON(12, 0));
	locks_are(owner, "X10-");
	actor_lock(owner, EXCLUSIVE_ON(0, 4));
	actor_lock(owner, EXCLUSIVE_ON(0, 0));
	locks_are(owner, "X0-");
}

PRACTICE(POSIX | OFD, neighbours_of_two_modes_stay_apart)
{
	struct actor *owner = start_owner(scene);

	actor_lock(owner, EXCLUSIVE_ON(0, 4));
	actor_lock(owner, SHARED_ON(4, 4));
	actor_lock(owner, EXCLUSIVE_ON(8, 4));
	locks_are(owner, "X0-3 S4-7 X8-11");
}

PRACTICE(POSIX | OFD, a_change_of_mode_joins_the_neighbours)
{
	struct actor *owner = start_owner(scene);

	actor_lock(owner, EXCLUSIVE_ON(0, 12));
	actor_lock(owner, SHARED_ON(4, 4));
	locks_are(owner, "X0-3 S4-7 X8-11");
	actor_lock(owner, EXCLUSIVE_ON(4, 4));
	locks_are(owner, "X0-11");
}

CLAIM_MAIN
