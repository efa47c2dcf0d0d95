// SPDX-License-Identifier: GPL-2.0
/*
 * Does a lock go with the file, or with its name?
 *
 * With the file, as the descriptors do: rename(2): "Open file descriptors for oldpath are
 * also unaffected"; unlink(2): "the file will remain in existence until the last file
 * descriptor referring to it is closed". So whoever removes or replaces a lock file leaves the
 * lock to those who had opened it, and lets those who come later have a lock of their own.
 *
 * The files are made without a name, and have one only while the test's process renames,
 * opens and unlinks them, one call after the other. Unless a directory is given (-d), they are
 * in a tmpfs that is mounted nowhere, which goes with its last descriptor.
 */
#define EXPECTATION_KEEPS	PRIVILEGE(CAP_SYS_ADMIN)

#include "file_system.h"
#include "held.h"
#include "nowhere.h"

#define NEEDS	"needs CAP_SYS_ADMIN, or O_TMPFILE in a directory (-d)"

static int directory = -1;
static char old_name[32], new_name[32];

static int nameless(void)
{
	return openat(directory, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
}

static int give_name(int fd, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return linkat(AT_FDCWD, path, directory, name, AT_SYMLINK_FOLLOW);
}

static int take_name(const char *name)
{
	return unlinkat(directory, name, 0);
}

static int open_name(const char *name, int flags)
{
	return openat(directory, name, O_RDWR | O_CLOEXEC | flags, 0600);
}

/*
 * Whoever has had a name and lost it does not get another: try with one that is not needed.
 * 0 or -errno.
 */
static int can_have_a_name(void)
{
	int fd = nameless(), err = 0;

	if (fd < 0 || give_name(fd, old_name) < 0 || take_name(old_name) < 0)
		err = -errno;
	if (fd >= 0)
		close(fd);
	return err;
}

/* Make the scene's file one that can be given a name. 0 or -errno. */
static int stand_on_a_nameless_file(struct scene *scene)
{
	int err = can_have_a_name(), fd;

	if (err)
		return err;
	fd = nameless();
	if (fd < 0 || dup3(fd, scene->site->fd, O_CLOEXEC) < 0)
		err = -errno;
	close(fd);
	return err;
}

/* open(2): "O_TMPFILE requires support by the underlying filesystem". */
static bool has_nameless_files(const struct scene *scene)
{
	return is_well_known(scene) && (file_system_of(scene) != OVERLAYFS_SUPER_MAGIC ||
					release_is_since(6, 10));
}

#define HAS_NAMES() do { \
	const char *folder = self->scene.dir; \
	int ret; \
	SKIPS_UNLESS(folder || privilege_has(CAP_SYS_ADMIN), NEEDS); \
	snprintf(old_name, sizeof(old_name), "lockfair-%d-old", getpid()); \
	snprintf(new_name, sizeof(new_name), "lockfair-%d-new", getpid()); \
	if (folder) \
		SETS_UP(directory = open(folder, O_DIRECTORY | O_CLOEXEC)); \
	else \
		IS_MOUNTED_NOWHERE(directory); \
	ret = stand_on_a_nameless_file(&self->scene); \
	SKIPS_UNLESS(!ret || has_nameless_files(&self->scene), NEEDS); \
	if (ret) \
		trouble(&self->scene, TROUBLE_BROKEN, "a file that can have a name: %s", \
			strerror(-ret)); \
} while (0)

/* One who comes later, by name: what it has opened is @fd. */
static struct actor *find(struct scene *scene, int fd)
{
	if (fd < 0 || dup3(fd, scene->site->fd, O_CLOEXEC) < 0)
		trouble(scene, TROUBLE_BROKEN, "opening the file by its name: %s", strerror(errno));
	close(fd);
	return actor_start_with(scene, ACTOR_PROCESS, DESCRIPTION_INHERITED, "finder", 0);
}

/* What is then opened by its name, and errno, after nothing is left of it. */
static int and_open(bool done, const char *name, int flags)
{
	int fd = done ? open_name(name, flags) : -1, err = errno;

	take_name(old_name);
	take_name(new_name);
	errno = err;
	return fd;
}

static int rename_it(int locked)
{
	bool done = !give_name(locked, old_name) &&
		    !renameat(directory, old_name, directory, new_name);

	return and_open(done, new_name, 0);
}

static int link_it_twice(int locked)
{
	bool done = !give_name(locked, old_name) &&
		    !linkat(directory, old_name, directory, new_name, 0);

	return and_open(done, new_name, 0);
}

static int make_it_anew(int locked)
{
	bool done = !give_name(locked, old_name) && !take_name(old_name);

	return and_open(done, old_name, O_CREAT | O_EXCL);
}

static int rename_another_over_it(int locked)
{
	int another = nameless();
	bool done = another >= 0 && !give_name(locked, old_name) && !give_name(another, new_name) &&
		    !renameat(directory, new_name, directory, old_name);

	close(another);
	return and_open(done, old_name, 0);
}

#define IS_FOUND_LOCKED(by_whom) do { \
	struct actor *finder = (by_whom); \
	int answer = actor_try(finder, EXCLUSIVE); \
	HOLDS(answer == -EAGAIN, "another lock", \
	      "the one who opened it by name was to be refused with EAGAIN, and got: %s", \
	      answer ? strerror(-answer) : "the lock"); \
	actor_unlock(cast.holder); \
	answer = actor_try(finder, EXCLUSIVE); \
	HOLDS(!answer, "the lock lives on", \
	      "the one who opened it by name was refused the lock after its release: %s", \
	      strerror(-answer)); \
} while (0)

#define IS_FOUND_FREE(by_whom) do { \
	int answer = actor_try(by_whom, EXCLUSIVE); \
	HOLDS(!answer, "the same lock", \
	      "the one who opened the new file by name was refused the lock: %s", \
	      strerror(-answer)); \
} while (0)

CLASS(practice);

CLAIM(practice, TRAIT_FILE, a_renamed_file_stays_locked)
{
	struct cast cast;

	HAS_NAMES();
	cast = hold(&self->scene);
	IS_FOUND_LOCKED(find(&self->scene, rename_it(self->scene.site->fd)));
}

CLAIM(practice, TRAIT_FILE, a_second_link_leads_to_the_same_lock)
{
	struct cast cast;

	HAS_NAMES();
	cast = hold(&self->scene);
	IS_FOUND_LOCKED(find(&self->scene, link_it_twice(self->scene.site->fd)));
}

CLAIM(practice, TRAIT_FILE, a_new_file_by_the_name_of_one_unlinked_is_free)
{
	struct cast cast;

	HAS_NAMES();
	cast = hold(&self->scene);
	IS_FOUND_FREE(find(&self->scene, make_it_anew(self->scene.site->fd)));
	IS_KEPT(cast, "the locked file was unlinked");
}

CLAIM(practice, TRAIT_FILE, a_file_renamed_over_it_is_free)
{
	struct cast cast;

	HAS_NAMES();
	cast = hold(&self->scene);
	IS_FOUND_FREE(find(&self->scene, rename_another_over_it(self->scene.site->fd)));
	IS_KEPT(cast, "another file was renamed over the locked one");
}

EXPECTATION_MAIN
