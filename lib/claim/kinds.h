/* SPDX-License-Identifier: GPL-2.0 */
/* kinds: the kinds of lock that a claim is about, as a mask. */
#ifndef LOCKFAIR_KINDS_H
#define LOCKFAIR_KINDS_H

#include "lock/lock.h"

enum kinds {
	POSIX	= 1 << KIND_POSIX,
	OFD	= 1 << KIND_OFD,
	FLOCK	= 1 << KIND_FLOCK,
	LOCKF	= 1 << KIND_LOCKF,
	EVENTFD	= 1 << KIND_EVENTFD,
	FUTEX	= 1 << KIND_FUTEX,

	FILE_LOCKS	= POSIX | OFD | FLOCK | LOCKF,
	CONTROLS	= EVENTFD | FUTEX,
	EVERY_KIND	= FILE_LOCKS | CONTROLS,

	/* They lock ranges of bytes. */
	RECORD_LOCKS	= POSIX | OFD | LOCKF,

	/* A process owns the lock; or an open file description does. */
	OWNED_BY_PROCESS	= POSIX | LOCKF,
	OWNED_BY_DESCRIPTION	= OFD | FLOCK,

	/* Threads of one process exclude each other. */
	EXCLUDE_THREADS	= OFD | FLOCK | CONTROLS,

	/* There is a shared mode; and a holder can convert the lock from one mode to the other. */
	SHARED_MODE	= POSIX | OFD | FLOCK | FUTEX,
	CONVERSIONS	= POSIX | OFD | FLOCK,
};

#endif /* LOCKFAIR_KINDS_H */
