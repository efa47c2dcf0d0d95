// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "actor/actor.h"
#include "actor/late.h"
#include "actor/order.h"
#include "actor/rest.h"
#include "actor/start.h"
#include "system/privilege.h"

#define UNWOKEN	2000	/* ms: a waiter that is woken has returned by then */

static unsigned int calls_so_far(const struct scene *scene)
{
	unsigned int calls = 0;

	for (int i = 0; i < scene->actors; i++)
		calls += __atomic_load_n(&scene->shared->actor[i].calls, __ATOMIC_RELAXED);
	return calls;
}

/*
 * Wait for the actor until the deadline. Where a release wakes no waiter, look for late waiters:
 * each of their calls would take many seconds, and a job may make many.
 */
static bool awaited(struct actor *actor)
{
	struct asleep_quiet quiet = late_medium(actor->scene).quiet;
	bool unwoken = *actor->scene->unwoken;
	int slice = unwoken ? UNWOKEN : ASLEEP_DEADLINE;

	for (int left = ASLEEP_DEADLINE; left > 0; left -= slice) {
		if (order_awaited(actor, slice) ||
		    (unwoken && actor_sleeps(actor, &quiet) && late_ends(actor->scene)))
			return true;
	}
	return false;
}

int actor_await(struct actor *actor)
{
	unsigned int before;

	if (!scene_goes_on(actor->scene))
		return -ECANCELED;
	/* A job of many lock calls may be slow: go on waiting as long as any lock call returns. */
	do
		before = calls_so_far(actor->scene);
	while (actor->busy && !awaited(actor) && calls_so_far(actor->scene) != before);
	if (actor->busy && !late_ends(actor->scene))
		scene_failed(actor->scene, "%s has not returned in %d ms",
			     actor_name(actor), ASLEEP_DEADLINE);
	if (actor->busy)
		return -ETIMEDOUT;
	return actor->result;
}

/*
 * A place for another actor. If all are taken, use that of an actor that is gone. After an error,
 * or if there is none, return an actor that does nothing, as all actors do after an error.
 */
static struct actor *find_place(struct scene *scene, const char *name)
{
	struct actor *actor = &scene->actor[SCENE_ACTORS];
	int row = -1;

	actor->scene = scene;
	actor->shared = &scene->shared->actor[SCENE_ACTORS];
	if (!scene_goes_on(scene))
		return actor;
	if (scene->actors < SCENE_ACTORS) {
		actor = &scene->actor[scene->actors++];
		row = history_row(scene->history, name);
	}
	for (int i = 0; row < 0 && i < scene->actors; i++) {
		if (!scene->actor[i].gone)
			continue;
		actor = &scene->actor[i];
		row = actor->row;
		snprintf(scene->history->name[row], HISTORY_NAME, "%s", name);
	}
	if (row < 0)
		scene_broken(scene, "no room for actor %s", name);
	*actor = (struct actor){
		.scene = scene, .row = row,
		.shared = &scene->shared->actor[actor - scene->actor],
		.busy = true,	/* until the actor announces that it has started */
	};
	*actor->shared = (struct actor_shared){ .given = 1 };
	return actor;
}

/* Where the file has a second path, every second actor opens it by the second path. */
static enum lock_description spread(const struct actor *actor, enum lock_description description)
{
	const struct scene *scene = actor->scene;
	bool second = (actor - scene->actor) % 2;

	if (description == DESCRIPTION_OWN && second && scene->site->other_name)
		return DESCRIPTION_OTHER_PATH;
	return description;
}

static void await_start(struct actor *actor)
{
	int err = actor_await(actor);

	if (err)
		scene_broken(actor->scene, "%s cannot open the lock: %s", actor_name(actor),
			     strerror(-err));
}

struct actor *actor_start_with(struct scene *scene, enum actor_sort sort,
			       enum lock_description description, const char *name, int number)
{
	char full[HISTORY_NAME];
	struct actor *actor;
	int err;

	snprintf(full, sizeof(full), number ? "%s%d" : "%s", name, number);
	actor = find_place(scene, full);
	if (!scene_goes_on(scene))
		return actor;
	actor->sort = sort;
	actor->description = spread(actor, description);
	scene->shared->test = getpid();
	err = start_actor(actor);
	if (err)
		scene_broken(scene, "starting %s: %s", full, strerror(-err));
	await_start(actor);
	return actor;
}

static struct actor *start_child(struct actor *parent, bool thread, const char *name)
{
	struct scene *scene = parent->scene;
	struct actor *child = find_place(scene, name);
	int err;

	if (!scene_goes_on(scene))
		return child;
	child->sort = thread ? ACTOR_THREAD : parent->pid ? ACTOR_PROCESS : ACTOR_OWNER;
	child->description = DESCRIPTION_INHERITED;
	memcpy(child->lock, parent->lock, sizeof(child->lock));
	child->heir = true;
	order_give(parent, &(struct order){
		.what = ORDER_START, .child = child, .row = child->row, .thread = thread,
	});
	err = actor_await(parent);
	if (err)
		scene_broken_by(scene, err, "starting %s: %s", name, strerror(-err));
	await_start(child);
	child->pid = child->sort == ACTOR_PROCESS ? child->shared->tid : thread ? parent->pid : 0;
	return child;
}

struct actor *actor_start_child(struct actor *parent, const char *name)
{
	return start_child(parent, false, name);
}

struct actor *actor_start_thread(struct actor *parent, const char *name)
{
	return start_child(parent, true, name);
}

struct actor *actor_start_nth(struct scene *scene, const char *name, int number)
{
	return actor_start_with(scene, ACTOR_PROCESS, DESCRIPTION_OWN, name, number);
}

struct actor *actor_start(struct scene *scene, const char *name)
{
	return actor_start_nth(scene, name, 0);
}

int actor_try(struct actor *actor, struct lock_request request)
{
	order_give(actor, &(struct order){ .what = ORDER_TRY, .request = request });
	return actor_await(actor);
}

static void unlock(struct actor *actor, struct lock_request range)
{
	int ret;

	order_give(actor, &(struct order){ .what = ORDER_UNLOCK, .request = range });
	ret = actor_await(actor);
	if (ret)
		scene_failed(actor->scene, "%s could not release the lock: %s",
			     actor_name(actor), strerror(-ret));
}

void actor_unlock_range(struct actor *actor, off_t start, off_t len)
{
	unlock(actor, (struct lock_request){ .start = start, .len = len });
}

void actor_unlock_site(struct actor *actor, int site)
{
	unlock(actor, at_site(site, WHOLE));
}

void actor_unlock(struct actor *actor)
{
	for (int i = 0; scene_goes_on(actor->scene) && i < actor->scene->sites; i++) {
		if (i == 0 || (actor->shared->holds & 1u << i))
			actor_unlock_site(actor, i);
	}
}

void actor_begin(struct actor *actor, actor_job job, void *arg)
{
	order_give(actor, &(struct order){ .what = ORDER_JOB, .job = job, .arg = arg });
}

int actor_do(struct actor *actor, actor_job job, void *arg)
{
	actor_begin(actor, job, arg);
	return actor_await(actor);
}

/* ---- asking for the lock ---- */

static const char *mode_name(enum lock_mode mode)
{
	return mode == MODE_SHARED ? "a shared" : "an exclusive";
}

void actor_begin_lock(struct actor *actor, struct lock_request request)
{
	order_give(actor, &(struct order){ .what = ORDER_LOCK, .request = request });
}

void actor_queue(struct actor *actor, struct lock_request request)
{
	actor_begin_lock(actor, request);
	actor_settle_one(actor);
	if (scene_goes_on(actor->scene) && !actor->busy)
		scene_failed(actor->scene, "%s should have waited for %s lock, but did not: %s",
			     actor_name(actor), mode_name(request.mode),
			     actor->result ? strerror(-actor->result) : "it was granted at once");
}

void actor_lock(struct actor *actor, struct lock_request request)
{
	actor_begin_lock(actor, request);
	actor_settle_one(actor);
	if (!scene_goes_on(actor->scene))
		return;
	if (actor->busy)
		scene_failed(actor->scene, "%s should have been granted %s lock, but sleeps",
			     actor_name(actor), mode_name(request.mode));
	else if (actor->result)
		scene_failed(actor->scene, "%s should have been granted %s lock: %s",
			     actor_name(actor), mode_name(request.mode), strerror(-actor->result));
}

void scene_drain(struct scene *scene)
{
	for (;;) {
		struct actor *holder = NULL, *lost = NULL;
		int waiters = 0;

		actor_settle(scene);
		for (int i = 0; i < scene->actors; i++) {
			struct actor *actor = &scene->actor[i];

			if (actor_holds(actor) && !holder)
				holder = actor;
			if (actor_waits(actor)) {
				lost = actor;
				waiters++;
			}
		}
		if (!holder && lost)
			scene_failed(scene, "nobody holds the lock, and %s%s sleeps on",
				     actor_name(lost), waiters > 1 ? " (and others)" : "");
		if (!holder || !scene_goes_on(scene))
			return;
		actor_unlock(holder);
	}
}

/* ---- scheduling ---- */

/* Not sched_setscheduler(3): in musl it always fails. */
static int set_policy(struct actor *actor, int policy, int priority)
{
	struct sched_param param = { .sched_priority = priority };

	if (!scene_goes_on(actor->scene))
		return -ECANCELED;
	if (syscall(SYS_sched_setscheduler, actor->shared->tid, policy, &param) < 0)
		return -errno;
	return 0;
}

int actor_prefer(struct actor *actor)
{
	int err;

	privilege_raise(CAP_SYS_NICE);
	err = set_policy(actor, SCHED_FIFO, 1);
	privilege_lower(CAP_SYS_NICE);
	return err;
}

int actor_defer(struct actor *actor)
{
	int err = set_policy(actor, SCHED_BATCH, 0);

	if (!err && setpriority(PRIO_PROCESS, actor->shared->tid, 19) < 0)
		err = -errno;
	return err;
}
