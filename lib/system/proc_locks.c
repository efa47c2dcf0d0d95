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

#include "system/many_locks.h"
#include "system/proc_locks.h"

#define READINGS	200	/* up to this many, until three in a row agree */
#define AT_ONCE		65536	/* read(2) gives a page at most, or more if a line is longer */
#define SEEN		64	/* lines of a file: no test has more of them */

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
	char end[24];
	int at = 0, spaces;

	memset(lock, 0, sizeof(*lock));
	if (sscanf(line, "%d:%n", &lock->id, &at) != 1 || !at || line[at++] != ' ')
		return false;
	spaces = strspn(line + at, " ");
	if (!strncmp(line + at + spaces, "->", 2)) {
		lock->depth = spaces + 1;
		at += spaces + 2;
	}
	if (sscanf(line + at, "%11s %11s %7s %d %x:%x:%llu %lld %23s", lock->kind, lock->rule,
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

/* Lines about the file, and by which read(2) each came. */
struct reading {
	const char *prefix;
	const struct stat *file;	/* NULL: any */
	struct proc_lock *locks;
	int room, count;
	unsigned long sum;
	int reads;
	struct {
		unsigned long text;	/* a sum of the line without its number */
		int read;
	} seen[SEEN];
	bool shifted;			/* a line came by two reads */
};

static unsigned long sum_of(const char *text, unsigned long sum)
{
	while (*text)
		sum = sum * 31 + *text++;
	return sum;
}

static void take_line(struct reading *reading, const char *line)
{
	size_t skip = strlen(reading->prefix);
	struct proc_lock lock;
	unsigned long text;

	if (strncmp(line, reading->prefix, skip) || !proc_locks_parse(line + skip, &lock) ||
	    (reading->file && !is_of(&lock, reading->file)))
		return;
	reading->sum = sum_of(line, reading->sum);
	text = sum_of(strchr(line + skip, ':'), 0);
	for (int i = 0; i < reading->count && i < SEEN; i++)
		reading->shifted |= reading->seen[i].text == text &&
				    reading->seen[i].read != reading->reads;
	if (reading->count < SEEN) {
		reading->seen[reading->count].text = text;
		reading->seen[reading->count].read = reading->reads;
	}
	/* Copy the padding, too: callers may use memcmp(). */
	if (reading->count < reading->room)
		memcpy(&reading->locks[reading->count], &lock, sizeof(lock));
	reading->count++;
}

/* Take the whole lines of @text, move the rest to its beginning, and return its length. */
static size_t take_lines(struct reading *reading, char *text)
{
	char *line = text, *end;

	while ((end = strchr(line, '\n'))) {
		*end = '\0';
		take_line(reading, line);
		line = end + 1;
	}
	memmove(text, line, strlen(line) + 1);
	return strlen(text);
}

/* Return how many lines there are; -EAGAIN if the list was shifted meanwhile; or another -errno. */
static int read_lines(const char *path, struct reading *reading)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err = 0;
	char text[AT_ONCE];
	size_t rest = 0;
	ssize_t got;

	if (fd < 0)
		return -errno;
	while ((got = read(fd, text + rest, sizeof(text) - 1 - rest)) > 0) {
		reading->reads++;
		text[rest + got] = '\0';
		rest = take_lines(reading, text);
	}
	if (got < 0)
		err = -EIO;
	else if (reading->shifted)
		err = -EAGAIN;
	close(fd);
	return err ? err : reading->count;
}

int proc_locks_read(int fd, struct proc_lock *locks, int room)
{
	unsigned long last = 0;
	int last_count = -1, agreed = 0;
	struct stat file;

	if (fstat(fd, &file) < 0)
		return -errno;
	many_locks_await_end();
	/*
	 * Each read(2) is a snapshot, and begins at the entry of that number. If another process
	 * has locked anything since the last one, an entry comes again, even at the end of a short
	 * list; if it has released anything, and the list is longer than a page, one is left out.
	 * What three readings in a row agree on is most likely right.
	 */
	for (int i = 0; i < READINGS; i++) {
		struct reading reading = {
			.prefix = "", .file = &file, .locks = locks, .room = room,
		};
		int count;

		/* An earlier reading may have had more lines. */
		if (room)
			memset(locks, 0, room * sizeof(*locks));
		count = read_lines("/proc/locks", &reading);

		if (count < 0 && count != -EAGAIN)
			return count;
		agreed = count == -EAGAIN ? 0 :
			 count == last_count && reading.sum == last ? agreed + 1 : 1;
		if (agreed == 3)
			return count;
		last_count = count;
		last = reading.sum;
	}
	return -EAGAIN;
}

int proc_locks_fdinfo(pid_t pid, int fd, struct proc_lock *locks, int room)
{
	struct reading reading = { .prefix = "lock:\t", .locks = locks, .room = room };
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", (int)pid, fd);
	return read_lines(path, &reading);
}
