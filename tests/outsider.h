/* SPDX-License-Identifier: GPL-2.0 */
/*
 * outsider: the locks on a file as a process without locks sees them, to find out whether they
 * have changed. The outsider is the test's own process.
 */
#ifndef LOCKFAIR_OUTSIDER_H
#define LOCKFAIR_OUTSIDER_H

#include "claim/claim.h"
#include "system/proc_locks.h"

#define OUTSIDER_AREAS	5
#define OUTSIDER_LINES	4

/* The areas that the outsider can lock, for each mode, and the holder's fdinfo. */
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
 * These are the locks that outsider_watch() has the holder take. flock has no ranges, lockf no
 * shared mode.
 */
static const struct lock_request outsider_areas[OUTSIDER_AREAS] = {
	{ .start = 0, .len = 100 }, { .start = 100, .len = 10 }, { .start = 110, .len = 10 },
	{ .start = 120, .len = 10 }, { .start = 130, .len = 0 },
};

static inline void outsider_look(struct outsider *outsider, struct outsider_view *view)
{
	bool ranges = 1u << outsider->lock.site->kind & RECORD_LOCKS;

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

/*
 * Have @holder, whose descriptor is @holder_fd, take its locks, and remember what the outsider
 * sees then. @outsider is set only if the scene goes on.
 */
static inline void outsider_watch(struct outsider *outsider, struct actor *holder, int holder_fd)
{
	struct scene *scene = holder->scene;
	bool ranges = is_kind(scene, RECORD_LOCKS), any_free = false;
	int err;

	actor_lock(holder, ranges ? EXCLUSIVE_ON(100, 10) : EXCLUSIVE);
	if (ranges && is_kind(scene, SHARED_MODE))
		actor_lock(holder, SHARED_ON(120, 10));
	if (!scene_goes_on(scene))
		return;
	outsider->holder = holder->pid;
	outsider->holder_fd = holder_fd;
	err = lock_open(&outsider->lock, scene->site, DESCRIPTION_OWN);
	if (err) {
		scene_broken(scene, "the outsider's descriptor: %s", strerror(-err));
		return;
	}
	outsider_look(outsider, &outsider->before);
	for (int i = 0; i < OUTSIDER_AREAS; i++)
		any_free |= outsider->before.free[i][MODE_SHARED] ||
			    outsider->before.free[i][MODE_EXCLUSIVE];
	if (ranges && !any_free)
		scene_broken(scene, "the outsider cannot have what is free");
	if (outsider->before.free[ranges ? 1 : 0][MODE_EXCLUSIVE])
		scene_failed(scene, "the outsider can have what the holder has");
}

/* Are the locks unchanged? Do not call it after an error, when @outsider may not be set. */
static inline bool outsider_sees_no_change(struct outsider *outsider)
{
	struct outsider_view now;

	outsider_look(outsider, &now);
	return !memcmp(&now, &outsider->before, sizeof(now));
}

#endif /* LOCKFAIR_OUTSIDER_H */
