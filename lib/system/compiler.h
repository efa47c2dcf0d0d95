/* SPDX-License-Identifier: GPL-2.0 */
/* compiler: what the compiler is to check. */
#ifndef LOCKFAIR_COMPILER_H
#define LOCKFAIR_COMPILER_H

/* Argument number @format_at is a format of printf(3); its arguments begin at number @first. */
#define PRINTF_LIKE(format_at, first) \
	__attribute__(( \
		format(printf, format_at, first)))

#endif /* LOCKFAIR_COMPILER_H */
