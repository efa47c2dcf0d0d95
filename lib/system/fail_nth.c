// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/utsname.h>
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
	ssize_t written = pwrite(fd, number, length, 0);

	return written < 0 ? -errno : written == length ? 0 : -EIO;
}

int fail_nth_end(int fd)
{
	char left[12] = "";
	ssize_t length = pread(fd, left, sizeof(left) - 1, 0);
	int err = length < 0 ? -errno : fail_nth_begin(fd, 0);

	return err ? err : atoi(left) == 0;
}

/* Is the next allocation refused, once? */
static bool refuses_memory(int fd)
{
	int event, err;

	if (fail_nth_begin(fd, 1))
		return false;
	event = eventfd(0, EFD_CLOEXEC);
	err = errno;
	if (event >= 0)
		close(event);
	return fail_nth_end(fd) == 1 && event < 0 && err == ENOMEM;
}

/* uname(2) copies to user space, and allocates nothing. */
static bool refuses_copies(int fd)
{
	struct utsname name;
	int err;

	if (fail_nth_begin(fd, 1))
		return true;
	err = uname(&name);
	return fail_nth_end(fd) || err;
}

bool fail_nth_works(void)
{
	int fd = fail_nth_open();
	bool works;

	if (fd < 0)
		return false;
	works = refuses_memory(fd) && !refuses_copies(fd);
	close(fd);
	return works;
}
