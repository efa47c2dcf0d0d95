// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "system/asleep.h"
#include "system/rule.h"

/*
 * If /proc does not show a task's call, this many looks in a row must find the task asleep. With
 * the pauses of asleep_poll() they take some 10 ms.
 */
#define LOOKS_WITHOUT_A_CALL	30

static int open_file(pid_t tid, const char *name)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)tid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int slurp(int fd, char *text, size_t size)
{
	ssize_t got;

	if (fd < 0)
		return fd;
	got = pread(fd, text, size - 1, 0);
	if (got < 0)
		return -errno;
	text[got] = '\0';
	return 0;
}

/*
 * What an error of /proc says of @tid: -ESRCH, it is gone; -EOPNOTSUPP, it cannot be seen. A
 * sandbox, a security module or another kernel may use any errno, and hidepid=2 and a missing /proc
 * look as if there were no such task. If this process runs out of something, that is no refusal.
 */
static int refusal(int err, pid_t tid)
{
	if (err == -EMFILE || err == -ENFILE || err == -ENOMEM)
		return err;
	if (err == -ENOENT || err == -ESRCH)
		return kill(tid, 0) < 0 && errno == ESRCH ? -ESRCH : -EOPNOTSUPP;
	return -EOPNOTSUPP;
}

/* 0 or -errno: -ESRCH if there is no such task, -EOPNOTSUPP if it cannot be seen. */
static int open_files(struct asleep_files *files, pid_t tid)
{
	if (files->open)
		return 0;
	files->call = open_file(tid, "syscall");
	files->status = open_file(tid, "status");
	files->open = files->status >= 0;
	if (files->open)
		return 0;
	if (files->call >= 0)
		close(files->call);
	return refusal(files->status, tid);
}

void asleep_close(struct asleep_files *files)
{
	if (!files->open)
		return;
	if (files->call >= 0)
		close(files->call);
	close(files->status);
	files->open = false;
}

static unsigned long field(const char *status, const char *name)
{
	const char *at = strstr(status, name);

	return at ? strtoul(at + strlen(name), NULL, 10) : 0;
}

/* Has a process that slept in a known call been shown in another one? */
static bool calls_are_wrong;

/* The task is in a call, but in another one, as far as /proc shows. */
#define ELSEWHERE	2

/* 1, 0, ELSEWHERE, -errno, or -EOPNOTSUPP where /proc does not show the call. */
static int in_call(int fd, pid_t tid, const struct asleep_call *call)
{
	unsigned long arg;
	char text[256];
	long nr;
	int err;

	err = slurp(fd, text, sizeof(text));
	if (err)
		return refusal(err, tid);
	/* "running", or "-1 …" for a task that is blocked outside a call */
	if (sscanf(text, "%ld %lx", &nr, &arg) != 2)
		return 0;
	if (nr == call->nr && (call->arg == ASLEEP_ANY || arg == call->arg))
		return 1;
	return calls_are_wrong ? -EOPNOTSUPP : ELSEWHERE;
}

/* As asleep_look_at(), but a sleep in another call is only reported: @told is then ELSEWHERE. */
static int look_once(struct asleep_files *files, pid_t tid, const struct asleep_call *call,
		     struct asleep_proof *proof, int *told)
{
	int ret, before = proof->looks;
	char status[4096], state;
	unsigned long switches;
	const char *at;

	proof->looks = 0;
	if (call->nr < 0)
		return 0;
	ret = open_files(files, tid);
	if (ret)
		return ret;
	/*
	 * Read the call first. If the state is S, and no switch has happened at the next look, both
	 * files were read during this sleep.
	 */
	*told = in_call(files->call, tid, call);
	if (*told <= 0 && *told != -EOPNOTSUPP)
		return *told;
	ret = slurp(files->status, status, sizeof(status));
	if (ret)
		return refusal(ret, tid);
	at = strstr(status, "State:");
	if (!at || sscanf(at, "State: %c", &state) != 1)
		return *status ? -EBADMSG : -EOPNOTSUPP;
	if (state == 'Z' || state == 'X')
		return -ESRCH;
	switches = field(status, "\nvoluntary_ctxt_switches:");
	proof->weak = *told != 1;
	if (state == 'S')
		proof->looks = switches == proof->switches ? before + 1 : 1;
	if (proof->looks == 1)
		proof->since = asleep_clock();
	/* A sleep began when it was first seen. */
	RULE(!proof->looks || proof->since <= asleep_clock());
	proof->switches = switches;
	return proof->looks >= (*told == 1 ? 1 : LOOKS_WITHOUT_A_CALL);
}

/* A process that sleeps until its parent closes the other end of the pipe. */
struct sleeper {
	pid_t pid;
	struct asleep_call call;
	struct asleep_files files;
	struct asleep_proof proof;
};

static int is_seen(void *arg)
{
	struct sleeper *sleeper = arg;
	int told = 0, ret;

	ret = look_once(&sleeper->files, sleeper->pid, &sleeper->call, &sleeper->proof, &told);
	if (ret == 1)
		return told == 1 ? ASLEEP_BY_CALL :
		       told == ELSEWHERE ? ASLEEP_EMULATED : ASLEEP_BY_STATE;
	return ret;
}

int asleep_evidence(void)
{
	int end[2], ret;
	struct sleeper sleeper = { .call.nr = SYS_read };
	char byte;

	if (calls_are_wrong)
		return ASLEEP_EMULATED;
	if (pipe2(end, O_CLOEXEC) < 0)
		return -errno;
	sleeper.call.arg = end[0];
	sleeper.pid = fork();
	if (!sleeper.pid) {
		close(end[1]);
		_exit(read(end[0], &byte, 1) != 0);
	}
	ret = sleeper.pid < 0 ? -errno : asleep_poll(is_seen, &sleeper, ASLEEP_DEADLINE);
	asleep_close(&sleeper.files);
	close(end[0]);
	close(end[1]);
	while (sleeper.pid > 0 && waitpid(sleeper.pid, NULL, 0) < 0 && errno == EINTR)
		;
	return ret == -EOPNOTSUPP || ret == -ETIMEDOUT ? ASLEEP_UNSEEN : ret;
}

/*
 * A task has slept for many looks in another call than the expected one: either it does, or
 * /proc shows calls under other numbers here, which is found out once.
 */
static int sleeps_elsewhere(struct asleep_proof *proof)
{
	static bool asked;

	if (!asked) {
		asked = true;
		calls_are_wrong = asleep_evidence() == ASLEEP_EMULATED;
	}
	if (calls_are_wrong)
		return 1;
	proof->looks = 0;
	return 0;
}

int asleep_look_at(struct asleep_files *files, pid_t tid, const struct asleep_call *call,
		   struct asleep_proof *proof)
{
	int told = 0, ret = look_once(files, tid, call, proof, &told);

	return ret == 1 && told == ELSEWHERE ? sleeps_elsewhere(proof) : ret;
}

int asleep_look(pid_t tid, const struct asleep_call *call, struct asleep_proof *proof)
{
	struct asleep_files files = { 0 };
	int ret = asleep_look_at(&files, tid, call, proof);

	asleep_close(&files);
	return ret;
}

long long asleep_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

bool asleep_lasts(const struct asleep_proof *proof, const struct asleep_quiet *quiet)
{
	if (proof->looks < quiet->looks)
		return false;
	return !quiet->ms || asleep_clock() - proof->since >= quiet->ms * 1000000LL;
}

bool asleep_throughout(const struct asleep_proof *before, const struct asleep_proof *after)
{
	return before->switches == after->switches;
}

/* As asleep_look_at(); and the task has not left its call since. */
static int look(struct asleep_task *task)
{
	unsigned int turn = __atomic_load_n(task->turn, __ATOMIC_ACQUIRE);
	struct asleep_call call;
	int ret;

	call.nr = __atomic_load_n(&task->call->nr, __ATOMIC_ACQUIRE);
	call.arg = task->call->arg;
	ret = asleep_look_at(task->files, task->tid, &call, task->proof);
	if (ret >= 0 && __atomic_load_n(task->turn, __ATOMIC_ACQUIRE) != turn) {
		task->proof->looks = 0;
		ret = 0;
	}
	if (ret == 1 && !asleep_lasts(task->proof, &task->quiet))
		ret = 0;
	task->proof->steady = ret == 1;
	return ret;
}

/* All tasks sleep, but it is not proved that they do so at the same moment. */
#define ALL_SLEEP	2

/*
 * A task that has been asleep since its last look has woken nobody, so only the others, which are
 * looked at first, can have woken anybody. If there is one such task, all slept when it was
 * looked at: the rest slept before that and after it.
 */
static int look_at_all(struct asleep_task *tasks, int count, int *which)
{
	bool all = true, changed = false;
	int fresh = 0;

	for (int i = 0; i < count; i++)
		tasks[i].fresh = !tasks[i].proof->steady;
	for (int steady = 0; steady < 2; steady++) {
		for (int i = 0; i < count; i++) {
			struct asleep_proof before = *tasks[i].proof;
			int ret;

			if (tasks[i].fresh == steady)
				continue;
			*which = i;
			ret = look(&tasks[i]);
			if (ret < 0)
				return ret;
			/* One task is awake: the others do not matter now. */
			if (!tasks[i].proof->looks)
				return 0;
			all &= ret;
			fresh += !steady;
			changed |= steady && !asleep_throughout(&before, tasks[i].proof);
		}
	}
	if (!all)
		return 0;
	return fresh > 1 || changed ? ALL_SLEEP : 1;
}

/*
 * If several are not steady, one of them may have been woken after its look by another that was
 * awake until then. But if all have slept from a first look at all of them to a second, all
 * slept in between.
 */
int asleep_all(struct asleep_task *tasks, int count, int *which)
{
	int ret = look_at_all(tasks, count, which);

	if (ret == ALL_SLEEP)
		ret = look_at_all(tasks, count, which);
	return ret == ALL_SLEEP ? 0 : ret;
}

int asleep_deadline(void)
{
	const char *seconds = getenv("LOCKFAIR_DEADLINE");
	int wanted = seconds ? atoi(seconds) : 0;

	return wanted < 1 || wanted > 1000 ? 15000 : wanted * 1000;
}

/* Most waits take microseconds, or milliseconds under emulation. */
#define YIELDS		20
#define FIRST_PAUSE	20000		/* ns */
#define LONGEST_PAUSE	5000000

int asleep_poll(int (*done)(void *arg), void *arg, int deadline)
{
	struct timespec pause = { .tv_nsec = FIRST_PAUSE };
	long long end = asleep_clock() + deadline * 1000000LL;
	int ret;

	for (int i = 0; !(ret = done(arg)); i++) {
		if (asleep_clock() >= end)
			return -ETIMEDOUT;
		if (i < YIELDS) {
			sched_yield();
			continue;
		}
		nanosleep(&pause, NULL);
		pause.tv_nsec *= 2;
		if (pause.tv_nsec > LONGEST_PAUSE)
			pause.tv_nsec = LONGEST_PAUSE;
	}
	return ret;
}
