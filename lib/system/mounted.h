/* SPDX-License-Identifier: GPL-2.0 */
/* mounted: which file system is a file on, by the list of mounts? */
#ifndef LOCKFAIR_MOUNTED_H
#define LOCKFAIR_MOUNTED_H

#include <stddef.h>

/*
 * Write the type of the mount that @fd is on into @type, as /proc/self/mountinfo has it. -ENOENT if
 * that does not list the mount, as for a memfd. 0 or -errno.
 */
int mounted_type(int fd, char *type, size_t size);

#endif /* LOCKFAIR_MOUNTED_H */
