// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>

#include "system/error_name.h"

/* Not strerrorname_np(3): glibc has it since 2.32 only, and musl has none. */
#define NAME(error)	{ error, #error }

static const struct {
	int number;
	const char *name;
} names[] = {
	NAME(EACCES), NAME(EAGAIN), NAME(EBADF), NAME(EBUSY), NAME(EDEADLK), NAME(EEXIST),
	NAME(EFAULT), NAME(EHOSTDOWN), NAME(EINTR), NAME(EINVAL), NAME(EIO), NAME(EISDIR),
	NAME(EMFILE), NAME(ENFILE), NAME(ENODEV), NAME(ENOENT), NAME(ENOLCK), NAME(ENOMEM),
	NAME(ENOSPC), NAME(ENOSYS), NAME(ENOTCONN), NAME(ENOTTY), NAME(ENXIO), NAME(EOPNOTSUPP),
	NAME(EOVERFLOW), NAME(EPERM), NAME(EPIPE), NAME(EREMOTEIO), NAME(EROFS), NAME(ESPIPE),
	NAME(ESRCH), NAME(ESTALE), NAME(ETIMEDOUT), NAME(EXDEV),
};

const char *error_name(int err)
{
	for (unsigned int i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (names[i].number == abs(err))
			return names[i].name;
	}
	return "an unknown error";
}
