// SPDX-License-Identifier: GPL-2.0
/*
 * Is a reader that waits behind a writer woken when the writer becomes a reader?
 *
 * On Linux this prints:
 *	the reader was woken
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
	char name[] = "/tmp/findingXXXXXX";
	int fd = mkstemp(name), status;
	pid_t reader;

	flock(fd, LOCK_EX);
	reader = fork();
	if (!reader) {
		alarm(10);
		_exit(flock(open(name, O_RDWR), LOCK_SH) != 0);
	}
	sleep(2);
	flock(fd, LOCK_SH);
	waitpid(reader, &status, 0);
	unlink(name);
	puts(status ? "the reader sleeps on" : "the reader was woken");
	return status != 0;
}
