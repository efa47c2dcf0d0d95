// SPDX-License-Identifier: GPL-2.0
/*
 * A medium whose POSIX waiters are late, as those of NFS. A library for LD_PRELOAD:
 *
 *	MEDIUM	late: a waiter asks again after 8 s, and no release wakes it
 *		race: a release wakes all waiters, which race, and the losers are late
 *
 * Each call sleeps: somebody is asked.
 */
#include "medium.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/time.h>
#include <unistd.h>

#include "alias.h"

#define ASKED_AGAIN	8	/* s: the preflight takes a waiter for late after some 5 s */
#define END_OF_FILE	1000000000000L	/* bytes behind it are for sleep_in_the_call() */

static int rang;

static void ring(int signal_number)
{
	(void)signal_number;
	__atomic_store_n(&rang, 1, __ATOMIC_RELAXED);
}

/* Sleep in fcntl(fd, F_SETLKW) on a byte that this process has by another description. */
static int sleep_in_the_call(int fd)
{
	struct flock far = { .l_type = F_WRLCK, .l_start = END_OF_FILE + getpid(), .l_len = 1 };
	struct itimerval in_time = { .it_value.tv_sec = ASKED_AGAIN }, never = { 0 };
	struct sigaction alarm = { .sa_handler = ring };
	char path[40];
	int second, error;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	/* It stays open: if it were closed, the process would lose its locks. */
	second = open(path, O_RDWR);
	if (second < 0 || real_fcntl(second, F_OFD_SETLK, &far) < 0 ||
	    sigaction(SIGALRM, &alarm, NULL) < 0)
		abort();
	__atomic_store_n(&rang, 0, __ATOMIC_RELAXED);
	setitimer(ITIMER_REAL, &in_time, NULL);
	real_fcntl(fd, F_SETLKW, &far);
	error = errno;
	setitimer(ITIMER_REAL, &never, NULL);
	far.l_type = F_UNLCK;
	real_fcntl(second, F_OFD_SETLK, &far);
	errno = error;
	return __atomic_load_n(&rang, __ATOMIC_RELAXED) ? 0 : -1;
}

static int wait_late(int fd, struct flock *range)
{
	int ret;

	if (medium_is("race")) {
		struct flock nothing = *range;

		nothing.l_type = F_UNLCK;
		if (real_fcntl(fd, F_SETLKW, range) < 0)
			return -1;
		real_fcntl(fd, F_SETLK, &nothing);
		/* Until all have been woken. */
		usleep(100000);
	}
	while ((ret = real_fcntl(fd, F_SETLK, range)) < 0 && errno == EAGAIN) {
		if (sleep_in_the_call(fd) < 0)
			return -1;
	}
	return ret;
}

int fcntl64(int fd, int command, ...)
{
	struct flock *range, clipped;
	va_list args;

	va_start(args, command);
	range = va_arg(args, struct flock *);
	va_end(args);
	if (command != F_SETLK && command != F_SETLKW)
		return real_fcntl(fd, command, range);
	usleep(200);
	clipped = *range;
	if (!clipped.l_len)
		clipped.l_len = END_OF_FILE - clipped.l_start;
	if (command == F_SETLKW && clipped.l_type != F_UNLCK)
		return wait_late(fd, &clipped);
	return real_fcntl(fd, command, &clipped);
}

/* A program without 64-bit offsets calls it by this name. */
int fcntl(int fd, int command, ...) ALIAS_OF(fcntl64);
