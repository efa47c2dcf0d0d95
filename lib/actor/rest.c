// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <sched.h>
#include <string.h>

#include "actor/order.h"
#include "actor/rest.h"

static struct asleep_task task_of(struct actor *actor)
{
	return (struct asleep_task){
		.tid = actor->shared->tid, .call = &actor->shared->call,
		.turn = &actor->shared->turn, .files = &actor->files, .proof = &actor->proof,
	};
}

static int all_asleep(struct actor *actors[], int count)
{
	struct asleep_task tasks[SCENE_ACTORS];
	int which = 0, ret;

	for (int i = 0; i < count; i++)
		tasks[i] = task_of(actors[i]);
	ret = asleep_all(tasks, count, &which);
	if (ret == -EOPNOTSUPP)
		scene_lacks(actors[which]->scene, "/proc does not show whether a task sleeps");
	else if (ret < 0)
		scene_broken(actors[which]->scene, "cannot find out whether %s is asleep: %s",
			     actor_name(actors[which]), strerror(-ret));
	return ret;
}

struct settling {
	struct scene *scene;
	bool (*expected)(void *arg);
	void *arg;
	int looks;
};

/* If actors are expected to return, how often to check whether they have, before a proof. */
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
	return all_asleep(actors, count) == 1 || !scene_goes_on(scene);
}

/* Look twice: another actor, still awake, may have woken it after the first look. */
static int one_settled(void *arg)
{
	struct actor *actor = arg;

	if (!actor->busy || order_heard(actor))
		return 1;
	if (all_asleep(&actor, 1) == 1 && all_asleep(&actor, 1) == 1)
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

void actor_settle_expecting(struct scene *scene, bool (*expected)(void *arg), void *arg)
{
	struct settling settling = { scene, expected, arg, 0 };

	if (!scene_goes_on(scene))
		return;
	/* A sleep that was proved earlier proves less now, unless /proc shows the call. */
	for (int i = 0; i < scene->actors; i++) {
		if (scene->actor[i].proof.weak)
			scene->actor[i].proof = (struct asleep_proof){ 0 };
	}
	/* Reading /proc is expensive, and most actors return as soon as they get the CPU. */
	sched_yield();
	if (asleep_poll(all_settled, &settling, ASLEEP_DEADLINE) < 0)
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
	if (!scene_goes_on(actor->scene))
		return;
	sched_yield();
	if (asleep_poll(one_settled, actor, ASLEEP_DEADLINE) < 0)
		scene_failed(actor->scene, "%s has not returned or fallen asleep in %d ms",
			     actor_name(actor), ASLEEP_DEADLINE);
	else
		note_queued(actor);
}

bool actor_holds(const struct actor *actor)
{
	return scene_goes_on(actor->scene) && !actor->busy && actor->shared->holds;
}

bool actor_waits(const struct actor *actor)
{
	return scene_goes_on(actor->scene) && actor->busy && actor->queued;
}
