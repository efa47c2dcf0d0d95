// SPDX-License-Identifier: GPL-2.0
/* Claims that fail in every possible way, for selftest/claim/claim.sh. */
#include <fcntl.h>

#include "claim/claim.h"

PROMISE(FLOCK, one_that_holds)
{
	holds(scene, true, "never");
}

PROMISE(FLOCK, one_that_fails)
{
	struct actor *actor = actor_start(scene, "somebody");

	actor_lock(actor, EXCLUSIVE);
	holds(scene, false, "seen by %s", actor_name(actor));
}

PROMISE(FLOCK, one_that_was_fixed)
{
	fixed_by("0123456789ab", "1.2");
	holds(scene, false, "something");
}

/* After a missed claim, the remaining steps do nothing and print nothing. */
PROMISE(FLOCK, one_that_goes_on_after_it_fails)
{
	struct actor *actor = actor_start(scene, "somebody");

	holds(scene, false, "the first");
	actor_lock(actor, EXCLUSIVE);
	actor_queue(actor, EXCLUSIVE);
	holds(scene, false, "the second");
	requires(scene, false, "the third");
	skip_unless(scene, false, "the fourth");
}

PROMISE(FLOCK, one_whose_step_goes_wrong)
{
	actor_queue(actor_start(scene, "somebody"), EXCLUSIVE);
	holds(scene, true, "never");
}

/* No check follows the step: the end of the test must still notice. */
PROMISE(FLOCK, one_whose_last_step_goes_wrong)
{
	actor_queue(actor_start(scene, "somebody"), EXCLUSIVE);
}

PROMISE(FLOCK, one_whose_set_up_breaks)
{
	sets_up(scene, open("/proc/self/no/such", O_RDONLY), "opening what is not there");
	holds(scene, false, "never");
}

PROMISE(FLOCK, one_that_misses_a_feature)
{
	skip_unless(scene, false, "needs a feature");
	holds(scene, false, "never");
}

/* The precondition is missing because the feature is. */
PROMISE(FLOCK, one_that_misses_what_it_requires)
{
	scene_lacks(scene, "needs a feature");
	requires(scene, false, "never");
	holds(scene, false, "never");
}

PROMISE(FLOCK, one_that_crashes)
{
	actor_lock(actor_start(scene, "somebody"), EXCLUSIVE);
	raise(SIGSEGV);
}

PROMISE(FLOCK, one_that_hangs)
{
	actor_lock(actor_start(scene, "holder"), EXCLUSIVE);
	actor_queue(actor_start(scene, "waiter"), EXCLUSIVE);
	pause();
}

PRACTICE(EVERY_KIND, one_that_fails)
{
	holds(scene, false, "something");
}

FOLKLORE(EVERY_KIND, one_that_fails, "a reason")
{
	holds(scene, false, "something");
}

FOLKLORE(EVERY_KIND, one_that_holds, "never")
{
	holds(scene, true, "never");
}

/* A failing precondition, job or step is not the expected failure of folklore. */
FOLKLORE(FLOCK, one_whose_precondition_fails, "never")
{
	requires(scene, false, "a precondition");
	holds(scene, false, "never");
}

static int fail(struct actor *self, void *arg)
{
	(void)self;
	(void)arg;
	return -EIO;
}

FOLKLORE(FLOCK, one_whose_job_fails, "never")
{
	actor_begin(actor_start(scene, "somebody"), fail, NULL);
	scene_drain(scene);
	holds(scene, true, "never");
}

FOLKLORE(FLOCK, one_whose_step_goes_wrong, "never")
{
	actor_queue(actor_start(scene, "somebody"), EXCLUSIVE);
	holds(scene, false, "never");
}

CLAIM_MAIN
