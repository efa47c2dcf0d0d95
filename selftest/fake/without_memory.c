// SPDX-License-Identifier: GPL-2.0
/*
 * A kernel that refuses memory on demand (lib/system/fail_nth.h), for programs tests/no_memory*.
 * A library for LD_PRELOAD. A request by fcntl takes memory three times, and once more after it has
 * waited; one by flock twice, and once more. Each refusal is an error of the call.
 *
 *	FAKE_MEMORY	right: nothing has changed after a refusal
 *			there: the call is made, and says that it was refused
 *			granted: the call is not made, and returns 0
 *			kept: an flock upgrade that has waited gets the shared lock again
 *			enomem, enolck: fcntl, or flock, says so
 *			cycle: a request that would wait says EDEADLK
 *			unlock, close: LOCK_UN, or close(), takes memory, too, and does nothing
 *			fork: a fork that fails leaves a child
 *			query, listing: F_GETLK finds nobody, or /proc/locks is empty
 *			usercopy: uname(2) is refused, too
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "alias.h"

static unsigned int nth;	/* which allocation fails, 0 for none */
static int number_file = -1;	/* stands for fail-nth */
static bool has_been_refused;
static struct flock held = { .l_type = F_UNLCK };	/* by the last request of this process */

static bool mode_is(const char *mode)
{
	const char *given = getenv("FAKE_MEMORY");

	return given && !strcmp(given, mode);
}

static bool is_refused(void)
{
	bool refused = nth && !--nth;

	has_been_refused |= refused;
	return refused;
}

static int fails(int error)
{
	errno = error;
	return -1;
}

/* ---- the file, and eventfd(2), by which the programs find out ---- */

int open64(const char *path, int flags, ...)
{
	int (*real)(const char *path, int flags, ...) = dlsym(RTLD_NEXT, "open64");
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(args, mode_t) : 0;
	va_end(args);
	if (!strcmp(path, "/proc/thread-self/fail-nth")) {
		number_file = real("/dev/null", O_RDWR | O_CLOEXEC);
		return number_file;
	}
	if (!strcmp(path, "/proc/locks") && is_refused())
		return mode_is("listing") ? real("/dev/null", O_RDONLY) : fails(ENOMEM);
	return real(path, flags, mode);
}

int open(const char *path, int flags, ...) ALIAS_OF(open64);

int close(int fd)
{
	int (*real)(int fd) = dlsym(RTLD_NEXT, "close");

	if (fd == number_file)
		number_file = -1;
	if (mode_is("close") && is_refused())
		return 0;
	return real(fd);
}

ssize_t pread64(int fd, void *buffer, size_t size, off64_t offset)
{
	ssize_t (*real)(int fd, void *buffer, size_t size, off64_t offset) =
		dlsym(RTLD_NEXT, "pread64");

	return fd == number_file ? snprintf(buffer, size, "%u\n", nth) :
				   real(fd, buffer, size, offset);
}

ssize_t pread(int fd, void *buffer, size_t size, off_t offset) ALIAS_OF(pread64);

ssize_t pwrite64(int fd, const void *buffer, size_t size, off64_t offset)
{
	ssize_t (*real)(int fd, const void *buffer, size_t size, off64_t offset) =
		dlsym(RTLD_NEXT, "pwrite64");

	if (fd != number_file)
		return real(fd, buffer, size, offset);
	nth = atoi(buffer);
	return size;
}

ssize_t pwrite(int fd, const void *buffer, size_t size, off_t offset) ALIAS_OF(pwrite64);

int eventfd(unsigned int count, int flags)
{
	int (*real)(unsigned int count, int flags) = dlsym(RTLD_NEXT, "eventfd");

	return is_refused() ? fails(ENOMEM) : real(count, flags);
}

int uname(struct utsname *name)
{
	int (*real)(struct utsname *name) = dlsym(RTLD_NEXT, "uname");

	return mode_is("usercopy") && is_refused() ? fails(EFAULT) : real(name);
}

pid_t fork(void)
{
	__typeof__(fork) *real = dlsym(RTLD_NEXT, "fork");
	bool refused = is_refused();
	pid_t child;

	if (refused && !mode_is("fork"))
		return fails(ENOMEM);
	child = real();
	if (!child)
		nth = 0;
	if (!child && refused) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pause();
		_exit(0);
	}
	return refused ? fails(ENOMEM) : child;
}

/* ---- lock calls ---- */

static int real_fcntl(int fd, int command, void *argument)
{
	int (*real)(int fd, int command, ...) = dlsym(RTLD_NEXT, "fcntl64");

	return real(fd, command, argument);
}

/* Without waiting. */
static int set_now(int fd, int command, struct flock *lock, short type)
{
	struct flock request = *lock;

	request.l_type = type;
	if (command == F_SETLKW || command == F_OFD_SETLKW)
		command = command == F_SETLKW ? F_SETLK : F_OFD_SETLK;
	return real_fcntl(fd, command, &request);
}

/* What this process had of the same bytes. */
static short held_before(const struct flock *lock)
{
	return lock->l_start == held.l_start && lock->l_len == held.l_len ? held.l_type : F_UNLCK;
}

static int set(int fd, int command, struct flock *lock)
{
	bool waits = command == F_SETLKW || command == F_OFD_SETLKW;
	int error = mode_is("enomem") ? ENOMEM : ENOLCK, ret;

	for (int i = 0; i < 3; i++) {
		if (!is_refused())
			continue;
		if (mode_is("there"))
			set_now(fd, command, lock, lock->l_type);
		return mode_is("granted") ? 0 : fails(error);
	}
	if (waits && mode_is("cycle") && !has_been_refused &&
	    set_now(fd, command, lock, lock->l_type))
		return fails(EDEADLK);
	ret = real_fcntl(fd, command, lock);
	if (!ret && waits && is_refused()) {
		if (!mode_is("there"))
			set_now(fd, command, lock, held_before(lock));
		return mode_is("granted") ? 0 : fails(error);
	}
	held = ret ? held : *lock;
	return ret;
}

int fcntl64(int fd, int command, ...)
{
	void *argument;
	va_list args;

	va_start(args, command);
	argument = va_arg(args, void *);
	va_end(args);
	switch (command) {
	case F_SETLK:
	case F_SETLKW:
	case F_OFD_SETLK:
	case F_OFD_SETLKW:
		return set(fd, command, argument);
	case F_GETLK:
	case F_OFD_GETLK:
		if (!is_refused())
			break;
		if (!mode_is("query"))
			return fails(ENOMEM);
		((struct flock *)argument)->l_type = F_UNLCK;
		return 0;
	}
	return real_fcntl(fd, command, argument);
}

int fcntl(int fd, int command, ...) ALIAS_OF(fcntl64);

int lockf64(int fd, int command, off64_t size)
{
	int (*real)(int fd, int command, off64_t size) = dlsym(RTLD_NEXT, "lockf64");
	struct flock lock = {
		.l_type = command == F_ULOCK ? F_UNLCK : F_WRLCK, .l_whence = SEEK_SET,
		.l_start = lseek(fd, 0, SEEK_CUR), .l_len = size,
	};

	if (command == F_TEST)
		return real(fd, command, size);
	return set(fd, command == F_LOCK ? F_SETLKW : F_SETLK, &lock);
}

int flock(int fd, int operation)
{
	int (*real)(int fd, int operation) = dlsym(RTLD_NEXT, "flock");
	int error = mode_is("enolck") ? ENOLCK : ENOMEM, ret;

	if (operation & LOCK_UN)
		return mode_is("unlock") && is_refused() ? fails(error) : real(fd, operation);
	for (int i = 0; i < 2; i++) {
		if (!is_refused())
			continue;
		if (mode_is("there"))
			real(fd, operation | LOCK_NB);
		return mode_is("granted") ? 0 : fails(error);
	}
	ret = real(fd, operation);
	if (ret || operation & LOCK_NB || !is_refused())
		return ret;
	if (!mode_is("there"))
		real(fd, mode_is("kept") ? LOCK_SH : LOCK_UN);
	return mode_is("granted") ? 0 : fails(error);
}
