// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "asleep.h"

/* Without /proc/PID/syscall, state S has to be seen this often in a row, a pause apart. */
#define LOOKS_WITHOUT_A_CALL	4

static int slurp(pid_t tid, const char *name, char *text, size_t size)
{
	char path[64];
	ssize_t got;
	int fd, err;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)tid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	got = read(fd, text, size - 1);
	err = errno;
	close(fd);
	if (got < 0)
		return -err;
	text[got] = '\0';
	return 0;
}

/* Whether the kernel tells the call of a blocked task; asked once, of ourselves. */
static bool calls_are_told(void)
{
	static int told = -1;
	char text[256];

	if (told < 0)
		told = !slurp(getpid(), "syscall", text, sizeof(text));
	return told;
}

const char *asleep_method(void)
{
	return calls_are_told() ? "syscall" : "state";
}

static unsigned long field(const char *status, const char *name)
{
	const char *at = strstr(status, name);

	return at ? strtoul(at + strlen(name), NULL, 10) : 0;
}

static int in_call(pid_t tid, const struct asleep_call *call)
{
	unsigned long arg;
	char text[256];
	long nr;
	int err;

	err = slurp(tid, "syscall", text, sizeof(text));
	if (err)
		return err;
	/* "running", or "-1 …" for a task that is blocked outside a call */
	if (sscanf(text, "%ld %lx", &nr, &arg) != 2)
		return 0;
	return nr == call->nr && (call->arg == ASLEEP_ANY || arg == call->arg);
}

int asleep_look(pid_t tid, const struct asleep_call *call, struct asleep_proof *proof)
{
	char status[4096], state;
	const char *at;
	int ret;

	if (call->nr < 0)
		return 0;
	/*
	 * The call first: if the state is S and no switch has happened when the
	 * next look is taken, it was this sleep that both files were read in.
	 */
	if (calls_are_told()) {
		ret = in_call(tid, call);
		if (ret <= 0)
			return ret == -ENOENT ? -ESRCH : ret;
	}
	ret = slurp(tid, "status", status, sizeof(status));
	if (ret)
		return ret == -ENOENT ? -ESRCH : ret;
	at = strstr(status, "State:");
	if (!at || sscanf(at, "State: %c", &state) != 1)
		return -EBADMSG;
	if (state == 'Z' || state == 'X')
		return -ESRCH;
	if (state != 'S') {
		proof->looks = 0;
		return 0;
	}

	proof->switches = field(status, "\nvoluntary_ctxt_switches:");
	proof->looks++;
	return calls_are_told() || proof->looks >= LOOKS_WITHOUT_A_CALL;
}

bool asleep_throughout(const struct asleep_proof *before, const struct asleep_proof *after)
{
	return before->switches == after->switches;
}

static long elapsed_ms(const struct timespec *since)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - since->tv_sec) * 1000 + (now.tv_nsec - since->tv_nsec) / 1000000;
}

/* What is awaited is mostly a matter of microseconds, and under emulation of milliseconds. */
#define YIELDS		20
#define FIRST_PAUSE	20000		/* ns */
#define LONGEST_PAUSE	5000000

int asleep_poll(int (*done)(void *arg), void *arg, int deadline)
{
	struct timespec begun, pause = { .tv_nsec = FIRST_PAUSE };
	int ret;

	clock_gettime(CLOCK_MONOTONIC, &begun);
	for (int i = 0; !(ret = done(arg)); i++) {
		if (elapsed_ms(&begun) >= deadline)
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
