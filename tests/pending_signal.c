// SPDX-License-Identifier: GPL-2.0
/*
 * Does a signal that is pending during a lock call change its result?
 *
 * Only that of a call which has to wait: its wait ends at once, with EINTR. A try, a release and a
 * request for a lock that is free take no notice of a signal.
 *
 * Nothing is left to luck: the signal is sent while the caller is stopped at the entry of its call
 * by its tracer (ptrace(2)). It is pending until the call returns, and then handled.
 */
#include <signal.h>
#include <sys/syscall.h>

#include "file_system.h"
#include "traced.h"

/* The beginning of struct ptrace_syscall_info, include/uapi/linux/ptrace.h. */
struct call_info {
	unsigned char op, pad[3];
	unsigned int arch;
	unsigned long long instruction_pointer, stack_pointer, nr, args[6];
};

#define OP_ENTRY	1	/* PTRACE_SYSCALL_INFO_ENTRY */
#define CALLS_BEFORE	20	/* a job makes fewer calls before its lock call */

/* The test lets the caller go on from here to its lock call. */
static void stop_here(const struct actor *self)
{
	syscall(SYS_tgkill, getpid(), self->shared->tid, SIGSTOP);
}

/* number[0]: 0 or an errno, as for all jobs here. */
static int note_result(struct actor *self, int err)
{
	self->scene->shared->number[0] = -err;
	return 0;
}

static int try_it(struct actor *self, void *arg)
{
	(void)arg;
	stop_here(self);
	return note_result(self, act_try(self, EXCLUSIVE));
}

static int request_it(struct actor *self, void *arg)
{
	(void)arg;
	stop_here(self);
	return note_result(self, act_lock(self, EXCLUSIVE));
}

static int release_it(struct actor *self, void *arg)
{
	(void)arg;
	stop_here(self);
	return note_result(self, act_unlock(self));
}

static bool await_stop(struct actor *caller)
{
	int status;

	if (!scene_goes_on(caller->scene))
		return false;
	while (waitpid(caller->pid, &status, __WALL) < 0)
		if (errno != EINTR)
			return sets_up(caller->scene, -1, "waitpid");
	if (!WIFSTOPPED(status))
		scene_broken(caller->scene, "%s did not stop", actor_name(caller));
	return scene_goes_on(caller->scene);
}

/* Let the caller, which is in stop_here(), go on to the entry of its lock call. */
static bool stop_at_the_call(struct actor *caller)
{
	struct lock lock = { .site = caller->scene->site };
	struct asleep_call call = lock_sleeps_in(&lock, MODE_EXCLUSIVE);
	struct scene *scene = caller->scene;
	struct call_info info;
	long got;

	if (!await_stop(caller) ||
	    !sets_up(scene, ptrace(PTRACE_SETOPTIONS, caller->pid, NULL, PTRACE_O_TRACESYSGOOD),
		     "PTRACE_SETOPTIONS"))
		return false;
	for (int i = 0; i < 2 * CALLS_BEFORE; i++) {
		sets_up(scene, ptrace(PTRACE_SYSCALL, caller->pid, NULL, NULL), "PTRACE_SYSCALL");
		if (!await_stop(caller))
			return false;
		got = ptrace(PTRACE_GET_SYSCALL_INFO, caller->pid, (void *)sizeof(info), &info);
		skip_unless(scene, got >= 0 || !release_is_gvisor(), "no ptrace of calls here");
		if (!sets_up(scene, got, "PTRACE_GET_SYSCALL_INFO"))
			return false;
		if (info.op == OP_ENTRY && info.nr == (unsigned long long)call.nr)
			return true;
	}
	scene_broken(scene, "%s makes no lock call", actor_name(caller));
	return false;
}

/* Have the caller do the job with a signal pending. Return number[0]. */
static int outcome_beside_a_signal(struct actor *caller, actor_job job)
{
	struct scene *scene = caller->scene;

	trace(caller, PTRACE_SEIZE);
	actor_begin(caller, job, NULL);
	if (!stop_at_the_call(caller))
		return 0;
	sets_up(scene, kill(caller->pid, SIGNAL_INTERRUPT), "kill");
	sets_up(scene, ptrace(PTRACE_DETACH, caller->pid, NULL, NULL), "PTRACE_DETACH");
	actor_await(caller);
	requires(scene, caller->shared->signals == 1, "the caller has handled %u signals",
		 caller->shared->signals);
	return scene->shared->number[0];
}

/* fcntl(2), EINTR of a try: "Most likely when locking a remote file (e.g., locking over NFS)". */
static void is_not_interrupted(struct scene *scene, int err)
{
	skip_unless(scene, err != EINTR || !scene->dir || is_well_known(scene),
		    "a try asks a server here");
}

static const char *outcome(int err)
{
	return err ? strerror(err) : "success";
}

PRACTICE(FILE_LOCKS, a_try_is_granted_though_a_signal_is_pending)
{
	int err = outcome_beside_a_signal(actor_start(scene, "caller"), try_it);

	is_not_interrupted(scene, err);
	holds(scene, !err, "nobody held the lock, and the try returned: %s", outcome(err));
}

PRACTICE(FILE_LOCKS, a_try_is_refused_as_usual_though_a_signal_is_pending)
{
	struct actor *holder = actor_start(scene, "holder");
	struct actor *caller = actor_start(scene, "caller");
	int err;

	actor_lock(holder, EXCLUSIVE);
	err = outcome_beside_a_signal(caller, try_it);
	is_not_interrupted(scene, err);
	holds(scene, err == EAGAIN, "the try should return EAGAIN, but returned: %s",
	      outcome(err));
}

PRACTICE(FILE_LOCKS, a_request_is_granted_though_a_signal_is_pending)
{
	int err = outcome_beside_a_signal(actor_start(scene, "caller"), request_it);

	is_not_interrupted(scene, err);
	holds(scene, !err, "nobody held the lock, and the request returned: %s", outcome(err));
}

PRACTICE(FILE_LOCKS, a_release_is_done_though_a_signal_is_pending)
{
	struct actor *peer = actor_start(scene, "peer");
	struct actor *caller = actor_start(scene, "caller");
	int err, ret;

	actor_lock(caller, EXCLUSIVE);
	err = outcome_beside_a_signal(caller, release_it);
	is_not_interrupted(scene, err);
	holds(scene, !err, "the release returned: %s", outcome(err));
	ret = actor_try(peer, EXCLUSIVE);
	holds(scene, !ret, "after the release the peer was refused the lock: %s", strerror(-ret));
}

/* fcntl(2): "If a signal is caught while waiting, then the call is interrupted"; flock(2) also. */
PRACTICE(FILE_LOCKS, a_signal_that_arrives_before_the_wait_in_the_call_ends_it)
{
	struct actor *holder = actor_start(scene, "holder");
	struct actor *caller = actor_start(scene, "caller");
	int err;

	scene_needs_signals(scene);
	actor_lock(holder, EXCLUSIVE);
	err = outcome_beside_a_signal(caller, request_it);
	holds(scene, err == EINTR, "the request should return EINTR, but returned: %s",
	      outcome(err));
}

CLAIM_MAIN
