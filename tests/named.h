/* SPDX-License-Identifier: GPL-2.0 */
/*
 * named: a file that can be given a name, renamed and unlinked while it is locked.
 *
 * The files are made without a name, and have one only while the test's process renames, opens
 * and unlinks them, one call after the other. Unless a directory is given (-d), they are in a
 * tmpfs that is mounted nowhere and ends with its last descriptor: then a test that uses it must
 * keep CAP_SYS_ADMIN. They have a spare name first in a directory without O_TMPFILE (open(2)), or
 * where a file without a name gets none: AppArmor refuses it, unless the profile says
 * mediate_deleted.
 */
#ifndef LOCKFAIR_NAMED_H
#define LOCKFAIR_NAMED_H

#include "file_system.h"
#include "lock/descriptor.h"
#include "nowhere.h"

#define NEEDS	"needs CAP_SYS_ADMIN, or a directory (-d)"

static int directory = -1;
static bool spare_names;
static char old_name[32], new_name[32];

static inline int make_nameless(void)
{
	static int number;
	char name[48];

	if (!spare_names)
		return openat(directory, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	snprintf(name, sizeof(name), "lockfair-%d-%d", getpid(), number++);
	return openat(directory, name, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
}

static inline int give_name(int fd, const char *name)
{
	char path[64], *spare = descriptor_name(fd);
	int ret;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (spare)
		ret = renameat(AT_FDCWD, spare, directory, name);
	else
		ret = linkat(AT_FDCWD, path, directory, name, AT_SYMLINK_FOLLOW);
	free(spare);
	return ret;
}

static inline int take_name(const char *name)
{
	return unlinkat(directory, name, 0);
}

static inline int open_name(const char *name, int flags)
{
	return openat(directory, name, O_RDWR | O_CLOEXEC | flags, 0600);
}

/*
 * A file whose only name was removed cannot be linked again, so try this with a spare file, which
 * must be found by its new name only. SMB renames the name by which a file was made. 0 or -errno.
 */
static inline int can_have_a_name(void)
{
	int fd = make_nameless(), again = -1, err = 0;

	if (fd >= 0 && !give_name(fd, old_name) &&
	    !renameat(directory, old_name, directory, new_name))
		again = open_name(new_name, 0);
	if (again < 0 || take_name(new_name) < 0)
		err = -errno;
	else if (!faccessat(directory, old_name, F_OK, 0))
		err = -EEXIST;
	take_name(old_name);
	take_name(new_name);
	if (again >= 0)
		close(again);
	if (fd >= 0)
		close(fd);
	return err;
}

/* Have the scene use a file that can be given a name. 0 or -errno. */
static inline int put_nameless_file(struct scene *scene)
{
	int err = can_have_a_name(), fd;

	if (err)
		return err;
	fd = make_nameless();
	if (fd < 0 || dup3(fd, scene->site->fd, O_CLOEXEC) < 0)
		err = -errno;
	close(fd);
	return err;
}

/*
 * Can another file have the name of one that was removed, and is still open? On SMB it is removed
 * when it is closed.
 */
static inline bool frees_names(const char *name)
{
	int fd = open_name(name, O_CREAT | O_EXCL), another;

	take_name(name);
	another = open_name(name, O_CREAT | O_EXCL);
	if (another >= 0)
		take_name(name);
	close(another);
	close(fd);
	return fd >= 0 && another >= 0;
}

static inline bool needs_free_names(struct scene *scene)
{
	return scene_goes_on(scene) &&
	       skip_unless(scene, frees_names(new_name) || is_well_known(scene),
			   "a removed file that is open keeps a name here");
}

/* Prepare the names, the directory and the scene's file. */
static inline bool use_a_nameless_file(struct scene *scene)
{
	int err;

	snprintf(old_name, sizeof(old_name), "lockfair-%d-old", getpid());
	snprintf(new_name, sizeof(new_name), "lockfair-%d-new", getpid());
	if (!skip_unless(scene, scene->dir || privilege_has(CAP_SYS_ADMIN), NEEDS))
		return false;
	directory = scene->dir ? open(scene->dir, O_DIRECTORY | O_CLOEXEC) : mount_nowhere(scene);
	if (!sets_up(scene, directory, "opening the directory"))
		return false;
	err = put_nameless_file(scene);
	if (err) {
		spare_names = true;
		err = put_nameless_file(scene);
	}
	if (err)
		scene_broken(scene, "a file that can have a name: %s", strerror(-err));
	return scene_goes_on(scene);
}

/* Start the actor @who with the file that it has opened by the name: @fd. */
static inline struct actor *find(struct scene *scene, int fd, const char *who)
{
	if (fd < 0 || dup3(fd, scene->site->fd, O_CLOEXEC) < 0)
		scene_broken(scene, "opening the file by its name: %s", strerror(errno));
	close(fd);
	return actor_start_with(scene, ACTOR_PROCESS, DESCRIPTION_INHERITED, who, 0);
}

/* If @done, open the file by @name. Remove both names in any case. Return -1 with errno set. */
static inline int and_open(bool done, const char *name, int flags)
{
	int fd = done ? open_name(name, flags) : -1, err = errno;

	take_name(old_name);
	take_name(new_name);
	errno = err;
	return fd;
}

static inline int make_another_by_its_name(int locked)
{
	bool done = !give_name(locked, old_name) && !take_name(old_name);

	return and_open(done, old_name, O_CREAT | O_EXCL);
}

static inline int rename_another_over_it(int locked)
{
	int another = make_nameless();
	bool done = another >= 0 && !give_name(locked, old_name) && !give_name(another, new_name) &&
		    !renameat(directory, new_name, directory, old_name);

	close(another);
	return and_open(done, old_name, 0);
}

#endif /* LOCKFAIR_NAMED_H */
