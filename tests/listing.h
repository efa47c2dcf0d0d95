/* SPDX-License-Identifier: GPL-2.0 */
/* listing: the lines that /proc should have for the actors of a scene, and those that it has. */
#ifndef LOCKFAIR_LISTING_H
#define LOCKFAIR_LISTING_H

#include "claim/claim.h"
#include "system/proc_locks.h"

#define LINES	8

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

	snprintf(line.kind, sizeof(line.kind), "%s",
		 kind == KIND_OFD ? "OFDLCK" : kind == KIND_FLOCK ? "FLOCK" : "POSIX");
	snprintf(line.mode, sizeof(line.mode), "%s",
		 request.mode == MODE_SHARED ? "READ" : "WRITE");
	return line;
}

/* Where the pid of a line does not say whose lock it is (OFD), the range does. */
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
	return a->depth == b->depth && !strcmp(a->kind, b->kind) && !strcmp(a->mode, b->mode) &&
	       a->pid == b->pid && a->start == b->start && a->end == b->end;
}

static inline void describe(char *text, size_t size, const struct proc_lock *line)
{
	snprintf(text, size, "%d deep %s %s %d %lld %lld", line->depth, line->kind, line->mode,
		 (int)line->pid, line->start, line->end);
}

/* The lines that were read last, and how they differ from those expected. */
static struct proc_lock lines[LINES];
static char difference[160];

/* Are the @count lines read those expected, a waiter under the number of its holder? */
static inline bool are(int count, const struct proc_lock *expected, int wanted)
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

#endif /* LOCKFAIR_LISTING_H */
