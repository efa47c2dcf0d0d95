// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "preflight/scope.h"
#include "system/error_name.h"

#define NAME	"scope"

/* Open a file by its name in @dir as a site. 0 or -errno. */
static int open_by_name(struct lock_site *site, enum lock_kind kind, const char *dir, int flags)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/" NAME, dir);
	*site = (struct lock_site){ .kind = kind, .fd = open(path, O_RDWR | flags, 0600) };
	return site->fd < 0 ? -errno : 0;
}

/*
 * A child holds the lock by one path while this process tries it by the other. Return the scope, as
 * preflight.c describes it, or the name of the error.
 */
static const char *try_by_both(struct lock_site *by_one, struct lock_site *by_other)
{
	struct lock lock = { .site = by_other, .fd = by_other->fd };
	int held[2], tried[2], err = -EPIPE;
	const char *scope = NULL;
	bool refused = false;
	pid_t pid;

	if (pipe(held) < 0 || pipe(tried) < 0)
		return error_name(-errno);
	pid = fork();
	if (!pid) {
		close(tried[1]);
		lock = (struct lock){ .site = by_one, .fd = by_one->fd };
		err = lock_acquire(&lock, &EXCLUSIVE, false);
		if (write(held[1], &err, sizeof(err)) == sizeof(err))
			err = read(tried[0], &err, 1);
		/* An flock would last as long as this process has the description open. */
		lock_release(&lock, 0, 0);
		_exit(0);
	}
	close(held[1]);
	if (pid > 0 && read(held[0], &err, sizeof(err)) == sizeof(err) && !err) {
		err = lock_acquire(&lock, &EXCLUSIVE, false);
		scope = !err ? "two" : err == -EAGAIN ? "one" : NULL;
		refused = err == -EACCES;
	}
	close(held[0]);
	close(tried[0]);
	close(tried[1]);
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	/* POSIX allows EACCES for a conflict. It was a conflict if the lock is granted now. */
	if (refused && !lock_acquire(&lock, &EXCLUSIVE, false))
		scope = "one";
	/* A refusal of the first lock says nothing about the two paths, whatever its errno. */
	return scope ? scope : error_name(err);
}

void scope_ask(enum lock_kind kind, const char *dir, const char *other)
{
	struct lock_site one = { .fd = -1 }, two = { .fd = -1 };
	const char *scope = "hidden";
	char path[4096];

	if (!open_by_name(&one, kind, dir, O_CREAT) && !open_by_name(&two, kind, other, 0))
		scope = try_by_both(&one, &two);
	printf("%s\tscope\t%s\n", lock_kind_name(kind), scope);
	if (one.fd >= 0)
		close(one.fd);
	if (two.fd >= 0)
		close(two.fd);
	snprintf(path, sizeof(path), "%s/" NAME, dir);
	unlink(path);
}
