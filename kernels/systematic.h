/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Becomes include/linux/lockfair_mutant.h of the kernel that has the mutants of
 * kernels/systematic.awk, whose fs/locks.c includes it first.
 */
#ifndef LOCKFAIR_MUTANT_H
#define LOCKFAIR_MUTANT_H

#include <linux/compiler.h>

/* The number of the one that was booted, 0 for none. */
extern int lockfair_mutant;

#define lockfair_mutant_is(number) unlikely(lockfair_mutant == (number))

/* Variants of a condition, and functions whose last return may be left out. */
#pragma GCC diagnostic ignored "-Wparentheses"
#pragma GCC diagnostic ignored "-Wreturn-type"
#pragma GCC diagnostic ignored "-Wimplicit-fallthrough"

#endif /* LOCKFAIR_MUTANT_H */
