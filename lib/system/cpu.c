// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <string.h>

#include "system/cpu.h"

/* A cpu_set_t has room for 1024 CPUs. The kernel refuses a set that is smaller than its own. */
#define CPUS	8192
#define BYTES	(CPUS / 8)

union cpus {
	cpu_set_t set;
	char bytes[BYTES];
};

int cpu_allowed(int cpus[], int most)
{
	union cpus allowed;
	int count = 0;

	memset(&allowed, 0, sizeof(allowed));
	if (sched_getaffinity(0, sizeof(allowed), &allowed.set) < 0)
		return -errno;
	for (int cpu = 0; cpu < CPUS && count < most; cpu++) {
		if (CPU_ISSET_S(cpu, sizeof(allowed), &allowed.set))
			cpus[count++] = cpu;
	}
	return count;
}

int cpu_pin(pid_t tid, int cpu)
{
	union cpus one;

	if (cpu < 0 || cpu >= CPUS)
		return -EINVAL;
	memset(&one, 0, sizeof(one));
	CPU_SET_S(cpu, sizeof(one), &one.set);
	return sched_setaffinity(tid, sizeof(one), &one.set) < 0 ? -errno : 0;
}

int cpu_stay(void)
{
	int cpu = sched_getcpu();

	return cpu < 0 ? -errno : cpu_pin(0, cpu);
}
