/* SPDX-License-Identifier: GPL-2.0 */
/* lack: what locks of a kind do not do in a directory, though POSIX or Linux says so. */
#ifndef LOCKFAIR_PREFLIGHT_LACK_H
#define LOCKFAIR_PREFLIGHT_LACK_H

#include "lock/lock.h"

/*
 * Ask about a kind that excludes, and whose requests wait. Print a line for each word of
 * lock/lack.h that it lacks, as preflight.c describes it; for a question that could not be asked,
 * none.
 */
void lack_ask(enum lock_kind kind, const char *dir);

#endif /* LOCKFAIR_PREFLIGHT_LACK_H */
