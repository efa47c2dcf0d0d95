/* SPDX-License-Identifier: GPL-2.0 */
/* sysctl: settings of the administrator, proc_sys(5). */
#ifndef LOCKFAIR_SYSCTL_H
#define LOCKFAIR_SYSCTL_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Return the number in the file @path, or -1 if there is no such file. */
static inline long sysctl_at(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char text[32] = "";
	ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	return got <= 0 ? -1 : strtol(text, NULL, 10);
}

/* The same for a name below /proc/sys: sysctl_of("fs/leases-enable"). */
static inline long sysctl_of(const char *name)
{
	char path[80];

	snprintf(path, sizeof(path), "/proc/sys/%s", name);
	return sysctl_at(path);
}

#endif /* LOCKFAIR_SYSCTL_H */
