// SPDX-License-Identifier: GPL-2.0
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "history/save.h"

#define FORMAT	"lockfair history 2"

static const char * const names[] = {
	[HISTORY_REQUEST] = "request", [HISTORY_QUEUED] = "queued", [HISTORY_GRANT] = "grant",
	[HISTORY_REFUSE] = "refuse", [HISTORY_RELEASE] = "release", [HISTORY_MARK] = "mark",
	[HISTORY_RETURN] = "return", [HISTORY_CLOSE] = "close", [HISTORY_OPEN] = "open",
	[HISTORY_END] = "end", [HISTORY_GONE] = "gone",
};

#define NAMES	((int)(sizeof(names) / sizeof(*names)))

static void save_event(const struct history_event *e, FILE *stream)
{
	fprintf(stream, "event\t%s\t%d\t%s\t%lld\t%lld\t%d\t%c\t%d\t%d\n", names[e->what],
		e->row, e->mode == MODE_SHARED ? "shared" : "exclusive", (long long)e->start,
		(long long)e->len, e->site, e->mark ? e->mark : '-', e->wait, e->result);
}

int history_save(const struct history *history, FILE *stream)
{
	int length = history_length(history);

	fprintf(stream, "%s\n", FORMAT);
	for (int i = 0; i < history->sites; i++)
		fprintf(stream, "site\t%d\t%d\t%s\n", i, history->site[i].file,
			lock_kind_name(history->site[i].kind));
	for (int i = 0; i < history->rows; i++)
		fprintf(stream, "row\t%d\t%d\t%s\n", i, history->owner[i], history->name[i]);
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
	struct lock_request request;
	long long start, len;
	int row, site, kind, wait, result;

	if (sscanf(line, "event\t%15s\t%d\t%15s\t%lld\t%lld\t%d\t%c\t%d\t%d", what, &row, mode,
		   &start, &len, &site, &mark, &wait, &result) != 9)
		return false;
	kind = what_is(what);
	if (!kind || row < 0 || row >= history->rows || site < 0 || site >= HISTORY_SITES)
		return false;
	request = (struct lock_request){
		.mode = strcmp(mode, "shared") ? MODE_EXCLUSIVE : MODE_SHARED,
		.start = start, .len = len, .site = site,
	};
	switch (kind) {
	case HISTORY_MARK:
		history_mark(history, row, mark);
		break;
	case HISTORY_REQUEST:
		history_ask(history, row, &request, wait);
		break;
	case HISTORY_GRANT:
	case HISTORY_REFUSE:
		history_answer(history, row, &request, result);
		break;
	default:
		history_add(history, row, kind, &request);
	}
	return true;
}

static bool load_row(struct history *history, const char *line)
{
	char name[HISTORY_NAME];
	int row, owner;

	static_assert(HISTORY_NAME == 16, "the width below");
	if (sscanf(line, "row\t%d\t%d\t%15[^\n]", &row, &owner, name) != 3 ||
	    row != history->rows || owner < 0 || owner > row || history_row(history, name) != row)
		return false;
	history->owner[row] = owner;
	return true;
}

static bool load_site(struct history *history, const char *line)
{
	int site, file, kind = 0;
	char name[16];

	if (sscanf(line, "site\t%d\t%d\t%15s", &site, &file, name) != 3 || site != history->sites)
		return false;
	while (kind < KINDS && strcmp(lock_kind_name(kind), name))
		kind++;
	return kind < KINDS && file >= 0 && file <= site &&
	       history_add_site(history, kind, file) == site;
}

int history_load(struct history *history, FILE *stream)
{
	char line[128];

	history_clear(history);
	for (int number = 1; fgets(line, sizeof(line), stream); number++) {
		bool known;

		if (number == 1)
			known = !strcmp(line, FORMAT "\n");
		else
			known = load_event(history, line) || load_row(history, line) ||
				load_site(history, line);
		if (!known)
			return number;
	}
	return ferror(stream) ? -EIO : 0;
}
