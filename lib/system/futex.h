/* SPDX-License-Identifier: GPL-2.0 */
/* futex: sleep until a word changes (futex(2)). For words that processes may share. */
#ifndef LOCKFAIR_FUTEX_H
#define LOCKFAIR_FUTEX_H

#include <sys/syscall.h>

/* A recent 32-bit kernel may have only the call with a 64-bit time. */
#if !defined(SYS_futex) && defined(SYS_futex_time64)
#define SYS_futex SYS_futex_time64
#endif

#define FUTEX_ANY_BIT	0xffffffffu

/*
 * Sleep once if *@word is @seen, until a wake-up that has a bit in common with @bits. Return 0,
 * also after a spurious wake-up, or -errno: -EAGAIN if the word was not @seen, -EINTR.
 */
int futex_wait(const unsigned int *word, unsigned int seen, unsigned int bits);

/* The same with any bit, for up to @ms milliseconds: -ETIMEDOUT after that. */
int futex_wait_for(const unsigned int *word, unsigned int seen, int ms);

/* Wake up to @count tasks that wait with a bit in common with @bits. 0 or -errno. */
int futex_wake(const unsigned int *word, int count, unsigned int bits);

/*
 * Sleep once if *@word is @seen, for a moment: FUTEX_SLICE milliseconds, or 1 in a kernel without
 * futexes. Return how many have passed, 0 if something has happened.
 */
#define FUTEX_SLICE	100
int futex_slice(const unsigned int *word, unsigned int seen);

/*
 * Sleep while @word is @old, and look again after each slice, because a kernel whose futexes lose
 * wake-ups is tested as well. The second function sets the word to @value and wakes all sleepers.
 */
void futex_await(const unsigned int *word, unsigned int old);
void futex_announce(unsigned int *word, unsigned int value);

#endif /* LOCKFAIR_FUTEX_H */
