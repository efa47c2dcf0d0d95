// SPDX-License-Identifier: GPL-2.0
/*
 * Does a lock survive two tasks of its owner that ask for it and release it at the same moment?
 *
 * Threads share the locks of their process, and those of a descriptor that they use. One asks for a
 * lock that the other releases. Both run freely, for a number of rounds, and are kept close
 * (race.h). The kernel has freed the lock of one call twice that way, or read it after the other
 * had freed it; only a kernel that looks for that will say so (doc/contributing.md).
 */
#include "race.h"

static void release_now(void)
{
	release(THERE, &race.lock);
}

static int release_it(struct actor *self, void *arg)
{
	(void)self;
	(void)arg;
	call_in_rounds(release_now);
	return 0;
}

/* Does the lock conflict with another owner's? */
static bool is_held(void)
{
	int ret = acquire(JUDGE, &race.judge, false);

	if (!ret)
		release(JUDGE, &race.judge);
	return ret;
}

/*
 *	here     .H|HHH?.	in every second round holds it already, and asks again
 *	there      |   release
 *	judge          lock?   lock, granted
 *
 * fcntl(2): "The threads in a process share locks", so any of them releases what another has taken;
 * flock(2): it "may be modified or released using any of these" descriptors.
 * POSIX.1-2024, 2.9.7: "each call shall either see all of the specified effects of the other call,
 * or none of them".
 */
PROMISE(FILE_LOCKS, a_lock_raced_by_its_release_is_held_or_free)
{
	int held = 0;

	set_up(scene, SPINS);
	start_side("there", release_it);
	/* Both use the same descriptor, of the same process. */
	scene->history->owner[race.row[THERE]] = race.row[HERE];
	run_on(0);
	for (int i = 0; i < race.rounds && rounds_are_linearizable(false); i++) {
		bool first;

		if (i % 2)
			acquire(HERE, &race.lock, false);
		start_with(HERE, THERE);
		linger(race.lead);
		acquire(HERE, &race.lock, false);
		meet(HERE, THERE);
		first = !is_held();
		held += !first;
		release(HERE, &race.lock);
		try_as_judge();
		hold_back(first ? HERE : THERE);
	}
	if (rounds_are_linearizable(true))
		claim_say("%d of %d held after both, the rest free", held, race.rounds);
}

CLAIM_MAIN
