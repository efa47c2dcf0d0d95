// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "actor/late.h"
#include "actor/scene.h"
#include "lock/descriptor.h"
#include "system/cpu.h"
#include "system/entry.h"
#include "system/error_name.h"

static struct scene_shared nothing_shared;

const char *actor_name(const struct actor *actor)
{
	return actor ? actor->scene->history->name[actor->row] : "nobody";
}

/* ---- the end of a scene ---- */

bool scene_goes_on(const struct scene *scene)
{
	return scene->end == SCENE_GOES_ON;
}

static void end(struct scene *scene, enum scene_end why, const char *format, va_list args)
{
	if (!scene_goes_on(scene))
		return;
	scene->end = why;
	vsnprintf(scene->error, sizeof(scene->error), format, args);
}

void scene_failed(struct scene *scene, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	end(scene, SCENE_FAILED, format, args);
	va_end(args);
}

void scene_broken(struct scene *scene, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	end(scene, SCENE_BROKEN, format, args);
	va_end(args);
}

void scene_broken_by(struct scene *scene, int err, const char *format, ...)
{
	va_list args;

	if (scene_goes_on(scene))
		scene->cause = err;
	va_start(args, format);
	end(scene, SCENE_BROKEN, format, args);
	va_end(args);
}

void scene_lacks(struct scene *scene, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	end(scene, SCENE_LACKS, format, args);
	va_end(args);
}

void scene_late(struct scene *scene, const char *format, ...)
{
	va_list args;

	/* If it is known before the first test, do not wait for a grant. */
	if (*scene->unwoken)
		return scene_lacks(scene, "%s", scene->unwoken);
	va_start(args, format);
	end(scene, SCENE_LATE, format, args);
	va_end(args);
}

void scene_missed(struct scene *scene)
{
	if (scene_goes_on(scene))
		scene->end = SCENE_MISSED;
}

/* ---- its locks ---- */

static void missing(struct scene *scene, const char *kind, int err)
{
	if (lock_kernel_has_none())
		scene_lacks(scene, "no file locks in this kernel");
	else
		scene_lacks(scene, "no %s locks here (%s)", kind, error_name(err));
}

static void goes_on_by_tries(struct scene *scene, struct lock_site *site, enum lock_mode mode,
			     const char *format, ...)
	PRINTF_LIKE(4, 5);

static void goes_on_by_tries(struct scene *scene, struct lock_site *site, enum lock_mode mode,
			     const char *format, ...)
{
	char *reason = scene->no_wait[site - scene->site][mode];
	va_list args;

	va_start(args, format);
	vsnprintf(reason, sizeof(**scene->no_wait), format, args);
	va_end(args);
	site->no_wait[mode] = true;
}

static void refused(struct scene *scene, const char *kind, enum lock_probe_call call, int err)
{
	static const char * const asked[] = {
		[PROBE_TRY] = "a try", [PROBE_WAIT] = "a request that may wait",
		[PROBE_RELEASE] = "a release",
	};

	scene_failed(scene, "nobody holds the lock, yet %s refuses %s: %s (%s)", kind, asked[call],
		     error_name(err), strerror(-err));
}

/* Ask for the lock of a site that nobody has locked. */
static int probe(struct scene *scene, const struct lock_site *site, enum lock_probe_call *call)
{
	struct lock lock;
	int err = lock_open(&lock, site, DESCRIPTION_OWN);

	if (err) {
		scene_broken(scene, "opening the file to lock: %s", strerror(-err));
		return 0;
	}
	err = lock_probe(&lock, call);
	lock_close(&lock);
	return err;
}

/* An entry of LOCKFAIR_UNWAITING may be about one mode: KIND.shared=REASON. */
static const char *found_for_mode(const char *kind, enum lock_mode mode, int *length)
{
	char name[32];
	const char *reason;

	snprintf(name, sizeof(name), "%s.%s", kind, lock_mode_name(mode));
	reason = entry_of("LOCKFAIR_UNWAITING", name, length);
	return reason ? reason : entry_of("LOCKFAIR_UNWAITING", kind, length);
}

/*
 * If run_tests.sh has found that locks of this kind are missing or refused, skip the test or go on
 * by tries, and return true.
 */
static bool follow_findings(struct scene *scene, struct lock_site *site)
{
	static const char * const skips[] = {
		"LOCKFAIR_MISSING", "LOCKFAIR_REFUSED", "LOCKFAIR_SHARED",
	};
	const char *kind = lock_kind_name(site->kind), *reason;
	int length = 0;
	bool tries = false;

	for (unsigned int i = 0; i < sizeof(skips) / sizeof(*skips); i++) {
		reason = entry_of(skips[i], kind, &length);
		if (reason) {
			scene_lacks(scene, "%.*s", length, reason);
			return true;
		}
	}
	reason = entry_of("LOCKFAIR_DEAF", kind, &length);
	if (reason)
		snprintf(scene->deaf, sizeof(scene->deaf), "%.*s", length, reason);
	reason = entry_of("LOCKFAIR_LATE", kind, &length);
	if (reason)
		snprintf(scene->unwoken, sizeof(scene->unwoken), "%.*s", length, reason);
	for (enum lock_mode mode = 0; mode < MODES; mode++) {
		reason = found_for_mode(kind, mode, &length);
		if (!reason)
			continue;
		goes_on_by_tries(scene, site, mode, "%.*s", length, reason);
		tries = true;
	}
	return tries;
}

/* If the second path does not lead to the file, nothing can be tested on two paths. */
static bool is_hidden(const struct lock_site *site)
{
	return site->other_name && access(site->other_name, R_OK | W_OK) < 0;
}

/*
 * Can the site, which was opened with the result @err, be locked? A lock that the kernel or the
 * file system does not have is missing, which skips the test. Any other refusal fails it, unless
 * run_tests.sh has reported it. Where only requests that wait are refused, the scene goes on by
 * tries. run_tests.sh recognizes all of these by their wording.
 */
static void probe_site(struct scene *scene, struct lock_site *site, int err)
{
	const char *kind = lock_kind_name(site->kind);
	enum lock_probe_call call = PROBE_TRY;

	if (getenv("LOCKFAIR_LACKS") && !lock_is_local(site))
		scene->shared->lacks[site - scene->site] = lock_lacks(site->kind) & ~scene->judged;
	if (is_hidden(site))
		return scene_lacks(scene, "a file cannot be opened by the second path");
	if (follow_findings(scene, site))
		return;
	if (err && !lock_may_be_missing(site, err))
		return scene_broken(scene, "opening the file to lock: %s", strerror(-err));
	if (!err)
		err = probe(scene, site, &call);
	if (!err)
		return;
	if (!lock_may_be_missing(site, err))
		refused(scene, kind, call, err);
	else if (call != PROBE_WAIT || lock_kernel_has_none())
		missing(scene, kind, err);
	else
		for (enum lock_mode mode = 0; mode < MODES; mode++)
			goes_on_by_tries(scene, site, mode, "no %s locks that wait here (%s)",
					 kind, error_name(err));
}

bool scene_needs_wait(struct scene *scene, struct lock_request request)
{
	if (scene->site[request.site].no_wait[request.mode])
		scene_lacks(scene, "%s", scene->no_wait[request.site][request.mode]);
	return scene_goes_on(scene);
}

bool scene_needs_signals(struct scene *scene)
{
	if (*scene->deaf)
		scene_lacks(scene, "%s", scene->deaf);
	return scene_goes_on(scene);
}

bool scene_needs(struct scene *scene, enum lock_lack lack)
{
	for (int i = 0; i < scene->sites; i++) {
		if (scene->shared->lacks[i] & 1u << lack)
			scene_lacks(scene, "%s", lock_lack_reason(lack));
	}
	return scene_goes_on(scene);
}

void scene_judges(struct scene *scene, enum lock_lack lack)
{
	scene->judged |= 1u << lack;
	for (int i = 0; i < SCENE_SITES; i++)
		scene->shared->lacks[i] &= ~(1u << lack);
}

static int share_memory(struct scene *scene)
{
	scene->memory = descriptor_memfd(sizeof(*scene->shared), 0);
	if (scene->memory < 0)
		return scene->memory;
	scene->shared = mmap(NULL, sizeof(*scene->shared), PROT_READ | PROT_WRITE, MAP_SHARED,
			     scene->memory, 0);
	return scene->shared == MAP_FAILED ? -errno : 0;
}

void scene_open_empty(struct scene *scene, struct history *history)
{
	int err;

	memset(scene, 0, sizeof(*scene));
	scene->wake[0] = -1;
	scene->wake[1] = -1;
	history_clear(history);
	scene->history = history;
	err = share_memory(scene);
	if (err) {
		/* Return a spare that nobody uses, so that callers need not check for NULL. */
		scene->shared = &nothing_shared;
		scene_broken(scene, "shared memory: %s", strerror(-err));
	}
	if (pipe2(scene->wake, O_CLOEXEC) < 0)
		scene_broken(scene, "pipe2: %s", strerror(errno));
}

void scene_open(struct scene *scene, enum lock_kind kind, const char *dir, struct history *history)
{
	struct stat file;
	int err;

	scene_open_empty(scene, history);
	scene->sites = 1;
	history_add_site(history, kind, 0);
	scene->dir = dir;
	err = lock_site_open(scene->site, kind, dir, SCENE_FILE_SIZE);
	/* hugetlbfs has only sizes that are multiples of its pages. */
	scene->size = dir && !fstat(scene->site->fd, &file) ? file.st_size : SCENE_FILE_SIZE;
	probe_site(scene, scene->site, err);
}

static int add_site(struct scene *scene, enum lock_kind kind, bool share)
{
	struct lock_site *site = &scene->site[scene->sites];
	int err;

	if (scene_goes_on(scene) && (scene->actors || scene->sites == SCENE_SITES))
		scene_broken(scene, "too late, or no room, for another lock");
	if (!scene_goes_on(scene))
		return 0;
	err = share ? lock_site_share(site, kind, scene->site) :
		      lock_site_open(site, kind, scene->dir, SCENE_FILE_SIZE);
	probe_site(scene, site, err);
	history_add_site(scene->history, kind, share ? 0 : scene->sites);
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

/* How long scene_close() waits for actors whose wait for a lock nothing can end; ms. */
#define CLOSE_DEADLINE	5000

static int is_reaped(void *arg)
{
	const pid_t *pid = arg;
	pid_t ret = waitpid(*pid, NULL, WNOHANG);

	return ret == *pid || (ret < 0 && errno == ECHILD);
}

/* Reap the actor's process, which has been killed. Return false if it does not end. */
static bool reap(struct actor *actor, bool at_once, int deadline)
{
	pid_t pid = actor->pid;

	actor->pid = 0;
	asleep_close(&actor->files);
	if (pid <= 0)
		return true;
	if (!at_once)
		return asleep_poll(is_reaped, &pid, deadline) > 0;
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return true;
}

/* Have each thread that holds a lock release it. Return how many still wait. */
static int end_waits(struct scene *scene)
{
	int waiting = 0;

	for (int i = 0; i < scene->actors; i++) {
		struct actor *actor = &scene->actor[i];

		if (actor->sort == ACTOR_PROCESS || actor->pid || actor->gone)
			continue;
		if (actor->busy && !order_heard(actor))
			waiting++;
		for (int j = 0; !actor->busy && j < scene->sites; j++) {
			if (actor->shared->holds & 1u << j)
				order_give(actor, &(struct order){
					.what = ORDER_UNLOCK, .request = at_site(j, WHOLE),
				});
		}
	}
	return waiting;
}

static int nobody_waits(void *scene)
{
	return !end_waits(scene);
}

/*
 * A thread whose wait no signal ends would keep this process from ending: its descriptors, and so
 * the locks of all threads, go with the last of them. So let each waiter have the lock first.
 */
static int let_threads_end(struct scene *scene)
{
	enum scene_end end = scene->end;
	int left = 0;

	scene->end = SCENE_GOES_ON;
	if (asleep_poll(nobody_waits, scene, CLOSE_DEADLINE) < 0)
		left = end_waits(scene);
	scene->end = end;
	return left;
}

/* A description that all have inherited keeps its lock when one of them ends. */
static void release_sites(struct scene *scene)
{
	for (int i = 0; i < scene->sites; i++) {
		struct lock lock = { .site = &scene->site[i], .fd = scene->site[i].fd };

		if (lock.fd >= 0)
			lock_release(&lock, 0, 0);
	}
}

int scene_close(struct scene *scene)
{
	bool at_once = late_medium(scene).sort == MEDIUM_AT_ONCE, threads = false;
	long long end = asleep_clock() + CLOSE_DEADLINE * 1000000LL;
	int left = 0;

	/* Kill all of them before reaping one: a waiter may end only after its holder. */
	for (int i = 0; i < scene->actors; i++) {
		threads |= scene->actor[i].sort != ACTOR_PROCESS && !scene->actor[i].pid &&
			   !scene->actor[i].gone;
		if (scene->actor[i].pid > 0)
			kill(scene->actor[i].pid, SIGKILL);
	}
	if (!at_once)
		release_sites(scene);
	if (threads && !at_once)
		left += let_threads_end(scene);
	for (int i = 0; i < scene->actors; i++)
		left += !reap(&scene->actor[i], at_once, (int)((end - asleep_clock()) / 1000000));
	scene->actors = 0;
	close(scene->wake[0]);
	close(scene->wake[1]);
	if (scene->memory >= 0)
		close(scene->memory);
	for (int i = 0; i < scene->sites; i++)
		lock_site_remove_names(&scene->site[i]);
	/* A thread may still be asleep in the lock; both last as long as the process. */
	if (threads)
		return left;
	for (int i = 0; i < scene->sites; i++)
		lock_site_close(&scene->site[i]);
	if (scene->shared != &nothing_shared)
		munmap(scene->shared, sizeof(*scene->shared));
	scene->shared = &nothing_shared;
	return left;
}

void scene_on_one_cpu(struct scene *scene)
{
	int err = cpu_stay();

	if (err)
		scene_broken(scene, "staying on one CPU: %s", strerror(-err));
}
