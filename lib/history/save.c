// SPDX-License-Identifier: GPL-2.0
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "history/save.h"

#define FORMAT	"lockfair history 1"

static const char * const names[] = {
	[HISTORY_REQUEST] = "request", [HISTORY_QUEUED] = "queued", [HISTORY_GRANT] = "grant",
	[HISTORY_REFUSE] = "refuse", [HISTORY_RELEASE] = "release", [HISTORY_MARK] = "mark",
};

#define NAMES	((int)(sizeof(names) / sizeof(*names)))

static void save_event(const struct history_event *e, FILE *stream)
{
	fprintf(stream, "event\t%s\t%d\t%s\t%lld\t%lld\t%d\t%c\n", names[e->what], e->row,
		e->mode == MODE_SHARED ? "shared" : "exclusive", (long long)e->start,
		(long long)e->len, e->site, e->mark ? e->mark : '-');
}

int history_save(const struct history *history, FILE *stream)
{
	int length = history_length(history);

	fprintf(stream, "%s\t%s\n", FORMAT, history->drops ? "drops" : "keeps");
	for (int i = 0; i < history->rows; i++)
		fprintf(stream, "row\t%d\t%s\n", i, history->name[i]);
	for (int at = 0; at < length; at++) {
		/* The task counted this event, and was killed before it wrote it. */
		if (history->event[at].what)
			save_event(&history->event[at], stream);
	}
	return ferror(stream) ? -EIO : 0;
}

static int what_is(const char *name)
{
	for (int what = HISTORY_REQUEST; what < NAMES; what++) {
		if (!strcmp(names[what], name))
			return what;
	}
	return 0;
}

static bool load_event(struct history *history, const char *line)
{
	char what[16], mode[16], mark;
	long long start, len;
	int row, site, kind;

	if (sscanf(line, "event\t%15s\t%d\t%15s\t%lld\t%lld\t%d\t%c", what, &row, mode, &start,
		   &len, &site, &mark) != 7)
		return false;
	kind = what_is(what);
	if (!kind || row < 0 || row >= history->rows)
		return false;
	if (kind == HISTORY_MARK) {
		history_mark(history, row, mark);
	} else {
		struct lock_request request = {
			.mode = strcmp(mode, "shared") ? MODE_EXCLUSIVE : MODE_SHARED,
			.start = start, .len = len, .site = site,
		};

		history_add(history, row, kind, &request);
	}
	return true;
}

static bool load_row(struct history *history, const char *line)
{
	char name[HISTORY_NAME];
	int row;

	static_assert(HISTORY_NAME == 16, "the width below");
	return sscanf(line, "row\t%d\t%15[^\n]", &row, name) == 2 && row == history->rows &&
	       history_row(history, name) == row;
}

int history_load(struct history *history, FILE *stream)
{
	char line[128];

	history_clear(history);
	for (int number = 1; fgets(line, sizeof(line), stream); number++) {
		bool known;

		if (number == 1) {
			known = !strncmp(line, FORMAT "\t", sizeof(FORMAT));
			history->drops = strstr(line, "\tdrops");
		} else {
			known = load_event(history, line) || load_row(history, line);
		}
		if (!known)
			return number;
	}
	return ferror(stream) ? -EIO : 0;
}
