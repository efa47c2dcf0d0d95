// SPDX-License-Identifier: GPL-2.0
/*
 * Is a deadlock of two processes seen, if an OFD waiter stands between them?
 *
 * On Linux this prints:
 *	without an OFD waiter: Resource deadlock avoided
 *	with an OFD waiter: both sleep
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char *name;

static int lock(int command, off_t byte)
{
	struct flock one = { F_WRLCK, SEEK_SET, byte, 1, 0 };

	return fcntl(open(name, O_RDWR), command, &one) ? errno : 0;
}

/* Start a process that locks byte 1 if it is to hold it, and then queues for byte 0. */
static pid_t queue(int command, int holds)
{
	pid_t pid = fork();

	if (!pid) {
		if (holds)
			lock(F_SETLK, 1);
		_exit(lock(command, 0));
	}
	sleep(1);
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void wake(int sig)
{
	(void)sig;
}

static void close_the_cycle(const char *how, int with_ofd)
{
	pid_t ofd = 0, other;
	int err;

	lock(F_SETLK, 0);
	if (with_ofd)
		ofd = queue(F_OFD_SETLKW, 0);
	other = queue(F_SETLKW, 1);
	alarm(3);
	err = lock(F_SETLKW, 1);
	alarm(0);
	printf("%s: %s\n", how, err == EINTR ? "both sleep" : strerror(err));
	end(other);
	if (ofd)
		end(ofd);
}

int main(void)
{
	char made[] = "/tmp/findingXXXXXX";
	struct sigaction action = { .sa_handler = wake };

	sigaction(SIGALRM, &action, NULL);
	name = made;
	if (mkstemp(name) < 0)
		return 2;
	close_the_cycle("without an OFD waiter", 0);
	close_the_cycle("with an OFD waiter", 1);
	unlink(name);
	return 0;
}
