// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "system/proc_locks.h"

#define READINGS	200	/* up to this many, until three in a row agree */
#define AT_ONCE		65536	/* read(2) gives a page at most, or more if a line is longer */
#define LINE		4096	/* a thousand levels of waiters indent a line that far */

/*
 * fs/locks.c, lock_get_status(); the arrow of a waiter is indented by a column for each level
 * of the tree above it:
 *
 *	1: POSIX  ADVISORY  WRITE 4711 00:01:1056 0 EOF
 *	1: -> POSIX  ADVISORY  READ 4712 00:01:1056 0 9
 *	1:  -> POSIX  ADVISORY  WRITE 4713 00:01:1056 0 EOF
 */
bool proc_locks_parse(const char *line, struct proc_lock *lock)
{
	char advisory[16], end[24];
	int at = 0, spaces;

	memset(lock, 0, sizeof(*lock));
	if (sscanf(line, "%d:%n", &lock->id, &at) != 1 || !at || line[at++] != ' ')
		return false;
	spaces = strspn(line + at, " ");
	if (!strncmp(line + at + spaces, "->", 2)) {
		lock->depth = spaces + 1;
		at += spaces + 2;
	}
	if (sscanf(line + at, "%11s %15s %7s %d %x:%x:%llu %lld %23s", lock->kind, advisory,
		   lock->mode, &lock->pid, &lock->major, &lock->minor, &lock->inode,
		   &lock->start, end) != 9)
		return false;
	lock->end = strcmp(end, "EOF") ? atoll(end) : PROC_LOCK_END;
	return true;
}

int proc_locks_can_be_read(void)
{
	int fd = open("/proc/locks", O_RDONLY | O_CLOEXEC), err;
	struct statfs fs;

	if (fd < 0)
		return errno == EPERM ? -EACCES : -errno;
	err = fstatfs(fd, &fs) < 0 ? -errno : fs.f_type == PROC_SUPER_MAGIC ? 0 : -EACCES;
	close(fd);
	return err;
}

static bool is_of(const struct proc_lock *lock, const struct stat *file)
{
	return lock->inode == file->st_ino && lock->major == major(file->st_dev) &&
	       lock->minor == minor(file->st_dev);
}

/* Read the lines that begin with @prefix and are about @file, or about any file if that is NULL. */
static int read_lines(const char *path, const char *prefix, const struct stat *file,
		      struct proc_lock *locks, int room, unsigned long *sum)
{
	FILE *stream = fopen(path, "re");
	size_t skip = strlen(prefix);
	struct proc_lock lock;
	char line[LINE], buffer[AT_ONCE];
	int count = 0;

	*sum = 0;
	if (!stream)
		return -errno;
	/*
	 * Each read(2) is a consistent snapshot. stdio would read 1024 bytes, a few lines, at a
	 * time.
	 */
	setvbuf(stream, buffer, _IOFBF, sizeof(buffer));
	while (fgets(line, sizeof(line), stream)) {
		if (strncmp(line, prefix, skip) || !proc_locks_parse(line + skip, &lock) ||
		    (file && !is_of(&lock, file)))
			continue;
		for (const char *at = line; *at; at++)
			*sum = *sum * 31 + *at;
		/* Copy the padding, too: callers may use memcmp(). */
		if (count < room)
			memcpy(&locks[count], &lock, sizeof(lock));
		count++;
	}
	if (ferror(stream))
		count = -EIO;
	fclose(stream);
	return count;
}

int proc_locks_read(int fd, struct proc_lock *locks, int room)
{
	struct stat file;

	unsigned long sum, last = 0;
	int count, last_count = -1, agreed = 0;

	if (fstat(fd, &file) < 0)
		return -errno;
	/*
	 * If the list is longer than a page, other processes' locks that come and go shift the part
	 * not read yet. A list that three readings in a row agree on is most likely right.
	 */
	for (int i = 0; i < READINGS; i++) {
		count = read_lines("/proc/locks", "", &file, locks, room, &sum);
		agreed = count == last_count && sum == last ? agreed + 1 : 1;
		if (count < 0 || agreed == 3)
			return count;
		last_count = count;
		last = sum;
	}
	return -EAGAIN;
}

int proc_locks_fdinfo(pid_t pid, int fd, struct proc_lock *locks, int room)
{
	unsigned long sum;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", (int)pid, fd);
	return read_lines(path, "lock:\t", NULL, locks, room, &sum);
}
