// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "actor/act.h"
#include "model/execute.h"
#include "model/perform.h"

static void nothing(int signal_number)
{
	(void)signal_number;
}

int execute_open(struct execution *execution, const char *dir)
{
	/* Without SA_RESTART: the wait ends with EINTR. */
	struct sigaction interrupt = { .sa_handler = nothing };
	int err = stage_open(&execution->stage, dir);

	memset(execution->actor, 0, sizeof(execution->actor));
	if (!err && sigaction(SIGNAL_INTERRUPT, &interrupt, NULL) < 0)
		err = -errno;
	return err;
}

void execute_close(struct execution *execution)
{
	stage_close(&execution->stage);
}

int execute_begin(struct execution *execution, const struct scenario *scenario)
{
	struct stage *stage = &execution->stage;
	int err = stage_set(stage, scenario);

	memset(execution->actor, 0, sizeof(execution->actor));
	for (int i = 0; i < scenario->actors && !err; i++) {
		memset(stage->actor[i].fd, -1, sizeof(stage->actor[i].fd));
		execution->actor[i].there = true;
		err = perform_start(stage, i, false);
	}
	return err;
}

/* ---- steps ---- */

static int interrupt(const struct stage *stage, int number)
{
	pid_t tid = stage->actor[number].tid;
	pid_t group = stage->processes ? tid : stage->pid;

	return syscall(SYS_tgkill, group, tid, SIGNAL_INTERRUPT) < 0 ? -errno : 0;
}

int execute_step(struct execution *execution, const struct model_step *step)
{
	struct execute_actor *actor = &execution->actor[step->actor];

	actor->proof = (struct asleep_proof){ 0 };
	if (step->what == STEP_INTERRUPT)
		return interrupt(&execution->stage, step->actor);
	actor->busy = true;
	if (step->what == STEP_FORK)
		execution->actor[step->other] = (struct execute_actor){ .there = true };
	perform_step(&execution->stage.actor[step->actor], step);
	return 0;
}

/* ESRCH comes when the task has released its files; pthread_join(3) would return before. */
static int is_gone(void *arg)
{
	const pid_t *ids = arg;

	return syscall(SYS_tgkill, ids[0], ids[1], 0) < 0 && errno == ESRCH;
}

static int await_end(struct execution *execution, int number)
{
	const struct stage *stage = &execution->stage;
	struct execute_actor *actor = &execution->actor[number];
	pid_t tid = stage->actor[number].tid, ids[] = { stage->pid, tid };
	int ret = 1;

	asleep_close(&actor->files);
	*actor = (struct execute_actor){ 0 };
	if (!stage->processes)
		ret = asleep_poll(is_gone, ids, ASLEEP_DEADLINE);
	else
		while (waitpid(tid, NULL, 0) < 0 && errno == EINTR)
			;
	return ret < 0 ? ret : 0;
}

static bool has_returned(const struct stage_actor *shared)
{
	return __atomic_load_n(&shared->done, __ATOMIC_ACQUIRE) == shared->go;
}

unsigned int execute_busy(struct execution *execution)
{
	unsigned int busy = 0;

	for (int i = 0; i < MODEL_ACTORS; i++) {
		struct execute_actor *actor = &execution->actor[i];

		if (actor->busy && has_returned(&execution->stage.actor[i]))
			actor->busy = false;
		busy |= actor->busy << i;
	}
	return busy;
}

/* ---- when everybody has come to rest ---- */

static int prove_rest(struct execution *execution, unsigned int busy)
{
	struct asleep_task tasks[MODEL_ACTORS];
	int count = 0, which;

	for (int i = 0; i < MODEL_ACTORS; i++) {
		struct stage_actor *shared = &execution->stage.actor[i];
		struct execute_actor *actor = &execution->actor[i];

		if (busy & 1u << i)
			tasks[count++] = (struct asleep_task){
				.tid = shared->tid, .call = &shared->call, .turn = &shared->done,
				.files = &actor->files, .proof = &actor->proof,
			};
	}
	return asleep_all(tasks, count, &which);
}

struct settling {
	struct execution *execution;
	bool (*expected)(void *arg, unsigned int busy);
	void *arg;
	int looks;
};

/*
 * A proof takes time: while an actor is expected to return, look for one only after this many
 * looks.
 */
#define LOOKS_FOR_THE_EXPECTED	30

static int has_settled(void *arg)
{
	struct settling *settling = arg;
	unsigned int busy = execute_busy(settling->execution);

	if (settling->looks++ < LOOKS_FOR_THE_EXPECTED && !settling->expected(settling->arg, busy))
		return 0;
	return prove_rest(settling->execution, busy);
}

int execute_settle(struct execution *execution, bool (*expected)(void *arg, unsigned int busy),
		   void *arg)
{
	struct settling settling = { execution, expected, arg, 0 };
	int ret;

	for (int i = 0; i < MODEL_ACTORS; i++) {
		if (execution->actor[i].busy &&
		    execution->stage.actor[i].step.what == STEP_EXIT) {
			ret = await_end(execution, i);
			if (ret < 0)
				return ret;
		}
	}
	ret = asleep_poll(has_settled, &settling, ASLEEP_DEADLINE);
	return ret < 0 ? ret : 0;
}

/* ---- the end ---- */

static int is_idle(void *arg)
{
	struct execution *execution = arg;
	unsigned int busy = execute_busy(execution);

	/* Interrupting one actor may put another back to sleep; try again. */
	for (int i = 0; i < MODEL_ACTORS; i++) {
		if (busy & 1u << i)
			interrupt(&execution->stage, i);
	}
	return !busy;
}

static int dismiss(struct execution *execution)
{
	int err = asleep_poll(is_idle, execution, ASLEEP_DEADLINE);

	for (int i = 0; i < MODEL_ACTORS && err >= 0; i++) {
		struct model_step step = { .what = STEP_EXIT, .actor = i };

		if (execution->actor[i].there)
			execute_step(execution, &step);
	}
	return err;
}

int execute_end(struct execution *execution)
{
	struct stage *stage = &execution->stage;
	int err = 0, ret;

	if (!stage->processes)
		err = dismiss(execution);
	for (int i = 0; stage->processes && i < MODEL_ACTORS; i++) {
		if (execution->actor[i].there)
			kill(stage->actor[i].tid, SIGKILL);
	}
	for (int i = 0; i < MODEL_ACTORS; i++) {
		if (!execution->actor[i].there)
			continue;
		ret = await_end(execution, i);
		if (ret < 0)
			err = ret;
	}
	stage_clear(stage);
	return err < 0 ? err : 0;
}
