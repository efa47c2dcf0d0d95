/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rule: what is always so in this library, whatever the kernel does, and whatever happens to a
 * process from outside: a signal, a spurious wake-up, a suspend or a freeze must break
 * none. It is checked only if LOCKFAIR_RULES=1, as in make check: a broken rule is a fault of the
 * library, and ends the process by abort(3). Otherwise nothing is evaluated.
 */
#ifndef LOCKFAIR_RULE_H
#define LOCKFAIR_RULE_H

#include <stdbool.h>

bool rule_is_checked(void);
void rule_broken(const char *rule, const char *file, int line);

#define RULE(condition)							\
	do {								\
		if (rule_is_checked() && !(condition))			\
			rule_broken(#condition, __FILE__, __LINE__);	\
	} while (0)

#endif /* LOCKFAIR_RULE_H */
