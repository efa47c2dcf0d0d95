// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "actor/act.h"
#include "lock/descriptor.h"
#include "model/perform.h"

static int *descriptors(const struct performer *self)
{
	return self->stage->actor[self->shared->table].fd;
}

static void choose_lock(struct performer *self, enum lock_kind kind, int slot)
{
	self->lock.site = &self->stage->site[kind];
	self->lock.fd = lock_kind_traits(kind) & TRAIT_FILE ? descriptors(self)[slot] : -1;
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

static int lock_or_unlock(struct actor *actor, struct performer *self,
			  const struct model_step *step)
{
	const struct scenario *scenario = self->stage->scenario;
	struct lock_request request = { .mode = step->mode };

	choose_lock(self, step->kind, step->slot);
	if (lock_kind_traits(step->kind) & TRAIT_RANGES) {
		request.start = scenario->cell[step->first];
		request.len = scenario_length(scenario, step->first, step->last);
	}
	if (step->what == STEP_UNLOCK)
		return lock_release(&self->lock, request.start, request.len);
	return act_acquire(actor, &self->lock, &request, step->wait);
}

static int duplicate(const int *fd, int from, int to)
{
	int copy = fd[to] < 0 ? fcntl(fd[from], F_DUPFD_CLOEXEC, 0) :
		dup3(fd[from], fd[to], O_CLOEXEC);

	return copy < 0 ? -errno : copy;
}

/*
 * Open or duplicate into a slot, which always has the same number: the kernel finds a waiting
 * thread's descriptor by the number. It takes the lowest free number, so fill those before it.
 */
static int fill_slot(struct actor *actor, struct performer *self, const struct model_step *step,
		     int slot)
{
	int *fd = descriptors(self), filled[MODEL_SLOTS], count = 0, got = 0;

	for (int i = 0; i < slot && got >= 0; i++) {
		if (fd[i] >= 0 || fd[slot] >= 0)
			continue;
		got = fcntl(actor->scene->wake[0], F_DUPFD_CLOEXEC, 0);
		filled[count++] = got;
	}
	if (got >= 0)
		got = step->what == STEP_OPEN ? descriptor_reopen(self->stage->file[step->other]) :
			duplicate(fd, step->slot, slot);
	while (count > 0)
		close(filled[--count]);
	if (got >= 0)
		fd[slot] = got;
	return got < 0 ? got : 0;
}

static int make_step(struct actor *actor, struct performer *self, const struct model_step *step)
{
	int *fd = descriptors(self), closed;

	switch (step->what) {
	case STEP_LOCK:
	case STEP_UNLOCK:
		return lock_or_unlock(actor, self, step);
	case STEP_QUERY:
		return query(self, step);
	case STEP_OPEN:
		return fill_slot(actor, self, step, step->slot);
	case STEP_DUP:
		return fill_slot(actor, self, step, step->other);
	case STEP_CLOSE:
		closed = fd[step->slot];
		fd[step->slot] = -1;
		return close(closed) < 0 ? -errno : 0;
	default:
		return -EINVAL;
	}
}

int perform_step(struct actor *actor, void *arg)
{
	struct performer *self = arg;
	const struct model_step *step = &self->shared->step;

	look_around(self, step);
	self->shared->result = make_step(actor, self, step);
	return 0;
}
