// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "system/mounted.h"

/* proc_pid_fdinfo(5): "mnt_id … is the ID of the mount containing this file". */
static int mount_of(int fd)
{
	char path[40], line[128];
	int id = -ENOENT;
	FILE *info;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	info = fopen(path, "re");
	if (!info)
		return -errno;
	while (id < 0 && fgets(line, sizeof(line), info)) {
		if (!strncmp(line, "mnt_id:", 7))
			id = atoi(line + 7);
	}
	fclose(info);
	return id;
}

int mounted_type(int fd, char *type, size_t size)
{
	int wanted = mount_of(fd), err = -ENOENT;
	char *line = NULL;
	size_t room = 0;
	FILE *list;

	if (wanted < 0)
		return wanted;
	list = fopen("/proc/self/mountinfo", "re");
	if (!list)
		return -errno;
	/* proc_pid_mountinfo(5): the ID first, and the type behind a hyphen. */
	while (err && getline(&line, &room, list) > 0) {
		const char *found = strstr(line, " - ");

		if (!found || atoi(line) != wanted)
			continue;
		snprintf(type, size, "%.*s", (int)strcspn(found + 3, " "), found + 3);
		err = 0;
	}
	free(line);
	fclose(list);
	return err;
}
