// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "actor/act.h"
#include "lock/descriptor.h"
#include "model/perform.h"
#include "system/futex.h"
#include "system/privilege.h"

#define STACK	(128 * 1024)

/* An actor in its own task. */
struct performer {
	const struct stage *stage;
	struct stage_actor *shared;
	struct lock lock;		/* of the step; that of a control keeps its ticket */
};

void perform_step(struct stage_actor *shared, const struct model_step *step)
{
	shared->step = *step;
	futex_announce(&shared->go, shared->go + 1);
}

/* ---- steps ---- */

static void choose_lock(struct performer *self, enum lock_kind kind, int slot)
{
	self->lock.site = &self->stage->site[kind];
	self->lock.fd = lock_kind_traits(kind) & TRAIT_FILE ? self->shared->fd[slot] : -1;
}

/* Queries about POSIX locks are also for lockf(3), which makes such locks. */
static const struct lock *lock_to_query(struct performer *self, const struct model_step *step)
{
	choose_lock(self, step->kind == KIND_OFD ? KIND_OFD : KIND_POSIX, step->slot);
	return &self->lock;
}

static void look_around(struct performer *self, const struct model_step *step)
{
	struct stage_actor *shared = self->shared;

	shared->asked = step->what <= STEP_QUERY && step->kind != KIND_FLOCK &&
			!scenario_is_control(self->stage->scenario);
	if (shared->asked)
		question_ask_all(lock_to_query(self, step), self->stage->scenario,
				 QUESTIONS_OF_OWNER, shared->own);
}

static int query(struct performer *self, const struct model_step *step)
{
	struct question question = { step->mode, step->first, step->last };

	self->shared->query = question_ask(lock_to_query(self, step), self->stage->scenario,
					   question);
	return self->shared->query.err;
}

static int lock_or_unlock(struct performer *self, const struct model_step *step)
{
	const struct scenario *scenario = self->stage->scenario;
	struct lock_request request = { .mode = step->mode };
	struct stage_actor *shared = self->shared;
	struct asleep_call call;
	int ret;

	choose_lock(self, step->kind, step->slot);
	if (lock_kind_traits(step->kind) & TRAIT_RANGES) {
		request.start = scenario->cell[step->first];
		request.len = scenario_length(scenario, step->first, step->last);
	}
	if (step->what == STEP_UNLOCK)
		return lock_release(&self->lock, request.start, request.len);
	if (step->wait) {
		call = lock_sleeps_in(&self->lock, step->mode);
		shared->call.arg = call.arg;
		__atomic_store_n(&shared->call.nr, call.nr, __ATOMIC_RELEASE);
	}
	ret = lock_acquire(&self->lock, &request, step->wait);
	__atomic_store_n(&shared->call.nr, -1, __ATOMIC_RELEASE);
	return ret;
}

static int duplicate(int *fd, int from, int to)
{
	int copy = fd[to] < 0 ? fcntl(fd[from], F_DUPFD_CLOEXEC, 0) :
		dup3(fd[from], fd[to], O_CLOEXEC);

	if (copy < 0)
		return -errno;
	fd[to] = copy;
	return 0;
}

static int make_step(struct performer *self, const struct model_step *step)
{
	int *fd = self->shared->fd, closed;

	switch (step->what) {
	case STEP_LOCK:
	case STEP_UNLOCK:
		return lock_or_unlock(self, step);
	case STEP_QUERY:
		return query(self, step);
	case STEP_OPEN:
		fd[step->slot] = descriptor_reopen(self->stage->file[step->other]);
		return fd[step->slot] < 0 ? fd[step->slot] : 0;
	case STEP_DUP:
		return duplicate(fd, step->slot, step->other);
	case STEP_CLOSE:
		closed = fd[step->slot];
		fd[step->slot] = -1;
		return close(closed) < 0 ? -errno : 0;
	case STEP_FORK:
		memcpy(self->stage->actor[step->other].fd, fd, sizeof(self->shared->fd));
		return perform_start(self->stage, step->other, true);
	default:
		return -EINVAL;
	}
}

static void perform(struct performer *self)
{
	struct stage_actor *shared = self->shared;

	shared->tid = syscall(SYS_gettid);
	shared->call = ASLEEP_NOWHERE;
	shared->result = 0;
	for (unsigned int turn = 1; ; turn++) {
		futex_announce(&shared->done, turn);
		futex_await(&shared->go, turn);
		if (shared->step.what == STEP_EXIT)
			break;
		look_around(self, &shared->step);
		shared->result = make_step(self, &shared->step);
	}
}

/* ---- actors start ---- */

static void *perform_as_a_thread(void *arg)
{
	struct performer self = *(struct performer *)arg;

	free(arg);
	if (unshare(CLONE_FILES) < 0) {
		self.shared->result = -errno;
		futex_announce(&self.shared->done, 1);
		return NULL;
	}
	perform(&self);
	return NULL;
}

static int perform_as_a_process(void *arg)
{
	struct performer *self = arg;

	actor_die_with_parent(self->stage->pid);
	/* /proc/PID/syscall is closed to a reader with fewer capabilities than PID. */
	privilege_keep(0);
	perform(self);
	_exit(0);
}

static int start_thread(struct performer *performer)
{
	pthread_attr_t attributes;
	pthread_t thread;
	int err;

	err = pthread_attr_init(&attributes);
	if (err)
		return -err;
	pthread_attr_setstacksize(&attributes, STACK);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	err = pthread_create(&thread, &attributes, perform_as_a_thread, performer);
	pthread_attr_destroy(&attributes);
	return -err;
}

/* The child of an actor is made its sibling, so that it does not die with it. */
static int start_process(struct performer *performer, bool forked)
{
	char *stack = malloc(STACK);
	int ret;

	if (!stack)
		return -ENOMEM;
	ret = clone(perform_as_a_process, stack + STACK / 2,
		    SIGCHLD | (forked ? CLONE_PARENT : 0), performer);
	ret = ret < 0 ? -errno : 0;
	free(stack);
	free(performer);
	return ret;
}

static int is_there(void *arg)
{
	struct stage_actor *shared = arg;

	return __atomic_load_n(&shared->done, __ATOMIC_ACQUIRE) != 0;
}

int perform_start(const struct stage *stage, int number, bool forked)
{
	struct stage_actor *shared = &stage->actor[number];
	struct performer *performer = malloc(sizeof(*performer));
	int err;

	if (!performer)
		return -ENOMEM;
	*performer = (struct performer){ .stage = stage, .shared = shared };
	shared->go = 1;
	shared->done = 0;
	err = stage->processes ? start_process(performer, forked) : start_thread(performer);
	if (err)
		return err;
	/* Wait until it has unshared its creator's table of descriptors. */
	if (!stage->processes || forked)
		futex_await(&shared->done, 0);
	else
		err = asleep_poll(is_there, shared, ASLEEP_DEADLINE);
	return err < 0 ? err : shared->result;
}
