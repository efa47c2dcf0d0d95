// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "actor/act.h"
#include "history/judge.h"
#include "system/futex.h"
#include "system/privilege.h"

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
	if (ret == LOCK_CANNOT_WAIT)
		self->shared->refused = at_site(lock->site - self->scene->site, *request);
	__atomic_add_fetch(&self->shared->calls, 1, __ATOMIC_RELAXED);
	return ret;
}

int act_acquire(struct actor *self, struct lock *lock, const struct lock_request *request,
		bool wait)
{
	return call(self, lock, request, wait ? CALL_WAIT : CALL_TRY);
}

/* Do not make a call that the lock lacks: it might sleep for ever. The test learns why. */
static int leave_out(struct actor *self, enum lock_lack lack)
{
	self->shared->lack = lack;
	self->shared->lacked = true;
	return -EOPNOTSUPP;
}

static bool lacks(const struct actor *self, int site, enum lock_lack lack)
{
	return self->scene->shared->lacks[site] & 1u << lack;
}

static bool is_in_its_own_way(const struct actor *self, const struct lock_request *request)
{
	return lacks(self, request->site, LACKS_CONVERSION) &&
	       history_in_the_way(self->scene->history, self->row).converts;
}

static int act(struct actor *self, struct lock_request request, enum call_what what)
{
	struct history *history = self->scene->history;
	unsigned int bit = 1u << request.site;
	int ret;

	if (what == CALL_ROTATE)
		history_add(history, self->row, HISTORY_RELEASE, &request);
	history_ask(history, self->row, &request, what != CALL_TRY);
	if (is_in_its_own_way(self, &request))
		ret = leave_out(self, LACKS_CONVERSION);
	else
		ret = call(self, &self->lock[request.site], &request, what);
	history_answer(history, self->row, &request, ret);
	if (!ret)
		self->shared->holds |= bit;
	else if (what == CALL_ROTATE || history_drops(history, request.site))
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

int act_unlock_range(struct actor *self, struct lock_request range)
{
	if (lacks(self, range.site, LACKS_PARTS) &&
	    history_releases_a_part(self->scene->history, self->row, &range))
		return leave_out(self, LACKS_PARTS);
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
	 * Read the link instead of executing it: under valgrind it leads to valgrind, but
	 * readlink(2) returns this program.
	 */
	length = readlink("/proc/self/exe", path, sizeof(path) - 1);
	if (length < 0)
		return -errno;
	path[length] = '\0';
	execv(path, argv);
	return -errno;
}

/* Find the actor with this tid in the memory that the test shares with its actors. */
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
	unsigned int turn;

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
	/* The next order may come as soon as this one is done. */
	turn = mine->given;
	futex_announce(&mine->done, turn);
	futex_await(&mine->given, turn);
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
