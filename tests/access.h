/* SPDX-License-Identifier: GPL-2.0 */
/* access: have two actors stand on a file that the test has opened, and see whether it locks. */
#ifndef LOCKFAIR_ACCESS_H
#define LOCKFAIR_ACCESS_H

#include <fcntl.h>

#include "claim/expectation.h"

/*
 * The files of the scene are exchanged for others: @mine, through which the holder locks, and
 * @theirs, which is @mine again in another open file description. Both actors inherit both.
 */
#define MINE	0
#define THEIRS	1

struct cast {
	struct actor *holder, *other;
};

static inline struct cast stand_on(struct scene *scene, int mine, int theirs)
{
	struct cast cast;
	int err = errno;

	if (scene->sites == 1)
		scene_add_file(scene);
	if (!scene->trouble[0] && (mine < 0 || theirs < 0 ||
				   dup2(mine, scene->site[MINE].fd) < 0 ||
				   dup2(theirs, scene->site[THEIRS].fd) < 0))
		trouble(scene, TROUBLE_BROKEN, "opening what is to be locked: %s",
			strerror(err ? err : errno));
	cast.holder = actor_start_with(scene, ACTOR_PROCESS, DESCRIPTION_INHERITED, "holder", 0);
	cast.other = actor_start_with(scene, ACTOR_PROCESS, DESCRIPTION_INHERITED, "other", 0);
	return cast;
}

static inline int reopened(int fd, int flags)
{
	char name[64];

	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	return open(name, flags | O_CLOEXEC);
}

#define IS_GRANTED(ret, who) \
	HOLDS(!(ret), "it cannot be locked", who " was refused a lock: %s", strerror(-(ret)))

/*
 *	holder  HHHHHHH.
 *	other      xwwwwH
 */
#define EXCLUDES(cast, holds, asks) do { \
	int first = actor_try((cast).holder, at_site(MINE, holds)), second, third; \
	IS_GRANTED(first, "the holder"); \
	second = actor_try((cast).other, at_site(THEIRS, asks)); \
	HOLDS(second == -EAGAIN, "the lock does not exclude", \
	      "the other was to be refused with EAGAIN, and got: %s", \
	      second ? strerror(-second) : "the lock"); \
	actor_queue((cast).other, at_site(THEIRS, asks)); \
	actor_unlock_site((cast).holder, MINE); \
	third = actor_await((cast).other); \
	IS_GRANTED(third, "the other waited, and"); \
} while (0)

#define IS_BAD_DESCRIPTOR(ret) \
	HOLDS((ret) == -EBADF, "another result", "the holder was to get EBADF, and got: %s", \
	      (ret) ? strerror(-(ret)) : "the lock")

#endif /* LOCKFAIR_ACCESS_H */
