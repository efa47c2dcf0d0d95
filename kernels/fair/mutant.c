// SPDX-License-Identifier: GPL-2.0
/*
 * Becomes fs/lockfair_mutant.c of the fair kernel: lockfair_fair=all, or some of its edits, with
 * commas.
 */
#include <linux/cache.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/lockfair_mutant.h>
#include <linux/string.h>

static const char *const names[] = {
	/* @NAMES@ */
};

unsigned int lockfair_fair __ro_after_init;
static char wanted[128] __initdata;

static int __init want(char *list)
{
	strscpy(wanted, list, sizeof(wanted));
	return 0;
}
early_param("lockfair_fair", want);

/* Do not let the plain kernel pass for one with an edit that does not exist. */
static int __init become(void)
{
	char *rest = wanted, *word;

	while ((word = strsep(&rest, ",")) != NULL) {
		bool found = !*word;

		for (int i = 1; i < ARRAY_SIZE(names); i++) {
			if (!names[i] || (strcmp(word, "all") && strcmp(word, names[i])))
				continue;
			lockfair_fair |= 1u << i;
			found = true;
		}
		if (!found)
			panic("lockfair: no edit %s", word);
		if (*word)
			pr_emerg("lockfair: mutant %s\n", word);
	}
	return 0;
}
core_initcall(become);
