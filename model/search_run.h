/* SPDX-License-Identifier: GPL-2.0 */
/* search_run: tests/model --search: what is found is run on this kernel, listed and drawn. */
#ifndef LOCKFAIR_MODEL_SEARCH_RUN_H
#define LOCKFAIR_MODEL_SEARCH_RUN_H

#include "model/fuzz.h"

/*
 * Search the seeds of @fuzz. If its levels are those of first come, first served, this kernel must
 * end each scenario in a deadlock, otherwise well; and each step must be as in the model. Return
 * the exit status.
 */
int search_run(struct fuzz *fuzz, void (*emit)(const char *line));

#endif /* LOCKFAIR_MODEL_SEARCH_RUN_H */
