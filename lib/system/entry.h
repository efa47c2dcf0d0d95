/* SPDX-License-Identifier: GPL-2.0 */
/* entry: what run_tests.sh passes to the programs in an environment variable NAME=VALUE;... */
#ifndef LOCKFAIR_ENTRY_H
#define LOCKFAIR_ENTRY_H

/*
 * Return the value of the entry @name of environment variable @variable, which has *@length bytes
 * and ends with ';' or '\0'; NULL if there is none.
 */
const char *entry_of(const char *variable, const char *name, int *length);

#endif /* LOCKFAIR_ENTRY_H */
