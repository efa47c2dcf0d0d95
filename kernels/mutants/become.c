// SPDX-License-Identifier: GPL-2.0
/*
 * The end of fs/lockfair_mutant.c of a kernel that has mutants, hand-made (kernels/mutate) or
 * mechanical (kernels/check_systematic): it becomes the one of names[] that its command line has.
 */
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
		if (names[i] && !strcmp(names[i], wanted)) {
			lockfair_mutant = i;
			pr_emerg("lockfair: mutant %s\n", wanted);
			return 0;
		}
	}
	panic("lockfair: no mutant %s", wanted);
}
core_initcall(become);
