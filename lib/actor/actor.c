// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "actor/actor.h"
#include "actor/order.h"
#include "system/privilege.h"

static const char * const order_names[] = {
	[ORDER_LOCK] = "a lock", [ORDER_TRY] = "a try", [ORDER_UNLOCK] = "a release",
	[ORDER_DEED] = "a deed", [ORDER_EXIT] = "an exit",
};

const char *actor_name(const struct actor *actor)
{
	return actor->scene->history->name[actor->lane];
}

/* ---- what the test tells an actor ---- */

bool actor_hear(struct actor *actor, int deadline)
{
	struct pollfd poll_tell = { .fd = actor->tell, .events = POLLIN };
	int ret;

	do
		ret = poll(&poll_tell, 1, deadline);
	while (ret < 0 && errno == EINTR);
	if (ret <= 0)
		return false;
	if (recv(actor->tell, &ret, sizeof(ret), 0) != sizeof(ret)) {
		trouble(actor->scene, TROUBLE_BROKEN, "%s has died", actor_name(actor));
		ret = -EPIPE;
	}
	actor->busy = false;
	actor->result = ret;
	/* A lock may be refused; a deed says itself what it is content with. */
	if (actor->deed && ret)
		trouble(actor->scene, TROUBLE_STEP, "%s could not go on: %s", actor_name(actor),
			strerror(-ret));
	return true;
}

static void tell(struct actor *actor, const struct order *order)
{
	struct scene *scene = actor->scene;
	struct order sent;

	if (in_trouble(scene))
		return;
	if (actor->busy || actor->gone) {
		trouble(scene, TROUBLE_STEP, "%s was to do %s, and is %s",
			actor_name(actor), order_names[order->what],
			actor->gone ? "gone" : "still waiting");
		return;
	}
	actor->busy = true;
	actor->deed = order->what == ORDER_DEED;
	actor->queued = false;
	actor->proof = (struct asleep_proof){ 0 };
	/* What goes to another process has no bytes between its members that nobody has set. */
	memset(&sent, 0, sizeof(sent));
	sent.what = order->what;
	sent.request.mode = order->request.mode;
	sent.request.start = order->request.start;
	sent.request.len = order->request.len;
	sent.request.site = order->request.site;
	sent.deed = order->deed;
	sent.arg = order->arg;
	if (send(actor->tell, &sent, sizeof(sent), MSG_NOSIGNAL) != sizeof(sent))
		trouble(scene, TROUBLE_BROKEN, "%s cannot be told: %s", actor_name(actor),
			strerror(errno));
}

static unsigned int calls_so_far(const struct scene *scene)
{
	unsigned int calls = 0;

	for (int i = 0; i < scene->actors; i++)
		calls += __atomic_load_n(&scene->board->actor[i].calls, __ATOMIC_RELAXED);
	return calls;
}

int actor_await(struct actor *actor)
{
	unsigned int before;

	if (in_trouble(actor->scene))
		return -ECANCELED;
	/* A deed may take many turns with others, on a busy machine for long. */
	do
		before = calls_so_far(actor->scene);
	while (actor->busy && !actor_hear(actor, ASLEEP_DEADLINE) &&
	       calls_so_far(actor->scene) != before);
	if (actor->busy) {
		trouble(actor->scene, TROUBLE_STEP, "%s was to return, and has not in %d ms",
			actor_name(actor), ASLEEP_DEADLINE);
		return -ETIMEDOUT;
	}
	return actor->result;
}

struct actor *actor_start_with(struct scene *scene, enum actor_sort sort,
			       enum lock_description description, const char *name, int number)
{
	char full[HISTORY_NAME];
	struct actor *actor;
	pid_t test = getpid();
	int pair[2], err;

	snprintf(full, sizeof(full), number ? "%s%d" : "%s", name, number);
	/* The caller goes on with an actor that does nothing, as all do in trouble. */
	if (scene->actors >= SCENE_ACTORS)
		trouble(scene, TROUBLE_BROKEN, "no room for actor %s", full);
	if (in_trouble(scene)) {
		actor = &scene->actor[SCENE_ACTORS];
		actor->scene = scene;
		return actor;
	}

	actor = &scene->actor[scene->actors];
	*actor = (struct actor){
		.scene = scene,
		.board = &scene->board->actor[scene->actors],
		.lane = history_lane(scene->history, full),
		.sort = sort,
		.description = description,
		.busy = true,	/* until it says that it is there */
	};
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
		trouble(scene, TROUBLE_BROKEN, "socketpair for %s: %s", full, strerror(errno));
		return actor;
	}
	actor->tell = pair[0];
	actor->hear = pair[1];
	scene->actors++;

	if (sort == ACTOR_THREAD) {
		err = pthread_create(&actor->thread, NULL, perform_as_thread, actor);
		if (!err)
			pthread_detach(actor->thread);
	} else {
		actor->pid = fork();
		if (!actor->pid)
			perform_as_process(actor, test);
		err = actor->pid < 0 ? errno : 0;
		close(actor->hear);
	}
	if (err)
		trouble(scene, TROUBLE_BROKEN, "starting %s: %s", full, strerror(err));
	err = actor_await(actor);
	if (err)
		trouble(scene, TROUBLE_BROKEN, "%s cannot open the lock: %s", full, strerror(-err));
	return actor;
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
	tell(actor, &(struct order){ .what = ORDER_TRY, .request = request });
	return actor_await(actor);
}

static void unlock(struct actor *actor, struct lock_request range)
{
	int ret;

	tell(actor, &(struct order){ .what = ORDER_UNLOCK, .request = range });
	ret = actor_await(actor);
	if (ret)
		trouble(actor->scene, TROUBLE_STEP, "%s could not release the lock: %s",
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
	for (int i = 0; !in_trouble(actor->scene) && i < actor->scene->sites; i++) {
		if (i == 0 || (actor->board->holds & 1u << i))
			actor_unlock_site(actor, i);
	}
}

void actor_begin(struct actor *actor, actor_deed deed, void *arg)
{
	tell(actor, &(struct order){ .what = ORDER_DEED, .deed = deed, .arg = arg });
}

int actor_do(struct actor *actor, actor_deed deed, void *arg)
{
	actor_begin(actor, deed, arg);
	return actor_await(actor);
}

/* ---- asking for the lock ---- */

static const char *mode_name(enum lock_mode mode)
{
	return mode == MODE_SHARED ? "a shared" : "an exclusive";
}

void actor_begin_lock(struct actor *actor, struct lock_request request)
{
	tell(actor, &(struct order){ .what = ORDER_LOCK, .request = request });
}

void actor_queue(struct actor *actor, struct lock_request request)
{
	actor_begin_lock(actor, request);
	actor_settle_one(actor);
	if (!in_trouble(actor->scene) && !actor->busy)
		trouble(actor->scene, TROUBLE_STEP, "%s was to wait for %s lock, and did not: %s",
			actor_name(actor), mode_name(request.mode),
			actor->result ? strerror(-actor->result) : "it was granted at once");
}

void actor_lock(struct actor *actor, struct lock_request request)
{
	actor_begin_lock(actor, request);
	actor_settle_one(actor);
	if (in_trouble(actor->scene))
		return;
	if (actor->busy)
		trouble(actor->scene, TROUBLE_STEP, "%s was to be granted %s lock, and sleeps",
			actor_name(actor), mode_name(request.mode));
	else if (actor->result)
		trouble(actor->scene, TROUBLE_STEP, "%s was to be granted %s lock: %s",
			actor_name(actor), mode_name(request.mode), strerror(-actor->result));
}

/* ---- scheduling ---- */

/* Not sched_setscheduler(3): musl has it for no one. */
static int set_policy(struct actor *actor, int policy, int priority)
{
	struct sched_param param = { .sched_priority = priority };

	if (in_trouble(actor->scene))
		return -ECANCELED;
	if (syscall(SYS_sched_setscheduler, actor->board->tid, policy, &param) < 0)
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

	if (!err && setpriority(PRIO_PROCESS, actor->board->tid, 19) < 0)
		err = -errno;
	return err;
}
