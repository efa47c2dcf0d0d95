// SPDX-License-Identifier: GPL-2.0
/*
 * The only reference to a lock is in a message, in the queue of a socket that nobody can receive
 * from, because its only reference is in its own queue. Is the file free?
 *
 * On Linux this prints:
 *	the next: granted
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <unistd.h>

static int send_descriptor(int to, int fd)
{
	union {
		char room[CMSG_SPACE(sizeof(int))];
		struct cmsghdr aligned;
	} control = { .room = "" };
	struct iovec byte = { "", 1 };
	struct msghdr message = {
		.msg_iov = &byte, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *rights = CMSG_FIRSTHDR(&message);

	rights->cmsg_level = SOL_SOCKET;
	rights->cmsg_type = SCM_RIGHTS;
	rights->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(rights), &fd, sizeof(int));
	return sendmsg(to, &message, 0) != 1;
}

static void interrupt(int sig)
{
	(void)sig;
}

int main(void)
{
	const struct sigaction action = { .sa_handler = interrupt };
	char name[] = "/tmp/findingXXXXXX";
	int fd = mkstemp(name), next = open(name, O_RDWR), end[2];

	if (fd < 0 || next < 0 || flock(fd, LOCK_EX) ||
	    socketpair(AF_UNIX, SOCK_DGRAM, 0, end) || sigaction(SIGALRM, &action, NULL))
		return 2;
	unlink(name);
	if (send_descriptor(end[0], fd) || send_descriptor(end[0], end[1]))
		return 2;
	close(fd);
	close(end[1]);
	close(end[0]);
	alarm(10);
	printf("the next: %s\n", flock(next, LOCK_EX) ? strerror(errno) : "granted");
	return 0;
}
