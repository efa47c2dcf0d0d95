// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "actor/act.h"
#include "actor/order.h"
#include "system/privilege.h"

void act_sleeps_in(struct actor *self, struct asleep_call call)
{
	self->shared->call.arg = call.arg;
	__atomic_store_n(&self->shared->call.nr, call.nr, __ATOMIC_RELEASE);
	__atomic_add_fetch(&self->shared->turn, 1, __ATOMIC_RELEASE);
}

static int act(struct actor *self, struct lock_request request, bool wait, bool rotate)
{
	struct history *history = self->scene->history;
	struct lock *lock = &self->lock[request.site];
	unsigned int bit = 1u << request.site;
	int ret;

	if (rotate)
		history_add(history, self->row, HISTORY_RELEASE, &request);
	history_add(history, self->row, HISTORY_REQUEST, &request);
	if (wait)
		act_sleeps_in(self, lock_sleeps_in(lock, request.mode));
	if (rotate)
		ret = lock_rotate(lock, &request);
	else
		ret = lock_acquire(lock, &request, wait);
	act_sleeps_in(self, ASLEEP_NOWHERE);
	__atomic_add_fetch(&self->shared->calls, 1, __ATOMIC_RELAXED);
	history_add(history, self->row, ret ? HISTORY_REFUSE : HISTORY_GRANT, &request);
	if (!ret)
		self->shared->holds |= bit;
	else if (rotate || history->drops)
		self->shared->holds &= ~bit;
	return ret;
}

int act_lock(struct actor *self, struct lock_request request)
{
	return act(self, request, true, false);
}

int act_try(struct actor *self, struct lock_request request)
{
	return act(self, request, false, false);
}

int act_rotate(struct actor *self, struct lock_request request)
{
	return act(self, request, true, true);
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
	ssize_t length;

	snprintf(number, sizeof(number), "%d", self->hear);
	if (fcntl(self->hear, F_SETFD, 0) < 0)
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

void actor_after_exec(int fd)
{
	struct order order;
	int ret = 0;

	/*
	 * execve(2) gives root its capabilities back, and then clears the parent-death signal,
	 * prctl(2). If the parent has died before this, @fd is at its end.
	 */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	privilege_keep(0);
	if (send(fd, &ret, sizeof(ret), MSG_NOSIGNAL) == sizeof(ret))
		recv(fd, &order, sizeof(order), 0);
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
	case ORDER_EXIT:
		_exit(0);
	}
	return -EINVAL;
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

static void perform(struct actor *self)
{
	struct order order;
	int ret;

	self->shared->tid = syscall(SYS_gettid);
	self->shared->call = ASLEEP_NOWHERE;
	my_board = self->shared;
	ret = handle_signals();
	if (!ret)
		ret = open_locks(self);
	while (send(self->hear, &ret, sizeof(ret), MSG_NOSIGNAL) == sizeof(ret)) {
		/* Not read(2): the test would take this sleep for a wait for an eventfd. */
		if (recv(self->hear, &order, sizeof(order), 0) != sizeof(order))
			break;
		ret = obey(self, &order);
	}
}

void actor_die_with_parent(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* The parent may have died before the signal was requested. */
	if (getppid() != parent)
		_exit(1);
}

void *perform_as_thread(void *arg)
{
	perform(arg);
	return NULL;
}

void perform_as_process(struct actor *self, pid_t parent)
{
	actor_die_with_parent(parent);
	signal(SIGTERM, SIG_DFL);
	/* The test can read /proc/PID/syscall only if PID has no capability that it lacks. */
	privilege_keep(0);
	close(self->tell);
	perform(self);
	_exit(0);
}
