/* SPDX-License-Identifier: GPL-2.0 */
/* alias: a function by a second name, for libraries that stand before the C library. */
#ifndef LOCKFAIR_ALIAS_H
#define LOCKFAIR_ALIAS_H

#define ALIAS_OF(name) \
	__attribute__(( \
		alias(#name)))

#endif /* LOCKFAIR_ALIAS_H */
