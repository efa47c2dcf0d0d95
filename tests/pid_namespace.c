// SPDX-License-Identifier: GPL-2.0
/*
 * Pid namespace: whose does a lock seem to be to those who number processes differently?
 *
 * A process has a number in its own pid namespace and in each one around that, and none in
 * those inside (pid_namespaces(7)).
 *
 *	outside		the test, and an actor "outer" that holds a lock
 *	 inside		"first", process 1 there, which holds another lock; and its child
 */
#define EXPECTATION_KEEPS	PRIVILEGE(CAP_SYS_ADMIN)

#include <fcntl.h>
#include <sched.h>
#include <stddef.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "listed.h"

#define READS	20	/* /proc/locks may leave out a line while others lock */
#define LINES	4

/* What is found out inside, in the scene's shared numbers. */
enum number { PID_OF_OUTER, PID_OF_FIRST, LISTED, PID_LISTED };

struct inside;
typedef int (*inside_deed)(struct inside *inside);

struct inside {
	struct scene *scene;
	struct lock first, child;	/* a description for each */
	inside_deed deed;
	pid_t pid;
	int done[2], end[2];		/* pipes: the deed has returned; first may end */
};

/* Where they have ranges, outer's and first's do not touch. Else they share it. */
static struct lock_request at(const struct scene *scene, off_t start)
{
	if (lock_kind_traits(scene->site->kind) & TRAIT_RANGES)
		return EXCLUSIVE_ON(start, 1);
	return SHARED;
}

#define OUTERS	10
#define FIRSTS	20

/* Neither a pid, nor the -1 of an OFD lock. */
#define NOBODY	(-1000)

static pid_t pid_of_holder(const struct lock *lock, off_t start)
{
	struct flock answer = { .l_type = F_WRLCK, .l_start = start, .l_len = 1 };
	int err = lock_query(lock, &answer);

	return err ? NOBODY + err : answer.l_type == F_UNLCK ? NOBODY : answer.l_pid;
}

static void note(struct inside *inside, enum number number, long value)
{
	inside->scene->board->number[number] = value;
}

static int noted(const struct scene *scene, enum number number)
{
	return scene->board->number[number];
}

/* ---- inside ---- */

/* First's own lock is not in its way: it is the child that asks. */
static int ask(struct inside *inside)
{
	pid_t child = fork();

	if (!child) {
		note(inside, PID_OF_OUTER, pid_of_holder(&inside->child, OUTERS));
		note(inside, PID_OF_FIRST, pid_of_holder(&inside->child, FIRSTS));
		_exit(0);
	}
	return child < 0 || waitpid(child, NULL, 0) < 0 ? -errno : 0;
}

/* The lines of the file; more are looked for until they are @wanted. */
static int list(const struct scene *scene, struct proc_lock *lines, int wanted)
{
	int count = 0;

	for (int i = 0; i < READS && count != wanted; i++)
		count = proc_locks_read(scene->site->fd, lines, LINES);
	return count;
}

/* A /proc of this namespace, seen from inside alone. */
static int mount_and_list(struct inside *inside)
{
	bool ofd = inside->scene->site->kind == LOCK_OFD;
	struct proc_lock lines[LINES] = { 0 };
	int count;

	/* Not "/": in a chroot that need not be a mount. */
	if (mount(NULL, "/proc", NULL, MS_PRIVATE, NULL) < 0 ||
	    mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
		return -errno;
	count = list(inside->scene, lines, ofd ? 2 : 1);
	note(inside, LISTED, count);
	note(inside, PID_LISTED, lines[0].pid);
	return count < 0 ? count : 0;
}

static int live_inside(void *arg)
{
	struct inside *inside = arg;
	struct lock_request request = at(inside->scene, FIRSTS);
	char nothing;
	int err;

	/* Its parent has no number here to look for; but the pipe ends with it. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	close(inside->end[1]);
	err = lock_acquire(&inside->first, &request, false);
	if (!err)
		err = inside->deed(inside);
	if (write(inside->done[1], &err, sizeof(err)) == sizeof(err) &&
	    read(inside->end[0], &nothing, 1) < 0)
		return 1;
	return 0;
}

/* ---- outside ---- */

/* clone(2), since a fork() has its child look for its parent. What clone() and the deed return. */
static int enter(struct inside *inside, struct scene *scene, inside_deed deed)
{
	static max_align_t stack[4096];
	int err = -EPIPE;

	inside->scene = scene;
	inside->deed = deed;
	if (scene->trouble[0])
		return 0;
	if (lock_open(&inside->first, scene->site, DESCRIPTION_OWN) ||
	    lock_open(&inside->child, scene->site, DESCRIPTION_OWN) ||
	    pipe2(inside->done, O_CLOEXEC) < 0 || pipe2(inside->end, O_CLOEXEC) < 0) {
		trouble(scene, TROUBLE_BROKEN, "descriptors: %s", strerror(errno));
		return 0;
	}
	privilege_raise(CAP_SYS_ADMIN);
	inside->pid = clone(live_inside, stack + ARRAY_SIZE(stack),
			    CLONE_NEWPID | CLONE_NEWNS | SIGCHLD, inside);
	if (inside->pid < 0)
		err = -errno;
	privilege_lower(CAP_SYS_ADMIN);
	close(inside->done[1]);
	close(inside->end[0]);
	if (inside->pid > 0 && read(inside->done[0], &err, sizeof(err)) != sizeof(err))
		err = -EPIPE;
	return err;
}

static void leave(struct inside *inside)
{
	close(inside->end[1]);
	while (waitpid(inside->pid, NULL, 0) < 0 && errno == EINTR)
		;
}

/* They are a choice of the kernel's configuration; user_namespaces(7), section on limits. */
static bool may_have_namespaces(void)
{
	return !access("/proc/self/ns/pid", F_OK) && sysctl_of("user/max_pid_namespaces") != 0 &&
	       sysctl_of("user/max_mnt_namespaces") != 0;
}

#define ENTERS(inside, deed) do { \
	int result = enter(inside, &self->scene, deed); \
	NEEDS_CAPABILITY(CAP_SYS_ADMIN, result); \
	SKIPS_UNLESS(!result || may_have_namespaces(), "no pid namespaces here"); \
	if (result) \
		trouble(&self->scene, TROUBLE_BROKEN, "inside: %s", strerror(-result)); \
} while (0)

CLASS(practice);

CLAIM(practice, TRAIT_QUERIES, a_query_names_the_pid_in_the_askers_namespace)
{
	bool ofd = self->scene.site->kind == LOCK_OFD;
	struct actor *outer = actor_start(&self->scene, "outer");
	struct inside inside = { 0 };
	pid_t first;

	actor_lock(outer, at(&self->scene, OUTERS));
	ENTERS(&inside, ask);
	HOLDS(noted(&self->scene, PID_OF_FIRST) == (ofd ? -1 : 1), "another pid",
	      "inside, first is process 1, and is named as %d",
	      noted(&self->scene, PID_OF_FIRST));
	HOLDS(noted(&self->scene, PID_OF_OUTER) == (ofd ? -1 : 0), "another pid",
	      "inside, outer has no pid, and is named as %d", noted(&self->scene, PID_OF_OUTER));
	first = pid_of_holder(&inside.child, FIRSTS);
	HOLDS(first == (ofd ? -1 : inside.pid), "another pid",
	      "outside, first is process %d, and is named as %d", inside.pid, first);
	leave(&inside);
}

/*
 * proc_locks(5): "the list of locks shown in /proc/locks is filtered to show just the locks for
 * the processes in the PID namespace […] for which the /proc filesystem was mounted". An OFD
 * lock is no process's, and is listed in all of them.
 */
CLAIM(practice, TRAIT_FILE, a_namespace_lists_its_own_locks_and_all_of_ofd)
{
	bool ofd = self->scene.site->kind == LOCK_OFD;
	struct actor *outer = actor_start(&self->scene, "outer");
	struct proc_lock lines[LINES];
	struct inside inside = { 0 };
	int count;

	IS_LISTED_HERE();
	actor_lock(outer, at(&self->scene, OUTERS));
	ENTERS(&inside, mount_and_list);
	HOLDS(noted(&self->scene, LISTED) == (ofd ? 2 : 1), "another list",
	      "inside, %d locks are listed", noted(&self->scene, LISTED));
	HOLDS(noted(&self->scene, PID_LISTED) == (ofd ? -1 : 1), "another pid",
	      "inside, first is process 1, and the one listed is %d",
	      noted(&self->scene, PID_LISTED));
	count = list(&self->scene, lines, 2);
	HOLDS(count == 2, "another list", "outside, %d locks are listed", count);
	HOLDS(ofd || lines[0].pid != lines[1].pid, "the same pid twice",
	      "outside, process %d is listed twice", lines[0].pid);
	for (int i = 0; i < 2; i++)
		HOLDS(lines[i].pid == (ofd ? -1 : outer->pid) ||
		      lines[i].pid == (ofd ? -1 : inside.pid), "another pid",
		      "outside, process %d is listed, and is neither of the two", lines[i].pid);
	leave(&inside);
}

EXPECTATION_MAIN
