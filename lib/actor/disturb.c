// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "actor/act.h"
#include "actor/disturb.h"
#include "actor/order.h"
#include "system/task.h"

static pid_t process_of(const struct actor *actor)
{
	return actor->pid ? actor->pid : getpid();
}

static void send_signal(struct actor *actor, int signal_number)
{
	/* If the actor is a thread, the signal is for that thread, not for its whole process. */
	if (syscall(SYS_tgkill, process_of(actor), actor->shared->tid, signal_number) < 0)
		scene_broken(actor->scene, "signal %d to %s: %s", signal_number,
			     actor_name(actor), strerror(errno));
}

/* ---- signals that it handles ---- */

struct handled {
	struct actor_shared *shared;
	unsigned int before;
};

static int has_handled(void *arg)
{
	struct handled *handled = arg;

	return __atomic_load_n(&handled->shared->signals, __ATOMIC_ACQUIRE) != handled->before;
}

/* The actor may wait for a lock where no signal ends the wait. */
static bool reacts_to_signals(struct actor *actor)
{
	if (actor->busy && __atomic_load_n(&actor->shared->call.nr, __ATOMIC_ACQUIRE) >= 0)
		scene_needs_signals(actor->scene);
	return scene_goes_on(actor->scene);
}

static void have_handled(struct actor *actor, int signal_number)
{
	struct handled handled = { .shared = actor->shared };

	if (!reacts_to_signals(actor))
		return;
	handled.before = __atomic_load_n(&actor->shared->signals, __ATOMIC_ACQUIRE);
	send_signal(actor, signal_number);
	if (scene_goes_on(actor->scene) && asleep_poll(has_handled, &handled, ASLEEP_DEADLINE) < 0)
		scene_failed(actor->scene, "%s has not handled signal %d in %d ms",
			     actor_name(actor), signal_number, ASLEEP_DEADLINE);
}

void actor_interrupt(struct actor *actor)
{
	have_handled(actor, SIGNAL_INTERRUPT);
}

void actor_interrupt_and_restart(struct actor *actor)
{
	have_handled(actor, SIGNAL_RESTART);
}

/* ---- stops ---- */

static bool is_process(struct actor *actor)
{
	if (!scene_goes_on(actor->scene))
		return false;
	if (actor->pid <= 0)
		scene_broken(actor->scene, "%s is no process, or no more",
			     actor_name(actor));
	return actor->pid > 0;
}

/*
 * Await a change of state, one of waitid(2)'s W…. Return false on an error, or if the scene has
 * ended.
 */
static bool await_change(struct actor *actor, int change)
{
	siginfo_t info;

	if (!scene_goes_on(actor->scene))
		return false;
	while (waitid(P_PID, actor->pid, &info, change) < 0) {
		if (errno == EINTR)
			continue;
		scene_broken(actor->scene, "waitid for %s: %s", actor_name(actor),
			     strerror(errno));
		return false;
	}
	return true;
}

void actor_stop(struct actor *actor)
{
	if (!is_process(actor) || !reacts_to_signals(actor))
		return;
	send_signal(actor, SIGSTOP);
	actor->still = await_change(actor, WSTOPPED);
}

void actor_continue(struct actor *actor)
{
	if (!is_process(actor))
		return;
	send_signal(actor, SIGCONT);
	actor->still = !await_change(actor, WCONTINUED);
}

/* ---- its end ---- */

static int thread_is_gone(void *arg)
{
	const struct actor *actor = arg;
	pid_t tid = actor->shared->tid;

	if (syscall(SYS_tgkill, process_of(actor), tid, 0) < 0)
		return errno == ESRCH;
	/* The first thread of a process stays as long as the others, without its files. */
	return actor->sort == ACTOR_PROCESS && task_state(tid) == 'Z';
}

/* Is there another actor in its process? */
static bool has_company(const struct actor *actor)
{
	const struct scene *scene = actor->scene;
	int count = 0;

	for (int i = 0; i < scene->actors; i++)
		count += scene->actor[i].pid == actor->pid;
	return count > 1;
}

/*
 * The kernel closes the files, and so releases the locks, before a process can be reaped and before
 * a thread's tid is gone. pthread_join(3) would return earlier.
 */
static bool await_end(struct actor *actor)
{
	if (actor->pid && !has_company(actor))
		return await_change(actor, WEXITED);
	if (asleep_poll(thread_is_gone, actor, ASLEEP_DEADLINE) < 0)
		scene_failed(actor->scene, "%s has not ended in %d ms",
			     actor_name(actor), ASLEEP_DEADLINE);
	return scene_goes_on(actor->scene);
}

static void is_gone(struct actor *actor)
{
	struct lock_request all = WHOLE;

	asleep_close(&actor->files);
	actor->shared->tid = 0;
	if (actor->busy)
		history_answer(actor->scene->history, actor->row, &all, -EINTR);
	actor->shared->holds = 0;
	actor->busy = false;
	actor->queued = false;
	actor->still = false;
	actor->gone = true;
	actor->pid = 0;
}

static void reap(struct actor *actor)
{
	if (await_end(actor))
		is_gone(actor);
}

/* The actor was killed, and its threads with it. */
static void reap_process(struct actor *actor)
{
	struct scene *scene = actor->scene;
	pid_t pid = actor->pid;

	if (!await_change(actor, WEXITED))
		return;
	for (int i = 0; i < scene->actors; i++) {
		if (scene->actor[i].pid == pid)
			is_gone(&scene->actor[i]);
	}
}

static bool is_process_busy(const struct actor *actor)
{
	const struct scene *scene = actor->scene;
	bool busy = false;

	for (int i = 0; i < scene->actors; i++)
		busy |= scene->actor[i].pid == actor->pid && scene->actor[i].busy;
	return busy;
}

static void note_release(struct actor *actor)
{
	for (int i = 0; i < actor->scene->sites; i++) {
		struct lock_request all = at_site(i, WHOLE);

		if (actor->shared->holds & 1u << i)
			history_add(actor->scene->history, actor->row, HISTORY_RELEASE, &all);
	}
}

void actors_kill(struct actor *actors[], int count)
{
	for (int i = 0; i < count; i++) {
		if (!is_process(actors[i]) || !reacts_to_signals(actors[i]))
			return;
		note_release(actors[i]);
	}
	/* Kill the waiters first, so that the end of a holder grants them nothing. */
	for (int i = 0; i < count; i++) {
		if (is_process_busy(actors[i]))
			send_signal(actors[i], SIGKILL);
	}
	for (int i = 0; i < count; i++) {
		if (!is_process_busy(actors[i]))
			send_signal(actors[i], SIGKILL);
	}
	for (int i = 0; i < count; i++)
		reap_process(actors[i]);
}

void actor_kill(struct actor *actor)
{
	actors_kill(&actor, 1);
}

/* Return false after an error. */
static bool order_exit(struct actor *actor)
{
	if (!scene_goes_on(actor->scene))
		return false;
	if (actor->busy)
		scene_failed(actor->scene, "%s should have exited, but still waits",
			     actor_name(actor));
	note_release(actor);
	order_give(actor, &(struct order){ .what = ORDER_EXIT });
	/* It exits without an answer. */
	actor->busy = false;
	return scene_goes_on(actor->scene);
}

void actor_exit(struct actor *actor)
{
	if ((actor->sort != ACTOR_PROCESS || is_process(actor)) && order_exit(actor))
		reap(actor);
}

/* Interrupting one actor may put another back to sleep; try again. */
static int all_idle(void *arg)
{
	struct scene *scene = arg;
	int busy = 0;

	for (int i = 0; i < scene->actors; i++) {
		struct actor *actor = &scene->actor[i];

		if (!actor->busy || order_heard(actor))
			continue;
		busy++;
		send_signal(actor, SIGNAL_INTERRUPT);
	}
	return !busy || !scene_goes_on(scene);
}

static void end_threads(struct scene *scene, struct actor *threads[], int count)
{
	for (int i = 0; i < count; i++) {
		if (!reacts_to_signals(threads[i]))
			return;
	}
	if (asleep_poll(all_idle, scene, ASLEEP_DEADLINE) < 0)
		scene_failed(scene, "some actors cannot be interrupted");
	for (int i = 0; i < count; i++)
		order_exit(threads[i]);
	for (int i = 0; i < count && scene_goes_on(scene); i++)
		reap(threads[i]);
}

static bool is_first_of_process(const struct actor *actor)
{
	const struct actor *first = actor->scene->actor;

	while (first->pid != actor->pid)
		first++;
	return first == actor;
}

void scene_dismiss(struct scene *scene)
{
	struct actor *processes[SCENE_ACTORS], *threads[SCENE_ACTORS];
	int process_count = 0, thread_count = 0;

	for (int i = 0; i < scene->actors; i++) {
		struct actor *actor = &scene->actor[i];

		if (actor->gone)
			continue;
		if (!actor->pid)
			threads[thread_count++] = actor;
		else if (is_first_of_process(actor))
			processes[process_count++] = actor;
	}
	actors_kill(processes, process_count);
	end_threads(scene, threads, thread_count);
	if (!scene_goes_on(scene))
		return;
	scene->actors = 0;
	history_clear(scene->history);
}
