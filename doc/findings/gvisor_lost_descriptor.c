// SPDX-License-Identifier: GPL-2.0
/*
 * Who holds a lock that is granted after the waiter's descriptor was closed?
 *
 * On Linux this prints:
 *	the waiter: Bad file descriptor; a peer: granted
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int fd, err;

static int lock(int on, int command)
{
	struct flock whole = { F_WRLCK, SEEK_SET, 0, 0, 0 };

	return fcntl(on, command, &whole) ? errno : 0;
}

static void *wait_for_it(void *arg)
{
	err = lock(fd, F_SETLKW);
	return arg;
}

int main(void)
{
	char name[] = "/tmp/findingXXXXXX";
	int in_use = mkstemp(name);
	int begun[2], status;
	pthread_t thread;
	pid_t holder, peer;
	char byte;

	if (in_use < 0 || pipe(begun))
		return 2;
	holder = fork();
	if (!holder) {
		lock(open(name, O_RDWR), F_SETLK);
		write(begun[1], "", 1);
		sleep(4);
		_exit(0);
	}
	read(begun[0], &byte, 1);
	fd = open(name, O_RDWR);
	pthread_create(&thread, NULL, wait_for_it, NULL);
	sleep(2);
	close(fd);
	pthread_join(thread, NULL);
	waitpid(holder, NULL, 0);
	peer = fork();
	if (!peer)
		_exit(lock(open(name, O_RDWR), F_SETLK));
	waitpid(peer, &status, 0);
	printf("the waiter: %s; a peer: %s\n", err ? strerror(err) : "granted",
	       WEXITSTATUS(status) ? strerror(WEXITSTATUS(status)) : "granted");
	unlink(name);
	return 0;
}
