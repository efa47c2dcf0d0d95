/* SPDX-License-Identifier: GPL-2.0 */
/*
 * outsider: the locks on a file as one sees them who has none, to tell whether anything has
 * changed. The outsider is the test's own process.
 */
#ifndef LOCKFAIR_OUTSIDER_H
#define LOCKFAIR_OUTSIDER_H

#include "claim/expectation.h"
#include "system/proc_locks.h"

#define OUTSIDER_AREAS	5
#define OUTSIDER_LINES	4

/* Which areas the outsider could have in which mode, and what the holder's fdinfo says. */
struct outsider_view {
	bool free[OUTSIDER_AREAS][2];
	int lines;	/* or -errno where there is no fdinfo */
	struct proc_lock line[OUTSIDER_LINES];
};

struct outsider {
	struct lock lock;
	pid_t holder;
	int holder_fd;
	struct outsider_view before;
};

/*
 *	0      100        110   120      130 …
 *	       exclusive        shared
 *
 * This is what outsider_watch() has the holder take; flock has no ranges, and lockf nothing
 * shared.
 */
static const struct lock_request outsider_areas[OUTSIDER_AREAS] = {
	{ .start = 0, .len = 100 }, { .start = 100, .len = 10 }, { .start = 110, .len = 10 },
	{ .start = 120, .len = 10 }, { .start = 130, .len = 0 },
};

static inline void outsider_look(struct outsider *outsider, struct outsider_view *view)
{
	bool ranges = lock_kind_traits(outsider->lock.site->kind) & TRAIT_RANGES;

	memset(view, 0, sizeof(*view));
	for (int i = 0; i < (ranges ? OUTSIDER_AREAS : 1); i++) {
		for (enum lock_mode mode = MODE_SHARED; mode <= MODE_EXCLUSIVE; mode++) {
			struct lock_request area = ranges ? outsider_areas[i] : SHARED;

			area.mode = mode;
			if (lock_acquire(&outsider->lock, &area, false))
				continue;
			view->free[i][mode] = true;
			lock_release(&outsider->lock, area.start, area.len);
		}
	}
	view->lines = proc_locks_fdinfo(outsider->holder, outsider->holder_fd, view->line,
					OUTSIDER_LINES);
}

/* Have @holder, whose descriptor is @holder_fd, take its locks, and remember them. */
static inline void outsider_watch(struct outsider *outsider, struct actor *holder, int holder_fd)
{
	struct scene *scene = holder->scene;
	unsigned int traits = lock_kind_traits(scene->site->kind);
	bool any_free = false;
	int err;

	actor_lock(holder, traits & TRAIT_RANGES ? EXCLUSIVE_ON(100, 10) : EXCLUSIVE);
	if ((traits & TRAIT_RANGES) && (traits & TRAIT_SHARED))
		actor_lock(holder, SHARED_ON(120, 10));
	if (scene->trouble[0])
		return;
	outsider->holder = holder->pid;
	outsider->holder_fd = holder_fd;
	err = lock_open(&outsider->lock, scene->site, DESCRIPTION_OWN);
	if (err) {
		trouble(scene, TROUBLE_BROKEN, "the outsider's descriptor: %s", strerror(-err));
		return;
	}
	outsider_look(outsider, &outsider->before);
	for (int i = 0; i < OUTSIDER_AREAS; i++)
		any_free |= outsider->before.free[i][MODE_SHARED] ||
			    outsider->before.free[i][MODE_EXCLUSIVE];
	if ((traits & TRAIT_RANGES) && !any_free)
		trouble(scene, TROUBLE_BROKEN, "the outsider cannot have what is free");
	if (outsider->before.free[traits & TRAIT_RANGES ? 1 : 0][MODE_EXCLUSIVE])
		trouble(scene, TROUBLE_STEP, "the outsider can have what the holder has");
}

/* Are the locks as they were? */
static inline bool outsider_sees_no_change(struct outsider *outsider)
{
	struct outsider_view now;

	outsider_look(outsider, &now);
	return !memcmp(&now, &outsider->before, sizeof(now));
}

#endif /* LOCKFAIR_OUTSIDER_H */
