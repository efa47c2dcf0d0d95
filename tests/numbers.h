/* SPDX-License-Identifier: GPL-2.0 */
/* numbers: the numbers under which /proc/locks lists holders and waiters. */
#ifndef LOCKFAIR_NUMBERS_H
#define LOCKFAIR_NUMBERS_H

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "listing.h"
#include "system/many_locks.h"

/* What is wrong with the numbers of /proc/locks, read once. */
struct numbers {
	int holders, waiters;		/* lines about the file */
	int wrong_holder, wrong_waiter;	/* the first such line of any file, or 0 */
};

/* A holder should have a higher number than the lock before it, and its waiters the same. */
static inline int read_numbers(const struct stat *file, struct numbers *numbers)
{
	int last = 0, number = 0;
	struct proc_lock line;
	char text[256];
	FILE *list;

	*numbers = (struct numbers){ 0 };
	many_locks_await_end();
	list = fopen("/proc/locks", "re");
	if (!list)
		return -errno;
	while (fgets(text, sizeof(text), list)) {
		bool ours;

		if (!proc_locks_parse(text, &line))
			continue;
		number++;
		ours = line.inode == file->st_ino && line.major == major(file->st_dev) &&
		       line.minor == minor(file->st_dev);
		numbers->holders += ours && !line.depth;
		numbers->waiters += ours && line.depth;
		if (!line.depth && line.id <= last && !numbers->wrong_holder)
			numbers->wrong_holder = number;
		if (line.depth && line.id != last && !numbers->wrong_waiter)
			numbers->wrong_waiter = number;
		last = line.id;
	}
	fclose(list);
	return 0;
}

/* Read until no line about the file is missing: another process may have locked or released. */
static inline bool numbers_are_read(struct scene *scene, int holders, int waiters,
				    struct numbers *numbers)
{
	bool complete = false;
	struct stat file = { 0 };
	int err = 0;

	sets_up(scene, fstat(scene->site->fd, &file), "fstat");
	for (int i = 0; i < READS && !err && !complete && scene_goes_on(scene); i++) {
		err = read_numbers(&file, numbers);
		complete = numbers->holders >= holders && numbers->waiters >= waiters;
	}
	requires(scene, !err, "/proc/locks: %s", strerror(-err));
	return requires(scene, complete, "/proc/locks has %d lines of holders and %d of waiters",
			numbers->holders, numbers->waiters);
}

#endif /* LOCKFAIR_NUMBERS_H */
