// SPDX-License-Identifier: GPL-2.0
/* The scene, and the proof that everybody on it has come to rest. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "actor/actor.h"
#include "system/error_name.h"
#include "actor/order.h"

static struct scene_board no_board;

static void missing(struct scene *scene, const char *kind, enum lock_probe_call call, int err)
{
	if (lock_kernel_has_none())
		trouble(scene, TROUBLE_MISSING, "no file locks in this kernel");
	else if (call == PROBE_WAIT)
		trouble(scene, TROUBLE_MISSING, "no %s locks that wait here (%s)", kind,
			error_name(err));
	else
		trouble(scene, TROUBLE_MISSING, "no %s locks here (%s)", kind, error_name(err));
}

/*
 * Can the site, which was opened with the result @err, be locked? A lock that the kernel or the
 * file system does not have is missing, which skips the test; a refusal for any other reason
 * is a failure of whatever the test claims. run_tests.sh knows both by their wording.
 */
static void probe_site(struct scene *scene, const struct lock_site *site, int err)
{
	static const char * const asked[] = {
		[PROBE_TRY] = "a try", [PROBE_WAIT] = "a request that may wait",
		[PROBE_RELEASE] = "a release",
	};
	const char *kind = lock_kind_name(site->kind);
	enum lock_probe_call call = PROBE_TRY;
	struct lock lock;

	if (err && lock_may_be_missing(site, err))
		return missing(scene, kind, call, err);
	if (!err)
		err = lock_open(&lock, site, DESCRIPTION_OWN);
	if (err) {
		trouble(scene, TROUBLE_BROKEN, "opening the file to lock: %s", strerror(-err));
		return;
	}
	err = lock_probe(&lock, &call);
	lock_close(&lock);
	if (err && lock_may_be_missing(site, err))
		missing(scene, kind, call, err);
	else if (err)
		trouble(scene, TROUBLE_STEP, "nobody holds the lock, yet %s refuses %s: %s (%s)",
			kind, asked[call], error_name(err), strerror(-err));
}

void scene_open(struct scene *scene, enum lock_kind kind, const char *dir, struct history *history)
{
	memset(scene, 0, sizeof(*scene));
	scene->poke[0] = -1;
	scene->poke[1] = -1;
	scene->sites = 1;
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

	scene->dir = dir;
	probe_site(scene, scene->site, lock_site_open(scene->site, kind, dir, SCENE_FILE_SIZE));
}

static int add_site(struct scene *scene, enum lock_kind kind, bool share)
{
	struct lock_site *site = &scene->site[scene->sites];
	int err;

	if (!in_trouble(scene) && (scene->actors || scene->sites == SCENE_SITES))
		trouble(scene, TROUBLE_BROKEN, "too late, or no room, for another lock");
	if (in_trouble(scene))
		return 0;
	err = share ? lock_site_share(site, kind, scene->site) :
		      lock_site_open(site, kind, scene->dir, SCENE_FILE_SIZE);
	probe_site(scene, site, err);
	return scene->sites++;
}

int scene_add_file(struct scene *scene)
{
	return add_site(scene, scene->site->kind, false);
}

int scene_add_kind(struct scene *scene, enum lock_kind kind)
{
	return add_site(scene, kind, true);
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
	asleep_close(&actor->files);
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
	for (int i = 0; i < scene->sites; i++)
		lock_site_close(&scene->site[i]);
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

/* ---- settling ---- */

static int look(struct actor *actor, struct asleep_proof *proof)
{
	struct asleep_call call;
	int ret;

	call.nr = __atomic_load_n(&actor->board->call.nr, __ATOMIC_ACQUIRE);
	call.arg = actor->board->call.arg;
	ret = asleep_look_at(&actor->files, actor->board->tid, &call, proof);
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
	bool all = true, awake = false;

	/*
	 * All who sleep each time: where it takes many looks, they add up for all at once. While
	 * one does not, the others need not be looked at, and will have to be from the beginning.
	 */
	for (actor = scene->actor; actor < end; actor++) {
		if (!actor->busy || actor->still || actor_hear(actor, 0))
			continue;
		if (awake)
			actor->proof.looks = 0;
		else
			all &= look(actor, &actor->proof) == 1;
		awake |= !actor->proof.looks;
	}
	if (!all)
		return in_trouble(scene);
	for (actor = scene->actor; actor < end; actor++) {
		if (actor->busy && !actor->still && !asleep_since(actor, &actor->proof))
			return in_trouble(scene);
	}
	return 1;
}

static int one_settled(void *arg)
{
	struct actor *actor = arg;

	if (!actor->busy || actor_hear(actor, 0))
		return 1;
	if (look(actor, &actor->proof) == 1 && asleep_since(actor, &actor->proof))
		return 1;
	return in_trouble(actor->scene);
}

static void note_queued(struct actor *actor)
{
	struct lock_request none = WHOLE;

	if (actor->busy && !actor->queued && !actor->still)
		history_add(actor->scene->history, actor->lane, HISTORY_QUEUED, &none);
	actor->queued |= actor->busy && !actor->still;
}

void actor_settle(struct scene *scene)
{
	if (in_trouble(scene))
		return;
	for (int i = 0; i < scene->actors; i++)
		scene->actor[i].proof = (struct asleep_proof){ 0 };
	/* To look is dear, and most are done as soon as they have had the CPU. */
	sched_yield();
	if (asleep_poll(all_settled, scene, ASLEEP_DEADLINE) < 0)
		trouble(scene, TROUBLE_STEP, "not all have returned or fallen asleep in %d ms",
			ASLEEP_DEADLINE);
	for (int i = 0; i < scene->actors && !in_trouble(scene); i++)
		note_queued(&scene->actor[i]);
}

void actor_settle_one(struct actor *actor)
{
	if (in_trouble(actor->scene))
		return;
	sched_yield();
	if (asleep_poll(one_settled, actor, ASLEEP_DEADLINE) < 0)
		trouble(actor->scene, TROUBLE_STEP, "%s has not returned or fallen asleep in %d ms",
			actor_name(actor), ASLEEP_DEADLINE);
	else
		note_queued(actor);
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
