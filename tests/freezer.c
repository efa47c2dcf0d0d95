// SPDX-License-Identifier: GPL-2.0
/*
 * What does freezing do to the holder of a lock, and to its waiters?
 *
 * Pausing a container freezes it: cgroup v2's freezer stops each of its tasks wherever the task is,
 * also in the middle of a wait for a lock. The kernel ends that wait, and makes the request again
 * after the thaw, without the program knowing. A frozen waiter is therefore not in the queue. After
 * the thaw it queues again, at the end.
 *
 * The test makes its cgroup below the one that it runs in (cgroups(7)). Root may do so in the
 * root cgroup by CAP_DAC_OVERRIDE, others where the cgroup has been delegated to them.
 */
#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define CLAIM_KEEPS	PRIVILEGE(CAP_DAC_OVERRIDE)
#include "place.h"

/* ---- a cgroup to freeze ---- */

static struct {
	char home[512];		/* the cgroup of this process */
	char path[600];		/* the cgroup made below it */
	int tell;		/* a pipe to the keeper, see keep() */
	pid_t keeper;
} cgroup;

/* Find the mount of cgroup v2, and the place of this process in it. */
static bool find_home(void)
{
	char line[256], mount[256] = "", own[256] = "";
	FILE *mounts = setmntent("/proc/self/mounts", "r");
	FILE *cgroups = fopen("/proc/self/cgroup", "r");
	struct mntent *entry;

	while (mounts && !mount[0] && (entry = getmntent(mounts))) {
		if (!strcmp(entry->mnt_type, "cgroup2"))
			snprintf(mount, sizeof(mount), "%s", entry->mnt_dir);
	}
	while (cgroups && !own[0] && fgets(line, sizeof(line), cgroups)) {
		if (sscanf(line, "0::%255[^\n]", own) != 1)
			own[0] = '\0';
	}
	if (mounts)
		endmntent(mounts);
	if (cgroups)
		fclose(cgroups);
	snprintf(cgroup.home, sizeof(cgroup.home), "%s%s", mount, own);
	/* cgroup_namespaces(7): a cgroup outside of the namespace is below "/..". */
	return mount[0] && own[0] && !strstr(own, "/..");
}

static int is_removed(void *arg)
{
	(void)arg;
	/* rmdir() fails with EBUSY until the kernel has reaped the last process in the cgroup. */
	return !rmdir(cgroup.path) || errno != EBUSY;
}

/*
 * A cgroup outlives the process that made it. So the keeper outlives the test: it removes the
 * cgroup when the test writes to the pipe, or when the test and all its actors have closed it.
 */
static void keep(int hear)
{
	char word;

	if (read(hear, &word, 1) < 0)
		_exit(1);
	privilege_raise(CAP_DAC_OVERRIDE);
	_exit(asleep_poll(is_removed, NULL, ASLEEP_DEADLINE) < 0);
}

static bool make_cgroup(void)
{
	sigset_t term, before;
	int pair[2], err;

	if (pipe2(pair, O_CLOEXEC) < 0)
		return false;
	snprintf(cgroup.path, sizeof(cgroup.path), "%s/lockfair-%d", cgroup.home, (int)getpid());
	cgroup.tell = pair[1];
	/* A signal that ends the test may be meant for all processes of a run, but the keeper. */
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, &before);
	cgroup.keeper = fork();
	if (!cgroup.keeper) {
		prctl(PR_SET_PDEATHSIG, 0);
		signal(SIGTERM, SIG_IGN);
		setsid();
		close(pair[1]);
		keep(pair[0]);
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	close(pair[0]);
	privilege_raise(CAP_DAC_OVERRIDE);
	err = cgroup.keeper < 0 ? -1 : mkdir(cgroup.path, 0755);
	privilege_lower(CAP_DAC_OVERRIDE);
	return !err;
}

/* A cgroup may belong to another user, or be mounted read-only. */
static bool may_write(const char *folder, const char *name)
{
	char path[640];
	int ret;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	privilege_raise(CAP_DAC_OVERRIDE);
	ret = faccessat(AT_FDCWD, path, W_OK, AT_EACCESS);
	privilege_lower(CAP_DAC_OVERRIDE);
	return !ret;
}

static int put(const char *folder, const char *name, int value)
{
	char path[640], text[16];
	int fd, length, ret;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	length = snprintf(text, sizeof(text), "%d", value);
	privilege_raise(CAP_DAC_OVERRIDE);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	privilege_lower(CAP_DAC_OVERRIDE);
	if (fd < 0)
		return -1;
	ret = write(fd, text, length) == length ? 0 : -1;
	close(fd);
	return ret;
}

static int is_frozen(void *arg)
{
	char path[640], line[64];
	int frozen = 0;
	FILE *events;

	(void)arg;
	snprintf(path, sizeof(path), "%s/cgroup.events", cgroup.path);
	events = fopen(path, "r");
	while (events && !frozen && fgets(line, sizeof(line), events))
		frozen = !strcmp(line, "frozen 1\n");
	if (events)
		fclose(events);
	return frozen;
}

static void freeze_actor(struct actor *actor)
{
	if (actor->busy)
		scene_needs_signals(actor->scene);
	if (!scene_goes_on(actor->scene))
		return;
	if (!find_home() || !may_write(cgroup.home, "") || !may_write(cgroup.home, "cgroup.procs"))
		scene_lacks(actor->scene, "needs a cgroup v2 to make cgroups in");
	else if (!make_cgroup() || put(cgroup.path, "cgroup.procs", actor->pid) < 0 ||
		 put(cgroup.path, "cgroup.freeze", 1) < 0)
		scene_broken(actor->scene, "a cgroup to freeze %s in: %s",
			     actor_name(actor), strerror(errno));
	else if (asleep_poll(is_frozen, NULL, ASLEEP_DEADLINE) < 0)
		scene_failed(actor->scene, "%s was not frozen in %d ms",
			     actor_name(actor), ASLEEP_DEADLINE);
	actor->still = true;
}

/* Thaw the cgroup, and remove it. */
static void thaw_actor(struct actor *actor)
{
	int status = -1;

	if (!scene_goes_on(actor->scene))
		return;
	actor->still = false;
	if (put(cgroup.path, "cgroup.freeze", 0) < 0 ||
	    put(cgroup.home, "cgroup.procs", actor->pid) < 0)
		scene_broken(actor->scene, "thawing %s: %s", actor_name(actor),
			     strerror(errno));
	else if (write(cgroup.tell, "x", 1) < 0 || waitpid(cgroup.keeper, &status, 0) < 0 || status)
		scene_broken(actor->scene, "removing the cgroup: status %d", status);
}

/* ---- the claims ---- */

FOLKLORE(EVERY_KIND, a_waiter_frozen_and_thawed_keeps_its_place, "a waiter lost its place")
{
	keeps_its_place(scene, NULL, freeze_actor, thaw_actor);
}

PRACTICE(EVERY_KIND, the_others_keep_their_places_beside_it)
{
	the_others_keep_their_places(scene, NULL, freeze_actor, thaw_actor);
}

PRACTICE(FILE_LOCKS, a_frozen_waiter_does_not_hold_up_the_others)
{
	does_not_hold_up_the_others(scene, freeze_actor, thaw_actor);
}

PRACTICE(EVERY_KIND, a_waiter_frozen_at_the_release_is_granted_it)
{
	is_granted_after_a_release_meanwhile(scene, freeze_actor, thaw_actor);
}

PRACTICE(EVERY_KIND, a_frozen_holder_keeps_the_lock)
{
	struct actor *waiter[2], *holder = queue_up(scene, waiter, 2, 0, NULL);
	int ret;

	freeze_actor(holder);
	ret = actor_try(actor_start(scene, "other"), EXCLUSIVE);
	holds(scene, ret == -EAGAIN, "another asked for the lock of the frozen actor: %s",
	      ret ? strerror(-ret) : "granted");
	thaw_actor(holder);
	scene_drain(scene);
	nobody_overlaps(scene);
}

CLAIM_MAIN
