// SPDX-License-Identifier: GPL-2.0
/*
 * Does F_GETLK find the shared OFD lock for which F_SETLK is refused?
 *
 * On Linux this prints:
 *	F_GETLK: locked, pid -1
 *	F_SETLK: Resource temporarily unavailable
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(void)
{
	struct flock shared = { F_RDLCK, SEEK_SET, 0, 0, 0 };
	struct flock query = { F_WRLCK, SEEK_SET, 0, 0, 0 };
	struct flock request = query;
	int fd = fileno(tmpfile());

	if (fcntl(fd, F_OFD_SETLK, &shared))
		return 2;
	fcntl(fd, F_GETLK, &query);
	printf("F_GETLK: %s, pid %d\n", query.l_type == F_UNLCK ? "free" : "locked",
	       query.l_pid);
	printf("F_SETLK: %s\n", fcntl(fd, F_SETLK, &request) ? strerror(errno) : "granted");
	return 0;
}
