// SPDX-License-Identifier: GPL-2.0
/*
 * Becomes fs/lockfair_mutant.c of the kernel that has the mutants of kernels/systematic.awk, with
 * kernels/mutants/become.c at its end: see kernels/check_systematic.
 */
#include <linux/cache.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/lockfair_mutant.h>
#include <linux/string.h>

static const char *const names[] = {
	/* @NAMES@ */
};

int lockfair_mutant __ro_after_init;
