// SPDX-License-Identifier: GPL-2.0
/*
 * What does F_GETLK report for a free range, and for a lock to the end of the file?
 *
 * On Linux this prints:
 *	free start 3 len 4 pid 7
 *	locked start 10 len 0 pid another
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static void ask(int fd, off_t start, off_t len)
{
	struct flock lock = { F_WRLCK, SEEK_SET, start, len, 7 };

	fcntl(fd, F_GETLK, &lock);
	printf("%s start %lld len %lld pid %s\n",
	       lock.l_type == F_UNLCK ? "free" : "locked", (long long)lock.l_start,
	       (long long)lock.l_len, lock.l_pid == 7 ? "7" : lock.l_pid ? "another" : "0");
}

int main(void)
{
	struct flock to_the_end = { F_WRLCK, SEEK_SET, 10, 0, 0 };
	int fd = fileno(tmpfile());

	ask(fd, 3, 4);
	fcntl(fd, F_SETLK, &to_the_end);
	fflush(stdout);
	if (!fork()) {
		ask(fd, 20, 5);
		return 0;
	}
	wait(NULL);
	return 0;
}
