/* SPDX-License-Identifier: GPL-2.0 */
/* release: how old the kernel says that it is. */
#ifndef LOCKFAIR_RELEASE_H
#define LOCKFAIR_RELEASE_H

#include <stdbool.h>

/*
 * Is this Linux @version.@patchlevel or later, by the release that uname(2) tells? For what
 * was added at a known time: by itself, what an old kernel does not know yet cannot be told from
 * what a new one has lost.
 */
bool release_is_since(int version, int patchlevel);

/* Is this gVisor, by the release and the build that all its versions claim to be? */
bool release_is_gvisor(void);

#endif /* LOCKFAIR_RELEASE_H */
