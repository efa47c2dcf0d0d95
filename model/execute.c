// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>

#include "actor/actor.h"
#include "actor/disturb.h"
#include "actor/rest.h"
#include "model/execute.h"

/* -ETIMEDOUT: an actor has neither returned nor fallen asleep. Otherwise why the set-up broke. */
static int scene_result(const struct scene *scene)
{
	if (scene_goes_on(scene))
		return 0;
	if (scene->end == SCENE_FAILED)
		return -ETIMEDOUT;
	return scene->cause ? scene->cause : -ECHILD;
}

int execute_open(struct execution *execution, const char *dir)
{
	int err = stage_open(&execution->stage, dir);

	memset(execution->actor, 0, sizeof(execution->actor));
	execution->history = history_new();
	if (!execution->history)
		return err ? err : -ENOMEM;
	scene_open_empty(&execution->scene, execution->history);
	return err ? err : scene_result(&execution->scene);
}

void execute_close(struct execution *execution)
{
	if (execution->history) {
		scene_close(&execution->scene);
		history_free(execution->history);
	}
	execution->history = NULL;
	stage_close(&execution->stage);
}

/* ---- steps ---- */

static const char * const names[MODEL_ACTORS] = { "A", "B", "C", "D", "E", "F" };

/* Note an actor that has started. */
static void enter(struct execution *execution, int number, struct actor *actor)
{
	execution->actor[number] = actor;
	execution->stage.actor[number].tid = actor->shared->tid;
}

int execute_begin(struct execution *execution, const struct scenario *scenario)
{
	struct stage *stage = &execution->stage;
	int err = stage_set(stage, scenario);

	/* Set all before any actor starts: a process keeps the copies that it starts with. */
	for (int i = 0; i < MODEL_ACTORS; i++) {
		execution->performer[i] = (struct performer){
			.stage = stage, .shared = &stage->actor[i],
		};
		stage->actor[i].table = i;
	}
	for (int i = 0; i < scenario->actors && !err; i++) {
		memset(stage->actor[i].fd, -1, sizeof(stage->actor[i].fd));
		enter(execution, i, actor_start_with(&execution->scene, stage->processes ?
						     ACTOR_PROCESS : ACTOR_OWNER,
						     DESCRIPTION_OWN, names[i], 0));
		err = scene_result(&execution->scene);
	}
	return err;
}

static void fork_actor(struct execution *execution, int number, int child)
{
	struct stage_actor *shared = execution->stage.actor;

	shared[child].table = child;
	memcpy(shared[child].fd, shared[shared[number].table].fd, sizeof(shared->fd));
	enter(execution, child, actor_start_child(execution->actor[number], names[child]));
	shared[number].result = 0;
}

static void start_thread(struct execution *execution, int number, int thread)
{
	struct stage_actor *shared = execution->stage.actor;

	shared[thread].table = shared[number].table;
	enter(execution, thread, actor_start_thread(execution->actor[number], names[thread]));
	shared[number].result = 0;
}

int execute_step(struct execution *execution, const struct model_step *step)
{
	struct actor *actor = execution->actor[step->actor];

	switch (step->what) {
	case STEP_INTERRUPT:
		actor_interrupt(actor);
		break;
	case STEP_FORK:
		fork_actor(execution, step->actor, step->other);
		break;
	case STEP_THREAD:
		start_thread(execution, step->actor, step->other);
		break;
	case STEP_EXIT:
		actor_exit(actor);
		execution->actor[step->actor] = NULL;
		break;
	default:
		execution->stage.actor[step->actor].step = *step;
		actor_begin(actor, perform_step, &execution->performer[step->actor]);
	}
	return scene_result(&execution->scene);
}

/* ---- when everybody has come to rest ---- */

unsigned int execute_busy(const struct execution *execution)
{
	unsigned int busy = 0;

	for (int i = 0; i < MODEL_ACTORS; i++) {
		if (execution->actor[i])
			busy |= execution->actor[i]->busy << i;
	}
	return busy;
}

int execute_settle(struct execution *execution, bool (*expected)(void *arg), void *arg)
{
	actor_settle_expecting(&execution->scene, expected, arg);
	return scene_result(&execution->scene);
}

/* ---- the end ---- */

int execute_end(struct execution *execution)
{
	struct scene *scene = &execution->scene;
	int err;

	scene_dismiss(scene);
	err = scene_result(scene);
	memset(execution->actor, 0, sizeof(execution->actor));
	stage_clear(&execution->stage);
	if (!err)
		return 0;
	memcpy(execution->error, scene->error, sizeof(execution->error));
	/* Begin again with another scene, so that a scenario can be run after one that failed. */
	scene_close(scene);
	scene_open_empty(scene, execution->history);
	return err;
}
