/* SPDX-License-Identifier: GPL-2.0 */
/* scope: two directories lead to the same file. Is it one lock through both? */
#ifndef LOCKFAIR_SCOPE_H
#define LOCKFAIR_SCOPE_H

#include "lock/lock.h"

/*
 * Make a file in @dir, lock it in one process, and try it in another by its name in @other. Print
 * the answer as preflight.c describes it. The file is removed.
 */
void scope_ask(enum lock_kind kind, const char *dir, const char *other);

#endif /* LOCKFAIR_SCOPE_H */
