// SPDX-License-Identifier: GPL-2.0
/*
 * Who has a lock after a fork, and after an exec?
 *
 * A child has its parent's open file descriptions, and with them the OFD locks and flocks;
 * the locks that are the process's stay with the parent. A new program in the same process
 * has both, but for the descriptors that were to be closed on exec: there, what holds for
 * any other close holds as well.
 */
#include <fcntl.h>
#include <sys/wait.h>

#include "held.h"

/* ---- children of the holder; in the drawing, c is a close ---- */

static pid_t child;

static int close_it(struct actor *self, void *arg)
{
	(void)arg;
	act_mark(self, 'c');
	return close(self->lock->fd) < 0 ? -errno : 0;
}

static int fork_one_that_closes_it(struct actor *self, void *arg)
{
	int status;

	child = fork();
	if (!child)
		_exit(-close_it(self, arg));
	if (child < 0 || waitpid(child, &status, 0) < 0)
		return -errno;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -EPIPE;
}

/* It dies with its parent, if that does not end it before. */
static int fork_one_that_stays(struct actor *self, void *arg)
{
	(void)self;
	(void)arg;
	child = fork();
	while (!child)
		pause();
	return child < 0 ? -errno : 0;
}

static int end_child(struct actor *self, void *arg)
{
	(void)self;
	(void)arg;
	return kill(child, SIGKILL) < 0 || waitpid(child, NULL, 0) < 0 ? -errno : 0;
}

/* ---- a new program; in the drawing, e is an exec ---- */

/*
 * The holder has two descriptors of the file, both close-on-exec: its own, and the one with
 * which it was forked, of another description.
 */
static int spare(int fd)
{
	return fcntl(fd, F_SETFD, 0) < 0 ? -errno : 0;
}

static int exec(struct actor *self)
{
	act_mark(self, 'e');
	return act_exec(self);
}

static int exec_with_both(struct actor *self, void *arg)
{
	int err = spare(self->lock->fd);

	(void)arg;
	if (!err)
		err = spare(self->lock->site->fd);
	return err ? err : exec(self);
}

static int exec_with_its_own(struct actor *self, void *arg)
{
	int err = spare(self->lock->fd);

	(void)arg;
	return err ? err : exec(self);
}

static int exec_with_the_other(struct actor *self, void *arg)
{
	int err = spare(self->lock->site->fd);

	(void)arg;
	return err ? err : exec(self);
}

static void *stay_in_thread(void *arg)
{
	while (!arg)
		pause();
	return NULL;
}

static int exec_beside_a_thread(struct actor *self, void *arg)
{
	pthread_t thread;
	int err = pthread_create(&thread, NULL, stay_in_thread, NULL);

	return err ? -err : exec_with_both(self, arg);
}

struct errand {
	struct actor *actor;
	pid_t parent;
};

/* What is to die with its parent is the thread that was told so (prctl(2)): tell this one. */
static void *exec_in_thread(void *arg)
{
	struct errand *errand = arg;

	actor_die_with_parent(errand->parent);
	return (void *)(long)exec_with_both(errand->actor, NULL);
}

static int exec_by_another_thread(struct actor *self, void *arg)
{
	struct errand errand = { .actor = self, .parent = getppid() };
	pthread_t thread;
	void *ret;
	int err = pthread_create(&thread, NULL, exec_in_thread, &errand);

	(void)arg;
	/* There is nothing to join, unless the exec has failed. */
	if (!err)
		err = pthread_join(thread, &ret);
	return err ? -err : (int)(long)ret;
}

CLASS(promise);

/* ---- fork ---- */

/*
 * fork(2): the child "does not inherit process-associated record locks from its parent", so
 * it has none to lose; flock(2): released "when all such file descriptors have been closed".
 */
CLAIM(promise, TRAIT_FILE, a_child_that_closes_it_and_exits_ends_nothing)
{
	struct cast cast = hold(&self->scene);

	actor_do(cast.holder, fork_one_that_closes_it, NULL);
	IS_KEPT(cast, "a child closed the descriptor and exited");
}

/*
 * fork(2): the child "does inherit fcntl(2) open file description locks and flock(2) locks
 * from its parent".
 */
CLAIM(promise, TRAIT_OWNED_BY_DESCRIPTION, a_child_keeps_what_its_parent_closes)
{
	struct cast cast = hold(&self->scene);

	actor_do(cast.holder, fork_one_that_stays, NULL);
	actor_do(cast.holder, close_it, NULL);
	IS_KEPT(cast, "the parent closed what its child still has");
	actor_do(cast.holder, end_child, NULL);
	HAS_ENDED(cast, "the child ended as well");
}

CLAIM(promise, TRAIT_OWNED_BY_PROCESS, a_child_does_not_keep_what_its_parent_closes)
{
	struct cast cast = hold(&self->scene);

	actor_do(cast.holder, fork_one_that_stays, NULL);
	actor_do(cast.holder, close_it, NULL);
	HAS_ENDED(cast, "the parent closed what its child still has");
}

/*
 *	taker ---> description <--- relative	children of one parent
 *
 * fork(2), as above; flock(2): "this lock may be modified or released using any of these
 * file descriptors".
 */
CLAIM(promise, TRAIT_OWNED_BY_DESCRIPTION, it_outlives_the_process_that_took_it)
{
	struct actor *peer = actor_start(&self->scene, "peer");
	struct actor *taker = actor_start_with(&self->scene, ACTOR_PROCESS, DESCRIPTION_INHERITED,
					       "taker", 0);
	struct actor *relative = actor_start_with(&self->scene, ACTOR_PROCESS,
						  DESCRIPTION_INHERITED, "relative", 0);
	struct cast cast = held_by(taker, peer);

	actor_exit(taker);
	IS_KEPT(cast, "the exit of the process that took it");
	actor_unlock(relative);
	HAS_ENDED(cast, "a release by a relative");
}

/* fcntl(2): "record locks are automatically released when the process terminates". */
CLAIM(promise, TRAIT_OWNED_BY_PROCESS, it_ends_with_its_process_whoever_has_the_file_open)
{
	struct actor *peer = actor_start(&self->scene, "peer");
	struct actor *taker = actor_start_with(&self->scene, ACTOR_PROCESS, DESCRIPTION_INHERITED,
					       "taker", 0);
	struct cast cast = held_by(taker, peer);

	actor_exit(taker);
	HAS_ENDED(cast, "the exit of the process that took it");
}

/* ---- exec ---- */

/*
 * fcntl(2): record locks "are preserved across an execve(2)"; flock(2): "Locks created by
 * flock() are preserved across an execve(2)"; execve(2): "By default, file descriptors remain
 * open", and so does the description that an OFD lock belongs to.
 */
CLAIM(promise, TRAIT_FILE, an_exec_keeps_it)
{
	struct cast cast = hold(&self->scene);

	actor_do(cast.holder, exec_with_both, NULL);
	IS_KEPT(cast, "an exec");
	actor_kill(cast.holder);
	HAS_ENDED(cast, "the new program's death");
}

/*
 * The same, and execve(2): "All threads other than the calling thread are destroyed". Before
 * 5.11, and the stable kernels that have it from there, the process got a table of descriptors
 * of its own while they were still alive, and the locks went with theirs.
 */
CLAIM(promise, TRAIT_FILE, an_exec_beside_a_thread_keeps_it)
{
	struct cast cast = hold(&self->scene);

	actor_do(cast.holder, exec_beside_a_thread, NULL);
	IS_KEPT(cast, "an exec in a process with two threads");
}

CLAIM(promise, TRAIT_FILE, an_exec_by_another_thread_keeps_it)
{
	struct cast cast = hold(&self->scene);

	actor_do(cast.holder, exec_by_another_thread, NULL);
	IS_KEPT(cast, "an exec by another thread than the one that took it");
}

/*
 * execve(2): "File descriptors that are marked close-on-exec are closed", and this "will cause
 * the release of all record locks obtained on the underlying file by this process".
 */
CLAIM(promise, TRAIT_FILE, closing_it_on_exec_ends_it)
{
	struct cast cast = hold(&self->scene);

	actor_do(cast.holder, exec_with_the_other, NULL);
	HAS_ENDED(cast, "an exec that closed the descriptor");
}

CLAIM(promise, TRAIT_OWNED_BY_PROCESS, closing_another_descriptor_on_exec_ends_it)
{
	struct cast cast = hold(&self->scene);

	actor_do(cast.holder, exec_with_its_own, NULL);
	HAS_ENDED(cast, "an exec that closed another descriptor of the file");
}

/* fcntl(2): released "on the last close of the open file description"; flock(2) likewise. */
CLAIM(promise, TRAIT_OWNED_BY_DESCRIPTION, closing_another_description_on_exec_ends_nothing)
{
	struct cast cast = hold(&self->scene);

	actor_do(cast.holder, exec_with_its_own, NULL);
	IS_KEPT(cast, "an exec that closed another description of the file");
}

EXPECTATION_MAIN
