// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <linux/posix_types.h>
#include <stddef.h>
#include <time.h>
#include <unistd.h>

#include "system/futex.h"

int futex_wait(const unsigned int *word, unsigned int seen, unsigned int bits)
{
	if (syscall(SYS_futex, word, FUTEX_WAIT_BITSET, seen, NULL, NULL, bits) < 0)
		return -errno;
	return 0;
}

/* The time as the system call takes it, whatever size the C library's time_t has. */
struct kernel_time {
#if defined(SYS_futex_time64) && SYS_futex == SYS_futex_time64
	long long seconds, nanoseconds;
#else
	__kernel_long_t seconds, nanoseconds;
#endif
};

int futex_wait_for(const unsigned int *word, unsigned int seen, int ms)
{
	struct kernel_time time = {
		.seconds = ms / 1000, .nanoseconds = ms % 1000 * 1000000,
	};

	if (syscall(SYS_futex, word, FUTEX_WAIT, seen, &time, NULL, 0) < 0)
		return -errno;
	return 0;
}

int futex_wake(const unsigned int *word, int count, unsigned int bits)
{
	if (syscall(SYS_futex, word, FUTEX_WAKE_BITSET, count, NULL, NULL, bits) < 0)
		return -errno;
	return 0;
}

int futex_slice(const unsigned int *word, unsigned int seen)
{
	struct timespec pause = { .tv_nsec = 1000000 };
	int err = futex_wait_for(word, seen, FUTEX_SLICE);

	if (err == -ETIMEDOUT)
		return FUTEX_SLICE;
	if (err != -ENOSYS)
		return 0;
	nanosleep(&pause, NULL);
	return 1;
}

void futex_await(const unsigned int *word, unsigned int old)
{
	while (__atomic_load_n(word, __ATOMIC_ACQUIRE) == old)
		futex_slice(word, old);
}

void futex_announce(unsigned int *word, unsigned int value)
{
	__atomic_store_n(word, value, __ATOMIC_RELEASE);
	futex_wake(word, INT_MAX, FUTEX_ANY_BIT);
}
