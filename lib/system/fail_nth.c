// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "system/fail_nth.h"

int fail_nth_open(void)
{
	int fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int fail_nth_begin(int fd, unsigned int nth)
{
	char number[12];
	int length = snprintf(number, sizeof(number), "%u", nth);

	return pwrite(fd, number, length, 0) == length ? 0 : -errno;
}

int fail_nth_end(int fd)
{
	char left[12] = "";
	ssize_t length = pread(fd, left, sizeof(left) - 1, 0);
	int err = length < 0 ? -errno : fail_nth_begin(fd, 0);

	return err ? err : atoi(left) == 0;
}

bool fail_nth_works(void)
{
	int fd = fail_nth_open(), event, err;

	if (fd < 0)
		return false;
	err = fail_nth_begin(fd, 1);
	event = err ? -1 : eventfd(0, EFD_CLOEXEC);
	if (!err && event < 0)
		err = -errno;
	if (event >= 0)
		close(event);
	fail_nth_end(fd);
	close(fd);
	return event < 0 && err == -ENOMEM;
}
