/* SPDX-License-Identifier: GPL-2.0 */
/* real_time: let an actor run before all others on its CPU. */
#ifndef LOCKFAIR_REAL_TIME_H
#define LOCKFAIR_REAL_TIME_H

#include "claim/claim.h"
#include "system/release.h"

/*
 * With CONFIG_RT_GROUP_SCHED a cgroup can have no real-time tasks before it has been given a
 * share of the time.
 */
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

/* Give the actor real-time priority; skip the test where that is not possible. */
static inline bool has_real_time(struct actor *actor)
{
	struct scene *scene = actor->scene;
	int err = actor_prefer(actor);

	needs_capability(scene, CAP_SYS_NICE, err);
	skip_unless(scene, !err || (!in_a_cgroup() && !release_is_gvisor()),
		    "no real-time priority here");
	if (err)
		scene_broken(scene, "real-time priority for %s: %s", actor_name(actor),
			     strerror(-err));
	return scene_goes_on(scene);
}

#endif /* LOCKFAIR_REAL_TIME_H */
