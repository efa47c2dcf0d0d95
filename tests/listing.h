/* SPDX-License-Identifier: GPL-2.0 */
/*
 * listing: the lines that /proc should have for the actors of a scene, and those that it has.
 *
 * /proc/locks is read page by page, and from one page to the next the kernel keeps only the number
 * of the next line. When a lock before that comes or goes, a line is read twice or not at all.
 * Nobody promises more, and any process on the machine may take or release locks; so a test reads
 * it up to READS times, until it finds what it expects. A holder and all its waiters are read at
 * one moment, and so is the fdinfo of a descriptor.
 */
#ifndef LOCKFAIR_LISTING_H
#define LOCKFAIR_LISTING_H

#include "claim/claim.h"
#include "network.h"
#include "system/proc_locks.h"

#define LINES	8
#define READS	50

/* NFS and SMB list a flock that is made of fcntl locks as a flock, 9p lists it as what it is. */
static inline const char *listed_kind(const struct scene *scene)
{
	enum lock_kind kind = scene->site->kind;

	if (kind == KIND_OFD)
		return "OFDLCK";
	return kind == KIND_FLOCK && !(emulates_flock(scene) && is_9p(scene)) ? "FLOCK" : "POSIX";
}

/* The line about this request of an actor that is a process and has not ended. */
static inline struct proc_lock line_of(const struct actor *actor, struct lock_request request,
				       int depth)
{
	enum lock_kind kind = actor->scene->site->kind;
	struct proc_lock line = {
		.depth = depth,
		.pid = kind == KIND_OFD ? -1 : actor->pid,
		.start = request.start,
		.end = request.len ? request.start + request.len - 1 : PROC_LOCK_END,
	};

	snprintf(line.kind, sizeof(line.kind), "%s", listed_kind(actor->scene));
	snprintf(line.rule, sizeof(line.rule), "ADVISORY");
	snprintf(line.mode, sizeof(line.mode), "%s",
		 request.mode == MODE_SHARED ? "READ" : "WRITE");
	return line;
}

/* Give each OFD lock a range of its own: its line has no pid that says whose lock it is. */
static inline struct lock_request on(const struct scene *scene, enum lock_mode mode, off_t start,
				     off_t len)
{
	if (!is_kind(scene, RECORD_LOCKS))
		return (struct lock_request){ .mode = mode };
	return (struct lock_request){ mode, start, len, 0 };
}

/* Copy the lines that are at most one level deep. Return their number. */
static inline int copy_shallow(struct proc_lock *to, const struct proc_lock *from, int count)
{
	int copied = 0;

	for (int i = 0; i < count; i++) {
		if (from[i].depth <= 1)
			to[copied++] = from[i];
	}
	return copied;
}

static inline bool same(const struct proc_lock *a, const struct proc_lock *b)
{
	return a->depth == b->depth && !strcmp(a->kind, b->kind) && !strcmp(a->rule, b->rule) &&
	       !strcmp(a->mode, b->mode) && a->pid == b->pid && a->start == b->start &&
	       a->end == b->end;
}

static inline void describe(char *text, size_t size, const struct proc_lock *line)
{
	snprintf(text, size, "%d deep %s %s %s %d %lld %lld", line->depth, line->kind, line->rule,
		 line->mode, (int)line->pid, line->start, line->end);
}

/* The lines that were read last, and how they differ from those expected. */
static struct proc_lock lines[LINES];
static char difference[200];

/* Do the @count lines match the expected ones, and does a waiter have its holder's number? */
static inline bool are(int count, const struct proc_lock *expected, int wanted)
{
	char right[80], wrong[80];

	if (count < 0)
		snprintf(difference, sizeof(difference), "%s", strerror(-count));
	else
		snprintf(difference, sizeof(difference), "%d lines, not %d", count, wanted);
	for (int i = 0; i < count && i < wanted; i++) {
		if (same(&lines[i], &expected[i]) &&
		    (!expected[i].depth || (i && lines[i].id == lines[i - 1].id)))
			continue;
		describe(right, sizeof(right), &expected[i]);
		describe(wrong, sizeof(wrong), &lines[i]);
		snprintf(difference, sizeof(difference), "line %d is not %.80s but %.80s under %d",
			 i + 1, right, wrong, lines[i].id);
		return false;
	}
	return count == wanted;
}

/*
 * A client of NFS waits with requests that only look (FL_ACCESS), and asks for the lock when nobody
 * is in the way: fs/locks.c lists such a waiter as ACCESS. Take that for the kind expected.
 */
static inline void take_looks_for_waiters(int count, const struct proc_lock *expected,
					  int wanted)
{
	for (int i = 0; i < count && i < wanted; i++) {
		if (lines[i].depth && !strcmp(lines[i].kind, "ACCESS"))
			memcpy(lines[i].kind, expected[i].kind, sizeof(lines[i].kind));
	}
}

static inline bool are_listed(struct scene *scene, const struct proc_lock *expected, int wanted)
{
	for (int i = 0; i < wanted; i++) {
		if (expected[i].depth)
			scene_needs(scene, LACKS_WAITERS);
	}
	for (int i = 0; i < READS && scene_goes_on(scene); i++) {
		int count = proc_locks_read(scene->site->fd, lines, LINES);

		if (!lock_is_local(scene->site))
			take_looks_for_waiters(count, expected, wanted);
		if (are(count, expected, wanted))
			return true;
	}
	return false;
}

/* ---- for the end of a scenario, as holds() ---- */

static inline bool list_is(struct scene *scene, const struct proc_lock *expected, int wanted)
{
	return holds(scene, are_listed(scene, expected, wanted), "/proc/locks: %s", difference);
}

static inline bool fdinfo_is(struct scene *scene, const char *whose, pid_t pid,
			     const struct proc_lock *expected, int wanted)
{
	int count = proc_locks_fdinfo(pid, scene->site->fd, lines, LINES);

	if (wanted && !are_in_fdinfo(scene, count))
		return false;
	return holds(scene, are(count, expected, wanted), "%s: %s", whose, difference);
}

/* ---- whose lock it is ---- */

/*
 * The first pid namespace has a fixed number (PROC_PID_INIT_INO); a kernel without pid namespaces
 * does not have the file.
 */
static inline bool in_first_pid_namespace(void)
{
	char name[40] = "";

	return readlink("/proc/self/ns/pid", name, sizeof(name) - 1) < 0 ||
	       !strcmp(name, "pid:[4026531836]");
}

/* Elsewhere the line of a process that is gone is missing, unless it is an OFD lock's. */
static inline bool needs_lines_of_the_dead(struct scene *scene)
{
	return skip_unless(scene, is_kind(scene, OFD) || in_first_pid_namespace(),
			   "in a pid namespace, which hides it");
}

#endif /* LOCKFAIR_LISTING_H */
