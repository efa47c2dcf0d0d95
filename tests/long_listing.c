// SPDX-License-Identifier: GPL-2.0
/*
 * Long listing: what can be relied on in a list of locks that is longer than a page, while other
 * processes take and release locks?
 *
 * fs/locks.c goes through /proc/locks by number, under a lock that it drops whenever a page is
 * full. When another lock before it comes or goes in between, anywhere on the machine, a lock
 * that is held all the time may be listed twice or not at all. So a list need not be right as a
 * whole, but each line must be right in one of READS lists. At any time lines are whole, a page
 * lists nothing twice, and the fdinfo of a descriptor, which is one page however long, is right.
 */
#include <fcntl.h>

#include "listed.h"
#include "system/many_locks.h"

#define READS		50
#define ROUNDS		8
#define STANDING	240	/* a page of 4096 bytes has room for about 80 */
#define LONGEST_PAGE	65536
#define STEP		333	/* bytes: most reads end within a line */

/* ---- the locks: the holder has every other byte, another has some beyond them ---- */

static int take_many(struct actor *self, void *arg)
{
	int err = 0;

	(void)arg;
	for (int i = 0; !err && i < STANDING; i++)
		err = lock_acquire(&self->lock[0], &EXCLUSIVE_ON(2 * i, 1), false);
	return err;
}

/* Take locks and release them until a signal comes. */
static int come_and_go(struct actor *self, void *arg)
{
	bool is_first = true;
	int err = 0;

	(void)arg;
	while (!err && !__atomic_load_n(&self->shared->signals, __ATOMIC_ACQUIRE)) {
		for (int i = 0; !err && i < 20; i++)
			err = lock_acquire(&self->lock[0],
					   &EXCLUSIVE_ON(2 * (STANDING + i), 1), false);
		if (!err)
			err = lock_release(&self->lock[0], 2 * STANDING, 0);
		/* Set it even after an error: the test waits for it. */
		if (is_first && act_wake(self) && !err)
			err = -EPIPE;
		is_first = false;
	}
	return err;
}

static struct actor *start_holder(struct scene *scene)
{
	struct actor *holder = actor_start_with(scene, ACTOR_PROCESS, DESCRIPTION_INHERITED,
						"holder", 0);

	actor_do(holder, take_many, NULL);
	return holder;
}

/* When this returns, the other actor is taking and releasing locks. */
static struct actor *start_other(struct scene *scene)
{
	struct actor *other = actor_start(scene, "other");
	char wake;

	actor_begin(other, come_and_go, NULL);
	if (scene_goes_on(scene) && read(scene->wake[0], &wake, 1) != 1)
		scene_broken(scene, "read: %s", strerror(errno));
	return other;
}

static void stop(struct actor *other)
{
	actor_interrupt(other);
	actor_await(other);
}

/* ---- what is listed ---- */

/* Count how often each of the holder's locks is among these lines about its file. */
static void count_each(const struct proc_lock *list, int count, int *times)
{
	memset(times, 0, STANDING * sizeof(*times));
	for (int i = 0; i < count; i++) {
		if (list[i].start == list[i].end && list[i].start % 2 == 0 &&
		    list[i].start < 2 * STANDING)
			times[list[i].start / 2]++;
	}
}

static struct proc_lock lines[4 * STANDING];

/*
 * Read the lines of /proc/locks about the file that @mine is about, whole pages at a time. Return
 * how many there are, or -1 with errno set. Set *@often to how many locks a page lists twice.
 */
static int read_pages(const struct proc_lock *mine, int *often)
{
	static char page[LONGEST_PAGE + 1];
	int fd, count = 0;
	ssize_t got;

	*often = 0;
	many_locks_await_end();
	fd = open("/proc/locks", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	while ((got = read(fd, page, LONGEST_PAGE)) > 0) {
		int first = count, times[STANDING];

		page[got] = '\0';
		for (char *line = strtok(page, "\n"); line; line = strtok(NULL, "\n")) {
			struct proc_lock *lock = &lines[count];

			if (count < (int)ARRAY_SIZE(lines) && proc_locks_parse(line, lock) &&
			    lock->inode == mine->inode && lock->major == mine->major &&
			    lock->minor == mine->minor)
				count++;
		}
		count_each(lines + first, count - first, times);
		for (int i = 0; i < STANDING; i++)
			*often += times[i] > 1;
	}
	close(fd);
	return got < 0 ? -1 : count;
}

static bool is_number(const char *text)
{
	return text[strspn(text, "0123456789")] == '\0';
}

/* Is this a complete line about any lock or lease, from its number to its last byte? */
static bool is_whole(const char *line)
{
	char start[24], end[24], more;
	int at = 0;

	if (sscanf(line, "%*d: %n", &at) != 0 || !at)
		return false;
	if (!strncmp(line + at, "-> ", 3))
		at += 3;
	return sscanf(line + at, "%*s %*s %*[A-Z] %*d %*s %23s %23s %c", start, end, &more) == 2 &&
	       is_number(start) && (is_number(end) || !strcmp(end, "EOF"));
}

/* Read /proc/locks a few bytes at a time. Return the first line that is not whole, or NULL. */
static const char *read_bit_by_bit(int *err)
{
	/* The line of a waiter behind a thousand others is indented by a thousand columns. */
	static char text[16384];
	int fd;
	const char *torn = NULL;
	size_t length = 0;
	ssize_t got = 0;

	many_locks_await_end();
	fd = open("/proc/locks", O_RDONLY | O_CLOEXEC);
	while (!torn && (got = read(fd, text + length, STEP)) > 0) {
		char *end;

		length += got;
		text[length] = '\0';
		while (!torn && (end = strchr(text, '\n'))) {
			*end = '\0';
			if (!is_whole(text))
				torn = text;
			else
				memmove(text, end + 1, length -= end + 1 - text);
			text[length] = '\0';
		}
		if (!torn && length + STEP >= sizeof(text))
			torn = text;
	}
	*err = got < 0 ? errno : 0;
	close(fd);
	return !torn && length ? text : torn;
}

/* ---- what has to be right ---- */

/* Read the first lock in the holder's fdinfo, which says under which numbers its file is listed. */
static bool first_line(const struct actor *holder, struct proc_lock *line)
{
	struct scene *scene = holder->scene;
	int count = proc_locks_fdinfo(holder->pid, scene->site->fd, line, 1);

	are_in_fdinfo(scene, count);
	return requires(scene, count > 0, "the holder's fdinfo lists no lock");
}

PRACTICE(RECORD_LOCKS, many_locks_are_each_listed_once)
{
	struct actor *holder = start_holder(scene);
	int count, often, wrong = STANDING, first = 0, times[STANDING];
	bool right[STANDING] = { false };
	struct proc_lock mine;

	if (!needs_proc_locks(scene) || !first_line(holder, &mine))
		return;
	for (int i = 0; i < READS && wrong && scene_goes_on(scene); i++) {
		count = read_pages(&mine, &often);
		sets_up(scene, count, "/proc/locks");
		count_each(lines, count, times);
		wrong = 0;
		for (int j = 0; j < STANDING; j++) {
			right[j] |= times[j] == 1;
			if (!right[j] && !wrong++)
				first = j;
		}
	}
	holds(scene, !wrong,
	      "%d of the holder's %d locks are in no list just once, the first of them on byte %d",
	      wrong, STANDING, 2 * first);
}

PRACTICE(RECORD_LOCKS, no_page_lists_a_lock_twice)
{
	struct actor *holder = start_holder(scene), *other;
	struct proc_lock mine;
	int count, often, most = 0;

	if (!needs_proc_locks(scene) || !first_line(holder, &mine))
		return;
	other = start_other(scene);
	for (int i = 0; i < ROUNDS && scene_goes_on(scene); i++) {
		count = read_pages(&mine, &often);
		sets_up(scene, count, "/proc/locks");
		most = count > most ? count : most;
		holds(scene, !often, "while another came and went, %d of the holder's locks",
		      often);
	}
	stop(other);
	requires(scene, most > STANDING / 2, "the pages have %d lines of %d locks", most, STANDING);
}

PRACTICE(RECORD_LOCKS, no_line_is_torn_while_others_come_and_go)
{
	struct actor *other;
	int err;

	if (!needs_proc_locks(scene))
		return;
	start_holder(scene);
	other = start_other(scene);
	for (int i = 0; i < ROUNDS && scene_goes_on(scene); i++) {
		const char *torn = read_bit_by_bit(&err);

		if (err)
			scene_broken(scene, "/proc/locks: %s", strerror(err));
		holds(scene, !torn, "\"%.200s\"", torn);
	}
	stop(other);
}

/* The other actor is another owner: its locks do not belong to the holder's descriptor. */
PRACTICE(RECORD_LOCKS, fdinfo_is_complete_while_others_come_and_go)
{
	struct actor *holder = start_holder(scene), *other;

	if (!needs_proc_locks(scene))
		return;
	other = start_other(scene);
	for (int i = 0; i < ROUNDS && scene_goes_on(scene); i++) {
		int count = proc_locks_fdinfo(holder->pid, scene->site->fd, lines,
					      ARRAY_SIZE(lines));
		int times[STANDING], never = 0;

		if (!are_in_fdinfo(scene, count))
			break;
		count_each(lines, count, times);
		for (int j = 0; j < STANDING; j++)
			never += !times[j];
		holds(scene, count == STANDING && !never,
		      "%d lines of %d locks, and %d are not listed", count, STANDING, never);
	}
	stop(other);
}

CLAIM_MAIN
