// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "actor.h"
#include "privilege.h"

#define WHOLE	((struct lock_request){ .start = 0, .len = 0 })

enum order_what { ORDER_LOCK, ORDER_TRY, ORDER_UNLOCK, ORDER_DEED };

struct order {
	enum order_what what;
	struct lock_request request;
	actor_deed deed;
	void *arg;
};

static const char * const order_names[] = {
	[ORDER_LOCK] = "a lock", [ORDER_TRY] = "a try", [ORDER_UNLOCK] = "a release",
	[ORDER_DEED] = "a deed",
};

/* ---- trouble ---- */

static bool in_trouble(const struct scene *scene)
{
	return scene->trouble[0];
}

const char *actor_name(const struct actor *actor)
{
	return actor->scene->history->name[actor->lane];
}

/* ---- what an actor does itself ---- */

static void may_sleep_in(struct actor *self, struct asleep_call call)
{
	self->board->call.arg = call.arg;
	__atomic_store_n(&self->board->call.nr, call.nr, __ATOMIC_RELEASE);
}

static int act(struct actor *self, struct lock_request request, bool wait, bool rotate)
{
	struct history *history = self->scene->history;
	bool held = self->board->holds;
	int ret;

	if (rotate)
		history_add(history, self->lane, HISTORY_RELEASE, &request);
	history_add(history, self->lane, HISTORY_REQUEST, &request);
	if (wait)
		may_sleep_in(self, lock_sleeps_in(&self->lock, request.mode));
	if (rotate)
		ret = lock_rotate(&self->lock, &request);
	else
		ret = lock_acquire(&self->lock, &request, wait);
	may_sleep_in(self, ASLEEP_NOWHERE);
	__atomic_add_fetch(&self->board->calls, 1, __ATOMIC_RELAXED);
	history_add(history, self->lane, ret ? HISTORY_REFUSE : HISTORY_GRANT, &request);
	self->board->holds = ret ? held && !rotate && !history->drops : true;
	return ret;
}

int act_lock(struct actor *self, struct lock_request request)
{
	return act(self, request, true, false);
}

int act_try(struct actor *self, struct lock_request request)
{
	return act(self, request, false, false);
}

int act_rotate(struct actor *self, struct lock_request request)
{
	return act(self, request, true, true);
}

static int act_unlock_range(struct actor *self, struct lock_request range)
{
	history_add(self->scene->history, self->lane, HISTORY_RELEASE, &range);
	if (!range.start && !range.len)
		self->board->holds = false;
	return lock_release(&self->lock, range.start, range.len);
}

int act_unlock(struct actor *self)
{
	return act_unlock_range(self, WHOLE);
}

void act_mark(struct actor *self, char mark)
{
	history_mark(self->scene->history, self->lane, mark);
}

int act_poke(struct actor *self)
{
	return write(self->scene->poke[1], "p", 1) == 1 ? 0 : -errno;
}

int act_await_poke(struct actor *self)
{
	struct asleep_call call = { .nr = SYS_read, .arg = self->scene->poke[0] };
	ssize_t got;
	char poke;

	may_sleep_in(self, call);
	got = read(self->scene->poke[0], &poke, 1);
	may_sleep_in(self, ASLEEP_NOWHERE);
	return got == 1 ? 0 : got ? -errno : -EPIPE;
}

static int obey(struct actor *self, const struct order *order)
{
	switch (order->what) {
	case ORDER_LOCK:
		return act_lock(self, order->request);
	case ORDER_TRY:
		return act_try(self, order->request);
	case ORDER_UNLOCK:
		return act_unlock_range(self, order->request);
	case ORDER_DEED:
		return order->deed(self, order->arg);
	}
	return -EINVAL;
}

static void perform(struct actor *self)
{
	struct order order;
	int ret;

	self->board->tid = syscall(SYS_gettid);
	self->board->call = ASLEEP_NOWHERE;
	ret = lock_open(&self->lock, &self->scene->site, self->description);
	while (send(self->hear, &ret, sizeof(ret), MSG_NOSIGNAL) == sizeof(ret)) {
		/* Not read(2): that is where a waiter for an eventfd sleeps. */
		if (recv(self->hear, &order, sizeof(order), 0) != sizeof(order))
			break;
		ret = obey(self, &order);
	}
}

void actor_die_with_parent(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* It may have died before it could send the signal. */
	if (getppid() != parent)
		_exit(1);
}

static void *perform_as_thread(void *arg)
{
	perform(arg);
	return NULL;
}

static void perform_as_process(struct actor *self, pid_t parent)
{
	actor_die_with_parent(parent);
	signal(SIGTERM, SIG_DFL);
	/* /proc/PID/syscall is closed to whoever has fewer capabilities than PID. */
	privilege_keep_only(-1);
	close(self->tell);
	perform(self);
	_exit(0);
}

/* ---- the scene ---- */

static struct scene_board no_board;

void scene_open(struct scene *scene, enum lock_kind kind, const char *dir, struct history *history)
{
	int err;

	memset(scene, 0, sizeof(*scene));
	scene->poke[0] = -1;
	scene->poke[1] = -1;
	history_clear(history);
	scene->history = history;
	history->drops = lock_kind_traits(kind) & TRAIT_CONVERTS_BY_DROPPING;

	scene->board = mmap(NULL, sizeof(*scene->board), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (scene->board == MAP_FAILED) {
		/* Nobody will use it, and nobody has to look whether it is there. */
		scene->board = &no_board;
		trouble(scene, TROUBLE_BROKEN, "mmap: %s", strerror(errno));
	}
	if (pipe2(scene->poke, O_CLOEXEC) < 0)
		trouble(scene, TROUBLE_BROKEN, "pipe2: %s", strerror(errno));

	err = lock_site_open(&scene->site, kind, dir, SCENE_FILE_SIZE);
	if (!err)
		err = lock_probe(&scene->site);
	if (err == -EOPNOTSUPP)
		trouble(scene, TROUBLE_MISSING, "no %s locks here", lock_kind_name(kind));
	else if (err)
		trouble(scene, TROUBLE_BROKEN, "opening %s: %s", dir ? dir : "a memfd",
			strerror(-err));
}

static void end_actor(struct actor *actor)
{
	if (actor->pid > 0) {
		kill(actor->pid, SIGKILL);
		while (waitpid(actor->pid, NULL, 0) < 0 && errno == EINTR)
			;
		actor->pid = 0;
	}
	if (actor->tell >= 0)
		close(actor->tell);
	actor->tell = -1;
}

void scene_close(struct scene *scene)
{
	bool threads = false;

	for (int i = 0; i < scene->actors; i++) {
		threads |= scene->actor[i].sort == ACTOR_THREAD;
		end_actor(&scene->actor[i]);
	}
	scene->actors = 0;
	close(scene->poke[0]);
	close(scene->poke[1]);
	/* A thread may still be asleep in the lock; both last as long as the process. */
	if (threads)
		return;
	lock_site_close(&scene->site);
	if (scene->board != &no_board)
		munmap(scene->board, sizeof(*scene->board));
	scene->board = &no_board;
}

void scene_on_one_cpu(struct scene *scene)
{
	int cpu = sched_getcpu();
	cpu_set_t *one = cpu < 0 ? NULL : CPU_ALLOC(cpu + 1);
	size_t size = CPU_ALLOC_SIZE(cpu + 1);

	if (one) {
		CPU_ZERO_S(size, one);
		CPU_SET_S(cpu, size, one);
	}
	if (!one || sched_setaffinity(0, size, one) < 0)
		trouble(scene, TROUBLE_BROKEN, "CPU %d: %s", cpu, strerror(errno));
	CPU_FREE(one);
}

/* ---- what the test tells an actor ---- */

/* Take what the actor has answered, waiting up to @deadline ms; false if there is nothing. */
static bool hear(struct actor *actor, int deadline)
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

	if (in_trouble(scene))
		return;
	if (actor->busy) {
		trouble(scene, TROUBLE_STEP, "%s was to do %s, and is still waiting",
			actor_name(actor), order_names[order->what]);
		return;
	}
	actor->busy = true;
	actor->deed = order->what == ORDER_DEED;
	actor->queued = false;
	actor->proof = (struct asleep_proof){ 0 };
	if (send(actor->tell, order, sizeof(*order), MSG_NOSIGNAL) != sizeof(*order))
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
	while (actor->busy && !hear(actor, ASLEEP_DEADLINE) &&
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

void actor_unlock_range(struct actor *actor, off_t start, off_t len)
{
	struct lock_request range = { .start = start, .len = len };
	int ret;

	tell(actor, &(struct order){ .what = ORDER_UNLOCK, .request = range });
	ret = actor_await(actor);
	if (ret)
		trouble(actor->scene, TROUBLE_STEP, "%s could not release the lock: %s",
			actor_name(actor), strerror(-ret));
}

void actor_unlock(struct actor *actor)
{
	actor_unlock_range(actor, 0, 0);
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

/* ---- settling ---- */

static int look(struct actor *actor, struct asleep_proof *proof)
{
	struct asleep_call call;
	int ret;

	call.nr = __atomic_load_n(&actor->board->call.nr, __ATOMIC_ACQUIRE);
	call.arg = actor->board->call.arg;
	ret = asleep_look(actor->board->tid, &call, proof);
	if (ret < 0)
		trouble(actor->scene, TROUBLE_BROKEN, "cannot tell whether %s is asleep: %s",
			actor_name(actor), strerror(-ret));
	return ret;
}

static bool asleep_since(struct actor *actor, const struct asleep_proof *before)
{
	struct asleep_proof now = *before;

	return look(actor, &now) == 1 && asleep_throughout(before, &now);
}

/*
 * Two rounds. Whoever slept in the first may have been woken since by one who
 * was still awake; if in the second all have slept throughout, there was a
 * moment between the rounds at which all were asleep and nobody was left to
 * wake anybody.
 */
static int all_settled(void *arg)
{
	struct scene *scene = arg;
	struct actor *end = scene->actor + scene->actors, *actor;
	bool all = true;

	/* All of them each time: where it takes many looks, they add up for all at once. */
	for (actor = scene->actor; actor < end; actor++) {
		if (actor->busy && !hear(actor, 0))
			all &= look(actor, &actor->proof) == 1;
	}
	if (!all)
		return in_trouble(scene);
	for (actor = scene->actor; actor < end; actor++) {
		if (actor->busy && !asleep_since(actor, &actor->proof))
			return in_trouble(scene);
	}
	return 1;
}

/* For one whose request cannot wake anybody. */
static int one_settled(void *arg)
{
	struct actor *actor = arg;

	if (!actor->busy || hear(actor, 0))
		return 1;
	if (look(actor, &actor->proof) == 1 && asleep_since(actor, &actor->proof))
		return 1;
	return in_trouble(actor->scene);
}

static void note_queued(struct actor *actor)
{
	struct lock_request none = WHOLE;

	if (actor->busy && !actor->queued)
		history_add(actor->scene->history, actor->lane, HISTORY_QUEUED, &none);
	actor->queued |= actor->busy;
}

void actor_settle(struct scene *scene)
{
	if (in_trouble(scene))
		return;
	for (int i = 0; i < scene->actors; i++)
		scene->actor[i].proof = (struct asleep_proof){ 0 };
	if (asleep_poll(all_settled, scene, ASLEEP_DEADLINE) < 0)
		trouble(scene, TROUBLE_STEP, "not all have returned or fallen asleep in %d ms",
			ASLEEP_DEADLINE);
	for (int i = 0; i < scene->actors && !in_trouble(scene); i++)
		note_queued(&scene->actor[i]);
}

static void settle_one(struct actor *actor)
{
	if (in_trouble(actor->scene))
		return;
	if (asleep_poll(one_settled, actor, ASLEEP_DEADLINE) < 0)
		trouble(actor->scene, TROUBLE_STEP, "%s has not returned or fallen asleep in %d ms",
			actor_name(actor), ASLEEP_DEADLINE);
	else
		note_queued(actor);
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
	settle_one(actor);
	if (!in_trouble(actor->scene) && !actor->busy)
		trouble(actor->scene, TROUBLE_STEP, "%s was to wait for %s lock, and did not: %s",
			actor_name(actor), mode_name(request.mode),
			actor->result ? strerror(-actor->result) : "it was granted at once");
}

void actor_lock(struct actor *actor, struct lock_request request)
{
	actor_begin_lock(actor, request);
	settle_one(actor);
	if (in_trouble(actor->scene))
		return;
	if (actor->busy)
		trouble(actor->scene, TROUBLE_STEP, "%s was to be granted %s lock, and sleeps",
			actor_name(actor), mode_name(request.mode));
	else if (actor->result)
		trouble(actor->scene, TROUBLE_STEP, "%s was to be granted %s lock: %s",
			actor_name(actor), mode_name(request.mode), strerror(-actor->result));
}

bool actor_holds(const struct actor *actor)
{
	return !in_trouble(actor->scene) && !actor->busy && actor->board->holds;
}

bool actor_waits(const struct actor *actor)
{
	return !in_trouble(actor->scene) && actor->busy && actor->queued;
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
			trouble(scene, TROUBLE_STEP, "nobody holds the lock, and %s%s sleeps on",
				actor_name(lost), waiters > 1 ? " (and others)" : "");
		if (!holder || in_trouble(scene))
			return;
		actor_unlock(holder);
	}
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
	return set_policy(actor, SCHED_BATCH, 0);
}
