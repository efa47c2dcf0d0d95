/* SPDX-License-Identifier: GPL-2.0 */
/* task: the state of a task (proc_pid_stat(5)). For evidence that it sleeps: asleep.h. */
#ifndef LOCKFAIR_TASK_H
#define LOCKFAIR_TASK_H

#include <sys/types.h>

/*
 * Return the letter of the task's state, such as 'S' while it sleeps, or -errno: -ESRCH if there
 * is no such task.
 */
int task_state(pid_t tid);

#endif /* LOCKFAIR_TASK_H */
