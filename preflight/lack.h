/* SPDX-License-Identifier: GPL-2.0 */
/* lack: what locks of a kind do not do in a directory, though POSIX or Linux says so. */
#ifndef LOCKFAIR_PREFLIGHT_LACK_H
#define LOCKFAIR_PREFLIGHT_LACK_H

#include "lock/lock.h"

/*
 * Ask about a kind that excludes and whose requests wait. Print a line, as preflight.c describes
 * it, for each word of lock/lack.h that the kind lacks; print none for a question that cannot be
 * asked.
 */
void lack_ask(enum lock_kind kind, const char *dir);

#endif /* LOCKFAIR_PREFLIGHT_LACK_H */
