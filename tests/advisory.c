// SPDX-License-Identifier: GPL-2.0
/*
 * Advisory: does a lock keep anybody from the file itself?
 *
 * It does not: a lock excludes those who ask for one. Who only reads, writes or truncates is
 * not asked whether it holds the lock, and does not wait. Until 5.15 a file system could be
 * mounted so that it was otherwise, for files with a strange mode.
 */
#define EXPECTATION_KEEPS	PRIVILEGE(CAP_SYS_ADMIN)
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "lock/descriptor.h"
#include "held.h"
#include "network.h"
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
	return ftruncate(fd, SCENE_FILE_SIZE / 2) < 0 ? errno : 0;
}

static int empty_it_by_an_open(int fd)
{
	char path[40];
	int again;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	again = open(path, O_RDWR | O_TRUNC | O_NONBLOCK | O_CLOEXEC);
	return again < 0 ? errno : close(again);
}

/* Those who need bytes in it come first. */
static const struct {
	const char *what;
	int (*does)(int fd);
} deeds[] = {
	{ "a read", read_it },
	{ "a write", write_it },
	{ "a write through a mapping", map_it },
	{ "a truncation", truncate_it },
	{ "an open with O_TRUNC", empty_it_by_an_open },
};

/* Where a lock is in the way of a write, O_NONBLOCK has it fail and not wait. */
static int open_beside(struct scene *scene)
{
	int fd = descriptor_reopen(scene->site->fd);

	if (fd < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
		trouble(scene, TROUBLE_BROKEN, "opening the file: %s", strerror(errno));
	return fd;
}

/*
 *	holder  HHHHHHHHH	all of the file
 *	test     rwmto		reads, writes … by a description of its own, and asks for no lock
 *	peer          x		asks for the lock, and is refused it
 */
#define NOBODY_ELSE_IS_STOPPED() do { \
	struct cast cast = hold(&self->scene); \
	int fd = open_beside(&self->scene); \
	for (unsigned int i = 0; i < ARRAY_SIZE(deeds); i++) { \
		int err = self->scene.trouble[0] ? 0 : deeds[i].does(fd); \
		HOLDS(!err, "a lock is mandatory", "%s, while another holds the lock: %s", \
		      deeds[i].what, strerror(err)); \
	} \
	IS_KEPT(cast, "all that was done without a lock"); \
} while (0)

CLASS(promise);

/*
 * flock(2): "given suitable permissions on a file, a process is free to ignore the use of flock()
 * and perform I/O on the file"; fcntl(2): "Advisory locks are not enforced and are useful only
 * between cooperating processes". lockf(3) is an interface to the latter.
 */
CLAIM(promise, TRAIT_FILE, who_asks_for_no_lock_is_not_stopped)
{
	SKIPS_UNLESS(!is_on_smb(&self->scene), "locks are mandatory on SMB, flock(2)");
	NOBODY_ELSE_IS_STOPPED();
}

CLASS(practice);

/*
 * The kernel warns of the option "mand" where a file system is mounted with it, not where it is
 * given afterwards. 0 or -errno.
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

/* A file that may not be executed by its group and has the set-group-ID bit all the same. */
static void stand_on_a_file_of(struct scene *scene, int root)
{
	int fd = openat(root, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	struct stat file;

	if (fd < 0 || ftruncate(fd, SCENE_FILE_SIZE) < 0 || fchmod(fd, S_ISGID | 0600) < 0 ||
	    fstat(fd, &file) < 0 || dup3(fd, scene->site->fd, O_CLOEXEC) < 0)
		trouble(scene, TROUBLE_BROKEN, "a file for mandatory locks: %s", strerror(errno));
	else if (!(file.st_mode & S_ISGID))
		trouble(scene, TROUBLE_BROKEN, "the file has no set-group-ID bit");
	close(fd);
}

/* f7e33bdbd6d1 (5.15) removed what this mode and this mount option were once for. */
CLAIM(practice, TRAIT_RANGES, no_mode_and_no_mount_option_makes_it_mandatory)
{
	struct statvfs fs;
	int root, refusal;

	/* The kernel does not tell in another way whether it has them. */
	SKIPS_UNLESS(release_is_since(5, 15), "mandatory locks went in 5.15 only");
	IS_MOUNTED_NOWHERE(root);
	refusal = permit_mandatory_locks(root);
	NEEDS_CAPABILITY(CAP_SYS_ADMIN, refusal);
	REQUIRES(!refusal, "the mount option mand: %s", strerror(-refusal));
	SETS_UP(fstatvfs(root, &fs));
	REQUIRES(fs.f_flag & ST_MANDLOCK, "the mount option mand was given, and is not in force");
	stand_on_a_file_of(&self->scene, root);
	NOBODY_ELSE_IS_STOPPED();
}

EXPECTATION_MAIN
