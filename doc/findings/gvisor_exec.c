// SPDX-License-Identifier: GPL-2.0
/*
 * Does a process keep its record locks across an exec, and across an unshare?
 *
 * On Linux this prints:
 *	exec: a peer gets Resource temporarily unavailable
 *	unshare: a peer gets Resource temporarily unavailable
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int lock(const char *name, short type)
{
	struct flock whole = { type, SEEK_SET, 0, 0, 0 };
	int fd = open(name, O_RDWR);

	return fd < 0 || fcntl(fd, F_SETLK, &whole) ? errno : 0;
}

static void ask(const char *after, const char *name)
{
	pid_t peer = fork();
	int status;

	if (!peer)
		_exit(lock(name, F_WRLCK));
	waitpid(peer, &status, 0);
	printf("%s: a peer gets %s\n", after,
	       WEXITSTATUS(status) ? strerror(WEXITSTATUS(status)) : "the lock");
}

int main(int argc, char **argv)
{
	char name[] = "/tmp/findingXXXXXX";

	if (argc > 1) {
		ask("exec", argv[1]);
		if (lock(argv[1], F_WRLCK) || unshare(CLONE_FILES))
			return 2;
		ask("unshare", argv[1]);
		unlink(argv[1]);
		return 0;
	}
	if (mkstemp(name) < 0 || lock(name, F_WRLCK))
		return 2;
	execl("/proc/self/exe", argv[0], name, (char *)NULL);
	return 2;
}
