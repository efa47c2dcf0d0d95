// SPDX-License-Identifier: GPL-2.0
/*
 * Long listing: what is right in a list of locks that is longer than a page, and while others
 * take locks and let go of them?
 *
 * fs/locks.c goes through /proc/locks by number, under a lock that it drops whenever a page is
 * full. So one that stands all the time may be listed twice, or not at all, if another before it
 * comes or goes in between, anywhere on the machine. That a list is right as a whole is not to be
 * seen, then; but each line must be right in some of READS lists. What is right at any time is
 * that lines are whole, that a page lists nothing twice, and the fdinfo of a descriptor, which is
 * one page however long.
 */
#include <fcntl.h>

#include "listed.h"

#define READS		50
#define ROUNDS		8
#define STANDING	240	/* a page of 4096 bytes has room for about 80 */
#define LONGEST_PAGE	65536
#define STEP		333	/* bytes: most reads end within a line */

/* ---- the locks: the holder's, on every other byte, and those of the others behind ---- */

static int take_many(struct actor *self, void *arg)
{
	int err = 0;

	(void)arg;
	for (int i = 0; !err && i < STANDING; i++)
		err = lock_acquire(&self->lock[0], &EXCLUSIVE_ON(2 * i, 1), false);
	return err;
}

/* Until it is interrupted. */
static int come_and_go(struct actor *self, void *arg)
{
	bool is_first = true;
	int err = 0;

	(void)arg;
	while (!err && !__atomic_load_n(&self->board->signals, __ATOMIC_ACQUIRE)) {
		for (int i = 0; !err && i < 20; i++)
			err = lock_acquire(&self->lock[0],
					   &EXCLUSIVE_ON(2 * (STANDING + i), 1), false);
		if (!err)
			err = lock_release(&self->lock[0], 2 * STANDING, 0);
		/* Whoever waits for this is to hear of it in any case. */
		if (is_first && act_poke(self) && !err)
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

/* When this returns the other is at it. */
static struct actor *start_other(struct scene *scene)
{
	struct actor *other = actor_start(scene, "other");
	char poke;

	actor_begin(other, come_and_go, NULL);
	if (!scene->trouble[0] && read(scene->poke[0], &poke, 1) != 1)
		trouble(scene, TROUBLE_BROKEN, "read: %s", strerror(errno));
	return other;
}

static void stop(struct actor *other)
{
	actor_interrupt(other);
	actor_await(other);
}

/* ---- what is listed ---- */

/* How often each of the holder's locks is among these lines of its file. */
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
 * The lines of /proc/locks about the file that @mine is about, whole pages at a time: how many
 * there are, or -1 with errno set. *@often: how many locks are listed twice in one page.
 */
static int read_pages(const struct proc_lock *mine, int *often)
{
	static char page[LONGEST_PAGE + 1];
	int fd = open("/proc/locks", O_RDONLY | O_CLOEXEC), count = 0;
	ssize_t got;

	if (fd < 0)
		return -1;
	*often = 0;
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

/* A line of whatever sort of lock or lease: from its number to its last byte. */
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

/* Read /proc/locks a few bytes at a time. The first line that is not whole, or NULL. */
static const char *read_bit_by_bit(int *err)
{
	/* Who waits behind a thousand others stands a thousand columns to the right. */
	static char text[16384];
	int fd = open("/proc/locks", O_RDONLY | O_CLOEXEC);
	const char *torn = NULL;
	size_t length = 0;
	ssize_t got = 0;

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

CLASS(practice);

CLAIM(practice, TRAIT_RANGES, many_locks_are_each_listed_once)
{
	struct actor *holder = start_holder(&self->scene);
	int count, often, wrong = STANDING, first = 0, times[STANDING];
	bool right[STANDING] = { false };
	struct proc_lock mine;

	HAS_PROC_LOCKS();
	count = proc_locks_fdinfo(holder->pid, self->scene.site->fd, &mine, 1);
	REQUIRES(count > 0, "the holder's fdinfo lists no lock");
	for (int i = 0; i < READS && wrong; i++) {
		SETS_UP(count = read_pages(&mine, &often));
		count_each(lines, count, times);
		wrong = 0;
		for (int j = 0; j < STANDING; j++) {
			right[j] |= times[j] == 1;
			if (!right[j] && !wrong++)
				first = j;
		}
	}
	HOLDS(!wrong, "a lock is not listed once",
	      "%d of the holder's %d locks are in no list just once, the first of them on byte %d",
	      wrong, STANDING, 2 * first);
}

CLAIM(practice, TRAIT_RANGES, no_page_lists_a_lock_twice)
{
	struct actor *holder = start_holder(&self->scene), *other;
	struct proc_lock mine;
	int count, often, most = 0;

	HAS_PROC_LOCKS();
	count = proc_locks_fdinfo(holder->pid, self->scene.site->fd, &mine, 1);
	REQUIRES(count > 0, "the holder's fdinfo lists no lock");
	other = start_other(&self->scene);
	for (int i = 0; i < ROUNDS; i++) {
		SETS_UP(count = read_pages(&mine, &often));
		most = count > most ? count : most;
		HOLDS(!often, "a page lists a lock twice",
		      "while another came and went, %d of the holder's locks", often);
	}
	stop(other);
	REQUIRES(most > STANDING / 2, "the pages have %d lines of %d locks", most, STANDING);
}

CLAIM(practice, TRAIT_RANGES, no_line_is_torn_while_others_come_and_go)
{
	struct actor *other;
	int err;

	HAS_PROC_LOCKS();
	start_holder(&self->scene);
	other = start_other(&self->scene);
	for (int i = 0; i < ROUNDS; i++) {
		const char *torn = read_bit_by_bit(&err);

		if (err)
			trouble(&self->scene, TROUBLE_BROKEN, "/proc/locks: %s", strerror(err));
		HOLDS(!torn, "a line is torn", "\"%.200s\"", torn);
	}
	stop(other);
}

/* The others are other owners, whose locks are not those of this descriptor. */
CLAIM(practice, TRAIT_RANGES, fdinfo_is_complete_while_others_come_and_go)
{
	struct actor *holder = start_holder(&self->scene), *other;

	HAS_PROC_LOCKS();
	other = start_other(&self->scene);
	for (int i = 0; i < ROUNDS; i++) {
		int count = proc_locks_fdinfo(holder->pid, self->scene.site->fd, lines,
					      ARRAY_SIZE(lines));
		int times[STANDING], never = 0;

		count_each(lines, count, times);
		for (int j = 0; j < STANDING; j++)
			never += !times[j];
		HOLDS(count == STANDING && !never, "fdinfo is not complete",
		      "%d lines of %d locks, and %d are not listed", count, STANDING, never);
	}
	stop(other);
}

EXPECTATION_MAIN
