/* SPDX-License-Identifier: GPL-2.0 */
/*
 * execute: the actors of a scenario make its steps on the running kernel, one at a time.
 *
 * They are actors as in a test. Hundreds of them start in a second, so they are threads with
 * descriptors of their own (ACTOR_OWNER), and processes only where that is asked for.
 */
#ifndef LOCKFAIR_EXECUTE_H
#define LOCKFAIR_EXECUTE_H

#include "model/perform.h"

struct execution {
	struct stage stage;
	struct scene scene;
	struct history *history;		/* required by the scene */
	struct actor *actor[MODEL_ACTORS];	/* NULL: not there */
	struct performer performer[MODEL_ACTORS];
	char error[SCENE_ERROR];		/* why the last scenario could not be run */
};

/* Files are made as in stage_open(). 0 or -errno. */
int execute_open(struct execution *execution, const char *dir);
void execute_close(struct execution *execution);

/* Start the actors that a scenario begins with, without descriptors. 0 or -errno. */
int execute_begin(struct execution *execution, const struct scenario *scenario);

/* Have an actor make a step; for STEP_INTERRUPT, send it the signal. 0 or -errno. */
int execute_step(struct execution *execution, const struct model_step *step);

/*
 * Wait until each actor has returned from its step or is proved asleep in it. @expected returns
 * whether the actors that are still busy may all stay busy. If so, look for the proof at once;
 * otherwise wait for a while first. 0 or -errno.
 */
int execute_settle(struct execution *execution, bool (*expected)(void *arg), void *arg);

/* The set of actors that had not returned when last looked at. */
unsigned int execute_busy(const struct execution *execution);

/* End all actors, in any state, and wait until they are gone. 0 or -errno. */
int execute_end(struct execution *execution);

#endif /* LOCKFAIR_EXECUTE_H */
