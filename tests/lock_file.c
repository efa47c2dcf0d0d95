// SPDX-License-Identifier: GPL-2.0
/*
 * Can two processes be inside at once if the lock file is removed or replaced?
 *
 * Yes. A waiter has opened the file before, and is granted the lock of a file that has no name any
 * more. A newcomer opens the name, and locks the new file:
 *
 *	holder    HHHHHHHHH.
 *	waiter      wwwwwwwwH	of the old file
 *	test           |	removes it, and makes a new one of its name
 *	newcomer          HHH	of the new file
 *
 * The remedy: compare the file, once it is locked, with the one that has its name, and begin again
 * if they differ. That keeps others out as long as only the holder removes or replaces the file.
 */
#define CLAIM_KEEPS	PRIVILEGE(CAP_SYS_ADMIN)

#include <sys/stat.h>

#include "named.h"

struct queue {
	struct actor *holder, *waiter;
};

/* ---- the file of the scene, which has a name for a moment ---- */

/*
 * Where no signal ends a wait, a removal may wait for the waiter, and later calls for the removal:
 * libfuse keeps the path for as long as somebody waits (doc/findings/fuse_lock_forwarding.md).
 */
static bool names_can_go(struct scene *scene)
{
	return scene_needs_signals(scene);
}

static struct queue queue_for_a_nameless_file(struct scene *scene)
{
	struct queue queue = { NULL, NULL };

	if (!names_can_go(scene) || !use_a_nameless_file(scene))
		return queue;
	queue.holder = actor_start(scene, "holder");
	queue.waiter = actor_start(scene, "waiter");
	actor_lock(queue.holder, EXCLUSIVE);
	actor_queue(queue.waiter, EXCLUSIVE);
	return queue;
}

/* number[0]: how many names its file has. */
static int count_names(struct actor *self, void *arg)
{
	struct stat file;

	(void)arg;
	if (fstat(self->lock->fd, &file) < 0)
		return -errno;
	self->scene->shared->number[0] = file.st_nlink;
	return 0;
}

/* @fd is the new file, which the newcomer has opened by its name. */
static void one_is_inside(struct queue queue, int fd)
{
	struct scene *scene = queue.holder->scene;
	struct actor *newcomer = find(scene, fd, "newcomer");
	int ret = actor_try(newcomer, EXCLUSIVE);

	requires(scene, !ret || ret == -EAGAIN, "the newcomer was refused the lock: %s",
		 strerror(-ret));
	actor_unlock(queue.holder);
	actor_settle(scene);
	holds(scene, !actor_holds(queue.waiter) || !actor_holds(newcomer),
	      "the waiter holds the lock of the old file, and the newcomer that of the new one");
}

PRACTICE(FILE_LOCKS, a_waiter_is_granted_a_file_that_has_no_name)
{
	struct queue queue = queue_for_a_nameless_file(scene);
	int ret;

	if (!scene_goes_on(scene))
		return;
	sets_up(scene, give_name(scene->site->fd, old_name), "link");
	sets_up(scene, take_name(old_name), "unlink");
	actor_unlock(queue.holder);
	ret = actor_await(queue.waiter);
	holds(scene, !ret, "the file was unlinked, and the waiter got: %s", strerror(-ret));
	actor_do(queue.waiter, count_names, NULL);
	/* NFS and FUSE give an open file another name when its own is removed. */
	skip_unless(scene, !scene->shared->number[0] || is_well_known(scene),
		    "a removed file that is open keeps a name here");
	holds(scene, !scene->shared->number[0], "the waiter's file has %llu names",
	      scene->shared->number[0]);
}

FOLKLORE(FILE_LOCKS, one_is_inside_though_the_file_is_removed, "two were inside")
{
	struct queue queue = queue_for_a_nameless_file(scene);

	if (needs_free_names(scene))
		one_is_inside(queue, make_another_by_its_name(scene->site->fd));
}

FOLKLORE(FILE_LOCKS, one_is_inside_though_the_file_is_replaced, "two were inside")
{
	struct queue queue = queue_for_a_nameless_file(scene);

	if (scene_goes_on(scene))
		one_is_inside(queue, rename_another_over_it(scene->site->fd));
}

/* ---- the remedy: here the name lasts as long as the test ---- */

static char lock_name[32], its_successor[32];

/* Is the locked file the one that has the name now? */
static bool has_the_name(int fd)
{
	struct stat locked, named;

	return !fstat(fd, &locked) && !fstatat(directory, lock_name, &named, 0) &&
	       locked.st_dev == named.st_dev && locked.st_ino == named.st_ino;
}

/* number[1]: the test is over; a waiter that its end wakes must not make the file again. */
static int open_the_name(struct actor *self)
{
	int fd = open_name(lock_name, self->scene->shared->number[1] ? 0 : O_CREAT), err = 0;

	if (fd < 0 || dup3(fd, self->lock->fd, O_CLOEXEC) < 0)
		err = -errno;
	close(fd);
	return err;
}

static int lock_by_name(struct actor *self, void *arg)
{
	int err;

	(void)arg;
	for (;;) {
		err = open_the_name(self);
		if (!err)
			err = act_lock(self, EXCLUSIVE);
		if (err || has_the_name(self->lock->fd))
			return err;
		err = act_unlock(self);
		if (err)
			return err;
	}
}

static void forget_the_name(struct scene *scene)
{
	scene->shared->number[1] = 1;
	take_name(lock_name);
}

static int remove_the_file(struct actor *self, void *arg)
{
	(void)arg;
	act_mark(self, '!');
	return take_name(lock_name) < 0 ? -errno : 0;
}

static int replace_the_file(struct actor *self, void *arg)
{
	int fd = open_name(its_successor, O_CREAT | O_EXCL), err = 0;

	(void)arg;
	act_mark(self, '!');
	if (fd < 0 || renameat(directory, its_successor, directory, lock_name) < 0)
		err = -errno;
	close(fd);
	return err;
}

/*
 * However the test ends, the name must go: so it is in a file system that goes with the test, or in
 * the folder of run_tests.sh.
 */
static bool use_a_lasting_name(struct scene *scene)
{
	if (!names_can_go(scene))
		return false;
	snprintf(lock_name, sizeof(lock_name), "lockfair-%d-lock", getpid());
	snprintf(its_successor, sizeof(its_successor), "lockfair-%d-next", getpid());
	snprintf(new_name, sizeof(new_name), "lockfair-%d-new", getpid());
	if (!skip_unless(scene, scene->dir || privilege_has(CAP_SYS_ADMIN), NEEDS))
		return false;
	directory = scene->dir ? open(scene->dir, O_DIRECTORY | O_CLOEXEC) : mount_nowhere(scene);
	return sets_up(scene, directory, "opening the directory") && needs_free_names(scene);
}

static struct queue queue_by_name(struct scene *scene)
{
	struct queue queue;

	queue.holder = actor_start(scene, "holder");
	queue.waiter = actor_start(scene, "waiter");
	actor_do(queue.holder, lock_by_name, NULL);
	requires(scene, actor_holds(queue.holder), "the holder does not hold the lock");
	actor_begin(queue.waiter, lock_by_name, NULL);
	actor_settle(scene);
	requires(scene, actor_waits(queue.waiter), "the waiter does not wait for the lock");
	return queue;
}

/*
 *	holder    HHHHHHHHHH.
 *	waiter      wwwwwwwwH.wwwwH	of the old file, and then of the new one
 *	newcomer         HHHHHHH.	of the new file
 */
static void one_is_inside_by_comparing(struct scene *scene, actor_job change)
{
	struct queue queue;
	struct actor *newcomer;

	if (!use_a_lasting_name(scene))
		return;
	queue = queue_by_name(scene);
	newcomer = actor_start(scene, "newcomer");
	actor_do(queue.holder, change, NULL);
	actor_do(newcomer, lock_by_name, NULL);
	requires(scene, actor_holds(newcomer), "the newcomer does not hold the lock");
	actor_unlock(queue.holder);
	actor_settle(scene);
	holds(scene, actor_waits(queue.waiter), "the waiter is inside beside the newcomer");
	actor_unlock(newcomer);
	actor_settle(scene);
	holds(scene, actor_holds(queue.waiter), "the waiter sleeps on though the file is free");
	forget_the_name(scene);
}

PRACTICE(FILE_LOCKS, comparing_the_names_keeps_out_a_waiter_for_a_removed_file)
{
	one_is_inside_by_comparing(scene, remove_the_file);
}

PRACTICE(FILE_LOCKS, comparing_the_names_keeps_out_a_waiter_for_a_replaced_file)
{
	one_is_inside_by_comparing(scene, replace_the_file);
}

FOLKLORE(FILE_LOCKS, comparing_the_names_helps_though_another_removes_the_file, "two were inside")
{
	struct actor *newcomer, *outsider;
	struct queue queue;

	if (!use_a_lasting_name(scene))
		return;
	queue = queue_by_name(scene);
	newcomer = actor_start(scene, "newcomer");
	outsider = actor_start(scene, "outsider");
	actor_do(outsider, remove_the_file, NULL);
	actor_begin(newcomer, lock_by_name, NULL);
	actor_settle(scene);
	holds(scene, !actor_holds(queue.holder) || !actor_holds(newcomer),
	      "the holder has the old file, and the newcomer the new one");
	forget_the_name(scene);
}

CLAIM_MAIN
