/* SPDX-License-Identifier: GPL-2.0 */
/* descriptor: making, reopening and passing descriptors of a file. */
#ifndef LOCKFAIR_DESCRIPTOR_H
#define LOCKFAIR_DESCRIPTOR_H

#include <sys/types.h>

/* A memfd of @size bytes with the seals in @seals (memfd_create(2)). A descriptor or -errno. */
int descriptor_memfd(off_t size, unsigned int seals);

/*
 * A file of @size bytes in @dir, open for reading and writing. It has no name when this returns,
 * unless such a file could not be opened again here: see descriptor_way(). A descriptor or -errno.
 */
int descriptor_file(const char *dir, off_t size);

/* A directory in @dir, open for reading; likewise. */
int descriptor_directory(const char *dir);

/*
 * How files are made in @dir: "nameless" by O_TMPFILE, "removed" with a name that is removed at
 * once, "named" with one that lasts. It is the first of these ways by which a file can be opened
 * again through /proc for reading, for writing, and for both. LOCKFAIR_FILES, one of these words,
 * decides it beforehand.
 */
const char *descriptor_way(const char *dir);

/*
 * Return the name of the file or directory behind @fd if it is one of the above and has kept its
 * name, to be freed by the caller; otherwise NULL.
 */
char *descriptor_name(int fd);

/* Remove that name, if there is one. */
void descriptor_remove_name(int fd);

/*
 * Return the path of the file @name in LOCKFAIR_OTHER_DIR, which leads to the same files as the
 * first directory. The caller frees it. NULL without that directory.
 */
char *descriptor_other_name(const char *name);

/* Open the file @path for reading and writing. A descriptor or -errno. */
int descriptor_open(const char *path);

/*
 * Open the file behind @fd again: a new open file description (open(2): "A call
 * to open() creates a new open file description"). The first is for reading and writing. A
 * descriptor or -errno.
 */
int descriptor_reopen(int fd);
int descriptor_reopen_as(int fd, int flags);

/* Send @fd over the Unix socket @socket (SCM_RIGHTS, unix(7)). 0 or -errno. */
int descriptor_send(int socket, int fd);

/* Receive one. A descriptor or -errno; -EPIPE at the end of the stream. */
int descriptor_receive(int socket);

#endif /* LOCKFAIR_DESCRIPTOR_H */
