/* SPDX-License-Identifier: GPL-2.0 */
/* descriptor: making, reopening and passing descriptors of a file. */
#ifndef LOCKFAIR_DESCRIPTOR_H
#define LOCKFAIR_DESCRIPTOR_H

#include <sys/types.h>

/* A memfd of @size bytes with the seals in @seals (memfd_create(2)). A descriptor or -errno. */
int descriptor_memfd(off_t size, unsigned int seals);

/* A file of @size bytes in @dir that has no name when this returns. A descriptor or -errno. */
int descriptor_file(const char *dir, off_t size);

/*
 * Open the file behind @fd again: a new open file description (open(2): "A call
 * to open() creates a new open file description"). A descriptor or -errno.
 */
int descriptor_reopen(int fd);

/* Send @fd over the Unix socket @socket (SCM_RIGHTS, unix(7)). 0 or -errno. */
int descriptor_send(int socket, int fd);

/* Receive one. A descriptor or -errno; -EPIPE at the end of the stream. */
int descriptor_receive(int socket);

#endif /* LOCKFAIR_DESCRIPTOR_H */
