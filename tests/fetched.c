// SPDX-License-Identifier: GPL-2.0
/*
 * What if another process reaches into the holder's table of descriptors?
 *
 * pidfd_getfd(2) fetches a descriptor: what is fetched is like one that was sent. A supervisor
 * (seccomp_unotify(2)) can put a descriptor into the table, and replace one: that is a dup2(2) in
 * the process that it supervises.
 */
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "held.h"
#include "traced.h"
#include "system/release.h"

#ifndef SYS_pidfd_open
#define SYS_pidfd_open	434
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd	438
#endif

/* ---- fetching ---- */

/* number[0]: the descriptor that the actor locks. */
static int name_descriptor(struct actor *self, void *arg)
{
	(void)arg;
	self->scene->shared->number[0] = self->lock->fd;
	return 0;
}

/* Fetch the descriptor @fd of the actor. One of this process, or -errno. */
static int try_to_fetch(const struct actor *actor, int fd)
{
	int process = syscall(SYS_pidfd_open, actor->pid, 0), fetched, err;

	if (process < 0)
		return -errno;
	fetched = syscall(SYS_pidfd_getfd, process, fd, 0);
	err = errno;
	close(process);
	return fetched < 0 ? -err : fetched;
}

/* pidfd_getfd(2) asks for the same permission as ptrace(2). */
static int fetch(const struct actor *actor, int fd)
{
	struct scene *scene = actor->scene;
	int fetched;

	if (!scene_goes_on(scene))
		return -1;
	fetched = try_to_fetch(actor, fd);
	skip_unless(scene, fetched != -ENOSYS || !release_is_gvisor(), "no pidfd_getfd(2) here");
	skip_unless(scene, (fetched != -EPERM && fetched != -EACCES) || !may_not_trace(),
		    "needs ptrace of a child");
	if (fetched < 0)
		scene_broken_by(scene, fetched, "pidfd_getfd: %s", strerror(-fetched));
	return fetched;
}

static int fetch_what_is_locked(struct actor *holder)
{
	actor_do(holder, name_descriptor, NULL);
	return fetch(holder, holder->scene->shared->number[0]);
}

/*
 * pidfd_getfd(2): it "refers to the same open file description […] as the file descriptor in the
 * process referred to by pidfd"; so flock(2) and fcntl(2) say that the lock is kept.
 */
PROMISE(OWNED_BY_DESCRIPTION, a_descriptor_that_was_fetched_keeps_it)
{
	struct pair pair = hold(scene);
	int fetched = fetch_what_is_locked(pair.holder);

	actor_exit(pair.holder);
	if (!is_kept(pair, "the exit of the holder, whose descriptor was fetched"))
		return;
	sets_up(scene, close(fetched), "close");
	has_ended(pair, "the close of what was fetched");
}

/* fcntl(2): it is the process's own close, and its own end, that ends a lock. */
PROMISE(OWNED_BY_PROCESS, a_descriptor_that_was_fetched_changes_nothing)
{
	struct pair pair = hold(scene);
	int fetched = fetch_what_is_locked(pair.holder), second;

	if (!scene_goes_on(scene))
		return;
	second = dup(fetched);
	sets_up(scene, second, "dup");
	sets_up(scene, close(fetched), "close");
	is_kept(pair, "another process closed what it has fetched");
	actor_exit(pair.holder);
	has_ended(pair, "the exit of the holder, whose descriptor was fetched");
	close(second);
}

/* ---- supervising ---- */

/* A call that nothing else here makes. The supervisor answers it. */
#define SUPERVISED	SYS_acct

/* number[1]: the supervisor's descriptor, in this process, or -errno. */
static int be_supervised(struct actor *self, void *arg)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ, SUPERVISED, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = 4, .filter = filter };
	long fd = -1;

	(void)arg;
	if (!prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
			     SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
	self->scene->shared->number[1] = fd < 0 ? -errno : fd;
	return 0;
}

static int call_the_supervisor(struct actor *self, void *arg)
{
	(void)arg;
	act_mark(self, '!');
	return syscall(SUPERVISED, NULL) < 0 ? -errno : 0;
}

/* proc_sys_kernel(5): what a filter may return in this kernel. */
static bool may_be_without_supervisors(void)
{
	char actions[200] = "";
	FILE *file = fopen("/proc/sys/kernel/seccomp/actions_avail", "re");

	if (file && !fgets(actions, sizeof(actions), file))
		actions[0] = '\0';
	if (file)
		fclose(file);
	return !strstr(actions, "user_notif") || privilege_is_confined();
}

/* Have the actor supervised by this process. Return the supervisor's descriptor. */
static int supervise(struct actor *actor)
{
	struct scene *scene = actor->scene;
	int listener;

	actor_do(actor, be_supervised, NULL);
	listener = scene->shared->number[1];
	skip_unless(scene, listener >= 0 || !may_be_without_supervisors(),
		    "no seccomp supervisors here");
	if (listener < 0)
		scene_broken_by(scene, listener, "a seccomp filter: %s", strerror(-listener));
	return fetch(actor, listener);
}

/*
 * Have the actor call its supervisor, which puts @fd into its table, as its descriptor @place or,
 * if that is 0, where there is room.
 */
static void put_descriptor(struct actor *actor, int listener, int fd, int place)
{
	struct seccomp_notif call = { 0 };
	struct seccomp_notif_resp answer = { 0 };
	struct seccomp_notif_addfd put = {
		.flags = place ? SECCOMP_ADDFD_FLAG_SETFD : 0, .srcfd = fd, .newfd = place,
	};
	struct scene *scene = actor->scene;

	actor_begin(actor, call_the_supervisor, NULL);
	if (!scene_goes_on(scene) ||
	    !sets_up(scene, ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call), "a call"))
		return;
	put.id = call.id;
	answer.id = call.id;
	sets_up(scene, ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &put), "putting a descriptor");
	sets_up(scene, ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer), "an answer");
	actor_await(actor);
}

/* dup(2): "If the file descriptor newfd was previously open, it is closed before being reused". */
PRACTICE(FILE_LOCKS, a_supervisor_that_replaces_its_descriptor_ends_it)
{
	struct pair pair = hold(scene);
	int listener = supervise(pair.holder);

	actor_do(pair.holder, name_descriptor, NULL);
	is_kept(pair, "the start of its supervision");
	put_descriptor(pair.holder, listener, scene->wake[0], scene->shared->number[0]);
	has_ended(pair, "a supervisor put another file in the place of its descriptor");
}

/*
 *	holder     HHHHHH.
 *	supervised       HHHH.		has the holder's descriptor from the supervisor
 */
PRACTICE(OWNED_BY_DESCRIPTION, a_descriptor_that_a_supervisor_has_put_keeps_it)
{
	struct pair pair = hold(scene);
	struct actor *supervised = actor_start(scene, "supervised");
	int fetched = fetch_what_is_locked(pair.holder);
	int listener = supervise(supervised);

	put_descriptor(supervised, listener, fetched, 0);
	close(fetched);
	actor_exit(pair.holder);
	is_kept(pair, "the exit of the holder, whose descriptor another process was given");
	actor_exit(supervised);
	has_ended(pair, "the exit of that other process");
}

CLAIM_MAIN
