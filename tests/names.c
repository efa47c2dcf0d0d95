// SPDX-License-Identifier: GPL-2.0
/*
 * Does a lock belong to the file, or to its name?
 *
 * To the file, as the descriptors do: rename(2): "Open file descriptors for oldpath are
 * also unaffected"; unlink(2): "the file will remain in existence until the last file
 * descriptor referring to it is closed". When a lock file is removed or replaced, the processes
 * that have it open keep the lock, and those that open the name later lock another file.
 */
#define CLAIM_KEEPS	PRIVILEGE(CAP_SYS_ADMIN)

#include <sys/stat.h>

#include "held.h"
#include "named.h"

static int rename_it(int locked)
{
	bool done = !give_name(locked, old_name) &&
		    !renameat(directory, old_name, directory, new_name);

	return and_open(done, new_name, 0);
}

/* link(2), EPERM: "The filesystem … does not support the creation of hard links". */
static int link_it_twice(struct scene *scene)
{
	bool done = !give_name(scene->site->fd, old_name);

	if (done && linkat(directory, old_name, directory, new_name, 0) < 0) {
		done = false;
		skip_unless(scene, is_well_known(scene), "no hard links here");
	}
	return and_open(done, new_name, 0);
}

static void is_found_locked(struct pair pair, struct actor *finder)
{
	struct scene *scene = finder->scene;
	int ret = actor_try(finder, EXCLUSIVE);

	holds(scene, ret == -EAGAIN,
	      "the actor that opened it by name should have been refused with EAGAIN, but got: %s",
	      ret ? strerror(-ret) : "the lock");
	actor_unlock(pair.holder);
	ret = actor_try(finder, EXCLUSIVE);
	holds(scene, !ret,
	      "the actor that opened it by name was refused the lock after its release: %s",
	      strerror(-ret));
}

static void is_found_free(struct actor *finder)
{
	int ret = actor_try(finder, EXCLUSIVE);

	holds(finder->scene, !ret,
	      "the actor that opened the new file by name was refused it: %s", strerror(-ret));
}

PRACTICE(FILE_LOCKS, a_renamed_file_stays_locked)
{
	struct pair pair;

	if (!use_a_nameless_file(scene))
		return;
	pair = hold(scene);
	is_found_locked(pair, find(scene, rename_it(scene->site->fd), "finder"));
}

static bool is_one_file(int fd, int other)
{
	struct stat file, theirs;

	return !fstat(fd, &file) && !fstat(other, &theirs) && file.st_dev == theirs.st_dev &&
	       file.st_ino == theirs.st_ino;
}

PRACTICE(FILE_LOCKS, a_second_link_leads_to_the_same_lock)
{
	struct actor *finder;
	struct pair pair;
	bool same;
	int fd;

	if (!use_a_nameless_file(scene))
		return;
	pair = hold(scene);
	fd = link_it_twice(scene);
	same = is_one_file(fd, scene->site->fd);
	finder = find(scene, fd, "finder");
	/*
	 * libfuse has a node for each name, so the kernel sees two inodes, and each has its own
	 * locks.
	 */
	if (actor_try(finder, EXCLUSIVE) != -EAGAIN)
		claim_say("by its second name, stat(2) shows %s file", same ? "one" : "another");
	is_found_locked(pair, finder);
}

PRACTICE(FILE_LOCKS, a_new_file_by_the_name_of_one_unlinked_is_free)
{
	struct pair pair;

	if (!use_a_nameless_file(scene) || !needs_free_names(scene))
		return;
	pair = hold(scene);
	is_found_free(find(scene, make_another_by_its_name(scene->site->fd), "finder"));
	is_kept(pair, "the locked file was unlinked");
}

PRACTICE(FILE_LOCKS, a_file_renamed_over_it_is_free)
{
	struct pair pair;

	if (!use_a_nameless_file(scene))
		return;
	pair = hold(scene);
	is_found_free(find(scene, rename_another_over_it(scene->site->fd), "finder"));
	is_kept(pair, "another file was renamed over the locked one");
}

CLAIM_MAIN
