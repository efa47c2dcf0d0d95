// SPDX-License-Identifier: GPL-2.0
/*
 * Listing: are the locks that exist those that /proc/locks and /proc/PID/fdinfo list?
 *
 * /proc/locks is read page by page, and in between the kernel keeps only the number of the
 * line that comes next. When a lock before it comes or goes, a line is read twice or not at
 * all. Nobody promises more, and anybody on the machine may lock something; so what is looked
 * for is read again until it is found, READS times at most. What belongs to one line, a holder
 * and all who wait for it, is read at one moment, and so is the fdinfo of a descriptor.
 */
#include "listed.h"

#define READS	50
#define LINES	8

static struct proc_lock lines[LINES];
static char difference[160];

/* The line that tells of this request. */
static struct proc_lock line_of(const struct actor *actor, struct lock_request request, int depth)
{
	enum lock_kind kind = actor->scene->site->kind;
	struct proc_lock line = {
		.depth = depth,
		.pid = kind == LOCK_OFD ? -1 : actor->board->tid,
		.start = request.start,
		.end = request.len ? request.start + request.len - 1 : PROC_LOCK_END,
	};

	strcpy(line.kind, kind == LOCK_OFD ? "OFDLCK" : kind == LOCK_FLOCK ? "FLOCK" : "POSIX");
	strcpy(line.mode, request.mode == MODE_SHARED ? "READ" : "WRITE");
	return line;
}

/* Where lines do not tell by their pid whose they are, they do by their range. */
static struct lock_request on(const struct scene *scene, enum lock_mode mode, off_t start,
			      off_t len)
{
	if (!(lock_kind_traits(scene->site->kind) & TRAIT_RANGES))
		return (struct lock_request){ .mode = mode };
	return (struct lock_request){ mode, start, len, 0 };
}

static bool same(const struct proc_lock *a, const struct proc_lock *b)
{
	return a->depth == b->depth && !strcmp(a->kind, b->kind) && !strcmp(a->mode, b->mode) &&
	       a->pid == b->pid && a->start == b->start && a->end == b->end;
}

static void describe(char *text, size_t size, const struct proc_lock *line)
{
	snprintf(text, size, "%d deep %s %s %d %lld %lld", line->depth, line->kind, line->mode,
		 (int)line->pid, line->start, line->end);
}

/* Are the @count lines read those expected, a waiter under the number of its holder? */
static bool are(int count, const struct proc_lock *expected, int wanted)
{
	char right[60], wrong[60];

	if (count < 0)
		snprintf(difference, sizeof(difference), "%s", strerror(-count));
	else
		snprintf(difference, sizeof(difference), "%d lines, not %d", count, wanted);
	for (int i = 0; i < count && i < wanted; i++) {
		if (same(&lines[i], &expected[i]) &&
		    (!expected[i].depth || lines[i].id == lines[i - 1].id))
			continue;
		describe(right, sizeof(right), &expected[i]);
		describe(wrong, sizeof(wrong), &lines[i]);
		snprintf(difference, sizeof(difference), "line %d is not %.60s but %.60s under %d",
			 i + 1, right, wrong, lines[i].id);
		return false;
	}
	return count == wanted;
}

static bool are_listed(struct scene *scene, const struct proc_lock *expected, int wanted)
{
	for (int i = 0; i < READS && !scene->trouble[0]; i++) {
		int count = proc_locks_read(scene->site->fd, lines, LINES);

		if (are(count, expected, wanted))
			return true;
	}
	return false;
}

#define ARE_LISTED(...) do { \
	const struct proc_lock listed[] = { __VA_ARGS__ }; \
	HOLDS(are_listed(&self->scene, listed, ARRAY_SIZE(listed)), "another list", \
	      "/proc/locks: %s", difference); \
} while (0)

/* Of the @wanted lines those that are at most one level deep, in place. How many they are. */
static int without_nested(struct proc_lock *expected, int wanted)
{
	int count = 0;

	for (int i = 0; i < wanted; i++) {
		if (expected[i].depth <= 1)
			expected[count++] = expected[i];
	}
	return count;
}

/*
 * Before 5.13, who waits for a holder has a line, and who waits for a waiter has none; the others
 * have to be there all the same.
 */
#define ARE_LISTED_IF_NESTED(...) do { \
	struct proc_lock nested[] = { __VA_ARGS__ }; \
	bool all = are_listed(&self->scene, nested, ARRAY_SIZE(nested)); \
	int shallow = without_nested(nested, ARRAY_SIZE(nested)); \
	HOLDS(all || (!release_is_since(5, 13) && are_listed(&self->scene, nested, shallow)), \
	      "another list", "/proc/locks: %s", difference); \
	SKIPS_UNLESS(all, "one level of waiters is listed here"); \
} while (0)

CLASS(promise);

/*
 * proc_locks(5), once part of proc(5): "FLOCK This is a BSD file lock", OFDLCK, POSIX; "READ This
 * is a POSIX or OFD read lock, or a BSD shared lock"; "The PID of the process that owns the lock",
 * "the value -1 is displayed in this field for OFD locks"; the first byte and the last, which of
 * an flock are always 0 and EOF.
 */
CLAIM(promise, TRAIT_FILE, a_lock_is_listed_as_what_it_is)
{
	bool shared = lock_kind_traits(self->scene.site->kind) & TRAIT_SHARED;
	struct actor *holder = actor_start(&self->scene, "holder");

	IS_LISTED_HERE();
	for (enum lock_mode mode = shared ? MODE_SHARED : MODE_EXCLUSIVE; mode <= MODE_EXCLUSIVE;
	     mode++) {
		struct lock_request part = on(&self->scene, mode, 10, 10);
		struct lock_request all = on(&self->scene, mode, 0, 0);

		actor_lock(holder, part);
		ARE_LISTED(line_of(holder, part, 0));
		actor_lock(holder, all);
		ARE_LISTED(line_of(holder, all, 0));
		actor_unlock(holder);
	}
}

/* proc_locks(5): "This file shows current file locks". */
CLAIM(promise, TRAIT_FILE, a_released_lock_is_listed_no_more)
{
	struct actor *holder = actor_start(&self->scene, "holder");

	IS_LISTED_HERE();
	actor_lock(holder, EXCLUSIVE);
	ARE_LISTED(line_of(holder, EXCLUSIVE, 0));
	actor_unlock(holder);
	HOLDS(are_listed(&self->scene, NULL, 0), "a released lock is listed",
	      "nobody holds a lock, and /proc/locks has %s", difference);
}

CLASS(practice);

/*
 *	holder     [0................9]
 *	 -> waiter       [5................14]
 */
CLAIM(practice, TRAIT_FILE, a_waiter_is_listed_below_the_holder)
{
	struct lock_request held = on(&self->scene, MODE_EXCLUSIVE, 0, 10);
	struct lock_request wanted = on(&self->scene, MODE_EXCLUSIVE, 5, 10);
	struct actor *holder = actor_start(&self->scene, "holder");
	struct actor *waiter = actor_start(&self->scene, "waiter");

	IS_LISTED_HERE();
	actor_lock(holder, held);
	actor_queue(waiter, wanted);
	ARE_LISTED(line_of(holder, held, 0), line_of(waiter, wanted, 1));
	actor_unlock(holder);
	actor_await(waiter);
	ARE_LISTED(line_of(waiter, wanted, 0));
}

CLAIM(practice, TRAIT_FILE, queued_writers_are_listed_one_below_the_other)
{
	struct actor *holder = actor_start(&self->scene, "holder"), *writer[3];
	struct lock_request wanted[3];

	IS_LISTED_HERE();
	actor_lock(holder, EXCLUSIVE);
	for (int i = 0; i < 3; i++) {
		wanted[i] = on(&self->scene, MODE_EXCLUSIVE, 0, i + 1);
		writer[i] = actor_start_nth(&self->scene, "writer", i + 1);
		actor_queue(writer[i], wanted[i]);
	}
	ARE_LISTED_IF_NESTED(line_of(holder, EXCLUSIVE, 0), line_of(writer[0], wanted[0], 1),
			     line_of(writer[1], wanted[1], 2), line_of(writer[2], wanted[2], 3));
}

/*
 *	holder       HHHHH
 *	 -> reader1   wwww
 *	  -> writer     ww	would have to wait for both readers; the first is enough
 *	 -> reader2    www
 */
#define READERS_QUEUE() \
	struct lock_request first = on(&self->scene, MODE_SHARED, 0, 1); \
	struct lock_request second = on(&self->scene, MODE_SHARED, 0, 2); \
	struct actor *holder = actor_start(&self->scene, "holder"); \
	struct actor *reader1 = actor_start(&self->scene, "reader1"); \
	struct actor *reader2 = actor_start(&self->scene, "reader2"); \
	IS_LISTED_HERE(); \
	actor_lock(holder, EXCLUSIVE); \
	actor_queue(reader1, first); \
	actor_queue(reader2, second)

CLAIM(practice, TRAIT_FILE | TRAIT_SHARED, queued_readers_are_listed_side_by_side)
{
	READERS_QUEUE();
	ARE_LISTED(line_of(holder, EXCLUSIVE, 0), line_of(reader1, first, 1),
		   line_of(reader2, second, 1));
}

CLAIM(practice, TRAIT_FILE | TRAIT_SHARED, a_queued_writer_is_listed_below_the_first_reader)
{
	struct lock_request third = on(&self->scene, MODE_EXCLUSIVE, 0, 3);
	struct actor *writer = actor_start(&self->scene, "writer");

	READERS_QUEUE();
	actor_queue(writer, third);
	ARE_LISTED_IF_NESTED(line_of(holder, EXCLUSIVE, 0), line_of(reader1, first, 1),
			     line_of(writer, third, 2), line_of(reader2, second, 1));
}

/* The number of the first (PROC_PID_INIT_INO), or no file where the kernel has none at all. */
static bool in_first_pid_namespace(void)
{
	char name[40] = "";

	return readlink("/proc/self/ns/pid", name, sizeof(name) - 1) < 0 ||
	       !strcmp(name, "pid:[4026531836]");
}

/*
 * The test itself keeps the description, and with it the lock. In 4.18 the line was gone with
 * the process (commit 826d7bc9f013); in a pid namespace it still is, but for OFD locks.
 */
CLAIM(practice, TRAIT_OWNED_BY_DESCRIPTION, the_lock_of_a_dead_process_is_still_listed)
{
	struct actor *holder = actor_start_with(&self->scene, ACTOR_PROCESS, DESCRIPTION_INHERITED,
						"holder", 0);

	IS_LISTED_HERE();
	SKIPS_UNLESS(self->scene.site->kind == LOCK_OFD || in_first_pid_namespace(),
		     "in a pid namespace, which hides it");
	actor_lock(holder, EXCLUSIVE);
	actor_exit(holder);
	ARE_LISTED(line_of(holder, EXCLUSIVE, 0));
}

/*
 * Holder and alias share a description and its number. The lock is the alias's own where it
 * belongs to the description, and not where it belongs to the process. Who waits is not listed.
 */
CLAIM(practice, TRAIT_FILE, fdinfo_lists_a_lock_with_its_owner_alone)
{
	bool shared = lock_kind_traits(self->scene.site->kind) & TRAIT_OWNED_BY_DESCRIPTION;
	struct actor *holder = actor_start_with(&self->scene, ACTOR_PROCESS, DESCRIPTION_INHERITED,
						"holder", 0);
	struct actor *alias = actor_start_with(&self->scene, ACTOR_PROCESS, DESCRIPTION_INHERITED,
					       "alias", 0);
	struct actor *waiter = actor_start(&self->scene, "waiter");
	struct lock_request part = on(&self->scene, MODE_EXCLUSIVE, 10, 10);
	int fd = self->scene.site->fd, count;
	struct proc_lock expected;

	IS_LISTED_HERE();
	actor_lock(holder, part);
	actor_queue(waiter, EXCLUSIVE);
	expected = line_of(holder, part, 0);
	count = proc_locks_fdinfo(holder->pid, fd, lines, LINES);
	HOLDS(are(count, &expected, 1), "another list", "fdinfo of the holder: %s", difference);
	count = proc_locks_fdinfo(alias->pid, fd, lines, LINES);
	HOLDS(are(count, &expected, shared), "another list", "fdinfo of the alias: %s",
	      difference);
	count = proc_locks_fdinfo(getpid(), fd, lines, LINES);
	HOLDS(are(count, &expected, shared), "another list", "fdinfo of the test: %s", difference);
	actor_unlock(alias);
	count = proc_locks_fdinfo(holder->pid, fd, lines, LINES);
	HOLDS(are(count, &expected, !shared), "another list",
	      "after a release by the alias, fdinfo of the holder: %s", difference);
}

EXPECTATION_MAIN
