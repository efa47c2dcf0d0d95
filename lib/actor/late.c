// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "actor/act.h"
#include "actor/late.h"
#include "history/judge.h"
#include "lock/descriptor.h"
#include "system/error_name.h"

#define FIRST_PAUSE	20	/* ms between the first two tries; doubled after each try */
#define LONGEST_PAUSE	200
#define LONG_PAUSE	250	/* ms; plus twice the quiet of the medium: no grant takes so long */

struct medium late_medium(const struct scene *scene)
{
	struct medium slowest = { 0 };

	for (int i = 0; i < scene->sites; i++) {
		struct medium medium = medium_of(scene->site[i].kind);

		if (medium.sort > slowest.sort)
			slowest = medium;
	}
	return slowest;
}

static int now_ms(void)
{
	return asleep_clock() / 1000000;
}

/* ---- a try by a fresh process ---- */

/*
 * A job may have opened another file than the scene's: so open the one that the actor sleeps on.
 * -ENXIO: it cannot be opened, which says nothing of the lock.
 */
static int try_it(const struct actor *actor, const struct lock_request *request)
{
	struct lock lock = { .site = &actor->scene->site[request->site] };
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/fd/%lu", actor->shared->tid,
		 actor->shared->call.arg);
	lock.fd = descriptor_open(path);
	return lock.fd < 0 ? -ENXIO : lock_acquire(&lock, request, false);
}

/*
 * Have a process that is no actor try the lock, by the path that the sleeping actor uses. Return 0,
 * -errno, or -ETIMEDOUT if the process has not returned: it may sleep where no signal ends it, so
 * leave it alone.
 */
static int ask_by_a_try(const struct actor *actor, const struct lock_request *request)
{
	struct pollfd answer = { .events = POLLIN };
	int end[2], ret = -EPIPE;
	pid_t pid, parent = getpid();

	if (pipe(end) < 0)
		return -errno;
	pid = fork();
	if (!pid) {
		actor_die_with_parent(parent);
		ret = try_it(actor, request);
		_exit(write(end[1], &ret, sizeof(ret)) != sizeof(ret));
	}
	close(end[1]);
	answer.fd = end[0];
	if (pid < 0)
		ret = -errno;
	else if (!poll(&answer, 1, ASLEEP_DEADLINE))
		ret = -ETIMEDOUT;
	else if (read(end[0], &ret, sizeof(ret)) != sizeof(ret))
		ret = -EPIPE;
	close(end[0]);
	if (ret == -ETIMEDOUT)
		kill(pid, SIGKILL);
	/* A process that can be reaped has no lock any more. */
	while (pid > 0 && ret != -ETIMEDOUT && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return ret;
}

/* ---- is it late? ---- */

static bool is_lock_call(const struct actor *actor)
{
	long nr = __atomic_load_n(&actor->shared->call.nr, __ATOMIC_ACQUIRE);

	for (int i = 0; i < actor->scene->sites; i++) {
		struct lock lock = { .site = &actor->scene->site[i] };

		if (nr == lock_sleeps_in(&lock, MODE_EXCLUSIVE).nr)
			return true;
	}
	return false;
}

/*
 * Where no try can decide, only time can. A grant that is on its way arrives long before this. On a
 * medium that polls, wait until a poll must have come.
 */
static bool is_long(int since, const struct medium *medium)
{
	int least = 2 * medium->quiet.ms + LONG_PAUSE;

	if (medium->sort == MEDIUM_POLLS)
		least = medium->longest;
	return now_ms() - since >= least;
}

static void end_by_the_late(struct actor *actor)
{
	scene_late(actor->scene, "%s sleeps on, %d ms after another could have the lock",
		   actor_name(actor), now_ms() - actor->late.since);
}

/* It sleeps, and nobody is known to be in its way. */
static bool waits_for_somebody(struct actor *actor, const struct medium *medium,
			       const struct history_way *way)
{
	struct actor_late *late = &actor->late;
	int now = now_ms();

	if (!late->since)
		late->since = now;
	if (way->row == HISTORY_NOTHING_ASKED)
		return is_long(late->since, medium);
	if (now < late->next_try)
		return false;
	late->pause = 2 * late->pause + FIRST_PAUSE;
	if (late->pause > LONGEST_PAUSE)
		late->pause = LONGEST_PAUSE;
	late->next_try = now + late->pause;
	switch (ask_by_a_try(actor, &way->asks)) {
	case 0:
		late->free = true;
		late->refused = 0;
		if (*actor->scene->unwoken &&
		    now - late->since >= 2 * medium->quiet.ms + LONG_PAUSE)
			end_by_the_late(actor);
		return false;
	case -EAGAIN:
	case -EACCES:
		break;
	case -ETIMEDOUT:
		scene_failed(actor->scene, "no answer: a try has not returned in %d ms",
			     ASLEEP_DEADLINE);
		return true;
	default:
		return is_long(late->since, medium);
	}
	/*
	 * The holder is a process that the history does not know; or the sleeper itself, whose
	 * grant is on its way; or the sleeper waits for a conversion, and only its old lock refuses
	 * the try.
	 */
	if (!late->refused)
		late->refused = now;
	if (way->row >= 0)
		return now - late->refused >= 2 * medium->quiet.ms;
	if (!way->converts && medium->sort == MEDIUM_POLLS)
		return now - late->refused >= 2 * medium->quiet.ms + LONG_PAUSE;
	return is_long(late->refused, medium);
}

bool late_waits(struct actor *actor, const struct medium *medium)
{
	int events = history_length(actor->scene->history);
	struct actor_late *late = &actor->late;
	struct history_way way;

	if (medium->sort == MEDIUM_AT_ONCE || !is_lock_call(actor))
		return true;
	if (late->events != events || late->switches != actor->proof.switches) {
		late_look_again(actor);
		late->events = events;
		late->switches = actor->proof.switches;
	}
	if (late->waits)
		return true;
	way = history_in_the_way(actor->scene->history, actor->row);
	/* A job may have released a lock without the history: find out by a try. */
	late->waits = (way.row >= 0 && !actor->scene->jobs) ||
		      waits_for_somebody(actor, medium, &way);
	if (late->waits) {
		late->since = 0;
		late->free = false;
	}
	return late->waits;
}

void late_look_again(struct actor *actor)
{
	actor->late.waits = false;
	actor->late.refused = 0;
	actor->late.next_try = 0;
	actor->late.pause = 0;
	if (!actor->late.free)
		actor->late.since = 0;
}

void late_returned(struct actor *actor)
{
	int delay = actor->late.since ? now_ms() - actor->late.since : 0;
	struct scene *scene = actor->scene;

	/* 0 means that no grant was late: count less than a millisecond as 1. */
	if (actor->late.free && !delay)
		delay = 1;
	if (actor->late.free && !actor->result && delay > scene->late_ms) {
		scene->late_ms = delay;
		scene->late_row = actor->row;
	}
	actor->late = (struct actor_late){ 0 };
}

bool late_ends(struct scene *scene)
{
	struct medium medium = late_medium(scene);

	for (int i = 0; i < scene->actors && medium.sort != MEDIUM_AT_ONCE; i++) {
		struct actor *actor = &scene->actor[i];

		if (!actor->busy || actor->still || !is_lock_call(actor))
			continue;
		late_look_again(actor);
		late_waits(actor, &medium);
		if (actor->late.free && !actor->late.refused)
			end_by_the_late(actor);
		if (!scene_goes_on(scene))
			return true;
	}
	return false;
}
