/* SPDX-License-Identifier: GPL-2.0 */
/* cpu: on which CPUs a task may run (sched_setaffinity(2)). */
#ifndef LOCKFAIR_CPU_H
#define LOCKFAIR_CPU_H

#include <sys/types.h>

/*
 * Write the numbers of the CPUs on which this task may run to @cpus, up to @most of them.
 * Return how many were written, at least 1, or -errno.
 */
int cpu_allowed(int cpus[], int most);

/* Confine the task @tid, 0 for the caller, to the CPU of that number. 0 or -errno. */
int cpu_pin(pid_t tid, int cpu);

/*
 * Confine the caller, and the tasks that it starts from now on, to the CPU that it is on. 0 or
 * -errno.
 */
int cpu_stay(void);

#endif /* LOCKFAIR_CPU_H */
