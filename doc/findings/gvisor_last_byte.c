// SPDX-License-Identifier: GPL-2.0
/*
 * Does a lock to the end of the file cover the last byte?
 *
 * On Linux this prints:
 *	the last byte: locked
 *	one byte more: Value too large for defined data type
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define LAST	0x7fffffffffffffff	/* the largest off_t */

static int try(int fd, off_t start, off_t len)
{
	struct flock lock = { F_WRLCK, SEEK_SET, start, len, 0 };

	return fcntl(fd, F_SETLK, &lock) ? errno : 0;
}

int main(void)
{
	int fd = fileno(tmpfile()), status;

	if (try(fd, 0, 0))
		return 2;
	if (!fork())
		_exit(try(fd, LAST, 1));
	wait(&status);
	printf("the last byte: %s\n", status ? "locked" : "two hold it");
	printf("one byte more: %s\n", strerror(try(fd, LAST, 2)));
	return 0;
}
