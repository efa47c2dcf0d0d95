/* SPDX-License-Identifier: GPL-2.0 */
/* refuse: system calls that fail as a file system or a security module makes them fail. */
#ifndef LOCKFAIR_REFUSE_H
#define LOCKFAIR_REFUSE_H

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#ifndef __NR_fcntl64
#define __NR_fcntl64 __NR_fcntl
#endif

/* The offset of the lower half of an argument. */
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define REFUSE_LOWER 4
#else
#define REFUSE_LOWER 0
#endif

/*
 * Let the system call @nr fail with @error in this process and its children if its second argument
 * is @argument. Return 0 or -errno. If several filters refuse a call, the newest one decides the
 * error (seccomp(2)).
 */
static inline int refuse(unsigned int nr, unsigned int argument, unsigned int error)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ, nr, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, args[1]) + REFUSE_LOWER),
		BPF_JUMP(BPF_JMP | BPF_JEQ, argument, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = 6, .filter = filter };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) ? -errno : 0;
}

#endif /* LOCKFAIR_REFUSE_H */
