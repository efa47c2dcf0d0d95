/* SPDX-License-Identifier: GPL-2.0 */
/*
 * perform: what an actor of a scenario does in its own thread or process.
 *
 * Unlike those of lib/actor, these actors are made by the hundred in a second. What owns a POSIX
 * lock is the table of descriptors (in the kernel: current->files), so a thread that calls
 * unshare(CLONE_FILES) is an owner like a process, and a thread that such a thread creates is
 * like its child: that is a fork, and fast. The same actors can also be processes.
 */
#ifndef LOCKFAIR_PERFORM_H
#define LOCKFAIR_PERFORM_H

#include "model/stage.h"

/*
 * Start the actor of that number, with the descriptors that stage->actor[number].fd names, and
 * wait until it is there. @forked: by another actor, not by the test. 0 or -errno.
 */
int perform_start(const struct stage *stage, int number, bool forked);

/* Have it make a step. It has returned when "done" is "go" again. */
void perform_step(struct stage_actor *shared, const struct model_step *step);

#endif /* LOCKFAIR_PERFORM_H */
