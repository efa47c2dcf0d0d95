/* SPDX-License-Identifier: GPL-2.0 */
/* trait: what the locks of a kind are like in a directory, where documentation differs. */
#ifndef LOCKFAIR_TRAIT_H
#define LOCKFAIR_TRAIT_H

#include "lock/lock.h"

/*
 * Ask about a kind that is offered, and that excludes. Print a line for each trait, as preflight.c
 * describes it; a question that cannot be asked has no line.
 */
void trait_ask(enum lock_kind kind, const char *dir);

#endif /* LOCKFAIR_TRAIT_H */
