// SPDX-License-Identifier: GPL-2.0
/*
 * What does a child keep of its parent's locks between its fork and its exec?
 *
 * A close-on-exec descriptor is closed by the exec, not by the fork. In between the child has it,
 * even if it will never use it, and even if it was forked by a thread that does not know about the
 * lock. So the close by which the holder wanted to release an OFD lock or an flock is not the last
 * one. (Descriptors that stay open across an exec: tests/inheritance.c.)
 *
 *	test	thread "holder"		locks through a descriptor of its own, and closes it
 *		main thread		forks "child", which execs later
 */
#include "held.h"

struct family {
	struct pair pair;
	struct actor *child;
};

static struct family hold_and_fork(struct scene *scene)
{
	struct actor *peer = actor_start(scene, "peer");
	struct actor *holder = actor_start_with(scene, ACTOR_THREAD, DESCRIPTION_OWN, "holder", 0);
	struct family family = { .pair = held_by(holder, peer) };

	family.child = actor_start(scene, "child");
	return family;
}

/* ---- what they do; in the drawing, c is a close, e an exec ---- */

static int close_it(struct actor *self, void *arg)
{
	(void)arg;
	act_mark(self, 'c');
	return close(self->lock->fd) < 0 ? -errno : 0;
}

static int exec(struct actor *self, void *arg)
{
	(void)arg;
	act_mark(self, 'e');
	return act_exec(self);
}

/* Two execs that fail: no file, and the locked file, which is open for writing. */
static int exec_in_vain(struct actor *self, void *arg)
{
	char path[40], *argv[] = { path, NULL };

	(void)arg;
	act_mark(self, 'e');
	execv("", argv);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", self->lock->fd);
	execv(path, argv);
	return 0;
}

/* ---- the holder closes it ---- */

/*
 * fork(2): the child "does inherit fcntl(2) open file description locks and flock(2) locks from its
 * parent"; flock(2): released "when all such file descriptors have been closed"; fcntl(2), of OFD
 * locks: "on the last close of the open file description".
 */
PROMISE(OWNED_BY_DESCRIPTION, a_child_keeps_it_until_it_execs)
{
	struct family family = hold_and_fork(scene);

	actor_do(family.pair.holder, close_it, NULL);
	is_kept(family.pair, "the close, with a child that has not exec'ed yet");
	actor_do(family.child, exec, NULL);
	has_ended(family.pair, "the child's exec");
}

PROMISE(OWNED_BY_DESCRIPTION, a_child_that_dies_before_its_exec_keeps_it_no_longer)
{
	struct family family = hold_and_fork(scene);

	actor_do(family.pair.holder, close_it, NULL);
	is_kept(family.pair, "the close, with a child that has not exec'ed yet");
	actor_kill(family.child);
	has_ended(family.pair, "the child's death");
}

/* fork(2): the child "does not inherit process-associated record locks from its parent". */
PROMISE(OWNED_BY_PROCESS, a_child_that_will_exec_does_not_keep_it)
{
	struct family family = hold_and_fork(scene);

	actor_do(family.pair.holder, close_it, NULL);
	has_ended(family.pair, "the close, with a child that has not exec'ed yet");
}

/*
 * execve(2) closes only what the calling process has open: not the last descriptor of the
 * description, and none of the process that owns a lock made by fcntl() or lockf().
 */
PROMISE(FILE_LOCKS, the_exec_of_a_child_ends_nothing)
{
	struct family family = hold_and_fork(scene);

	actor_do(family.child, exec, NULL);
	is_kept(family.pair, "a child's exec, which closed its copy of the descriptor");
}

/* ---- the holder releases it first ---- */

/*
 * flock(2): the lock is released "by an explicit LOCK_UN operation on any of these duplicate file
 * descriptors"; fcntl(2): record locks are "removed by an explicit F_UNLCK".
 */
PROMISE(FILE_LOCKS, a_release_before_the_close_is_one_at_once)
{
	struct family family = hold_and_fork(scene);

	actor_unlock(family.pair.holder);
	has_ended(family.pair, "a release, with a child that has not exec'ed yet");
	actor_unlock(family.pair.peer);
	actor_do(family.pair.holder, close_it, NULL);
	has_ended(family.pair, "the release and the close");
}

/* ---- the exec fails ---- */

/* The exec closes descriptors only once it cannot fail any more. */
PRACTICE(FILE_LOCKS, an_exec_that_fails_ends_nothing)
{
	struct pair pair = hold(scene);

	actor_do(pair.holder, exec_in_vain, NULL);
	is_kept(pair, "the holder's exec, which failed");
	actor_unlock(pair.holder);
	has_ended(pair, "the release after that");
}

PRACTICE(OWNED_BY_DESCRIPTION, a_child_whose_exec_fails_keeps_it)
{
	struct family family = hold_and_fork(scene);

	actor_do(family.pair.holder, close_it, NULL);
	actor_do(family.child, exec_in_vain, NULL);
	is_kept(family.pair, "the close, and an exec of the child that failed");
	actor_kill(family.child);
	has_ended(family.pair, "the child's death");
}

CLAIM_MAIN
