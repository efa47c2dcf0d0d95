// SPDX-License-Identifier: GPL-2.0
/*
 * Files of /proc that are kept from the programs of the suite, as by a security module or a
 * sandbox. A library for LD_PRELOAD:
 *
 *	HIDE	words STEP:NAME:ERRNO; STEP is open or read, NAME the last part of the path, ERRNO
 *		a number. With 0, a file that is read is empty.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alias.h"

/* The errno with which @step is to fail on @path, or -1. */
static int hidden(const char *path, const char *step)
{
	char words[200], *word, *rest, of[8], name[32];
	const char *last = strrchr(path, '/');
	int error;

	if (!getenv("HIDE") || strncmp(path, "/proc/", 6))
		return -1;
	snprintf(words, sizeof(words), "%s", getenv("HIDE"));
	for (word = strtok_r(words, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		if (sscanf(word, "%7[^:]:%31[^:]:%d", of, name, &error) == 3 &&
		    !strcmp(of, step) && !strcmp(name, last + 1))
			return error;
	}
	return -1;
}

int open64(const char *path, int flags, ...)
{
	int (*real)(const char *path, int flags, ...) = dlsym(RTLD_NEXT, "open64");
	int error = hidden(path, "open");
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(args, mode_t) : 0;
	va_end(args);
	if (error < 0)
		return real(path, flags, mode);
	errno = error;
	return -1;
}

/* A program without 64-bit offsets calls it by this name. */
int open(const char *path, int flags, ...) ALIAS_OF(open64);

ssize_t pread64(int fd, void *buffer, size_t size, off64_t offset)
{
	ssize_t (*real)(int fd, void *buffer, size_t size, off64_t offset) =
		dlsym(RTLD_NEXT, "pread64");
	char link[40], path[200];
	ssize_t length;
	int error;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, path, sizeof(path) - 1);
	path[length < 0 ? 0 : length] = '\0';
	error = hidden(path, "read");
	if (error < 0)
		return real(fd, buffer, size, offset);
	errno = error;
	return error ? -1 : 0;
}

ssize_t pread(int fd, void *buffer, size_t size, off_t offset) ALIAS_OF(pread64);
