// SPDX-License-Identifier: GPL-2.0
/*
 * A lock that its holder loses, with or without being told, as with a server that has forgotten the
 * client. A library for LD_PRELOAD:
 *
 *	LOST	a file, which need not exist. Its words say what has happened to the files in
 *		LOCKFAIR_DIR: with "grant" each try by flock(2) is granted, with "read" and "write"
 *		such a call fails with EIO, with "again" a write with EAGAIN; with "abort" a try
 *		fails with the errno 512, which only the kernel knows.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "alias.h"

static bool is_lock_file(int fd)
{
	const char *dir = getenv("LOCKFAIR_DIR");
	char link[40], path[4096];
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, path, sizeof(path) - 1);
	path[length < 0 ? 0 : length] = '\0';
	return dir && !strncmp(path, dir, strlen(dir)) && path[strlen(dir)] == '/';
}

static bool happened(const char *what, int fd)
{
	const char *name = getenv("LOST");
	FILE *file = name && is_lock_file(fd) ? fopen(name, "re") : NULL;
	bool found = false;
	char word[16];

	while (file && !found && fscanf(file, "%15s", word) == 1)
		found = !strcmp(word, what);
	if (file)
		fclose(file);
	return found;
}

int flock(int fd, int operation)
{
	int (*real)(int fd, int operation) = dlsym(RTLD_NEXT, "flock");

	if (operation & LOCK_NB && happened("grant", fd))
		return 0;
	if (operation & LOCK_NB && happened("abort", fd)) {
		errno = 512;
		return -1;
	}
	return real(fd, operation);
}

ssize_t pwrite64(int fd, const void *buffer, size_t size, off64_t offset)
{
	ssize_t (*real)(int fd, const void *buffer, size_t size, off64_t offset) =
		dlsym(RTLD_NEXT, "pwrite64");

	if (happened("again", fd)) {
		errno = EAGAIN;
		return -1;
	}
	if (!happened("write", fd))
		return real(fd, buffer, size, offset);
	errno = EIO;
	return -1;
}

/* A program without 64-bit offsets calls it by this name. */
ssize_t pwrite(int fd, const void *buffer, size_t size, off_t offset) ALIAS_OF(pwrite64);

ssize_t pread64(int fd, void *buffer, size_t size, off64_t offset)
{
	ssize_t (*real)(int fd, void *buffer, size_t size, off64_t offset) =
		dlsym(RTLD_NEXT, "pread64");

	if (!happened("read", fd))
		return real(fd, buffer, size, offset);
	errno = EIO;
	return -1;
}

ssize_t pread(int fd, void *buffer, size_t size, off_t offset) ALIAS_OF(pread64);
