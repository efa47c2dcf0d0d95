// SPDX-License-Identifier: GPL-2.0
/*
 * Which tasks are "the process" that a lock belongs to?
 *
 * For a lock made by fcntl() or lockf(), it is all tasks that share a table of descriptors: the
 * threads of a process, and also a clone that shares the table (CLONE_FILES), though that is
 * another process. A thread that stops sharing the table does not belong to it any more. Once the
 * lock is held, user and capabilities do not matter.
 */
#define CLAIM_KEEPS	PRIVILEGE(CAP_SETUID)
#include <fcntl.h>
#include <pthread.h>
#include <sys/syscall.h>

#include "clone_files.h"
#include "held.h"

/* ---- clones that share the holder's table; in the drawing, c is a close, e an exec ---- */

static int try_in_clone(struct actor *self, void *arg)
{
	(void)arg;
	self->scene->shared->number[0] = -act_try(self, EXCLUSIVE);
	return 0;
}

static int close_in_clone(struct actor *self, void *arg)
{
	(void)arg;
	act_mark(self, 'c');
	return close(self->lock->fd) < 0 ? -errno : 0;
}

/* number[0]: what the clone's request returned, 0 or an errno. */
static int have_a_clone_try(struct actor *self, void *arg)
{
	(void)arg;
	return clone_does(self, try_in_clone);
}

static int have_a_clone_close_it(struct actor *self, void *arg)
{
	(void)arg;
	return clone_does(self, close_in_clone);
}

/* The exec must not close a descriptor of the file. */
static int exec_with_all(struct actor *self, void *arg)
{
	(void)arg;
	if (fcntl(self->lock->fd, F_SETFD, 0) < 0 || fcntl(self->lock->site->fd, F_SETFD, 0) < 0)
		return -errno;
	act_mark(self, 'e');
	return act_exec(self);
}

/* ---- threads, and users ---- */

static void *lock_in_thread(void *actor)
{
	return (void *)(long)act_try(actor, EXCLUSIVE);
}

static int lock_by_a_thread_that_ends(struct actor *self, void *arg)
{
	pthread_t thread;
	void *ret;
	int err = pthread_create(&thread, NULL, lock_in_thread, self);

	(void)arg;
	if (!err)
		err = pthread_join(thread, &ret);
	return err ? -err : (int)(long)ret;
}

static int have_files_of_its_own(struct actor *self, void *arg)
{
	(void)self;
	(void)arg;
	return unshare(CLONE_FILES) < 0 ? -errno : 0;
}

#ifndef SYS_setresuid32
#define SYS_setresuid32	SYS_setresuid
#endif

/* number[0]: 0 or an errno. The C library's setresuid() would be for all threads. */
static int become_another_user(struct actor *self, void *arg)
{
	unsigned int somebody = geteuid() + 1;

	(void)arg;
	privilege_raise(CAP_SETUID);
	self->scene->shared->number[0] =
		syscall(SYS_setresuid32, somebody, somebody, somebody) < 0 ? errno : 0;
	privilege_keep(0);
	return 0;
}

/*
 * clone(2), CLONE_FILES: "if one of the processes closes a file descriptor … the other
 * process is also affected".
 */
PROMISE(FILE_LOCKS, a_close_by_a_clone_that_shares_the_files_ends_it)
{
	struct pair pair = hold(scene);

	scene_needs(scene, LACKS_OWNER);
	actor_do(pair.holder, have_a_clone_close_it, NULL);
	has_ended(pair, "a clone with CLONE_FILES closed the descriptor");
}

/* fcntl(2): "The threads in a process share locks"; OFD locks and flocks are the description's. */
PROMISE(FILE_LOCKS, it_outlives_the_thread_that_took_it)
{
	struct actor *peer = actor_start(scene, "peer");
	struct actor *holder = actor_start(scene, "holder");
	struct pair pair = { .peer = peer, .holder = holder };

	actor_do(holder, lock_by_a_thread_that_ends, NULL);
	is_kept(pair, "the end of the thread that took it");
	actor_unlock(holder);
	has_ended(pair, "a release by another thread");
}

PRACTICE(OWNED_BY_PROCESS, a_clone_that_shares_the_files_is_not_excluded)
{
	struct pair pair = hold(scene);
	int err;

	scene_needs(scene, LACKS_OWNER);
	actor_do(pair.holder, have_a_clone_try, NULL);
	err = scene->shared->number[0];
	holds(scene, !err, "a clone with CLONE_FILES was refused the lock: %s", strerror(err));
	is_kept(pair, "the clone's exit");
}

/* No promise: by fcntl(2) a lock is released when its process terminates, as the holder does. */
PRACTICE(FILE_LOCKS, a_clone_that_shares_the_files_keeps_it)
{
	struct pair pair = hold(scene);

	leave_a_clone(pair.holder);
	actor_kill(pair.holder);
	is_kept(pair, "the holder died and left a clone with CLONE_FILES");
	clone_end(scene);
	has_ended(pair, "the clone died as well");
}

/* execve(2): "The file descriptor table is unshared"; the lock stays with the old one. */
PRACTICE(OWNED_BY_PROCESS, an_exec_leaves_it_to_a_clone_that_shared_the_files)
{
	struct pair pair = hold(scene);

	leave_a_clone(pair.holder);
	actor_do(pair.holder, exec_with_all, NULL);
	is_kept(pair, "an exec with a clone with CLONE_FILES alive");
	clone_end(scene);
	has_ended(pair, "the clone's death, with the new program still alive");
}

/* unshare(2), CLONE_FILES: the thread "no longer shares its file descriptors". */
PRACTICE(OWNED_BY_PROCESS, a_thread_with_files_of_its_own_is_excluded)
{
	struct actor *one = actor_start_with(scene, ACTOR_THREAD, DESCRIPTION_OWN, "one", 0);
	struct actor *two = actor_start_with(scene, ACTOR_THREAD, DESCRIPTION_OWN, "two", 0);
	int before, after;

	scene_needs(scene, LACKS_OWNER);
	actor_lock(one, EXCLUSIVE);
	before = actor_try(two, EXCLUSIVE);
	requires(scene, !before, "a thread that shares the files: %s", strerror(-before));
	actor_do(two, have_files_of_its_own, NULL);
	after = actor_try(two, EXCLUSIVE);
	holds(scene, after == -EAGAIN,
	      "thread two, whose files are its own, should have got EAGAIN, but got: %s",
	      after ? strerror(-after) : "the lock");
}

/*
 * The same: the lock belongs to the table, and its taker leaves that table to the clone.
 *
 *	holder  HHHHHx   H	unshares its table; asks, asks again after the clone's death
 *	clone     HHHHHH
 */
PRACTICE(OWNED_BY_PROCESS, a_taker_that_leaves_the_files_leaves_it_with_them)
{
	struct pair pair = hold(scene);
	int ret;

	leave_a_clone(pair.holder);
	actor_do(pair.holder, have_files_of_its_own, NULL);
	is_kept(pair, "the process that took it has unshared its descriptors");
	ret = actor_try(pair.holder, EXCLUSIVE);
	holds(scene, ret == -EAGAIN,
	      "the process that took it should have been refused with EAGAIN, but got: %s",
	      ret ? strerror(-ret) : "the lock");
	clone_end(scene);
	has_ended(pair, "the death of the clone, while the process that took it lives");
}

/* Nobody shares the files, so the process keeps the table that it has, and the lock with it. */
PRACTICE(FILE_LOCKS, unsharing_what_nobody_shares_keeps_it)
{
	struct pair pair = hold(scene);

	/* An emulator has a thread in each process, which keeps the old table. */
	skip_unless(scene, !emulator_is_there(), BEYOND_AN_EMULATOR);
	actor_do(pair.holder, have_files_of_its_own, NULL);
	is_kept(pair, "unshare() of files that nobody shares");
	actor_unlock(pair.holder);
	has_ended(pair, "a release by the same process");
}

/* open(2) has decided what is permitted: the kernel does not check user or capabilities again. */
PRACTICE(FILE_LOCKS, it_is_kept_across_a_change_of_user)
{
	struct actor *peer = actor_start(scene, "peer");
	struct actor *holder = actor_start_with(scene, ACTOR_THREAD, DESCRIPTION_OWN,
						"holder", 0);
	struct pair pair = held_by(holder, peer);
	int error;

	actor_do(holder, become_another_user, NULL);
	error = scene->shared->number[0];
	/* A user namespace may have no such user. */
	if (error == EINVAL && privilege_is_confined())
		error = EPERM;
	needs_capability(scene, CAP_SETUID, -error);
	requires(scene, !error, "becoming another user: %s", strerror(error));
	is_kept(pair, "the holder became another user, without capabilities");
	actor_unlock(holder);
	has_ended(pair, "its release by the new user");
}

CLAIM_MAIN
