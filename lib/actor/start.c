// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include "actor/act.h"
#include "actor/start.h"
#include "system/emulator.h"
#include "system/futex.h"
#include "system/privilege.h"

/* Bytes of the stack of a thread; a sibling has half of it. Reading /proc/locks takes 64 KiB. */
#define STACK	(256 * 1024)

/* ---- what it begins with ---- */

static __thread struct actor_shared *my_board;

static void count_signal(int signal_number)
{
	(void)signal_number;
	__atomic_add_fetch(&my_board->signals, 1, __ATOMIC_RELEASE);
}

static int handle_signals(void)
{
	struct sigaction interrupt = { .sa_handler = count_signal };
	struct sigaction restart = { .sa_handler = count_signal, .sa_flags = SA_RESTART };

	if (sigaction(SIGNAL_INTERRUPT, &interrupt, NULL) < 0 ||
	    sigaction(SIGNAL_RESTART, &restart, NULL) < 0)
		return -errno;
	return 0;
}

static int open_locks(struct actor *self)
{
	int err = 0;

	for (int i = 0; !err && i < self->scene->sites; i++)
		err = lock_open(&self->lock[i], &self->scene->site[i], self->description);
	return err;
}

/*
 * The test may have changed its user, and can change back. An actor must not be able to: the test
 * may read /proc/PID/syscall of a process only if its own user is all three user IDs of that
 * process.
 */
static int stay_another_user(void)
{
	uid_t real, effective, saved;

	if (getresuid(&real, &effective, &saved) < 0)
		return -errno;
	return saved == effective || !setresuid(-1, -1, effective) ? 0 : -errno;
}

static int begin(struct actor *self)
{
	int err = 0;

	my_board = self->shared;
	if (self->sort == ACTOR_OWNER && unshare(CLONE_FILES) < 0)
		err = -errno;
	if (self->sort == ACTOR_PROCESS && !self->heir)
		err = stay_another_user();
	if (!err)
		err = handle_signals();
	return err || self->heir ? err : open_locks(self);
}

/* ---- its orders ---- */

/* A process has an old copy of what the test has set since: fill in the child from its parent. */
static int start_child(struct actor *self, const struct order *order)
{
	struct actor *child = order->child;

	if (getpid() != self->scene->shared->test) {
		*child = *self;
		child->sort = order->thread ? ACTOR_THREAD : ACTOR_PROCESS;
		child->shared = &self->scene->shared->actor[child - self->scene->actor];
		child->row = order->row;
		child->heir = true;
	}
	return start_actor(child);
}

static int obey(struct actor *self, const struct order *order)
{
	switch (order->what) {
	case ORDER_LOCK:
		return act_lock(self, order->request);
	case ORDER_TRY:
		return act_try(self, order->request);
	case ORDER_UNLOCK:
		return act_unlock_range(self, order->request);
	case ORDER_JOB:
		return order->job(self, order->arg);
	case ORDER_START:
		return start_child(self, order);
	case ORDER_EXIT:
		break;
	}
	return -EINVAL;
}

static void perform(struct actor *self)
{
	struct actor_shared *shared = self->shared;

	shared->tid = syscall(SYS_gettid);
	shared->call = ASLEEP_NOWHERE;
	shared->result = begin(self);
	for (unsigned int turn = 1; ; turn++) {
		struct order order;

		futex_announce(&shared->done, turn);
		/* The test never takes this sleep for a wait: it is at no lock's address. */
		futex_await(&shared->given, turn);
		order = shared->order;
		if (order.what == ORDER_EXIT)
			break;
		shared->result = obey(self, &order);
	}
}

/* ---- its start ---- */

void actor_die_with_parent(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* The parent may have died before the signal was requested. */
	if (getppid() != parent)
		_exit(1);
}

static void *perform_as_thread(void *self)
{
	perform(self);
	return NULL;
}

static int perform_as_process(void *arg)
{
	struct actor *self = arg;

	actor_die_with_parent(self->scene->shared->test);
	signal(SIGTERM, SIG_DFL);
	/* The test can read /proc/PID/syscall only if PID has no capability that it lacks. */
	privilege_keep(0);
	perform(self);
	/* Change only this thread: other threads of the process may be actors, too. */
	syscall(SYS_exit, 0);
	_exit(0);
}

static int start_thread(struct actor *actor)
{
	pthread_attr_t attributes;
	pthread_t thread;
	int err;

	err = pthread_attr_init(&attributes);
	if (err)
		return -err;
	pthread_attr_setstacksize(&attributes, STACK);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	err = pthread_create(&thread, &attributes, perform_as_thread, actor);
	pthread_attr_destroy(&attributes);
	return -err;
}

/* Make the child of an actor a child of the test, so that it does not die with the actor. */
static int start_sibling(struct actor *actor)
{
	char *stack = malloc(STACK);
	int ret;

	if (!stack)
		return -ENOMEM;
	ret = clone(perform_as_process, stack + STACK / 2, SIGCHLD | CLONE_PARENT, actor);
	ret = ret < 0 ? emulator_error(-errno) : 0;
	free(stack);
	return ret;
}

int start_actor(struct actor *actor)
{
	if (actor->sort != ACTOR_PROCESS)
		return start_thread(actor);
	if (actor->heir)
		return start_sibling(actor);
	actor->pid = fork();
	if (!actor->pid)
		perform_as_process(actor);
	return actor->pid < 0 ? -errno : 0;
}
