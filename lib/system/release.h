/* SPDX-License-Identifier: GPL-2.0 */
/* release: the version that the kernel reports. */
#ifndef LOCKFAIR_RELEASE_H
#define LOCKFAIR_RELEASE_H

#include <stdbool.h>

/*
 * Is this Linux @version.@patchlevel or later, by the release of uname(2)? This distinguishes a
 * kernel that does not have a feature yet from one that has lost it.
 */
bool release_is_since(int version, int patchlevel);

/* Is this gVisor, by the release and the build that all its versions claim to be? */
bool release_is_gvisor(void);

#endif /* LOCKFAIR_RELEASE_H */
