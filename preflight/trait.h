/* SPDX-License-Identifier: GPL-2.0 */
/* trait: what the locks of a kind are like in a directory, where documentation differs. */
#ifndef LOCKFAIR_TRAIT_H
#define LOCKFAIR_TRAIT_H

#include "lock/lock.h"

/*
 * Ask about a kind that is available and excludes. Print a line for each trait, as preflight.c
 * describes it, or no line if the question cannot be asked.
 */
void trait_ask(enum lock_kind kind, const char *dir);

/*
 * This process has the exclusive lock. Does another description of its own conflict? "process" if
 * not, "description" if it does, or NULL.
 */
const char *trait_owner(const struct lock_site *site);

/*
 * Ask for an exclusive flock by a descriptor that is open for reading. EBADF: it is made of fcntl
 * locks, for which the descriptor must be open for the mode: flock(2). Otherwise granted, or NULL.
 */
const char *trait_flock_read_only(const struct lock_site *site);

#endif /* LOCKFAIR_TRAIT_H */
