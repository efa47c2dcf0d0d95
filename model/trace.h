/* SPDX-License-Identifier: GPL-2.0 */
/* trace: a scenario as a listing, which can be read again. */
#ifndef LOCKFAIR_TRACE_H
#define LOCKFAIR_TRACE_H

#include <stdio.h>

#include "model/scenario.h"

/* A step as a line of C, without a line feed. */
#define TRACE_LINE	96
void trace_line(const struct scenario *scenario, const struct model_step *step,
		char line[TRACE_LINE]);
bool trace_parse_line(const struct scenario *scenario, const char *line, struct model_step *step);

/*
 * Emit the part before the steps, a line at a time without a line feed. Then the steps follow; text
 * after a semicolon is not read.
 */
void trace_head(const struct scenario *scenario, void (*emit)(const char *line, void *arg),
		void *arg);

/* Read one. 0, or the number of the line that is wrong, or -EIO. */
int trace_read(struct scenario *scenario, FILE *stream);

/* "SHARED", "EXCLUSIVE" */
const char *trace_mode(enum lock_mode mode);

#endif /* LOCKFAIR_TRACE_H */
