// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include "system/entry.h"

const char *entry_of(const char *variable, const char *name, int *length)
{
	const char *entry = getenv(variable);
	size_t size = strlen(name);

	for (; entry && *entry; entry += strcspn(entry, ";"), entry += *entry == ';') {
		if (strncmp(entry, name, size) || entry[size] != '=')
			continue;
		*length = strcspn(entry + size + 1, ";");
		return entry + size + 1;
	}
	return NULL;
}
