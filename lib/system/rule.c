// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "system/rule.h"

bool rule_is_checked(void)
{
	static int checked = -1;

	if (checked < 0) {
		const char *told = getenv("LOCKFAIR_RULES");

		checked = told && !strcmp(told, "1");
	}
	return checked;
}

void rule_broken(const char *rule, const char *file, int line)
{
	fprintf(stderr, "# broken: a rule of the library, %s:%d: %s\n", file, line, rule);
	abort();
}
