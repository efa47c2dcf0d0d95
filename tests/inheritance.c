// SPDX-License-Identifier: GPL-2.0
/*
 * Who has a lock after a fork, and after an exec?
 *
 * A child has its parent's open file descriptions, and with them the OFD locks and flocks. Locks
 * that belong to the process stay with the parent. A new program in the same process keeps both,
 * unless a descriptor is closed on exec: that releases the same locks as any other close.
 */
#include <fcntl.h>
#include <pthread.h>
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

/* The child dies with its parent, unless the parent ends it earlier. */
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
 * The holder has two descriptors of the file, both close-on-exec: its own, and one of another
 * description that it inherited from the test. Keep @fd open in the new program.
 */
static int keep_open(int fd)
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
	int err = keep_open(self->lock->fd);

	(void)arg;
	if (!err)
		err = keep_open(self->lock->site->fd);
	return err ? err : exec(self);
}

static int exec_with_its_own(struct actor *self, void *arg)
{
	int err = keep_open(self->lock->fd);

	(void)arg;
	return err ? err : exec(self);
}

static int exec_with_the_other(struct actor *self, void *arg)
{
	int err = keep_open(self->lock->site->fd);

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

struct exec_args {
	struct actor *actor;
	pid_t parent;
};

/* The parent-death signal is set for the calling thread only (prctl(2)). */
static void *exec_in_thread(void *arg)
{
	struct exec_args *args = arg;

	actor_die_with_parent(args->parent);
	return (void *)(long)exec_with_both(args->actor, NULL);
}

static int exec_by_another_thread(struct actor *self, void *arg)
{
	struct exec_args args = { .actor = self, .parent = getppid() };
	pthread_t thread;
	void *ret;
	int err = pthread_create(&thread, NULL, exec_in_thread, &args);

	(void)arg;
	/* The thread can be joined only if its exec has failed. */
	if (!err)
		err = pthread_join(thread, &ret);
	return err ? -err : (int)(long)ret;
}

/* ---- fork ---- */

/*
 * fork(2): the child "does not inherit process-associated record locks from its parent", so it
 * cannot lose one; flock(2): released "when all such file descriptors have been closed".
 */
PROMISE(FILE_LOCKS, a_child_that_closes_it_and_exits_ends_nothing)
{
	struct pair pair = hold(scene);

	actor_do(pair.holder, fork_one_that_closes_it, NULL);
	is_kept(pair, "a child closed the descriptor and exited");
}

/*
 * fork(2): the child "does inherit fcntl(2) open file description locks and flock(2) locks
 * from its parent".
 */
PROMISE(OWNED_BY_DESCRIPTION, a_child_keeps_what_its_parent_closes)
{
	struct pair pair = hold(scene);

	actor_do(pair.holder, fork_one_that_stays, NULL);
	actor_do(pair.holder, close_it, NULL);
	is_kept(pair, "the parent closed what its child still has");
	actor_do(pair.holder, end_child, NULL);
	has_ended(pair, "the child ended as well");
}

PROMISE(OWNED_BY_PROCESS, a_child_does_not_keep_what_its_parent_closes)
{
	struct pair pair = hold(scene);

	actor_do(pair.holder, fork_one_that_stays, NULL);
	actor_do(pair.holder, close_it, NULL);
	has_ended(pair, "the parent closed what its child still has");
}

/*
 *	taker ---> description <--- relative	children of one parent
 *
 * fork(2), as above; flock(2): "this lock may be modified or released using any of these
 * file descriptors".
 */
PROMISE(OWNED_BY_DESCRIPTION, it_outlives_the_process_that_took_it)
{
	struct actor *peer = actor_start(scene, "peer");
	struct actor *taker = actor_start_with(scene, ACTOR_PROCESS, DESCRIPTION_INHERITED,
					       "taker", 0);
	struct actor *relative = actor_start_with(scene, ACTOR_PROCESS,
						  DESCRIPTION_INHERITED, "relative", 0);
	struct pair pair = held_by(taker, peer);

	actor_exit(taker);
	is_kept(pair, "the exit of the process that took it");
	actor_unlock(relative);
	has_ended(pair, "a release by a relative");
}

/* fcntl(2): "record locks are automatically released when the process terminates". */
PROMISE(OWNED_BY_PROCESS, it_ends_with_its_process_whoever_has_the_file_open)
{
	struct actor *peer = actor_start(scene, "peer");
	struct actor *taker = actor_start_with(scene, ACTOR_PROCESS, DESCRIPTION_INHERITED,
					       "taker", 0);
	struct pair pair = held_by(taker, peer);

	actor_exit(taker);
	has_ended(pair, "the exit of the process that took it");
}

/* ---- exec ---- */

/*
 * fcntl(2): record locks "are preserved across an execve(2)"; flock(2): "Locks created by
 * flock() are preserved across an execve(2)"; execve(2): "By default, file descriptors remain
 * open", and so does the description that an OFD lock belongs to.
 */
PROMISE(FILE_LOCKS, an_exec_keeps_it)
{
	struct pair pair = hold(scene);

	actor_do(pair.holder, exec_with_both, NULL);
	is_kept(pair, "an exec");
	actor_kill(pair.holder);
	has_ended(pair, "the new program's death");
}

/*
 * The same, and execve(2): "All threads other than the calling thread are destroyed". Before
 * 5.11 (some older stable kernels have the fix as well) the process got a new table of descriptors
 * while its other threads were still alive, and the locks were lost with the old table.
 */
PROMISE(FILE_LOCKS, an_exec_beside_a_thread_keeps_it)
{
	struct pair pair = hold(scene);

	actor_do(pair.holder, exec_beside_a_thread, NULL);
	is_kept(pair, "an exec in a process with two threads");
}

PROMISE(FILE_LOCKS, an_exec_by_another_thread_keeps_it)
{
	struct pair pair = hold(scene);

	actor_do(pair.holder, exec_by_another_thread, NULL);
	is_kept(pair, "an exec by another thread than the one that took it");
}

/*
 * execve(2): "File descriptors that are marked close-on-exec are closed", and this "will cause
 * the release of all record locks obtained on the underlying file by this process".
 */
PROMISE(FILE_LOCKS, closing_it_on_exec_ends_it)
{
	struct pair pair = hold(scene);

	actor_do(pair.holder, exec_with_the_other, NULL);
	has_ended(pair, "an exec that closed the descriptor");
}

PROMISE(OWNED_BY_PROCESS, closing_another_descriptor_on_exec_ends_it)
{
	struct pair pair = hold(scene);

	actor_do(pair.holder, exec_with_its_own, NULL);
	has_ended(pair, "an exec that closed another descriptor of the file");
}

/* fcntl(2): released "on the last close of the open file description"; flock(2) likewise. */
PROMISE(OWNED_BY_DESCRIPTION, closing_another_description_on_exec_ends_nothing)
{
	struct pair pair = hold(scene);

	actor_do(pair.holder, exec_with_its_own, NULL);
	is_kept(pair, "an exec that closed another description of the file");
}

CLAIM_MAIN
