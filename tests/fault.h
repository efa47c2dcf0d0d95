/* SPDX-License-Identifier: GPL-2.0 */
/*
 * fault: something goes wrong with the file system, on command.
 *
 * kernels/set_up passes LOCKFAIR_FAULTS, "SCRIPT NAME NAME...": the script lets the fault NAME
 * happen, and exits with 0 when it has happened; otherwise it prints what the commands said, as
 * lines of diagnostics. kernels/faults explains the names. "undo", which is not named there because
 * every file system has it, undoes whatever has happened.
 *
 * What holds a lock afterwards is seen by tries, and by what happens to a waiter. The files have
 * names, by which they are found on a new mount.
 */
#ifndef LOCKFAIR_TESTS_FAULT_H
#define LOCKFAIR_TESTS_FAULT_H

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>

/* A test that crashed or ran out of time has not undone its fault. */
static inline int undo_first(void);
#define CLAIM_BEFORE	undo_first

#include "actor/act.h"
#include "claim/claim.h"

#define NO_SUCH_FAULT	"this fault is not offered here"

/* The results of the jobs below, each 0 or an errno, in the memory that all share. */
enum { WRITTEN, READ, RELEASED, TRIED };

static inline int result_of(const struct scene *scene, int job)
{
	return scene->shared->number[job];
}

/* Is the word among those that the recipe has, which are faults and what is known of them? */
static inline bool has_word(const char *word)
{
	const char *faults = getenv("LOCKFAIR_FAULTS");
	char wanted[32], all[256];

	snprintf(wanted, sizeof(wanted), " %s ", word);
	snprintf(all, sizeof(all), "%s ", faults ? faults : "");
	return strstr(all, wanted);
}

/* Is the fault offered here? Skip the test if not. */
static inline bool needs_fault(struct scene *scene, const char *name)
{
	return scene_goes_on(scene) && skip_unless(scene, has_word(name), NO_SUCH_FAULT);
}

/* The same, where two clients have the file: another is on the second path. */
static inline bool is_offered(struct scene *scene, const char *name)
{
	return scene_goes_on(scene) &&
	       skip_unless(scene, scene->site->other_name, NO_SUCH_FAULT) &&
	       needs_fault(scene, name);
}

/*
 * posix_spawn(3), because a child of fork(2) is killed when the test's process ends: see
 * claim_in_child(). A script that is killed leaves a fault of which only a part has happened.
 */
static inline int call_script(const char *name)
{
	const char *faults = getenv("LOCKFAIR_FAULTS");
	char script[256], fault[32], *argv[] = { script, fault, NULL };
	int err, status;
	pid_t pid;

	if (!faults || sscanf(faults, "%255s", script) != 1)
		return -ENOENT;
	snprintf(fault, sizeof(fault), "%s", name);
	err = posix_spawn(&pid, script, NULL, NULL, argv, environ);
	if (err)
		return -err;
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return status ? -EIO : 0;
}

/* Let it happen. It is marked in the rows of all actors. */
static inline void fault(struct scene *scene, const char *name)
{
	int err;

	if (!scene_goes_on(scene))
		return;
	for (int i = 0; i < scene->actors; i++)
		history_mark(scene->history, scene->actor[i].row, '!');
	err = call_script(name);
	if (err)
		scene_broken(scene, "%s did not happen: %s", name, strerror(-err));
}

static inline int undo_first(void)
{
	return getenv("LOCKFAIR_FAULTS") ? call_script("undo") : 0;
}

/* Undo it, whatever has become of the scene: the newcomer, or another test, follows. */
static inline void undo(struct scene *scene)
{
	int err = call_script("undo");

	if (err)
		scene_broken(scene, "after the fault: %s", strerror(-err));
}

/* ---- jobs ---- */

static inline int outcome(struct actor *self, int job, bool done)
{
	self->scene->shared->number[job] = done ? 0 : errno;
	return 0;
}

/* Write to the locked file. What write(2) cannot know of the server, fsync(2) reports. */
static inline int write_it(struct actor *self, void *arg)
{
	int fd = self->lock->fd;

	(void)arg;
	return outcome(self, WRITTEN, pwrite(fd, "x", 1, 0) == 1 && !fsync(fd));
}

static inline int read_it(struct actor *self, void *arg)
{
	char byte;

	(void)arg;
	return outcome(self, READ, pread(self->lock->fd, &byte, 1, 0) >= 0);
}

/* Release the lock, which need not succeed. */
static inline int release_it(struct actor *self, void *arg)
{
	(void)arg;
	errno = -act_unlock(self);
	return outcome(self, RELEASED, !errno);
}

/* Open the file by its name, as a program that starts now, and try to lock it. */
static inline int try_by_name(struct actor *self, void *arg)
{
	struct lock_request request = EXCLUSIVE;
	struct lock lock = { .site = self->scene->site };

	(void)arg;
	lock.fd = open(lock.site->name, O_RDWR | O_CLOEXEC);
	if (lock.fd >= 0)
		errno = -act_acquire(self, &lock, &request, false);
	outcome(self, TRIED, lock.fd >= 0 && !errno);
	close(lock.fd);
	return 0;
}

/* Let an actor that has no lock do so. Return 0 or the errno. */
static inline int newcomer_tries(struct actor *newcomer)
{
	actor_do(newcomer, try_by_name, NULL);
	return result_of(newcomer->scene, TRIED);
}

/* ---- scenarios ---- */

/* If nobody else is left, the waiter has it. */
static inline void is_granted_after(struct actor *holder, struct actor *waiter)
{
	actor_unlock(holder);
	actor_settle(holder->scene);
	holds(holder->scene, actor_holds(waiter), "nobody holds the lock; the waiter: %s",
	      waiter->busy ? "sleeps on" : strerror(-waiter->result));
}

/*
 *	holder  HHHH!HHHHHHH.
 *	waiter    ww!wwwwwwwH
 *	third       !  x
 */
static inline void changes_no_lock(struct scene *scene, const char *what)
{
	struct actor *holder, *waiter, *third;

	if (!needs_fault(scene, what))
		return;
	holder = actor_start(scene, "holder");
	waiter = actor_start(scene, "waiter");
	third = actor_start(scene, "third");
	actor_lock(holder, EXCLUSIVE);
	actor_queue(waiter, EXCLUSIVE);
	fault(scene, what);
	conflicts_with(third, EXCLUSIVE, holder);
	is_granted_after(holder, waiter);
	undo(scene);
}

/*
 * Nobody hangs: once the holder has released the lock, or was refused that, the waiter returns. It
 * has the lock, or was told by an error that it cannot have it. actor_await() fails the test if it
 * sleeps on.
 *
 *	holder  HHHH!HH.
 *	waiter    ww!wwwH	or an error, at once
 */
static inline void is_told_or_granted_after(struct scene *scene, const char *what)
{
	struct actor *holder, *waiter;
	int ret, released;

	if (!needs_fault(scene, what))
		return;
	holder = actor_start(scene, "holder");
	waiter = actor_start(scene, "waiter");
	actor_lock(holder, EXCLUSIVE);
	actor_queue(waiter, EXCLUSIVE);
	fault(scene, what);
	actor_do(holder, release_it, NULL);
	released = result_of(scene, RELEASED);
	ret = actor_await(waiter);
	if (scene_goes_on(scene))
		claim_say("the waiter: %s; the release by the holder: %s",
			  ret ? strerror(-ret) : "granted",
			  released ? strerror(released) : "done");
	holds(scene, ret != -EINTR && ret != -EAGAIN, "%s: %s", actor_name(waiter), strerror(-ret));
	undo(scene);
}

/* It has none of the descriptors by which locks are held: it comes by the new mount. */
static inline struct actor *start_newcomer(struct scene *scene)
{
	return actor_start_with(scene, ACTOR_PROCESS, DESCRIPTION_INHERITED, "newcomer", 0);
}

/* When the holder is gone as well, its lock is: on the new mount nobody is shut out. */
static inline void leaves_no_lock_behind(struct scene *scene, const char *what)
{
	struct actor *holder, *newcomer;
	int ret;

	if (!needs_fault(scene, what))
		return;
	holder = actor_start(scene, "holder");
	newcomer = start_newcomer(scene);
	actor_lock(holder, EXCLUSIVE);
	fault(scene, what);
	undo(scene);
	ret = newcomer_tries(newcomer);
	if (scene_goes_on(scene))
		claim_say("beside the old holder: %s", ret ? strerror(ret) : "granted");
	actor_kill(holder);
	ret = newcomer_tries(newcomer);
	holds(scene, !ret, "the newcomer: %s", strerror(ret));
}

/*
 * The server forgets what @holder has, which is on the second path and does not know. Another tries
 * to lock it: 0 or -errno. It has the lock for a moment, and may change the file.
 *
 *	other       !H.
 *	holder  HHHH!
 */
static inline int another_takes(struct scene *scene, const char *what, struct actor **holder)
{
	struct actor *other = actor_start(scene, "other");
	int ret;

	*holder = actor_start(scene, "holder");
	actor_lock(*holder, EXCLUSIVE);
	fault(scene, what);
	ret = actor_try(other, EXCLUSIVE);
	if (!ret)
		actor_unlock(other);
	return ret;
}

/* Have a holder lose its lock to another. */
static inline struct actor *lose_lock(struct scene *scene, const char *what)
{
	struct actor *holder;
	int ret = another_takes(scene, what, &holder);

	requires(scene, !ret, "beside a lost lock: %s", strerror(-ret));
	return holder;
}

/* The files have names, and all waits are waited for: a fault may cost the server its call-back. */
#define FAULT_MAIN \
	int main(int argc, char **argv) \
	{ \
		setenv("LOCKFAIR_FILES", "named", 1); \
		unsetenv("LOCKFAIR_LATE"); \
		exit(claim_main(argc, argv)); \
	}

#endif /* LOCKFAIR_TESTS_FAULT_H */
