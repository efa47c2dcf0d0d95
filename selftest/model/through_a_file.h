/* SPDX-License-Identifier: GPL-2.0 */
/* through_a_file: a scenario is written as a listing, and read again. */
#ifndef LOCKFAIR_THROUGH_A_FILE_H
#define LOCKFAIR_THROUGH_A_FILE_H

#include <errno.h>

#include "model/trace.h"

static inline void write_line(const char *line, void *arg)
{
	fprintf(arg, "%s\n", line);
}

static inline int through_a_file(const struct scenario *from, struct scenario *to)
{
	FILE *file = tmpfile();
	int err;

	if (!file)
		return -errno;
	trace_head(from, write_line, file);
	for (int i = 0; i < from->count; i++) {
		char line[TRACE_LINE];

		trace_line(from, &from->step[i], line);
		fprintf(file, "# %s  /* a note */\n", line);
	}
	rewind(file);
	err = trace_read(to, file);
	fclose(file);
	return err;
}

#endif /* LOCKFAIR_THROUGH_A_FILE_H */
