// SPDX-License-Identifier: GPL-2.0
/* Claims that fail in every way there is, for expectation.sh to look at. */
#define _GNU_SOURCE
#include <fcntl.h>

#include "claim/expectation.h"

CLASS(promise);

#define ONE_KIND	TRAIT_CONVERTS_BY_DROPPING

CLAIM(promise, ONE_KIND, one_that_holds)
{
	HOLDS(true, "never", "never");
}

CLAIM(promise, ONE_KIND, one_that_fails)
{
	struct actor *actor = actor_start(&self->scene, "somebody");

	actor_lock(actor, EXCLUSIVE);
	HOLDS(false, "a reason", "seen by %s", actor_name(actor));
}

CLAIM(promise, ONE_KIND, one_whose_step_goes_wrong)
{
	actor_queue(actor_start(&self->scene, "somebody"), EXCLUSIVE);
	HOLDS(true, "never", "never");
}

/* Nothing is asked after the step: the end of the test must still notice. */
CLAIM(promise, ONE_KIND, one_whose_last_step_goes_wrong)
{
	actor_queue(actor_start(&self->scene, "somebody"), EXCLUSIVE);
}

CLAIM(promise, ONE_KIND, one_whose_set_up_breaks)
{
	SETS_UP(open("/proc/self/no/such", O_RDONLY));
	HOLDS(false, "never", "never");
}

CLAIM(promise, ONE_KIND, one_that_misses_a_feature)
{
	SKIPS_UNLESS(false, "needs a feature");
	HOLDS(false, "never", "never");
}

/* What it would look at is not there, because a feature is not. */
CLAIM(promise, ONE_KIND, one_that_misses_what_it_requires)
{
	struct actor *nobody = NULL;

	trouble(&self->scene, TROUBLE_MISSING, "needs a feature");
	REQUIRES(actor_holds(nobody), "never");
	HOLDS(false, "never", "never");
}

CLAIM(promise, ONE_KIND, one_that_crashes)
{
	actor_lock(actor_start(&self->scene, "somebody"), EXCLUSIVE);
	raise(SIGSEGV);
}

CLAIM(promise, ONE_KIND, one_that_hangs)
{
	actor_lock(actor_start(&self->scene, "holder"), EXCLUSIVE);
	actor_queue(actor_start(&self->scene, "waiter"), EXCLUSIVE);
	pause();
}

CLASS(practice);

CLAIM(practice, EVERY_KIND, one_that_fails)
{
	HOLDS(false, "a reason", "seen");
}

CLASS(folklore);

CLAIM(folklore, EVERY_KIND, one_that_fails)
{
	HOLDS(false, "a reason", "seen");
}

CLAIM(folklore, EVERY_KIND, one_that_holds)
{
	HOLDS(true, "never", "never");
}

/* A precondition, a deed, a step: none is what folklore was expected to fail by. */
CLAIM(folklore, ONE_KIND, one_whose_precondition_fails)
{
	REQUIRES(false, "a precondition");
	HOLDS(false, "never", "never");
}

static int fail(struct actor *self, void *arg)
{
	(void)self;
	(void)arg;
	return -EIO;
}

CLAIM(folklore, ONE_KIND, one_whose_deed_fails)
{
	actor_begin(actor_start(&self->scene, "somebody"), fail, NULL);
	scene_drain(&self->scene);
	HOLDS(true, "never", "never");
}

CLAIM(folklore, ONE_KIND, one_whose_step_goes_wrong)
{
	actor_queue(actor_start(&self->scene, "somebody"), EXCLUSIVE);
	HOLDS(false, "never", "never");
}

EXPECTATION_MAIN
