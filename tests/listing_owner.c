// SPDX-License-Identifier: GPL-2.0
/*
 * Which process is listed for a lock, and named by a query?
 *
 * Each lock has the pid of the process that made the request, not of its thread. A conversion is a
 * new lock, with the pid of the process that converted it: another process of the same owner, such
 * as a clone that shares the table of descriptors. What a request adds to a lock of the same mode
 * leaves the pid alone. The pid stays when that process is gone: it says who asked, not who holds.
 * An OFD lock has -1 throughout.
 */
#include <fcntl.h>

#include "clone_files.h"
#include "listed.h"
#include "listing.h"

/* ---- a clone of the holder that shares its descriptors ---- */

/* What the clone asks for, set before the holder is started. */
static struct lock_request wanted;

enum number { CLONE, RESULT, NAMED };

static int lock_and_stay(struct actor *self, void *arg)
{
	int ret = act_try(self, wanted);

	(void)arg;
	self->scene->shared->number[RESULT] = -ret;
	ret = act_wake(self);
	while (!ret)
		pause();
	return ret;
}

static int have_a_clone_lock(struct actor *self, void *arg)
{
	unsigned long long *number = self->scene->shared->number;
	pid_t clone = clone_start(self, 0, lock_and_stay);
	int err = clone < 0 ? -errno : act_await_wake(self);

	(void)arg;
	number[CLONE] = clone;
	return err ? err : -(int)number[RESULT];
}

static int end_clone(struct actor *self, void *arg)
{
	pid_t clone = self->scene->shared->number[CLONE];

	(void)arg;
	return kill(clone, SIGKILL) < 0 || waitpid(clone, NULL, 0) < 0 ? -errno : 0;
}

/* ---- the lines ---- */

static struct proc_lock with_pid(const struct scene *scene, struct proc_lock line, pid_t pid)
{
	if (!is_kind(scene, OFD))
		line.pid = pid;
	return line;
}

static struct proc_lock line_of_clone(const struct actor *holder, struct lock_request request)
{
	struct scene *scene = holder->scene;

	return with_pid(scene, line_of(holder, request, 0), scene->shared->number[CLONE]);
}

static struct actor *start_thread(struct scene *scene, const char *name)
{
	return actor_start_with(scene, ACTOR_THREAD, DESCRIPTION_OWN, name, 0);
}

/* ---- threads ---- */

/* proc_locks(5): "The PID of the process that owns the lock". The thread's own number differs. */
PROMISE(FILE_LOCKS, the_lock_of_a_thread_is_listed_with_its_process)
{
	struct actor *thread = start_thread(scene, "thread");
	struct proc_lock line = with_pid(scene, line_of(thread, EXCLUSIVE, 0), getpid());

	needs_listed_locks(scene);
	actor_lock(thread, EXCLUSIVE);
	list_is(scene, &line, 1);
}

PRACTICE(FILE_LOCKS, the_wait_of_a_thread_is_listed_with_its_process)
{
	struct actor *holder = actor_start(scene, "holder");
	struct actor *thread = start_thread(scene, "thread");
	struct proc_lock expected[] = {
		line_of(holder, EXCLUSIVE, 0),
		with_pid(scene, line_of(thread, EXCLUSIVE, 1), getpid()),
	};

	needs_listed_locks(scene);
	actor_lock(holder, EXCLUSIVE);
	actor_queue(thread, EXCLUSIVE);
	list_is(scene, expected, ARRAY_SIZE(expected));
}

static int ask(struct actor *self, void *arg)
{
	struct flock answer = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int err = lock_query(self->lock, &answer);

	(void)arg;
	self->scene->shared->number[NAMED] = answer.l_pid;
	return err;
}

/* F_GETLK: "l_pid […] is set to the PID of the process holding that lock" (fcntl(2)). */
PROMISE(POSIX, a_query_names_the_process_of_a_thread)
{
	struct actor *asker = actor_start(scene, "asker");
	struct actor *thread = start_thread(scene, "thread");
	pid_t named;

	actor_lock(thread, EXCLUSIVE);
	actor_do(asker, ask, NULL);
	named = scene->shared->number[NAMED];
	holds(scene, named == getpid(),
	      "a thread of process %d has the lock, and is named as %d", getpid(), named);
}

/* ---- conversions ---- */

PRACTICE(CONVERSIONS, a_conversion_is_listed_with_its_converter)
{
	struct actor *holder;
	struct proc_lock line;

	scene_needs(scene, LACKS_CONVERSION);
	needs_listed_locks(scene);
	wanted = EXCLUSIVE;
	holder = actor_start_with(scene, ACTOR_PROCESS, DESCRIPTION_INHERITED, "holder", 0);
	actor_lock(holder, SHARED);
	actor_do(holder, have_a_clone_lock, NULL);
	line = line_of_clone(holder, EXCLUSIVE);
	list_is(scene, &line, 1);
	fdinfo_is(scene, "fdinfo of the holder", holder->pid, &line, 1);
	actor_do(holder, end_clone, NULL);
	needs_lines_of_the_dead(scene);
	list_is(scene, &line, 1);
}

/* No promise: fcntl(2) speaks of the process "holding" the lock, and this one held it before. */
PRACTICE(POSIX, a_query_names_a_converter_that_is_gone)
{
	struct actor *asker = actor_start(scene, "asker");
	struct actor *holder;
	pid_t named;

	scene_needs(scene, LACKS_CONVERSION);
	wanted = EXCLUSIVE;
	holder = actor_start(scene, "holder");
	actor_lock(holder, SHARED);
	actor_do(holder, have_a_clone_lock, NULL);
	actor_do(holder, end_clone, NULL);
	needs_lines_of_the_dead(scene);
	actor_do(asker, ask, NULL);
	named = scene->shared->number[NAMED];
	holds(scene, named == (pid_t)scene->shared->number[CLONE],
	      "process %d converted the lock of process %d, and %d is named",
	      (int)scene->shared->number[CLONE], holder->pid, named);
}

/*
 *	holder  [0 shared.....................29]
 *	clone            [10..19]			exclusive
 *
 * fdinfo lists them by their ranges; in /proc/locks the order depends on the CPUs that took them.
 */
PRACTICE(POSIX, a_piece_is_listed_with_the_process_that_asked_for_it)
{
	struct proc_lock expected[3];
	struct actor *holder;

	scene_needs(scene, LACKS_CONVERSION);
	needs_listed_locks(scene);
	wanted = EXCLUSIVE_ON(10, 10);
	holder = actor_start_with(scene, ACTOR_PROCESS, DESCRIPTION_INHERITED, "holder", 0);
	actor_lock(holder, SHARED_ON(0, 30));
	actor_do(holder, have_a_clone_lock, NULL);
	expected[0] = line_of(holder, SHARED_ON(0, 10), 0);
	expected[1] = line_of_clone(holder, EXCLUSIVE_ON(10, 10));
	expected[2] = line_of(holder, SHARED_ON(20, 10), 0);
	fdinfo_is(scene, "fdinfo of the holder", holder->pid, expected, ARRAY_SIZE(expected));
	actor_do(holder, end_clone, NULL);
}

/* ---- the same mode ---- */

/* The old lock grows, or stays as it is. */
PRACTICE(OWNED_BY_PROCESS, a_lock_that_grows_is_listed_with_the_first_process)
{
	struct proc_lock line;
	struct actor *holder;

	needs_listed_locks(scene);
	wanted = EXCLUSIVE_ON(10, 10);
	holder = actor_start(scene, "holder");
	line = line_of(holder, EXCLUSIVE_ON(0, 20), 0);
	actor_lock(holder, EXCLUSIVE_ON(0, 10));
	actor_do(holder, have_a_clone_lock, NULL);
	list_is(scene, &line, 1);
	actor_do(holder, end_clone, NULL);
}

PRACTICE(FILE_LOCKS, a_repeated_request_changes_no_pid)
{
	struct proc_lock line;
	struct actor *holder;

	scene_needs(scene, LACKS_CONVERSION);
	needs_listed_locks(scene);
	wanted = EXCLUSIVE;
	holder = actor_start(scene, "holder");
	line = line_of(holder, EXCLUSIVE, 0);
	actor_lock(holder, EXCLUSIVE);
	actor_do(holder, have_a_clone_lock, NULL);
	list_is(scene, &line, 1);
	actor_do(holder, end_clone, NULL);
}

CLAIM_MAIN
