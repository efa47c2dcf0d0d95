// SPDX-License-Identifier: GPL-2.0
/*
 * Can a signal, such as that of alarm(2), limit the time that a wait for a lock takes?
 *
 * Only if it arrives while the thread is in its call (pending_signal.c). If it is handled just
 * before, or by another thread, the wait goes on without a limit. A timer with an interval gets
 * there in the end.
 */
#include <signal.h>
#include <sys/syscall.h>
#include <sys/time.h>

#include "claim/claim.h"

static const char *outcome(int err)
{
	return err ? strerror(err) : "success";
}

/* number[0]: 0 or an errno, as for all jobs here. */
static int note_result(struct actor *self, int err)
{
	self->scene->shared->number[0] = -err;
	return 0;
}

static int request_after_a_signal(struct actor *self, void *arg)
{
	(void)arg;
	syscall(SYS_tgkill, getpid(), self->shared->tid, SIGNAL_INTERRUPT);
	return note_result(self, act_lock(self, EXCLUSIVE));
}

/* Begin a wait that does not end before the holder's release. */
static void waits_until_the_release(struct actor *holder, struct actor *waiter)
{
	struct scene *scene = holder->scene;

	holds(scene, actor_waits(waiter), "the wait has ended: %s",
	      outcome(scene->shared->number[0]));
	actor_unlock(holder);
	actor_await(waiter);
	holds(scene, !scene->shared->number[0], "the lock is free, and the waiter got: %s",
	      outcome(scene->shared->number[0]));
}

/*
 *	holder  HHHHHHHHHHH.
 *	waiter    !wwwwwwwwwH	! is where it handles the signal
 */
PRACTICE(FILE_LOCKS, a_signal_handled_before_the_call_ends_no_wait)
{
	struct actor *holder = actor_start(scene, "holder");
	struct actor *waiter = actor_start(scene, "waiter");

	actor_lock(holder, EXCLUSIVE);
	actor_begin(waiter, request_after_a_signal, NULL);
	actor_settle(scene);
	requires(scene, waiter->shared->signals == 1, "the waiter has handled %u signals",
		 waiter->shared->signals);
	waits_until_the_release(holder, waiter);
}

/* number[1]: the thread that has handled a signal. */
static struct actor *handling;

static void note_thread(int signal_number)
{
	(void)signal_number;
	__atomic_store_n(&handling->scene->shared->number[1], syscall(SYS_gettid),
			 __ATOMIC_RELEASE);
}

/* Block or unblock SIGHUP in this thread: @how as for pthread_sigmask(3), which says the result. */
static int mask_hangups(int how)
{
	sigset_t hangup;

	sigemptyset(&hangup);
	sigaddset(&hangup, SIGHUP);
	return pthread_sigmask(how, &hangup, NULL);
}

static void *handle_hangups(void *arg)
{
	mask_hangups(SIG_UNBLOCK);
	while (arg)
		pause();
	return NULL;
}

/* Only the second thread can handle a hang-up. */
static int request_beside_a_thread(struct actor *self, void *arg)
{
	struct sigaction action = { .sa_handler = note_thread };
	pthread_t thread;

	(void)arg;
	handling = self;
	if (sigaction(SIGHUP, &action, NULL) < 0 || mask_hangups(SIG_BLOCK) ||
	    pthread_create(&thread, NULL, handle_hangups, self))
		return -EAGAIN;
	return note_result(self, act_lock(self, EXCLUSIVE));
}

static int is_handled(void *scene)
{
	return __atomic_load_n(&((struct scene *)scene)->shared->number[1], __ATOMIC_ACQUIRE) != 0;
}

/* signal(7): such a signal "may be delivered to any one of the threads". */
PRACTICE(FILE_LOCKS, a_signal_that_another_thread_handles_ends_no_wait)
{
	struct actor *holder = actor_start(scene, "holder");
	struct actor *waiter = actor_start(scene, "waiter");

	actor_lock(holder, EXCLUSIVE);
	actor_begin(waiter, request_beside_a_thread, NULL);
	actor_settle(scene);
	if (scene_goes_on(scene))
		sets_up(scene, kill(waiter->pid, SIGHUP), "kill");
	if (scene_goes_on(scene) && asleep_poll(is_handled, scene, ASLEEP_DEADLINE) < 0)
		scene_broken(scene, "no thread has handled the signal");
	requires(scene, scene->shared->number[1] != (unsigned int)waiter->shared->tid,
		 "the waiting thread has handled the signal");
	actor_settle(scene);
	waits_until_the_release(holder, waiter);
}

static unsigned int ticks;

static void count_tick(int signal_number)
{
	(void)signal_number;
	__atomic_add_fetch(&ticks, 1, __ATOMIC_RELAXED);
}

/* The first tick comes too early, before the call. */
static int request_while_a_timer_ticks(struct actor *self, void *arg)
{
	struct sigaction action = { .sa_handler = count_tick };
	struct itimerval timer = { { 0, 10000 }, { 0, 10000 } }, none = { 0 };
	int err;

	(void)arg;
	if (sigaction(SIGALRM, &action, NULL) < 0 || setitimer(ITIMER_REAL, &timer, NULL) < 0)
		return -errno;
	while (!__atomic_load_n(&ticks, __ATOMIC_RELAXED))
		pause();
	err = act_lock(self, EXCLUSIVE);
	setitimer(ITIMER_REAL, &none, NULL);
	return note_result(self, err);
}

/* setitimer(2): "Interval for periodic timer"; fcntl(2) and flock(2), EINTR. */
PROMISE(FILE_LOCKS, a_timer_with_an_interval_ends_a_wait)
{
	struct actor *holder = actor_start(scene, "holder");
	struct actor *waiter = actor_start(scene, "waiter");

	scene_needs_signals(scene);
	actor_lock(holder, EXCLUSIVE);
	actor_begin(waiter, request_while_a_timer_ticks, NULL);
	actor_await(waiter);
	holds(scene, scene->shared->number[0] == EINTR, "the request returned: %s",
	      outcome(scene->shared->number[0]));
}

CLAIM_MAIN
