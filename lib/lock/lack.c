// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "lock/lack.h"
#include "system/entry.h"

static const struct {
	const char *word, *reason;
} lacks[LACKS] = {
	[LACKS_CONVERSION] = { "conversion", "an owner's own lock is in its way here" },
	[LACKS_PARTS] = { "parts", "a part of a lock cannot be released here" },
	[LACKS_OWNER] = { "owner", "a lock belongs to a descriptor here, not to the process" },
	[LACKS_QUERY] = { "query", "a query does not say who is in the way here" },
	[LACKS_TURNS] = { "turns", "a release wakes all waiters here, which race" },
	[LACKS_DEADLOCK] = { "deadlock", "nobody looks for a deadlock here" },
	[LACKS_WAITERS] = { "waiters", "/proc/locks has no waiters here" },
};

const char *lock_lack_word(enum lock_lack lack)
{
	return lacks[lack].word;
}

const char *lock_lack_reason(enum lock_lack lack)
{
	return lacks[lack].reason;
}

unsigned int lock_lacks(enum lock_kind kind)
{
	unsigned int found = 0;
	int length = 0;
	const char *words = entry_of("LOCKFAIR_LACKS", lock_kind_name(kind), &length);

	for (enum lock_lack lack = 0; words && lack < LACKS; lack++) {
		size_t size = strlen(lacks[lack].word);

		for (int at = 0; at < length; at += strcspn(words + at, " ;") + 1) {
			if (!strncmp(words + at, lacks[lack].word, size) &&
			    strchr(" ;", words[at + size]))
				found |= 1u << lack;
		}
	}
	return found;
}
