// SPDX-License-Identifier: GPL-2.0
/*
 * A pipe is locked by the descriptor that pipe(2) made, and by one opened in /proc. Is it one lock?
 *
 * On Linux this prints:
 *	flock by the other: Resource temporarily unavailable
 *	lockf: granted
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static const char *answer(int ret)
{
	return ret ? strerror(errno) : "granted";
}

int main(void)
{
	int end[2], other;
	char name[32];

	if (pipe(end))
		return 2;
	snprintf(name, sizeof(name), "/proc/self/fd/%d", end[0]);
	other = open(name, O_RDWR);
	if (other < 0 || flock(end[1], LOCK_EX))
		return 2;
	printf("flock by the other: %s\n", answer(flock(other, LOCK_EX | LOCK_NB)));
	printf("lockf: %s\n", answer(lockf(end[1], F_TLOCK, 0)));
	return 0;
}
