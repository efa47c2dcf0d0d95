// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "model/lines.h"
#include "system/many_locks.h"
#include "system/proc_locks.h"

int lines_name_files(struct lines_reader *reader, const struct stage *stage)
{
	for (int i = 0; i < MODEL_FILES; i++) {
		struct stat file;

		if (fstat(stage->file[i], &file) < 0)
			return -errno;
		snprintf(reader->tag[i], sizeof(reader->tag[i]), " %02x:%02x:%lu ",
			 major(file.st_dev), minor(file.st_dev), (unsigned long)file.st_ino);
	}
	return 0;
}

int lines_open(struct lines_reader *reader, const struct stage *stage)
{
	*reader = (struct lines_reader){
		.fd = open("/proc/locks", O_RDONLY | O_CLOEXEC), .page = sysconf(_SC_PAGESIZE),
	};
	return lines_name_files(reader, stage);
}

void lines_close(struct lines_reader *reader)
{
	if (reader->fd >= 0)
		close(reader->fd);
	reader->fd = -1;
}

/* ---- reading ---- */

static bool understand_line(const struct stage *stage, const char *text, struct model_line *line)
{
	struct proc_lock lock;
	unsigned int actors;
	off_t len;

	if (!proc_locks_parse(text, &lock))
		return false;
	*line = (struct model_line){ .depth = lock.depth, .actor = MODEL_ACTORS };
	line->kind = !strcmp(lock.kind, "OFDLCK") ? KIND_OFD :
		     !strcmp(lock.kind, "FLOCK") ? KIND_FLOCK : KIND_POSIX;
	line->mode = strcmp(lock.mode, "READ") ? MODE_EXCLUSIVE : MODE_SHARED;
	len = lock.end == PROC_LOCK_END ? 0 : lock.end + 1 - lock.start;
	/* flock: all of the file, whatever the cells are */
	line->cells = line->kind == KIND_FLOCK ? MODEL_WHOLE :
		scenario_cells(stage->scenario, lock.start, len);
	actors = stage_actors(stage, lock.pid);
	if (line->kind == KIND_POSIX && stage->processes && actors)
		line->actor = model_lowest(actors);
	return true;
}

/*
 * fs/locks.c, locks_start(): nothing changes while a page is made, but between two pages others may
 * lock and unlock, and the rest moves: lines are missed, or come twice. But a lock comes in one
 * page with all its waiters. So what a page shows was there, all at once; and only a page that had
 * room for it proves that something was not there.
 */
#define LONGEST_LOCKS	65536	/* reading more after each step would take too long */
#define LONGEST_LOCK	1024	/* with its waiters */
#define LONGEST_PAUSE	100	/* steps */

static void understand_page(const struct lines_reader *reader, const struct stage *stage,
			    char *text, struct lines *page)
{
	char *line, *end;

	memset(page, 0, sizeof(*page));
	for (line = text; (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		for (int file = 0; file < MODEL_FILES; file++) {
			int *count = &page->count[file];

			if (strstr(line, reader->tag[file]) && *count < LINES_ROOM &&
			    understand_line(stage, line, &page->line[file][*count]))
				++*count;
		}
	}
}

/* Count the lines of a lock and of the waiters below it. */
static int lines_of_lock(const struct model_line *line, int lines)
{
	int count = 1;

	while (count < lines && line[count].depth)
		count++;
	return count;
}

/* Count how often these lines, a lock and the waiters below it, appear. */
static int times_there(const struct model_line *line, int lines, const struct model_line *lock,
		       int length)
{
	int times = 0;

	for (int at = 0, next; at < lines; at += next) {
		next = lines_of_lock(line + at, lines - at);
		times += next == length && !memcmp(line + at, lock, length * sizeof(*lock));
	}
	return times;
}

/* The same lines twice in one page are two locks; in two pages they may be one lock. */
static void add_page(const struct lines *page, struct lines *known)
{
	for (int file = 0; file < MODEL_FILES; file++) {
		const struct model_line *line = page->line[file];
		int *lines = &known->count[file];

		for (int at = 0, next; at < page->count[file]; at += next) {
			next = lines_of_lock(line + at, page->count[file] - at);
			if (times_there(known->line[file], *lines, line + at, next) >=
			    times_there(line, at + next, line + at, next) ||
			    *lines + next > LINES_ROOM)
				continue;
			memcpy(&known->line[file][*lines], line + at, next * sizeof(*line));
			*lines += next;
		}
	}
}

bool lines_read(struct lines_reader *reader, const struct stage *stage, struct lines *known,
		enum lines_extent *extent)
{
	char text[LONGEST_LOCKS + 1];
	struct lines page = { 0 };
	off_t at = 0;
	ssize_t got;
	int pages = 0;

	if (reader->pause > 0) {
		reader->pause--;
		return false;
	}
	many_locks_await_end();
	while ((got = pread(reader->fd, text, LONGEST_LOCKS - at, at)) > 0) {
		at += got;
		if (at == LONGEST_LOCKS)
			break;
		text[got] = '\0';
		understand_page(reader, stage, text, &page);
		add_page(&page, known);
		pages++;
	}
	*extent = pages > 1 || at + LONGEST_LOCK > reader->page ? LINES_IN_PART : LINES_ALL;
	if (*extent == LINES_ALL)
		*known = page;
	reader->pause = got ? LONGEST_PAUSE : 0;
	return !got;
}

/* ---- comparing ---- */

/* A lock and the waiters below it, as a text for sorting. */
struct block {
	char text[4 * (MODEL_ACTORS + 1) + 1];
};

static int order_of_blocks(const void *a, const void *b)
{
	return strcmp(((const struct block *)a)->text, ((const struct block *)b)->text);
}

/* Split the lines into blocks. Return their number, or -1 if the lines do not form blocks. */
static int make_blocks(const struct model_line *line, int lines, int depth, bool processes,
		       struct block *block)
{
	int count = 0, at = 0;

	for (; lines--; line++) {
		if (line->depth > depth)
			continue;
		if (!line->depth) {
			at = 0;
			count++;
		}
		if (!count || at + 4 >= (int)sizeof(block->text))
			return -1;
		block[count - 1].text[at++] = 'a' + line->depth;
		block[count - 1].text[at++] = 'a' + line->kind * 2 + line->mode;
		block[count - 1].text[at++] = 1 + line->cells;
		block[count - 1].text[at++] = 'a' + (processes ? line->actor : MODEL_ACTORS);
		block[count - 1].text[at] = '\0';
	}
	qsort(block, count, sizeof(*block), order_of_blocks);
	return count;
}

/* Does each block that was seen exist, and may each block that was not seen have been missed? */
static bool blocks_match(const struct block *seen, int count, const struct block *there, int all,
			 enum lines_extent extent)
{
	int found = 0;

	for (int i = 0; i < all; i++) {
		bool twin = found && !strcmp(seen[found - 1].text, there[i].text);

		if (found < count && !strcmp(seen[found].text, there[i].text))
			found++;
		else if (extent == LINES_ALL || (extent == LINES_ONCE && !twin))
			return false;
	}
	return found == count;
}

bool lines_match(const struct lines *known, enum lines_extent extent, int depth, bool processes,
		 const struct model_state *state, int *file)
{
	for (int i = 0; i < MODEL_FILES; i++) {
		struct block seen[LINES_ROOM], there[MODEL_LINES];
		struct model_line line[MODEL_LINES];
		int count, all;

		*file = i;
		count = make_blocks(known->line[i], known->count[i], depth, processes, seen);
		all = make_blocks(line, model_lines(state, i, line), depth, processes, there);
		if (count < 0 || !blocks_match(seen, count, there, all, extent))
			return false;
	}
	return true;
}
