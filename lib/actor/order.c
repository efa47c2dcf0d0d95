// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/wait.h>

#include "actor/late.h"
#include "actor/order.h"
#include "actor/scene.h"
#include "system/futex.h"
#include "system/rule.h"

static const char * const order_names[] = {
	[ORDER_LOCK] = "a lock", [ORDER_TRY] = "a try", [ORDER_UNLOCK] = "a release",
	[ORDER_JOB] = "a job", [ORDER_START] = "a start", [ORDER_EXIT] = "an exit",
};

bool order_returned(const struct actor *actor)
{
	return __atomic_load_n(&actor->shared->done, __ATOMIC_ACQUIRE) == actor->shared->given;
}

/* Look without reaping it, so that its pid stays its own. */
static bool has_died(const struct actor *actor)
{
	siginfo_t info = { .si_pid = 0 };

	return actor->pid > 0 &&
	       (waitid(P_PID, actor->pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid);
}

bool order_heard(struct actor *actor)
{
	bool died = !order_returned(actor) && has_died(actor);

	/* An actor does what it is given, one order at a time. */
	RULE(actor->shared->given - __atomic_load_n(&actor->shared->done, __ATOMIC_ACQUIRE) <= 1);

	/* The order may have returned between the two checks. */
	if (order_returned(actor)) {
		actor->result = actor->shared->result;
	} else if (died) {
		scene_broken(actor->scene, "%s has died", actor_name(actor));
		actor->result = -EPIPE;
	} else {
		return false;
	}
	actor->busy = false;
	late_returned(actor);
	actor->proof = (struct asleep_proof){ 0 };
	if (actor->shared->lacked)
		scene_lacks(actor->scene, "%s", lock_lack_reason(actor->shared->lack));
	if (actor->result == LOCK_CANNOT_WAIT)
		scene_needs_wait(actor->scene, actor->shared->refused);
	/*
	 * An order may be refused a lock, and a job must check its own results. The first job that
	 * cannot go on names the error: lib/claim may turn that into a skip.
	 */
	if (actor->job && actor->result && scene_goes_on(actor->scene)) {
		actor->scene->cause = actor->result;
		scene_failed(actor->scene, "%s could not go on: %s", actor_name(actor),
			     strerror(-actor->result));
	}
	return true;
}

bool order_awaited(struct actor *actor, int deadline)
{
	unsigned int *done = &actor->shared->done;
	unsigned int before = __atomic_load_n(done, __ATOMIC_ACQUIRE);

	while (!order_heard(actor)) {
		if (deadline <= 0)
			return false;
		/* The death of an actor wakes nobody: look for it after each slice. */
		deadline -= futex_slice(done, before);
	}
	return true;
}

void order_give(struct actor *actor, const struct order *order)
{
	struct actor_shared *shared = actor->shared;
	struct scene *scene = actor->scene;

	if (!scene_goes_on(scene))
		return;
	if (actor->busy || actor->gone) {
		scene_failed(scene, "%s should do %s, but is %s",
			     actor_name(actor), order_names[order->what],
			     actor->gone ? "gone" : "still waiting");
		return;
	}
	RULE(order_returned(actor));
	actor->busy = true;
	actor->job = order->what == ORDER_JOB;
	scene->jobs |= actor->job;
	actor->queued = false;
	actor->late = (struct actor_late){ 0 };
	actor->proof = (struct asleep_proof){ 0 };
	shared->order = *order;
	futex_announce(&shared->given, shared->given + 1);
}
