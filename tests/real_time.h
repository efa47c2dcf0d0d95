/* SPDX-License-Identifier: GPL-2.0 */
/* real_time: an actor that has to run as soon as it can. */
#ifndef LOCKFAIR_REAL_TIME_H
#define LOCKFAIR_REAL_TIME_H

#include "claim/expectation.h"
#include "system/release.h"

/* With CONFIG_RT_GROUP_SCHED a cgroup has no real-time tasks before it is given a share of time. */
static inline bool in_a_cgroup(void)
{
	FILE *cgroups = fopen("/proc/self/cgroup", "re");
	char line[512];
	bool in = false;

	while (cgroups && !in && fgets(line, sizeof(line), cgroups)) {
		const char *path = strrchr(line, ':');

		in = path && strcmp(path, ":/\n");
	}
	if (cgroups)
		fclose(cgroups);
	return in;
}

#define IS_PREFERRED(actor) do { \
	int err = actor_prefer(actor); \
	NEEDS_CAPABILITY(CAP_SYS_NICE, err); \
	SKIPS_UNLESS(!err || (!in_a_cgroup() && !release_is_gvisor()), \
		     "no real-time priority here"); \
	if (err) \
		trouble(&self->scene, TROUBLE_BROKEN, "real-time priority for %s: %s", \
			actor_name(actor), strerror(-err)); \
} while (0)

#endif /* LOCKFAIR_REAL_TIME_H */
