// SPDX-License-Identifier: GPL-2.0
/*
 * Two processes each wait for the other's lock. Does one of them get EDEADLK?
 *
 * On Linux this prints:
 *	first: granted
 *	second: Resource deadlock avoided
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int lock(int fd, off_t byte)
{
	struct flock range = { F_WRLCK, SEEK_SET, byte, 1, 0 };

	return fcntl(fd, F_SETLKW, &range) ? errno : 0;
}

static void interrupt(int sig)
{
	(void)sig;
}

static const char *answer(int err)
{
	return err == EINTR ? "waited until a signal came" : err ? strerror(err) : "granted";
}

int main(void)
{
	const struct sigaction action = { .sa_handler = interrupt };
	int fd = fileno(tmpfile()), has[2], status, err;
	pid_t first;
	char byte;

	if (fd < 0 || pipe(has) || sigaction(SIGALRM, &action, NULL))
		return 2;
	lock(fd, 1);
	first = fork();
	if (!first) {
		lock(fd, 0);
		write(has[1], "", 1);
		alarm(12);
		_exit(lock(fd, 1));
	}
	read(has[0], &byte, 1);
	sleep(2);
	alarm(8);
	err = lock(fd, 0);
	close(fd);
	waitpid(first, &status, 0);
	printf("first: %s\nsecond: %s\n", answer(WEXITSTATUS(status)), answer(err));
	return 0;
}
