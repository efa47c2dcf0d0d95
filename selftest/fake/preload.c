// SPDX-License-Identifier: GPL-2.0
/*
 * Lock calls that are refused under a condition, as by a file system that runs out of locks or a
 * security module. A library for LD_PRELOAD:
 *
 *	REFUSE_IF	second: a request of an owner that has a lock
 *			waits: a request that would have to wait, when it would
 *			user: a request of another user than root
 *			conflict: a try for a held lock, as on SMB
 *			emulated: nothing, but flock() is made of fcntl locks, and all files
 *			are on NFS
 *	REFUSE_ERRNO	the error, a number
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "alias.h"

enum request { RELEASE, TRY, WAIT };

/* Of this process, and not exact: enough to know whether a request is the first. */
static int held;

static bool condition_is(const char *name)
{
	const char *condition = getenv("REFUSE_IF");

	return condition && !strcmp(condition, name);
}

/* Make the call by @make, unless it is to be refused. @make tries if its second argument is set. */
static int consider(enum request request, int (*make)(void *call, bool tries), void *call)
{
	int ret;

	errno = atoi(getenv("REFUSE_ERRNO"));
	if (request != RELEASE && ((condition_is("second") && held > 0) ||
				   (condition_is("user") && geteuid())))
		return -1;
	if (request == WAIT && condition_is("waits")) {
		ret = make(call, true);
		if (ret < 0)
			errno = atoi(getenv("REFUSE_ERRNO"));
	} else {
		ret = make(call, false);
		if (ret < 0 && errno == EAGAIN && condition_is("conflict"))
			errno = atoi(getenv("REFUSE_ERRNO"));
	}
	if (!ret)
		held = request == RELEASE ? 0 : held + 1;
	return ret;
}

struct fcntl_call {
	int fd, command;
	void *argument;
};

static int make_fcntl(void *arg, bool tries)
{
	int (*real)(int fd, int command, ...) = dlsym(RTLD_NEXT, "fcntl64");
	struct fcntl_call *call = arg;
	int command = call->command;

	if (tries)
		command = command == F_SETLKW ? F_SETLK : F_OFD_SETLK;
	return real(call->fd, command, call->argument);
}

static int any_fcntl(int fd, int command, void *argument)
{
	struct fcntl_call call = { fd, command, argument };
	bool waits = command == F_SETLKW || command == F_OFD_SETLKW;

	if (!waits && command != F_SETLK && command != F_OFD_SETLK)
		return make_fcntl(&call, false);
	return consider(((struct flock *)argument)->l_type == F_UNLCK ? RELEASE :
			waits ? WAIT : TRY, make_fcntl, &call);
}

int fcntl64(int fd, int command, ...)
{
	void *argument;
	va_list args;

	va_start(args, command);
	argument = va_arg(args, void *);
	va_end(args);
	return any_fcntl(fd, command, argument);
}

/* A program without 64-bit offsets calls it by this name. */
int fcntl(int fd, int command, ...) ALIAS_OF(fcntl64);

static int make_flock(void *arg, bool tries)
{
	int (*real)(int fd, int operation) = dlsym(RTLD_NEXT, "flock");
	struct fcntl_call *call = arg;

	return real(call->fd, call->command | (tries ? LOCK_NB : 0));
}

/* Of the whole file, and owned by the description like a flock. */
static int emulate_flock(int fd, int operation)
{
	struct flock lock = {
		.l_type = operation & LOCK_UN ? F_UNLCK : operation & LOCK_SH ? F_RDLCK : F_WRLCK,
		.l_whence = SEEK_SET,
	};
	int (*real)(int fd, int command, ...) = dlsym(RTLD_NEXT, "fcntl64");

	return real(fd, operation & LOCK_NB ? F_OFD_SETLK : F_OFD_SETLKW, &lock);
}

int flock(int fd, int operation)
{
	struct fcntl_call call = { fd, operation, NULL };

	if (condition_is("emulated"))
		return emulate_flock(fd, operation);
	return consider(operation & LOCK_UN ? RELEASE : operation & LOCK_NB ? TRY : WAIT,
			make_flock, &call);
}

int fstatfs(int fd, struct statfs *fs)
{
	int (*real)(int fd, struct statfs *fs) = dlsym(RTLD_NEXT, "fstatfs");
	int ret = real(fd, fs);

	if (!ret && condition_is("emulated"))
		fs->f_type = NFS_SUPER_MAGIC;
	return ret;
}

/* A program with 64-bit offsets calls it by this name. */
int fstatfs64(int fd, struct statfs64 *fs)
{
	return fstatfs(fd, (struct statfs *)fs);
}

static int make_lockf(void *arg, bool tries)
{
	int (*real)(int fd, int command, off64_t size) = dlsym(RTLD_NEXT, "lockf64");
	struct fcntl_call *call = arg;

	return real(call->fd, tries ? F_TLOCK : call->command, *(off64_t *)call->argument);
}

int lockf64(int fd, int command, off64_t size)
{
	struct fcntl_call call = { fd, command, &size };

	if (command == F_TEST)
		return make_lockf(&call, false);
	return consider(command == F_ULOCK ? RELEASE : command == F_TLOCK ? TRY : WAIT,
			make_lockf, &call);
}
