/* SPDX-License-Identifier: GPL-2.0 */
/* access: exchange the scene's file for one that the test has opened, and see whether it locks. */
#ifndef LOCKFAIR_ACCESS_H
#define LOCKFAIR_ACCESS_H

#include <fcntl.h>

#include "claim/claim.h"

/*
 * Sites of the scene: the file, and the same file through a second open file description. Both
 * actors inherit both descriptions.
 */
#define MINE	0
#define THEIRS	1

struct rivals {
	struct actor *holder, *other;
};

/*
 * Have the scene use the files @mine and @theirs. A negative descriptor is an open that failed
 * just now.
 */
static inline struct rivals use_files(struct scene *scene, int mine, int theirs)
{
	struct rivals rivals;
	int err = errno;

	if (scene->sites == 1)
		scene_add_file(scene);
	if (mine < 0 || theirs < 0)
		scene_broken(scene, "opening what is to be locked: %s", strerror(err));
	if (scene_goes_on(scene) && (dup2(mine, scene->site[MINE].fd) < 0 ||
				     dup2(theirs, scene->site[THEIRS].fd) < 0))
		scene_broken(scene, "opening what is to be locked: %s", strerror(errno));
	rivals.holder = actor_start_with(scene, ACTOR_PROCESS, DESCRIPTION_INHERITED, "holder", 0);
	rivals.other = actor_start_with(scene, ACTOR_PROCESS, DESCRIPTION_INHERITED, "other", 0);
	return rivals;
}

/* Open the file behind @fd again. -1 and errno. */
static inline int reopen(int fd, int flags)
{
	char name[64];

	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	return open(name, flags | O_CLOEXEC);
}

/* @ret is 0, or why @who was refused a lock. */
static inline bool is_granted(struct scene *scene, int ret, const char *who)
{
	return holds(scene, !ret, "%s was refused a lock: %s", who, strerror(-ret));
}

/*
 * A lock that the holder takes excludes the other, which then waits for it:
 *
 *	holder  HHHHHHH.
 *	other      xwwwwH
 */
static inline bool excludes(struct rivals rivals, struct lock_request taken,
			    struct lock_request asked)
{
	struct scene *scene = rivals.holder->scene;
	int ret;

	is_granted(scene, actor_try(rivals.holder, at_site(MINE, taken)), "the holder");
	ret = actor_try(rivals.other, at_site(THEIRS, asked));
	holds(scene, ret == -EAGAIN, "the other should have been refused with EAGAIN, but got: %s",
	      ret ? strerror(-ret) : "the lock");
	actor_queue(rivals.other, at_site(THEIRS, asked));
	actor_unlock_site(rivals.holder, MINE);
	return is_granted(scene, actor_await(rivals.other), "the other waited, and");
}

/* The holder asks for the lock, and gets EBADF. */
static inline bool gets_bad_descriptor(struct actor *holder, struct lock_request request)
{
	int ret = actor_try(holder, request);

	return holds(holder->scene, ret == -EBADF, "the holder should get EBADF, but got: %s",
		     ret ? strerror(-ret) : "the lock");
}

#endif /* LOCKFAIR_ACCESS_H */
