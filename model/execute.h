/* SPDX-License-Identifier: GPL-2.0 */
/* execute: the actors of a scenario make its steps on the running kernel, one at a time. */
#ifndef LOCKFAIR_EXECUTE_H
#define LOCKFAIR_EXECUTE_H

#include "model/stage.h"

/* An actor as the test sees it. */
struct execute_actor {
	bool there;
	bool busy;		/* its step has not returned */
	struct asleep_proof proof;
	struct asleep_files files;
};

struct execution {
	struct stage stage;
	struct execute_actor actor[MODEL_ACTORS];
};

/* Files are made as in stage_open(). Install the handler of SIGNAL_INTERRUPT. 0 or -errno. */
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
int execute_settle(struct execution *execution, bool (*expected)(void *arg, unsigned int busy),
		   void *arg);

/* The set of actors that have not returned. */
unsigned int execute_busy(struct execution *execution);

/* End all actors, in any state, and wait until they are gone. 0 or -errno. */
int execute_end(struct execution *execution);

#endif /* LOCKFAIR_EXECUTE_H */
