// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "system/release.h"

bool release_is_since(int version, int patchlevel)
{
	struct utsname name;
	int is, is_patchlevel;

	if (uname(&name) < 0 || sscanf(name.release, "%d.%d", &is, &is_patchlevel) != 2)
		return false;
	return is > version || (is == version && is_patchlevel >= patchlevel);
}

bool release_is_gvisor(void)
{
	struct utsname name;

	return !uname(&name) && !strcmp(name.release, "4.4.0") &&
	       !strcmp(name.version, "#1 SMP Sun Jan 10 15:06:54 PST 2016");
}
