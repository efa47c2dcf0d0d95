// SPDX-License-Identifier: GPL-2.0
/*
 * Pid namespaces: which pid is reported for a lock from inside or outside, and when do the locks
 * inside end?
 *
 * A process has a pid in its own namespace and in each one around that, and none in those
 * inside (pid_namespaces(7)).
 *
 *	outside		the test, and an actor "outer" that holds a lock
 *	 inside		"first", process 1 there, which holds another lock; and its child
 */
#define CLAIM_KEEPS	PRIVILEGE(CAP_SYS_ADMIN)

#include <sys/mount.h>

#include "inside.h"
#include "listed.h"

#define READS	20	/* /proc/locks may leave out a line while others lock */
#define LINES	4

/* What was found inside, in the scene's shared numbers. */
enum number { PID_OF_OUTER, PID_OF_FIRST, LISTED, PID_LISTED };

/* Locks with ranges do not overlap; a lock without ranges is shared. */
static struct lock_request at(const struct scene *scene, off_t start)
{
	if (is_kind(scene, RECORD_LOCKS))
		return EXCLUSIVE_ON(start, 1);
	return SHARED;
}

/* The bytes that outer and first lock. */
#define OUTERS	10
#define FIRSTS	20

/* A value that is no pid, and not the -1 of an OFD lock. */
#define NOBODY	(-1000)

static pid_t pid_of_holder(const struct lock *lock, off_t start)
{
	struct flock answer = { .l_type = F_WRLCK, .l_start = start, .l_len = 1 };
	int err = lock_query(lock, &answer);

	return err ? NOBODY + err : answer.l_type == F_UNLCK ? NOBODY : answer.l_pid;
}

static void note(struct inside *inside, enum number number, long value)
{
	inside->scene->shared->number[number] = value;
}

static int noted(const struct scene *scene, enum number number)
{
	return scene->shared->number[number];
}

/* ---- inside ---- */

/* A query does not report the caller's own lock: so the child of first asks. */
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

/* Read the lines about the file, again if they are not @wanted. Return how many there are. */
static int list(const struct scene *scene, struct proc_lock *lines, int wanted)
{
	int count = 0;

	for (int i = 0; i < READS && count != wanted; i++)
		count = proc_locks_read(scene->site->fd, lines, LINES);
	return count;
}

/* Mount a /proc of this namespace, which nobody outside sees. */
static int mount_and_list(struct inside *inside)
{
	bool ofd = is_kind(inside->scene, OFD);
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

/*
 * Have a child lock the bytes that first does not lock, and stay. It does not ask to die with its
 * parent.
 */
static int have_a_child_hold(struct inside *inside)
{
	struct lock_request request = at(inside->scene, OUTERS);
	int ready[2], err = -EPIPE;
	pid_t child;

	if (pipe2(ready, O_CLOEXEC) < 0)
		return -errno;
	child = fork();
	if (!child) {
		prctl(PR_SET_PDEATHSIG, 0);
		err = lock_acquire(&inside->child, &request, false);
		while (write(ready[1], &err, sizeof(err)) == sizeof(err))
			pause();
		_exit(1);
	}
	if (child > 0 && read(ready[0], &err, sizeof(err)) != sizeof(err))
		err = -EPIPE;
	return child < 0 ? -errno : err;
}

/* ---- what is reported ---- */

static struct inside with_job(struct scene *scene, inside_job job)
{
	return (struct inside){ .scene = scene, .job = job, .request = at(scene, FIRSTS) };
}

PRACTICE(POSIX | OFD, a_query_names_the_pid_in_the_askers_namespace)
{
	bool ofd = is_kind(scene, OFD);
	struct actor *outer = actor_start(scene, "outer");
	struct inside inside = with_job(scene, ask);
	pid_t first;

	scene_needs(scene, LACKS_QUERY);
	actor_lock(outer, at(scene, OUTERS));
	if (!inside_does_its_job(&inside))
		return;
	holds(scene, noted(scene, PID_OF_FIRST) == (ofd ? -1 : 1),
	      "inside, first is process 1, and is named as %d", noted(scene, PID_OF_FIRST));
	holds(scene, noted(scene, PID_OF_OUTER) == (ofd ? -1 : 0),
	      "inside, outer has no pid, and is named as %d", noted(scene, PID_OF_OUTER));
	first = pid_of_holder(&inside.child, FIRSTS);
	holds(scene, first == (ofd ? -1 : inside.pid),
	      "outside, first is process %d, and is named as %d", inside.pid, first);
	inside_end(&inside);
}

/*
 * proc_locks(5): "the list of locks shown in /proc/locks is filtered to show just the locks for the
 * processes in the PID namespace […] for which the /proc filesystem was mounted". An OFD lock
 * belongs to no process, and is listed in all namespaces.
 */
PRACTICE(FILE_LOCKS, a_namespace_lists_its_own_locks_and_all_of_ofd)
{
	bool ofd = is_kind(scene, OFD);
	struct actor *outer = actor_start(scene, "outer");
	struct proc_lock lines[LINES] = { 0 };
	struct inside inside = with_job(scene, mount_and_list);
	int count;

	needs_listed_locks(scene);
	actor_lock(outer, at(scene, OUTERS));
	if (!inside_does_its_job(&inside))
		return;
	holds(scene, noted(scene, LISTED) == (ofd ? 2 : 1), "inside, %d locks are listed",
	      noted(scene, LISTED));
	holds(scene, noted(scene, PID_LISTED) == (ofd ? -1 : 1),
	      "inside, first is process 1, and the one listed is %d", noted(scene, PID_LISTED));
	count = list(scene, lines, 2);
	holds(scene, count == 2, "outside, %d locks are listed", count);
	holds(scene, ofd || lines[0].pid != lines[1].pid, "outside, process %d is listed twice",
	      lines[0].pid);
	for (int i = 0; i < 2; i++) {
		pid_t pid = lines[i].pid;

		holds(scene, ofd ? pid == -1 : pid == outer->pid || pid == inside.pid,
		      "outside, process %d is listed, and is neither of the two", pid);
	}
	inside_end(&inside);
}

/*
 * pid_namespaces(7): if process 1 ends, "the kernel terminates all of the processes in the
 * namespace via a SIGKILL signal"; their locks are gone when process 1 can be reaped.
 */
PRACTICE(FILE_LOCKS, the_end_of_process_1_ends_the_locks_of_all_inside)
{
	struct actor *outer = actor_start(scene, "outer");
	struct lock_request wanted = at(scene, OUTERS);
	struct inside inside = with_job(scene, have_a_child_hold);
	int before, after;

	wanted.mode = MODE_EXCLUSIVE;
	if (!inside_does_its_job(&inside))
		return;
	/* Nobody outside may keep the descriptions that own the locks inside. */
	lock_close(&inside.first);
	lock_close(&inside.child);
	before = actor_try(outer, wanted);
	inside_end(&inside);
	requires(scene, before == -EAGAIN, "outer asks for what a process inside has locked: %s",
		 before ? strerror(-before) : "granted");
	after = actor_try(outer, wanted);
	holds(scene, !after, "process 1 and all others inside are gone, and outer was refused: %s",
	      strerror(-after));
}

CLAIM_MAIN
