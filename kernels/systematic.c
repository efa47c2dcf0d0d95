// SPDX-License-Identifier: GPL-2.0
/*
 * Becomes fs/lockfair_mutant.c of the kernel that has the mutants of kernels/systematic.awk, see
 * kernels/check_systematic.
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
static char wanted[64] __initdata;

static int __init want(char *name)
{
	strscpy(wanted, name, sizeof(wanted));
	return 0;
}
early_param("lockfair_mutant", want);

/* Do not let the plain kernel pass for a mutant that does not exist. */
static int __init become(void)
{
	if (!wanted[0])
		return 0;
	for (int i = 1; i < ARRAY_SIZE(names); i++) {
		if (!strcmp(names[i], wanted)) {
			lockfair_mutant = i;
			pr_emerg("lockfair: mutant %s\n", wanted);
			return 0;
		}
	}
	panic("lockfair: no mutant %s", wanted);
}
core_initcall(become);
