// SPDX-License-Identifier: GPL-2.0
/*
 * Who holds byte 3, after a lock that surrounds a smaller one of the same owner?
 *
 * On Linux this prints:
 *	one holds byte 3
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static int try(int fd, off_t start, off_t len)
{
	struct flock lock = { F_WRLCK, SEEK_SET, start, len, 0 };

	return fcntl(fd, F_SETLK, &lock);
}

int main(void)
{
	int fd = fileno(tmpfile()), status;

	/* Byte 2, and then bytes 1 to 3. */
	if (try(fd, 2, 1) || try(fd, 1, 3))
		return 2;
	if (!fork())
		_exit(!try(fd, 3, 1));
	wait(&status);
	puts(status ? "two hold byte 3" : "one holds byte 3");
	return WEXITSTATUS(status);
}
