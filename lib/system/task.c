// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "system/task.h"

int task_state(pid_t tid)
{
	char path[40], text[512];
	const char *name_end;
	ssize_t got;
	int fd, err;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	got = read(fd, text, sizeof(text) - 1);
	err = errno;
	close(fd);
	if (got < 0)
		return -err;
	text[got] = '\0';
	/* "PID (NAME) STATE …", and the name may have any characters. */
	name_end = strrchr(text, ')');
	if (!name_end || name_end[1] != ' ' || !name_end[2])
		return -EBADMSG;
	return name_end[2];
}
