// SPDX-License-Identifier: GPL-2.0
/*
 * What do the locks of a process have to do with its parent or its children?
 *
 * Nothing: a lock ends neither with the parent of its owner nor with a child, not even one that
 * borrows the memory of its parent (vfork(2)). A parent that takes its child along
 * (PR_SET_PDEATHSIG, prctl(2)) ends the locks of the child by ending the child.
 *
 * What a child inherits, and what it keeps of that: inheritance.c.
 */
#include <sched.h>
#include <stdalign.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "held.h"
#include "system/emulator.h"
#include "system/release.h"

/* ---- children of the holder; in the drawing, L is where one takes the lock ---- */

static alignas(16) char stack[1 << 16];

static int close_in_child(void *arg)
{
	struct actor *self = arg;

	act_mark(self, 'c');
	return close(self->lock->fd) < 0 ? errno : 0;
}

/* Make the same clone(2) as vfork(2). */
static int vfork_a_child_that_closes_it(struct actor *self, void *arg)
{
	pid_t child = clone(close_in_child, stack + sizeof(stack),
			    CLONE_VM | CLONE_VFORK | SIGCHLD, self);
	int status;

	(void)arg;
	if (child < 0 || waitpid(child, &status, 0) < 0)
		return -errno;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -EPIPE;
}

/*
 * What a child of the holder does: after fork() it dies with the holder. A survivor waits for the
 * holder's end instead, when the test, a subreaper, becomes its parent (prctl(2)), and then dies
 * with the test. It must not be late with that: the holder exits as soon as it knows of the lock.
 */
static void ask_for_a_hangup(pid_t parent, sigset_t *hangup)
{
	sigemptyset(hangup);
	sigaddset(hangup, SIGHUP);
	sigprocmask(SIG_BLOCK, hangup, NULL);
	prctl(PR_SET_PDEATHSIG, SIGHUP);
	if (getppid() != parent)
		_exit(1);
}

static void live_as_child(struct actor *self, pid_t parent, pid_t test, bool survive, int ready)
{
	sigset_t hangup;
	int err, got;

	if (survive)
		ask_for_a_hangup(parent, &hangup);
	err = lock_acquire(self->lock, &EXCLUSIVE, false);
	act_mark(self, 'L');
	if (write(ready, &err, sizeof(err)) != sizeof(err) || err)
		_exit(1);
	if (survive) {
		sigwait(&hangup, &got);
		actor_die_with_parent(test);
	}
	for (;;)
		pause();
}

/* Start a child and wait until it has the lock. number[0]: its pid. */
static int start_child(struct actor *self, bool survive)
{
	pid_t test = getppid(), parent = getpid(), child;
	int ready[2], err = -EPIPE;

	if (pipe2(ready, O_CLOEXEC) < 0)
		return -errno;
	child = fork();
	if (!child)
		live_as_child(self, parent, test, survive, ready[1]);
	self->scene->shared->number[0] = child;
	if (child < 0)
		err = -errno;
	close(ready[1]);
	if (child > 0 && read(ready[0], &err, sizeof(err)) != sizeof(err))
		err = -EPIPE;
	close(ready[0]);
	return err;
}

static int start_a_child_that_dies_with_it(struct actor *self, void *arg)
{
	(void)arg;
	return start_child(self, false);
}

static int start_a_child_that_survives(struct actor *self, void *arg)
{
	(void)arg;
	return start_child(self, true);
}

/* ---- claims ---- */

/*
 * vfork(2): it "differs from fork(2) in that the calling thread is suspended until the child
 * terminates"; fork(2): record locks are not inherited. flock(2): released "when all such file
 * descriptors have been closed", and the parent has one.
 */
PROMISE(FILE_LOCKS, a_vfork_child_that_closes_it_ends_nothing)
{
	struct pair pair = hold(scene);

	actor_do(pair.holder, vfork_a_child_that_closes_it, NULL);
	is_kept(pair, "a child of vfork() closed the descriptor and exited");
}

static struct pair have_a_child_hold(struct scene *scene, actor_job start)
{
	struct pair pair = {
		.peer = actor_start(scene, "peer"),
		.holder = actor_start(scene, "parent"),
	};

	actor_do(pair.holder, start, NULL);
	is_kept(pair, "a child has taken the lock");
	return pair;
}

/*
 *	parent  L.		starts a child and exits
 *	child    HHHHHHHH.
 *	peer      x   x   H
 */
PRACTICE(FILE_LOCKS, the_lock_of_an_orphan_is_kept)
{
	struct pair pair;
	pid_t orphan;
	int err;

	err = prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) ? emulator_error(-errno) : 0;
	skip_unless(scene, !err || !release_is_gvisor(), "no subreapers here");
	if (err)
		scene_broken_by(scene, err, "PR_SET_CHILD_SUBREAPER: %s", strerror(-err));
	pair = have_a_child_hold(scene, start_a_child_that_survives);
	actor_exit(pair.holder);
	if (!is_kept(pair, "the exit of the holder's parent"))
		return;
	orphan = scene->shared->number[0];
	sets_up(scene, kill(orphan, SIGKILL), "kill");
	sets_up(scene, waitpid(orphan, NULL, 0), "waitpid");
	has_ended(pair, "the orphan's death");
}

/* The child dies some time after its parent, so the peer waits. */
PRACTICE(FILE_LOCKS, it_ends_with_a_parent_that_takes_its_child_along)
{
	struct pair pair = have_a_child_hold(scene, start_a_child_that_dies_with_it);

	actor_queue(pair.peer, EXCLUSIVE);
	actor_exit(pair.holder);
	ends_for_the_waiting_peer(pair, "the exit of a parent whose child asked to die with it");
}

CLAIM_MAIN
