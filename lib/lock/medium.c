// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <string.h>

#include "lock/medium.h"
#include "system/entry.h"

static const char * const names[] = {
	[MEDIUM_AT_ONCE] = "at-once", [MEDIUM_ASKS] = "asks", [MEDIUM_POLLS] = "polls",
};

const char *medium_sort_name(enum medium_sort sort)
{
	return names[sort];
}

static struct medium parsed(const char *entry)
{
	struct medium medium = { 0 };
	char sort[8];

	if (sscanf(entry, "%7s %d %d %d %d", sort, &medium.quiet.looks, &medium.quiet.ms,
		   &medium.longest, &medium.error) != 5)
		return (struct medium){ 0 };
	medium.sort = strcmp(sort, names[MEDIUM_POLLS]) ? MEDIUM_ASKS : MEDIUM_POLLS;
	return medium;
}

struct medium medium_of(enum lock_kind kind)
{
	int length;
	const char *entry = entry_of("LOCKFAIR_DELAY", lock_kind_name(kind), &length);

	return entry ? parsed(entry) : (struct medium){ 0 };
}
