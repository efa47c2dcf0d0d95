// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "actor/act.h"
#include "actor/order.h"
#include "system/futex.h"
#include "system/privilege.h"

#define STACK	(128 * 1024)	/* bytes; the stack of a thread */

void act_sleeps_in(struct actor *self, struct asleep_call call)
{
	self->shared->call.arg = call.arg;
	__atomic_store_n(&self->shared->call.nr, call.nr, __ATOMIC_RELEASE);
	__atomic_add_fetch(&self->shared->turn, 1, __ATOMIC_RELEASE);
}

/* What a lock call does: lock_acquire() with or without waiting, or lock_rotate(). */
enum call_what { CALL_TRY, CALL_WAIT, CALL_ROTATE };

static int call(struct actor *self, struct lock *lock, const struct lock_request *request,
		enum call_what what)
{
	int ret;

	if (what != CALL_TRY)
		act_sleeps_in(self, lock_sleeps_in(lock, request->mode));
	if (what == CALL_ROTATE)
		ret = lock_rotate(lock, request);
	else
		ret = lock_acquire(lock, request, what == CALL_WAIT);
	act_sleeps_in(self, ASLEEP_NOWHERE);
	__atomic_add_fetch(&self->shared->calls, 1, __ATOMIC_RELAXED);
	return ret;
}

int act_acquire(struct actor *self, struct lock *lock, const struct lock_request *request,
		bool wait)
{
	return call(self, lock, request, wait ? CALL_WAIT : CALL_TRY);
}

static int act(struct actor *self, struct lock_request request, enum call_what what)
{
	struct history *history = self->scene->history;
	unsigned int bit = 1u << request.site;
	int ret;

	if (what == CALL_ROTATE)
		history_add(history, self->row, HISTORY_RELEASE, &request);
	history_add(history, self->row, HISTORY_REQUEST, &request);
	ret = call(self, &self->lock[request.site], &request, what);
	history_add(history, self->row, ret ? HISTORY_REFUSE : HISTORY_GRANT, &request);
	if (!ret)
		self->shared->holds |= bit;
	else if (what == CALL_ROTATE || history->drops)
		self->shared->holds &= ~bit;
	return ret;
}

int act_lock(struct actor *self, struct lock_request request)
{
	return act(self, request, CALL_WAIT);
}

int act_try(struct actor *self, struct lock_request request)
{
	return act(self, request, CALL_TRY);
}

int act_rotate(struct actor *self, struct lock_request request)
{
	return act(self, request, CALL_ROTATE);
}

static int act_unlock_range(struct actor *self, struct lock_request range)
{
	history_add(self->scene->history, self->row, HISTORY_RELEASE, &range);
	if (!range.start && !range.len)
		self->shared->holds &= ~(1u << range.site);
	return lock_release(&self->lock[range.site], range.start, range.len);
}

int act_unlock(struct actor *self)
{
	return act_unlock_range(self, WHOLE);
}

int act_exec(struct actor *self)
{
	char path[4096], number[16], *argv[] = { "lockfair", ACTOR_AFTER_EXEC, number, NULL };
	int memory = self->scene->memory;
	ssize_t length;

	snprintf(number, sizeof(number), "%d", memory);
	if (fcntl(memory, F_SETFD, 0) < 0)
		return -errno;
	/*
	 * Under valgrind, following the link leads to another program, but readlink(2) returns this
	 * one.
	 */
	length = readlink("/proc/self/exe", path, sizeof(path) - 1);
	if (length < 0)
		return -errno;
	path[length] = '\0';
	execv(path, argv);
	return -errno;
}

/* Whose tid is this, in the memory that the test shares with its actors? */
static struct actor_shared *find_board(struct scene_shared *shared, pid_t tid)
{
	for (int i = 0; i < SCENE_ACTORS; i++) {
		if (shared->actor[i].tid == tid)
			return &shared->actor[i];
	}
	return NULL;
}

void actor_after_exec(int fd)
{
	struct scene_shared *shared;
	struct actor_shared *mine;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	mine = shared == MAP_FAILED ? NULL : find_board(shared, getpid());
	if (!mine)
		_exit(1);
	/*
	 * execve(2) gives root its capabilities back, and then clears the parent-death signal,
	 * prctl(2).
	 */
	actor_die_with_parent(shared->test);
	privilege_keep(0);
	mine->result = 0;
	futex_announce(&mine->done, mine->given);
	futex_await(&mine->given, mine->given);
	_exit(0);
}

void act_mark(struct actor *self, char mark)
{
	history_mark(self->scene->history, self->row, mark);
}

int act_wake(struct actor *self)
{
	return write(self->scene->wake[1], "p", 1) == 1 ? 0 : -errno;
}

int act_await_wake(struct actor *self)
{
	struct asleep_call call = { .nr = SYS_read, .arg = self->scene->wake[0] };
	ssize_t got;
	char wake;

	act_sleeps_in(self, call);
	got = read(self->scene->wake[0], &wake, 1);
	act_sleeps_in(self, ASLEEP_NOWHERE);
	return got == 1 ? 0 : got ? -errno : -EPIPE;
}

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

static int begin(struct actor *self)
{
	int err = 0;

	my_board = self->shared;
	if (self->sort == ACTOR_OWNER && unshare(CLONE_FILES) < 0)
		err = -errno;
	if (!err)
		err = handle_signals();
	return err || self->heir ? err : open_locks(self);
}

/* In a process, what the test has set is out of date: of the child, all comes from the parent. */
static int start_child(struct actor *self, const struct order *order)
{
	struct actor *child = order->child;

	if (self->sort == ACTOR_PROCESS) {
		*child = *self;
		child->shared = &self->scene->shared->actor[child - self->scene->actor];
		child->row = order->row;
		child->heir = true;
	}
	return act_start(child);
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

/* ---- actors start ---- */

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

/* The child of an actor is made its sibling, so that it does not die with it. */
static int start_sibling(struct actor *actor)
{
	char *stack = malloc(STACK);
	int ret;

	if (!stack)
		return -ENOMEM;
	ret = clone(perform_as_process, stack + STACK / 2, SIGCHLD | CLONE_PARENT, actor);
	ret = ret < 0 ? -errno : 0;
	free(stack);
	return ret;
}

int act_start(struct actor *actor)
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
