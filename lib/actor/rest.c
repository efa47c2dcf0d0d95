// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <sched.h>
#include <string.h>

#include "actor/late.h"
#include "actor/order.h"
#include "actor/rest.h"
#include "history/judge.h"

static struct asleep_task task_of(struct actor *actor, const struct medium *medium)
{
	return (struct asleep_task){
		.tid = actor->shared->tid, .call = &actor->shared->call,
		.turn = &actor->shared->turn, .files = &actor->files, .proof = &actor->proof,
		.quiet = medium->quiet,
	};
}

/*
 * How long to wait, in ms, for an actor whose lock is free and whose sleep /proc does not show.
 * Less than for all others, and even less where the actor's own lock may be in its way.
 */
#define TIME_TO_RETURN	(ASLEEP_DEADLINE * 2 / 3)
#define TIME_TO_CONVERT	(ASLEEP_DEADLINE / 15)

/* The time decides only whether the test is skipped. */
static bool may_return(struct actor *actor)
{
	struct history_way way = history_in_the_way(actor->scene->history, actor->row);
	int time = way.converts ? TIME_TO_CONVERT : TIME_TO_RETURN;

	if (!actor->unseen)
		actor->unseen = asleep_clock();
	/* A row below 0: nobody, or its request is not in the history yet. */
	return asleep_clock() - actor->unseen < time * 1000000LL && !actor->scene->jobs &&
	       way.row < 0;
}

/* As asleep_all(), but 1 only if each of them waits for somebody. */
static int all_asleep(struct actor *actors[], int count, const struct medium *medium)
{
	struct asleep_task tasks[SCENE_ACTORS];
	int which = 0, ret;

	for (int i = 0; i < count; i++)
		tasks[i] = task_of(actors[i], medium);
	ret = asleep_all(tasks, count, &which);
	if (ret == -EOPNOTSUPP) {
		if (may_return(actors[which]))
			return 0;
		scene_lacks(actors[which]->scene, ASLEEP_IS_HIDDEN);
	} else if (ret < 0) {
		scene_broken(actors[which]->scene, "cannot find out whether %s is asleep: %s",
			     actor_name(actors[which]), strerror(-ret));
	}
	for (int i = 0; i < count && ret == 1; i++)
		ret = late_waits(actors[i], medium);
	/* That took its time: one of them may have returned meanwhile. */
	if (ret == 1 && medium->sort != MEDIUM_AT_ONCE)
		ret = asleep_all(tasks, count, &which);
	return ret;
}

struct settling {
	struct scene *scene;
	bool (*expected)(void *arg);
	void *arg;
	int looks;
	struct medium medium;
};

/* How often to look for the actors that are expected to return, before a proof is tried. */
#define LOOKS_FOR_THE_EXPECTED	30

static int all_settled(void *arg)
{
	struct settling *settling = arg;
	struct scene *scene = settling->scene;
	struct actor *actors[SCENE_ACTORS];
	int count = 0;

	for (int i = 0; i < scene->actors; i++) {
		struct actor *actor = &scene->actor[i];

		if (actor->busy && !actor->still && !order_heard(actor))
			actors[count++] = actor;
	}
	if (!scene_goes_on(scene))
		return 1;
	if (settling->looks++ < LOOKS_FOR_THE_EXPECTED && !settling->expected(settling->arg))
		return 0;
	return all_asleep(actors, count, &settling->medium) == 1 || !scene_goes_on(scene);
}

struct settling_one {
	struct actor *actor;
	struct medium medium;
};

/* Look twice: another actor, still awake, may have woken it after the first look. */
static int one_settled(void *arg)
{
	struct settling_one *settling = arg;
	struct actor *actor = settling->actor;

	if (!actor->busy || order_heard(actor))
		return 1;
	if (all_asleep(&actor, 1, &settling->medium) == 1 &&
	    all_asleep(&actor, 1, &settling->medium) == 1)
		return 1;
	return !scene_goes_on(actor->scene);
}

static void note_queued(struct actor *actor)
{
	struct lock_request none = WHOLE;

	if (actor->busy && !actor->queued && !actor->still)
		history_add(actor->scene->history, actor->row, HISTORY_QUEUED, &none);
	actor->queued |= actor->busy && !actor->still;
}

static void forget_looks(struct actor *actor)
{
	actor->unseen = 0;
	late_look_again(actor);
}

void actor_settle_expecting(struct scene *scene, bool (*expected)(void *arg), void *arg)
{
	struct settling settling = { scene, expected, arg, 0, late_medium(scene) };

	if (!scene_goes_on(scene))
		return;
	for (int i = 0; i < scene->actors; i++)
		forget_looks(&scene->actor[i]);
	/* A sleep that was proved earlier proves less now, unless /proc shows the call. */
	for (int i = 0; i < scene->actors; i++) {
		if (scene->actor[i].proof.weak)
			scene->actor[i].proof = (struct asleep_proof){ 0 };
	}
	/* Reading /proc is expensive, and most actors return as soon as they get the CPU. */
	sched_yield();
	if (asleep_poll(all_settled, &settling, ASLEEP_DEADLINE) < 0 && !late_ends(scene))
		scene_failed(scene, "not all have returned or fallen asleep in %d ms",
			     ASLEEP_DEADLINE);
	for (int i = 0; i < scene->actors && scene_goes_on(scene); i++)
		note_queued(&scene->actor[i]);
}

static bool anything(void *arg)
{
	(void)arg;
	return true;
}

void actor_settle(struct scene *scene)
{
	actor_settle_expecting(scene, anything, NULL);
}

void actor_settle_one(struct actor *actor)
{
	struct settling_one settling = { actor, late_medium(actor->scene) };
	struct scene *scene = actor->scene;
	int ret;

	if (!scene_goes_on(scene))
		return;
	forget_looks(actor);
	sched_yield();
	ret = asleep_poll(one_settled, &settling, ASLEEP_DEADLINE);
	if (ret > 0)
		note_queued(actor);
	else if (!late_ends(scene))
		scene_failed(scene, "%s has not returned or fallen asleep in %d ms",
			     actor_name(actor), ASLEEP_DEADLINE);
}

/* It has returned, or has slept that long. */
struct sleeping {
	struct actor *actor;
	struct medium medium;
};

static int returned_or_sleeps(void *arg)
{
	struct sleeping *sleeping = arg;
	struct asleep_task task = task_of(sleeping->actor, &sleeping->medium);
	int which = 0;

	if (!sleeping->actor->busy || order_heard(sleeping->actor))
		return 1;
	return asleep_all(&task, 1, &which);
}

bool actor_sleeps(struct actor *actor, const struct asleep_quiet *quiet)
{
	struct sleeping sleeping = { actor, { .quiet = *quiet } };

	return scene_goes_on(actor->scene) &&
	       asleep_poll(returned_or_sleeps, &sleeping, ASLEEP_DEADLINE) == 1 && actor->busy;
}

bool actor_holds(const struct actor *actor)
{
	return scene_goes_on(actor->scene) && !actor->busy && actor->shared->holds;
}

bool actor_waits(const struct actor *actor)
{
	return scene_goes_on(actor->scene) && actor->busy && actor->queued;
}
