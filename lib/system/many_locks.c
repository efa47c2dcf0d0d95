// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "system/asleep.h"
#include "system/many_locks.h"

/* An abstract name begins with a zero byte. */
static const struct sockaddr_un name = {
	.sun_family = AF_UNIX, .sun_path = "\0lockfair has many locks",
};

static int open_socket(void)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	return fd < 0 ? -errno : fd;
}

/* 1, 0 while another has the name, or -errno. */
static int takes_name(void *arg)
{
	const int *fd = arg;

	if (!bind(*fd, (const struct sockaddr *)&name, sizeof(name)))
		return 1;
	return errno == EADDRINUSE ? 0 : -errno;
}

int many_locks_begin(void)
{
	int fd = open_socket(), ret;

	if (fd < 0)
		return fd;
	/* It stays open. */
	ret = asleep_poll(takes_name, &fd, ASLEEP_DEADLINE);
	if (ret < 0)
		close(fd);
	return ret < 0 ? ret : 0;
}

/* connect(2): nobody has the name if it is refused. */
static int nobody_has_name(void *arg)
{
	const int *fd = arg;

	return !!connect(*fd, (const struct sockaddr *)&name, sizeof(name));
}

void many_locks_await_end(void)
{
	int fd = open_socket();

	if (fd < 0)
		return;
	asleep_poll(nobody_has_name, &fd, ASLEEP_DEADLINE);
	close(fd);
}
