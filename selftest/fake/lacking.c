// SPDX-License-Identifier: GPL-2.0
/*
 * A medium whose POSIX locks do one thing otherwise than POSIX or Linux says, as those of SMB. A
 * library for LD_PRELOAD:
 *
 *	MEDIUM	again: an owner's exclusive lock is in the way of its own exclusive request
 *		reader: an owner's exclusive lock is in the way of its own shared request
 *		stays: a downgrade returns 0, but the lock stays exclusive
 *		upgrade: an owner's shared lock is in the way of its own exclusive request
 *		parts: a release of a range returns 0, but releases nothing
 *		second: a lock is in the way of its owner's requests by another descriptor
 *		release: a release by another descriptor returns 0, but releases nothing
 *		nobody: F_GETLK finds nothing in the way
 *		pid: F_GETLK names process 0
 *		own: F_GETLK finds the caller's own lock in the way
 *		turns: a release wakes all waiters
 *		unlisted: /proc/locks has no waiters
 *		cycle: nobody looks for a deadlock
 */
#include "medium.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "alias.h"

#define WAITERS		64

/* The lock that this process took last. */
static struct {
	int fd;
	struct flock range;
	bool held;
} own;

/* Thread ids of those that wait, 0 in a free place; all processes share it. */
static pid_t *waiters;

static off_t end_of(const struct flock *range)
{
	return range->l_len ? range->l_start + range->l_len : LONG_MAX;
}

static bool meets_own(int fd, const struct flock *range)
{
	return own.held && own.fd == fd && range->l_start < end_of(&own.range) &&
	       own.range.l_start < end_of(range);
}

static bool same_file(int fd, int other)
{
	struct stat one, two;

	return fd != other && !fstat(fd, &one) && !fstat(other, &two) &&
	       one.st_ino == two.st_ino && one.st_dev == two.st_dev;
}

/* ---- a waiter that is woken by every release ---- */

static void wake_up(int signal_number)
{
	(void)signal_number;
}

__attribute__((constructor)) static void begin(void)
{
	struct sigaction restart = { .sa_handler = wake_up, .sa_flags = SA_RESTART };

	waiters = mmap(NULL, WAITERS * sizeof(*waiters), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (waiters == MAP_FAILED || sigaction(SIGURG, &restart, NULL) < 0)
		abort();
}

static int wait_listed(int fd, struct flock *range)
{
	pid_t nobody, tid = syscall(SYS_gettid);
	int place = 0, ret;

	for (;; place = (place + 1) % WAITERS) {
		nobody = 0;
		if (__atomic_compare_exchange_n(&waiters[place], &nobody, tid, false,
						__ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
			break;
	}
	ret = real_fcntl(fd, F_SETLKW, range);
	__atomic_store_n(&waiters[place], 0, __ATOMIC_SEQ_CST);
	return ret;
}

static void wake_all(void)
{
	for (int i = 0; i < WAITERS; i++) {
		pid_t tid = __atomic_load_n(&waiters[i], __ATOMIC_SEQ_CST);

		if (tid)
			syscall(SYS_tkill, tid, SIGURG);
	}
}

/* ---- a waiter that nobody looks for ---- */

static int wait_unseen(int fd, struct flock *range)
{
	struct flock wanted = *range;
	int ret;

	/* OFD locks take no part in the search for deadlocks. */
	while ((ret = real_fcntl(fd, F_SETLK, range)) < 0 && errno == EAGAIN) {
		wanted.l_type = range->l_type;
		if (real_fcntl(fd, F_OFD_SETLKW, &wanted) < 0)
			return -1;
		wanted.l_type = F_UNLCK;
		real_fcntl(fd, F_OFD_SETLK, &wanted);
	}
	return ret;
}

/* ---- calls ---- */

static int wait_for(int fd, struct flock *range)
{
	if (medium_is("turns"))
		return wait_listed(fd, range);
	if (medium_is("cycle"))
		return wait_unseen(fd, range);
	return real_fcntl(fd, F_SETLKW, range);
}

static bool own_is_in_the_way(int fd, const struct flock *range)
{
	short held = own.range.l_type, wanted = range->l_type;

	if (medium_is("second"))
		return own.held && same_file(fd, own.fd);
	if (!meets_own(fd, range))
		return false;
	return (medium_is("again") && held == F_WRLCK && wanted == F_WRLCK) ||
	       (medium_is("reader") && held == F_WRLCK && wanted == F_RDLCK) ||
	       (medium_is("upgrade") && held == F_RDLCK && wanted == F_WRLCK);
}

static int acquire(int fd, struct flock *range, bool waits)
{
	int ret;

	if (own_is_in_the_way(fd, range)) {
		errno = EAGAIN;
		return -1;
	}
	if (medium_is("stays") && meets_own(fd, range) && range->l_type == F_RDLCK)
		return 0;
	ret = waits ? wait_for(fd, range) : real_fcntl(fd, F_SETLK, range);
	if (!ret) {
		own.fd = fd;
		own.range = *range;
		own.held = true;
	}
	return ret;
}

static int release(int fd, struct flock *range)
{
	int ret;

	if ((medium_is("parts") && range->l_len) ||
	    (medium_is("release") && own.held && same_file(fd, own.fd)))
		return 0;
	ret = real_fcntl(fd, F_SETLK, range);
	own.held = false;
	if (medium_is("turns"))
		wake_all();
	return ret;
}

static int query(int fd, int command, struct flock *answer)
{
	int ret = real_fcntl(fd, command, answer);

	if (medium_is("nobody"))
		answer->l_type = F_UNLCK;
	else if (medium_is("pid") && answer->l_type != F_UNLCK)
		answer->l_pid = 0;
	else if (medium_is("own") && meets_own(fd, answer))
		answer->l_type = own.range.l_type;
	return ret;
}

int fcntl64(int fd, int command, ...)
{
	struct flock *range;
	va_list args;

	va_start(args, command);
	range = va_arg(args, struct flock *);
	va_end(args);
	if (command == F_GETLK)
		return query(fd, command, range);
	if (command != F_SETLK && command != F_SETLKW)
		return real_fcntl(fd, command, range);
	if (range->l_type == F_UNLCK)
		return release(fd, range);
	return acquire(fd, range, command == F_SETLKW);
}

/* A program without 64-bit offsets calls it by this name. */
int fcntl(int fd, int command, ...) ALIAS_OF(fcntl64);

/* Here closing another descriptor does not end the lock, either. */
int close(int fd)
{
	int (*real)(int fd) = dlsym(RTLD_NEXT, "close");

	return medium_is("release") && own.held && same_file(fd, own.fd) ? 0 : real(fd);
}

/* Leave the waiters out of /proc/locks. */
ssize_t read(int fd, void *buffer, size_t size)
{
	ssize_t (*real)(int fd, void *buffer, size_t size) = dlsym(RTLD_NEXT, "read");
	ssize_t got = real(fd, buffer, size), kept = 0;
	char link[40], path[40] = "", *line = buffer, *end;

	if (!medium_is("unlisted") || got <= 0)
		return got;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	if (readlink(link, path, sizeof(path) - 1) < 0 || strcmp(path, "/proc/locks"))
		return got;
	for (; line < (char *)buffer + got; line = end) {
		end = memchr(line, '\n', (char *)buffer + got - line);
		end = end ? end + 1 : (char *)buffer + got;
		if (memmem(line, end - line, "->", 2))
			continue;
		memmove((char *)buffer + kept, line, end - line);
		kept += end - line;
	}
	return kept;
}
