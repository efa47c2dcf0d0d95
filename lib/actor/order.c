// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "actor/order.h"

static const char * const order_names[] = {
	[ORDER_LOCK] = "a lock", [ORDER_TRY] = "a try", [ORDER_UNLOCK] = "a release",
	[ORDER_JOB] = "a job", [ORDER_EXIT] = "an exit",
};

bool order_heard(struct actor *actor, int deadline)
{
	struct pollfd poll_tell = { .fd = actor->tell, .events = POLLIN };
	int ret;

	do
		ret = poll(&poll_tell, 1, deadline);
	while (ret < 0 && errno == EINTR);
	if (ret <= 0)
		return false;
	if (recv(actor->tell, &ret, sizeof(ret), 0) != sizeof(ret)) {
		scene_broken(actor->scene, "%s has died", actor_name(actor));
		ret = -EPIPE;
	}
	actor->busy = false;
	actor->proof = (struct asleep_proof){ 0 };
	actor->result = ret;
	if (ret == LOCK_CANNOT_WAIT)
		scene_needs_wait(actor->scene);
	/* A lock may be refused. A job must check its own results. */
	if (actor->job && ret) {
		actor->scene->job_error = ret;
		scene_failed(actor->scene, "%s could not go on: %s", actor_name(actor),
			     strerror(-ret));
	}
	return true;
}

void order_give(struct actor *actor, const struct order *order)
{
	struct scene *scene = actor->scene;
	struct order sent;

	if (!scene_goes_on(scene))
		return;
	if (actor->busy || actor->gone) {
		scene_failed(scene, "%s was to do %s, and is %s",
			     actor_name(actor), order_names[order->what],
			     actor->gone ? "gone" : "still waiting");
		return;
	}
	actor->busy = true;
	actor->job = order->what == ORDER_JOB;
	actor->queued = false;
	actor->proof = (struct asleep_proof){ 0 };
	/* Clear the padding: the struct is sent to another process. */
	memset(&sent, 0, sizeof(sent));
	sent.what = order->what;
	sent.request.mode = order->request.mode;
	sent.request.start = order->request.start;
	sent.request.len = order->request.len;
	sent.request.site = order->request.site;
	sent.job = order->job;
	sent.arg = order->arg;
	if (send(actor->tell, &sent, sizeof(sent), MSG_NOSIGNAL) != sizeof(sent))
		scene_broken(scene, "%s cannot be told: %s", actor_name(actor),
			     strerror(errno));
}
