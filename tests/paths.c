// SPDX-License-Identifier: GPL-2.0
/*
 * Two paths, one file: does a lock through one exclude through the other?
 *
 * A lock belongs to an inode. Bind mounts, and a second mount of a file system that is mounted
 * already, lead to the same inodes: one file. An overlay has inodes of its own: a file in it is not
 * the file in the layer that it comes from, nor the same file in another overlay. It stays the same
 * file when it is copied up.
 *
 * The test locks files on a tmpfs and an overlay of its own, wherever the lock files are.
 */
#define CLAIM_KEEPS	(PRIVILEGE(CAP_SYS_ADMIN) | PRIVILEGE(CAP_DAC_OVERRIDE))
#include <sys/syscall.h>

#include "access.h"
#include "private_mounts.h"

#define IN(path)	P_tmpdir "/" path

/* How each actor opens the file. */
struct way {
	const char *path;
	int flags, fd;
};

struct ways {
	struct way mine, theirs;
	int (*make)(void);
};

/* ---- mounts: 0 or -errno ---- */

static int make_folders(const char * const folders[], int count)
{
	for (int i = 0; i < count; i++) {
		if (mkdir(folders[i], 0700) < 0)
			return -errno;
	}
	return 0;
}

static int make_file(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int err = fd < 0 || ftruncate(fd, SCENE_FILE_SIZE) < 0 ? -errno : 0;

	close(fd);
	return err;
}

static int bind_a_folder(void)
{
	static const char * const folders[] = { IN("one"), IN("two") };
	int err = make_folders(folders, ARRAY_SIZE(folders));

	if (!err)
		err = make_file(IN("one/file"));
	if (err)
		return err;
	return mount(IN("one"), IN("two"), NULL, MS_BIND, NULL) < 0 ? -errno : 0;
}

/* gVisor makes no queue by open(2). The C library's mq_open() may be in another library. */
static int make_queue(const char *name)
{
	int fd = syscall(SYS_mq_open, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600, NULL);

	return fd < 0 || close(fd) < 0 ? -errno : 0;
}

/* Each IPC namespace has one file system of POSIX message queues (mq_overview(7)). */
static int mount_message_queues_twice(void)
{
	static const char * const folders[] = { IN("one"), IN("two") };
	int err = make_folders(folders, ARRAY_SIZE(folders));

	if (err)
		return err;
	if (unshare(CLONE_NEWIPC) < 0 ||
	    mount("lockfair", IN("one"), "mqueue", 0, NULL) < 0 ||
	    mount("lockfair", IN("two"), "mqueue", 0, NULL) < 0)
		return -errno;
	return make_queue("file");
}

static int make_layers(void)
{
	static const char * const folders[] = {
		IN("lower"), IN("upper"), IN("work"), IN("merged"), IN("empty"), IN("other"),
	};
	int err = make_folders(folders, ARRAY_SIZE(folders));

	if (!err)
		err = make_file(IN("lower/below"));
	return err ? err : make_file(IN("upper/above"));
}

/* overlayfs has its mounter access its folder "work", which has no permissions. */
static int mount_an_overlay(void)
{
	int err = make_layers(), ret;

	if (err)
		return err;
	privilege_raise(CAP_DAC_OVERRIDE);
	ret = mount("lockfair", IN("merged"), "overlay", 0, "lowerdir=" IN("lower")
		    ",upperdir=" IN("upper") ",workdir=" IN("work"));
	err = ret < 0 ? -errno : 0;
	privilege_lower(CAP_DAC_OVERRIDE);
	return err;
}

/* An overlay without an upper layer is read-only, and needs two lower ones. */
static int mount_two_overlays(void)
{
	static const char options[] = "lowerdir=" IN("empty") ":" IN("lower");
	int err = make_layers();

	if (err)
		return err;
	return mount("lockfair", IN("merged"), "overlay", 0, options) < 0 ||
	       mount("lockfair", IN("other"), "overlay", 0, options) < 0 ? -errno : 0;
}

static int go_both_ways(void *arg)
{
	struct ways *ways = arg;
	int err = ways->make();

	if (err)
		return err;
	ways->mine.fd = open(ways->mine.path, ways->mine.flags | O_CLOEXEC);
	if (ways->mine.fd < 0)
		return -errno;
	ways->theirs.fd = open(ways->theirs.path, ways->theirs.flags | O_CLOEXEC);
	return ways->theirs.fd < 0 ? -errno : 0;
}

/* ---- what the kernel has ---- */

/* filesystems(5). */
static bool has_file_system(const char *name)
{
	FILE *list = fopen("/proc/filesystems", "re");
	char line[80], *type;
	bool found = false;

	while (list && fgets(line, sizeof(line), list)) {
		line[strcspn(line, "\n")] = '\0';
		type = strchr(line, '\t');
		found |= type && !strcmp(type + 1, name);
	}
	if (list)
		fclose(list);
	return found;
}

static struct rivals use_two_paths(struct scene *scene, struct ways *ways)
{
	/* Make the file now: later a mount covers its folder. */
	scene_add_file(scene);
	mount_in_private(scene, go_both_ways, ways);
	return use_files(scene, ways->mine.fd, ways->theirs.fd);
}

static bool needs_overlays(struct scene *scene)
{
	skip_unless(scene, has_file_system("overlay"), "no overlayfs in this kernel");
	skip_unless(scene, privilege_has(CAP_SYS_ADMIN), "needs CAP_SYS_ADMIN");
	return skip_unless(scene, privilege_has(CAP_DAC_OVERRIDE), "needs CAP_DAC_OVERRIDE");
}

/* Both actors are granted the lock. */
static void are_two_files(struct rivals rivals, struct lock_request taken,
			  struct lock_request asked)
{
	struct scene *scene = rivals.holder->scene;
	int ret;

	is_granted(scene, actor_try(rivals.holder, at_site(MINE, taken)), "the holder");
	ret = actor_try(rivals.other, at_site(THEIRS, asked));
	holds(scene, !ret, "the two paths lead to one lock: the other was refused it: %s",
	      strerror(-ret));
}

/* ---- one file ---- */

PRACTICE(FILE_LOCKS, a_bind_mount_leads_to_the_same_lock)
{
	struct ways ways = {
		.mine = { IN("one/file"), O_RDWR, -1 },
		.theirs = { IN("two/file"), O_RDWR, -1 },
		.make = bind_a_folder,
	};

	excludes(use_two_paths(scene, &ways), EXCLUSIVE, EXCLUSIVE);
}

PRACTICE(FILE_LOCKS, a_second_mount_leads_to_the_same_lock)
{
	struct ways ways = {
		.mine = { IN("one/file"), O_RDWR, -1 },
		.theirs = { IN("two/file"), O_RDWR, -1 },
		.make = mount_message_queues_twice,
	};

	skip_unless(scene, has_file_system("mqueue"), "no message queues in this kernel");
	excludes(use_two_paths(scene, &ways), EXCLUSIVE, EXCLUSIVE);
}

/* Opening it for writing copies the file from the lower layer to the upper one. */
static void copy_up(struct scene *scene)
{
	int writable;

	if (!scene_goes_on(scene))
		return;
	requires(scene, access(IN("upper/below"), F_OK) < 0, "the file was copied up already");
	writable = open(IN("merged/below"), O_RDWR | O_CLOEXEC);
	if (sets_up(scene, writable, "opening the file for writing"))
		sets_up(scene, dup2(writable, scene->site[THEIRS].fd), "dup2");
	requires(scene, !access(IN("upper/below"), F_OK), "the file was not copied up");
}

/* The writer is started after the copy-up, and has the descriptor that made it. */
PRACTICE(CONVERSIONS, it_is_held_across_a_copy_up)
{
	struct ways ways = {
		.mine = { IN("merged/below"), O_RDONLY, -1 },
		.theirs = { IN("merged/below"), O_RDONLY, -1 },
		.make = mount_an_overlay,
	};
	struct rivals rivals;
	int ret;

	if (!needs_overlays(scene))
		return;
	rivals = use_two_paths(scene, &ways);
	actor_lock(rivals.holder, at_site(MINE, SHARED));
	copy_up(scene);
	rivals.other = actor_start_with(scene, ACTOR_PROCESS, DESCRIPTION_INHERITED, "writer", 0);
	/* The holder must not lock again: it would lock the file that the name leads to now. */
	ret = actor_try(rivals.other, at_site(THEIRS, EXCLUSIVE));
	holds(scene, ret == -EAGAIN, "the writer should have been refused with EAGAIN, but got: %s",
	      ret ? strerror(-ret) : "the lock");
	actor_unlock_site(rivals.holder, MINE);
	is_granted(scene, actor_try(rivals.other, at_site(THEIRS, EXCLUSIVE)), "the writer");
}

/* ---- two files ---- */

PRACTICE(FILE_LOCKS, an_overlay_and_its_upper_layer_do_not_exclude_each_other)
{
	struct ways ways = {
		.mine = { IN("merged/above"), O_RDWR, -1 },
		.theirs = { IN("upper/above"), O_RDWR, -1 },
		.make = mount_an_overlay,
	};

	if (needs_overlays(scene))
		are_two_files(use_two_paths(scene, &ways), EXCLUSIVE, EXCLUSIVE);
}

PRACTICE(CONVERSIONS, an_overlay_and_its_lower_layer_do_not_exclude_each_other)
{
	struct ways ways = {
		.mine = { IN("merged/below"), O_RDONLY, -1 },
		.theirs = { IN("lower/below"), O_RDWR, -1 },
		.make = mount_an_overlay,
	};

	if (needs_overlays(scene))
		are_two_files(use_two_paths(scene, &ways), SHARED, EXCLUSIVE);
}

/* As in two containers of one image. Neither overlay can be written to: only flock() excludes. */
PRACTICE(FLOCK, two_overlays_of_one_layer_do_not_exclude_each_other)
{
	struct ways ways = {
		.mine = { IN("merged/below"), O_RDONLY, -1 },
		.theirs = { IN("other/below"), O_RDONLY, -1 },
		.make = mount_two_overlays,
	};

	if (needs_overlays(scene))
		are_two_files(use_two_paths(scene, &ways), EXCLUSIVE, EXCLUSIVE);
}

CLAIM_MAIN
