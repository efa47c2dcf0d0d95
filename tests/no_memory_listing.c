// SPDX-License-Identifier: GPL-2.0
/*
 * What does a process that asks about locks see if the kernel has no memory for the answer?
 *
 * Nothing, or all of it: an answer that is not complete would be a wrong one.
 */
#include "no_memory.h"
#include "system/many_locks.h"

/* The reader's answer, in the scene's shared numbers: see below. */
enum { ANSWER = RESULT + 1, DEVICE, INODE };

/* ---- F_GETLK ---- */

enum answer { NOT_ASKED, UNCHANGED, RIGHT, WRONG };

static const struct lock_request in_the_way = { MODE_EXCLUSIVE, 4, 4, 0 };

static enum answer judge(const struct flock *asked, const struct flock *got)
{
	if (same(asked, got))
		return UNCHANGED;
	return got->l_type == F_WRLCK && got->l_start == in_the_way.start &&
	       got->l_len == in_the_way.len ? RIGHT : WRONG;
}

struct query {
	struct flock asked, got;
};

static int query(struct actor *self, void *arg)
{
	struct query *query = arg;

	return lock_query(self->lock, &query->got);
}

static int query_without_memory(struct actor *self, void *arg)
{
	struct query of = { .asked = wish(MODE_SHARED, 2, 4) };
	int ret;

	(void)arg;
	of.got = of.asked;
	ret = without_memory(self, query, &of);
	self->scene->shared->number[ANSWER] = judge(&of.asked, &of.got);
	return ret;
}

/*
 * POSIX.1-2024 fcntl() has ENOLCK for requests to lock and unlock, and no error for a query without
 * memory.
 */
PRACTICE(POSIX | OFD, a_query_without_memory_is_enomem_and_no_answer)
{
	struct actor *holder = actor_start(scene, "holder");
	struct actor *reader = actor_start(scene, "reader");
	bool goes_on = needs_failing_memory(scene);
	int refused = 0;

	actor_lock(holder, in_the_way);
	for (int nth = 1; goes_on && scene_goes_on(scene); nth++) {
		scene->shared->number[ANSWER] = NOT_ASKED;
		scene->shared->number[NTH] = nth;
		actor_do(reader, query_without_memory, NULL);
		goes_on = failed(scene);
		refused += result(scene) != 0;
		holds(scene, !result(scene) || (goes_on && result(scene) == -ENOMEM),
		      "with allocation %d failing, F_GETLK: %s", nth, strerror(-result(scene)));
		holds(scene, scene->shared->number[ANSWER] == (result(scene) ? UNCHANGED : RIGHT),
		      "with allocation %d failing, F_GETLK %s, and its answer was %s", nth,
		      result(scene) ? "failed" : "succeeded",
		      scene->shared->number[ANSWER] == UNCHANGED ? "the question" :
		      scene->shared->number[ANSWER] == RIGHT ? "right" : "wrong");
	}
	holds(scene, refused > 0, "no query has been refused");
}

/* ---- /proc/locks ---- */

/*
 * Return how often the file is named, or -errno; -E2BIG if there is more than fits. Read
 * once: a second read would get its memory.
 */
static int count_lines(const char *file)
{
	static char text[1 << 16];
	int fd = open("/proc/locks", O_RDONLY | O_CLOEXEC), err = 0, count = 0;
	ssize_t length = 0, got = 1;

	if (fd < 0)
		return -errno;
	while (got > 0) {
		got = read(fd, text + length, sizeof(text) - 1 - length);
		if (got < 0)
			err = -errno;
		else
			length += got;
	}
	close(fd);
	text[length] = '\0';
	for (const char *at = text; (at = strstr(at, file)); at++)
		count++;
	if (!err && length == sizeof(text) - 1)
		err = -E2BIG;
	return err ? err : count;
}

struct listing {
	char file[60];		/* the numbers of the file, as /proc/locks has them */
	int lines;		/* or -errno */
};

static int list(struct actor *self, void *arg)
{
	struct listing *listing = arg;

	(void)self;
	listing->lines = count_lines(listing->file);
	return listing->lines < 0 ? listing->lines : 0;
}

static int read_without_memory(struct actor *self, void *arg)
{
	unsigned long long *number = self->scene->shared->number;
	struct listing listing = { 0 };
	int ret;

	(void)arg;
	snprintf(listing.file, sizeof(listing.file), " %02x:%02x:%llu ", major(number[DEVICE]),
		 minor(number[DEVICE]), number[INODE]);
	many_locks_await_end();
	ret = without_memory(self, list, &listing);
	number[ANSWER] = listing.lines;
	return listing.lines == -E2BIG ? -E2BIG : ret;
}

/* Again if a line is missing: any process may have released a lock meanwhile (listing.h). */
static void read_until_complete(struct actor *reader, int nth)
{
	struct scene *scene = reader->scene;
	bool right = false;

	for (int reads = 0; !right && reads < READS && scene_goes_on(scene); reads++) {
		scene->shared->number[NTH] = nth;
		actor_do(reader, read_without_memory, NULL);
		right = result(scene) || scene->shared->number[ANSWER] == 2;
	}
}

PRACTICE(FILE_LOCKS, proc_locks_without_memory_is_complete_or_an_error)
{
	struct actor *holder = actor_start(scene, "holder");
	struct actor *waiter = actor_start(scene, "waiter");
	struct actor *reader = actor_start(scene, "reader");
	bool goes_on = needs_failing_memory(scene);
	struct stat file = { 0 };
	int refused = 0;

	sets_up(scene, fstat(scene->site->fd, &file), "fstat");
	scene->shared->number[DEVICE] = file.st_dev;
	scene->shared->number[INODE] = file.st_ino;
	actor_lock(holder, EXCLUSIVE);
	actor_queue(waiter, EXCLUSIVE);
	for (int nth = 1; goes_on && scene_goes_on(scene); nth++) {
		read_until_complete(reader, nth);
		goes_on = failed(scene);
		refused += result(scene) != 0;
		holds(scene, result(scene) ? goes_on : scene->shared->number[ANSWER] == 2,
		      "with allocation %d failing, /proc/locks: %s, and %d lines about the file",
		      nth, strerror(-result(scene)), (int)scene->shared->number[ANSWER]);
	}
	holds(scene, refused > 0, "whichever allocation failed, /proc/locks could be read");
	actor_unlock(holder);
	actor_await(waiter);
}

CLAIM_MAIN
