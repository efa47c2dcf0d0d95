// SPDX-License-Identifier: GPL-2.0
/*
 * Two processes hold a shared flock and both ask for an exclusive one. Are they granted it in turn?
 *
 * On Linux this prints:
 *	first: granted
 *	second: granted
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

static void interrupt(int sig)
{
	(void)sig;
}

/* A signal ends the wait after @seconds: EINTR. */
static int upgrade(int fd, unsigned int seconds)
{
	alarm(seconds);
	return flock(fd, LOCK_EX) ? errno : 0;
}

static const char *answer(int err)
{
	return err == EINTR ? "waited until a signal came" : err ? strerror(err) : "granted";
}

int main(void)
{
	const struct sigaction action = { .sa_handler = interrupt };
	char name[] = "/tmp/findingXXXXXX";
	int fd = mkstemp(name), has[2], status, err;
	pid_t first;
	char byte;

	if (fd < 0 || pipe(has) || sigaction(SIGALRM, &action, NULL))
		return 2;
	flock(fd, LOCK_SH);
	first = fork();
	if (!first) {
		fd = open(name, O_RDWR);
		flock(fd, LOCK_SH);
		write(has[1], "", 1);
		_exit(upgrade(fd, 12));
	}
	read(has[0], &byte, 1);
	sleep(2);
	err = upgrade(fd, 8);
	close(fd);
	waitpid(first, &status, 0);
	printf("first: %s\nsecond: %s\n", answer(WEXITSTATUS(status)), answer(err));
	unlink(name);
	return 0;
}
