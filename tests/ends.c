// SPDX-License-Identifier: GPL-2.0
/*
 * In which ways does a process end, and what becomes of its locks and its requests?
 *
 * Its locks end with its last thread, however that ends, and not when the dead process is reaped.
 * The end of any other thread releases no lock, not even that of the first thread, whose tid is the
 * pid. A request ends with the thread that waits in it.
 *
 * Other ends: exit and SIGKILL (lifetime.c), the death of a waiter (cancel.c), the last task that
 * shares a table of descriptors (tasks.c), exec (inheritance.c), a parent (children.c), process 1
 * of a pid namespace (pid_namespace.c).
 */
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "held.h"
#include "system/task.h"

/* ---- a second thread of an actor ---- */

/* Wait for the test to call act_wake(). Not act_await_wake(): the first thread may be in a call. */
static void await_wake(const struct actor *actor)
{
	char wake;

	while (read(actor->scene->wake[0], &wake, 1) < 0 && errno == EINTR)
		;
}

static void *stay(void *arg)
{
	while (arg)
		pause();
	return NULL;
}

static void *exit_all(void *actor)
{
	await_wake(actor);
	syscall(SYS_exit_group, 0);
	return NULL;
}

/* Clear close-on-exec: a close of the file by the exec would end the locks. */
static void *exec(void *arg)
{
	struct actor *actor = arg;
	int err = 0;

	await_wake(actor);
	if (fcntl(actor->lock->fd, F_SETFD, 0) < 0 || fcntl(actor->lock->site->fd, F_SETFD, 0) < 0)
		err = -errno;
	if (!err) {
		act_mark(actor, 'e');
		err = act_exec(actor);
	}
	/* The exec has failed: end the wait, and report it. */
	actor->scene->shared->number[0] = -err;
	syscall(SYS_tgkill, getpid(), actor->shared->tid, SIGNAL_INTERRUPT);
	return NULL;
}

static int start_a_thread_that_exits(struct actor *self, void *arg)
{
	pthread_t thread;

	(void)arg;
	return -pthread_create(&thread, NULL, exit_all, self);
}

static int start_a_thread_that_execs(struct actor *self, void *arg)
{
	pthread_t thread;

	(void)arg;
	return -pthread_create(&thread, NULL, exec, self);
}

/* Does not return. Another thread keeps the process alive. */
static int end_the_first_thread(struct actor *self, void *arg)
{
	pthread_t thread;
	int err = pthread_create(&thread, NULL, stay, self);

	(void)arg;
	if (!err)
		syscall(SYS_exit, 0);
	return -err;
}

/* ---- how it dies ---- */

static void mark_the_end(struct actor *actor)
{
	struct scene *scene = actor->scene;

	if (!scene_goes_on(scene))
		return;
	if (actor->shared->holds)
		history_add(scene->history, actor->row, HISTORY_RELEASE, &EXCLUSIVE);
	actor->shared->holds = 0;
}

/* Wait until it is dead, without reaping it. */
static void await_death(struct actor *actor)
{
	siginfo_t info;

	while (scene_goes_on(actor->scene) &&
	       waitid(P_PID, actor->pid, &info, WEXITED | WNOWAIT) < 0) {
		if (errno != EINTR)
			scene_broken(actor->scene, "waitid: %s", strerror(errno));
	}
}

static void kill_without_reaping(struct actor *actor)
{
	mark_the_end(actor);
	if (scene_goes_on(actor->scene))
		sets_up(actor->scene, kill(actor->pid, SIGKILL), "kill");
	await_death(actor);
}

/* Does not return. Leave no core file behind. */
static int crash(struct actor *self, void *arg)
{
	(void)self;
	(void)arg;
	prctl(PR_SET_DUMPABLE, 0);
	signal(SIGSEGV, SIG_DFL);
	raise(SIGSEGV);
	return 0;
}

static int is_dead(void *arg)
{
	const struct actor *actor = arg;
	int state = task_state(actor->shared->tid);

	return state == 'Z' || state == 'X' || state < 0;
}

/* ---- its locks ---- */

/* fcntl(2): "record locks are automatically released when the process terminates". */
PROMISE(FILE_LOCKS, a_crash_ends_it)
{
	struct pair pair = hold(scene);

	mark_the_end(pair.holder);
	actor_begin(pair.holder, crash, NULL);
	await_death(pair.holder);
	has_ended(pair, "the holder's death by SIGSEGV");
	actor_kill(pair.holder);
}

/* The same; wait(2): a zombie is a process that "terminates, but has not been waited for". */
PROMISE(FILE_LOCKS, a_zombie_holds_nothing)
{
	struct pair pair = hold(scene);

	kill_without_reaping(pair.holder);
	has_ended(pair, "the holder's death, before anybody has waited for it");
	actor_kill(pair.holder);
}

/*
 * The same, and exit_group(2): it "terminates all threads in the calling process's thread group".
 */
PROMISE(FILE_LOCKS, an_exit_by_another_thread_ends_it)
{
	struct pair pair = hold(scene);

	actor_do(pair.holder, start_a_thread_that_exits, NULL);
	is_kept(pair, "the start of a second thread");
	mark_the_end(pair.holder);
	act_wake(pair.holder);
	await_death(pair.holder);
	has_ended(pair, "an exit_group() by another thread than the one that took it");
	actor_kill(pair.holder);
}

/* fcntl(2): "The threads in a process share locks"; OFD locks and flocks are the description's. */
PROMISE(FILE_LOCKS, it_outlives_the_first_thread)
{
	struct pair pair = hold(scene);

	actor_begin(pair.holder, end_the_first_thread, NULL);
	if (scene_goes_on(scene) && asleep_poll(is_dead, pair.holder, ASLEEP_DEADLINE) < 0)
		scene_broken(scene, "the first thread goes on");
	is_kept(pair, "the end of the first thread, which took it");
	kill_without_reaping(pair.holder);
	has_ended(pair, "the death of the last thread");
	actor_kill(pair.holder);
}

/* ---- its requests ---- */

struct queue {
	struct actor *holder, *waiter, *behind;
};

static struct queue queue_up(struct scene *scene, actor_job start_thread)
{
	struct queue queue = {
		.holder = actor_start(scene, "holder"),
		.waiter = actor_start(scene, "waiter"),
		.behind = actor_start(scene, "behind"),
	};

	scene_needs_signals(scene);
	actor_do(queue.waiter, start_thread, NULL);
	actor_lock(queue.holder, EXCLUSIVE);
	actor_queue(queue.waiter, EXCLUSIVE);
	actor_queue(queue.behind, EXCLUSIVE);
	return queue;
}

static void behind_is_granted(struct queue queue)
{
	struct scene *scene = queue.holder->scene;
	int ret;

	actor_unlock(queue.holder);
	ret = actor_await(queue.behind);
	holds(scene, !ret, "nobody else holds or waits, and behind got: %s", strerror(-ret));
}

/*
 *	holder  HHHHHHH.
 *	waiter    www		its other thread ends all
 *	behind      wwwwH
 */
PRACTICE(FILE_LOCKS, a_request_ends_when_another_thread_exits)
{
	struct queue queue = queue_up(scene, start_a_thread_that_exits);

	act_wake(queue.waiter);
	await_death(queue.waiter);
	actor_kill(queue.waiter);
	behind_is_granted(queue);
}

/* The answer to the waiter's order comes from the new program. */
PRACTICE(FILE_LOCKS, a_request_ends_when_another_thread_execs)
{
	struct queue queue = queue_up(scene, start_a_thread_that_execs);
	int err;

	act_wake(queue.waiter);
	actor_await(queue.waiter);
	err = scene->shared->number[0];
	if (err)
		scene_broken_by(scene, -err, "exec: %s", strerror(err));
	behind_is_granted(queue);
}

CLAIM_MAIN
