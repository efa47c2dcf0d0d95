/* SPDX-License-Identifier: GPL-2.0 */
/* medium: what the libraries share that play a file system, by the word in MEDIUM. */
#ifndef LOCKFAIR_FAKE_MEDIUM_H
#define LOCKFAIR_FAKE_MEDIUM_H

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static inline bool medium_is(const char *name)
{
	const char *medium = getenv("MEDIUM");

	return medium && !strcmp(medium, name);
}

static inline int real_fcntl(int fd, int command, void *argument)
{
	int (*real)(int fd, int command, ...) = dlsym(RTLD_NEXT, "fcntl64");

	return real(fd, command, argument);
}

#endif /* LOCKFAIR_FAKE_MEDIUM_H */
