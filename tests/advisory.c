// SPDX-License-Identifier: GPL-2.0
/*
 * Advisory: does a lock protect the file itself?
 *
 * It does not. A lock excludes other locks: a process that reads, writes or truncates the file
 * does not have to hold the lock, and does not wait for it. Until 5.15 a mount option could
 * change that for files with an unusual mode.
 */
#define CLAIM_KEEPS	PRIVILEGE(CAP_SYS_ADMIN)
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "lock/descriptor.h"
#include "file_system.h"
#include "held.h"
#include "nowhere.h"
#include "system/release.h"

/* ---- what can be done to a file without a lock; each is 0 or an errno ---- */

static int read_it(int fd)
{
	char byte;

	return pread(fd, &byte, 1, 0) < 0 ? errno : 0;
}

static int write_it(int fd)
{
	return pwrite(fd, "x", 1, 0) < 0 ? errno : 0;
}

static int map_it(int fd)
{
	char *byte = mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (byte == MAP_FAILED)
		return errno;
	*byte = 'x';
	munmap(byte, 1);
	return 0;
}

static int truncate_it(int fd)
{
	return ftruncate(fd, 0) < 0 ? errno : 0;
}

static int empty_it_by_an_open(int fd)
{
	char path[40];
	int again;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	again = open(path, O_RDWR | O_TRUNC | O_NONBLOCK | O_CLOEXEC);
	return again < 0 ? errno : close(again);
}

/* The uses that need bytes in the file come first. */
static const struct {
	const char *what;
	int (*use)(int fd);
} uses[] = {
	{ "a read", read_it },
	{ "a write", write_it },
	{ "a write through a mapping", map_it },
	{ "a truncation", truncate_it },
	{ "an open with O_TRUNC", empty_it_by_an_open },
};

/* With O_NONBLOCK, a write that a lock would keep waiting fails instead. */
static int open_beside(struct scene *scene)
{
	int fd = descriptor_reopen(scene->site->fd);

	if (fd < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
		scene_broken(scene, "opening the file: %s", strerror(errno));
	return fd;
}

/*
 * Not every file system has all uses: hugetlbfs has no write(2), 9p no shared mapping. Set
 * @offered[i] to whether use i succeeds while nobody has a lock.
 */
static void find_what_is_offered(struct scene *scene, int fd, bool *offered)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(uses) && scene_goes_on(scene); i++) {
		int err = uses[i].use(fd);

		requires(scene, !err || !is_well_known(scene), "%s, while nobody has a lock: %s",
			 uses[i].what, strerror(err));
		offered[i] = !err;
	}
	if (scene_goes_on(scene))
		sets_up(scene, ftruncate(fd, scene->size), "ftruncate");
}

/*
 *	holder  HHHHHHHHH	all of the file
 *	test     rwmto		reads, writes … by a description of its own, without a lock
 *	peer          x		asks for the lock, and is refused it
 */
static void nobody_else_is_stopped(struct scene *scene)
{
	bool offered[ARRAY_SIZE(uses)] = { false };
	int fd = open_beside(scene);
	struct pair pair;

	find_what_is_offered(scene, fd, offered);
	pair = hold(scene);
	for (unsigned int i = 0; i < ARRAY_SIZE(uses) && scene_goes_on(scene); i++) {
		int err = offered[i] ? uses[i].use(fd) : 0;

		/* flock(2), CIFS details: "any IO on a locked file will always fail with EACCES" */
		skip_unless(scene, err != EACCES || is_well_known(scene),
			    "locks are mandatory here");
		holds(scene, !err, "%s, while another holds the lock: %s", uses[i].what,
		      strerror(err));
	}
	is_kept(pair, "all that was done without a lock");
}

/*
 * flock(2): "given suitable permissions on a file, a process is free to ignore the use of flock()
 * and perform I/O on the file"; fcntl(2): "Advisory locks are not enforced and are useful only
 * between cooperating processes". lockf(3) is an interface to the latter.
 */
PROMISE(FILE_LOCKS, who_asks_for_no_lock_is_not_stopped)
{
	nobody_else_is_stopped(scene);
}

/*
 * Give the option "mand" to a file system that is mounted already: the kernel's log has a warning
 * if it is mounted with that. 0 or -errno.
 */
static int permit_mandatory_locks(int root)
{
	int fs, ret = 0;

	privilege_raise(CAP_SYS_ADMIN);
	fs = syscall(__NR_fspick, root, "", FSPICK_CLOEXEC | FSPICK_EMPTY_PATH);
	if (fs < 0 || syscall(__NR_fsconfig, fs, FSCONFIG_SET_FLAG, "mand", NULL, 0) ||
	    syscall(__NR_fsconfig, fs, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0))
		ret = -errno;
	privilege_lower(CAP_SYS_ADMIN);
	if (fs >= 0)
		close(fs);
	return ret;
}

/* Use a file whose group may not execute it and which nevertheless has the set-group-ID bit. */
static void use_a_file_of(struct scene *scene, int root)
{
	int fd = openat(root, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	struct stat file;

	if (fd < 0 || ftruncate(fd, SCENE_FILE_SIZE) < 0 || fchmod(fd, S_ISGID | 0600) < 0 ||
	    fstat(fd, &file) < 0 || dup3(fd, scene->site->fd, O_CLOEXEC) < 0)
		scene_broken(scene, "a file for mandatory locks: %s", strerror(errno));
	else if (!(file.st_mode & S_ISGID))
		scene_broken(scene, "the file has no set-group-ID bit");
	close(fd);
}

/* This mode and this mount option made locks mandatory until f7e33bdbd6d1 (5.15). */
PRACTICE(RECORD_LOCKS, no_mode_and_no_mount_option_makes_it_mandatory)
{
	struct statvfs fs;
	int root, err;

	fixed_by("f7e33bdbd6d1", "5.15");
	/* The kernel does not say otherwise whether it has mandatory locks. */
	if (!skip_unless(scene, release_is_since(5, 15), "mandatory locks went in 5.15 only"))
		return;
	root = mount_nowhere(scene);
	if (!scene_goes_on(scene))
		return;
	err = permit_mandatory_locks(root);
	needs_capability(scene, CAP_SYS_ADMIN, err);
	requires(scene, !err, "the mount option mand: %s", strerror(-err));
	if (!sets_up(scene, fstatvfs(root, &fs), "fstatvfs") ||
	    !requires(scene, fs.f_flag & ST_MANDLOCK,
		      "the mount option mand was given, and is not in force"))
		return;
	use_a_file_of(scene, root);
	nobody_else_is_stopped(scene);
}

CLAIM_MAIN
