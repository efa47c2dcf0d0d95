// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "system/asleep.h"
#include "system/many_locks.h"

/* An abstract name begins with a zero byte. */
static const struct sockaddr_un name = {
	.sun_family = AF_UNIX, .sun_path = "\0lockfair has many locks",
};

static int open_socket(void)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	return fd < 0 ? -errno : fd;
}

/*
 * Has anybody waited in vain? Then the name may be taken for ever, and nobody waits again: no
 * test of this program would end in time. All its processes share the word.
 */
static bool *gave_up;

static void __attribute__((constructor)) share_word(void)
{
	void *word = mmap(NULL, sizeof(*gave_up), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	static bool own;

	gave_up = word == MAP_FAILED ? &own : word;
}

/* As asleep_poll(), but look only once if somebody has waited in vain. */
static int wait_for(int (*done)(void *arg), int fd)
{
	int ret = asleep_poll(done, &fd, __atomic_load_n(gave_up, __ATOMIC_RELAXED) ?
					 0 : ASLEEP_DEADLINE);

	if (ret == -ETIMEDOUT)
		__atomic_store_n(gave_up, true, __ATOMIC_RELAXED);
	return ret;
}

/* 1, 0 while another has the name, or -errno. */
static int takes_name(void *arg)
{
	const int *fd = arg;

	if (!bind(*fd, (const struct sockaddr *)&name, sizeof(name)))
		return 1;
	return errno == EADDRINUSE ? 0 : -errno;
}

int many_locks_begin(void)
{
	int fd = open_socket(), ret;

	if (fd < 0)
		return fd;
	/* It stays open. */
	ret = wait_for(takes_name, fd);
	if (ret < 0)
		close(fd);
	return ret < 0 ? ret : 0;
}

/* connect(2): nobody has the name if it is refused. */
static int nobody_has_name(void *arg)
{
	const int *fd = arg;

	return !!connect(*fd, (const struct sockaddr *)&name, sizeof(name));
}

void many_locks_await_end(void)
{
	int fd = open_socket();

	if (fd < 0)
		return;
	wait_for(nobody_has_name, fd);
	close(fd);
}
