// SPDX-License-Identifier: GPL-2.0
/*
 * Does an SMB client keep its lock when another open of the file breaks its oplock?
 *
 *	smb_oplock_break /mnt/a/file /mnt/b/file
 *
 * The arguments are one file, by two mounts with a session each. On Linux, with a server that gives
 * oplocks and no leases, this prints:
 *	beside the exclusive lock, by the second mount: granted
 *	the release, after the first mount has opened the file for reading: Input/output error
 * The first line should be "Permission denied", the second "done".
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int lock(int fd, int type)
{
	struct flock all = { .l_type = type, .l_whence = SEEK_SET };

	return fcntl(fd, F_SETLK, &all) ? errno : 0;
}

static int open_file(const char *name, int flags)
{
	int fd = open(name, flags);

	if (fd < 0) {
		perror(name);
		exit(1);
	}
	return fd;
}

int main(int argc, char **argv)
{
	int fd, err;

	if (argc != 3)
		return 2;
	fd = open_file(argv[1], O_RDWR);
	if (lock(fd, F_WRLCK))
		return 1;
	if (!fork()) {
		err = lock(open_file(argv[2], O_RDWR), F_WRLCK);
		printf("beside the exclusive lock, by the second mount: %s\n",
		       err ? strerror(err) : "granted");
		return 0;
	}
	wait(NULL);
	close(fd);
	/* A client keeps a closed file open for a second, and an oplock with it. */
	sleep(3);
	fd = open_file(argv[1], O_RDWR);
	if (lock(fd, F_WRLCK))
		return 1;
	open_file(argv[1], O_RDONLY);
	err = lock(fd, F_UNLCK);
	printf("the release, after the first mount has opened the file for reading: %s\n",
	       err ? strerror(err) : "done");
	return 0;
}
