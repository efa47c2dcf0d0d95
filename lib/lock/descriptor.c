// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lock/descriptor.h"

/*
 * Give the file the size. hugetlbfs has only multiples of its pages, which are its blocks: there it
 * gets the next larger one.
 */
static int sized(int fd, off_t size)
{
	struct stat file;
	int err;

	if (fd < 0)
		return -errno;
	if (!ftruncate(fd, size))
		return fd;
	err = -errno;
	if (err == -EINVAL && !fstat(fd, &file) && size % file.st_blksize) {
		size += file.st_blksize - size % file.st_blksize;
		if (!ftruncate(fd, size))
			return fd;
	}
	close(fd);
	return err;
}

int descriptor_memfd(off_t size, unsigned int seals)
{
	int fd = sized(memfd_create("lockfair", MFD_CLOEXEC | MFD_ALLOW_SEALING), size);
	int err;

	if (fd < 0 || !seals || !fcntl(fd, F_ADD_SEALS, seals))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

/* ---- files in a directory ---- */

/*
 * Not every file system has O_TMPFILE, and on some a file that has lost its name cannot be opened
 * again through /proc, although it is open: libfuse's daemons look for it by the name.
 */
enum way {
	UNDECIDED,
	NAMELESS,	/* O_TMPFILE */
	REMOVED,	/* with a name that is removed at once */
	NAMED,		/* with a name that lasts */
	WAYS
};

static const char * const way_names[WAYS] = {
	[NAMELESS] = "nameless", [REMOVED] = "removed", [NAMED] = "named",
};

#define PREFIX	"lockfair-"
#define OTHER_DIR	"LOCKFAIR_OTHER_DIR"

static int make(const char *dir, enum way way)
{
	char path[PATH_MAX];
	int fd;

	if (way == NAMELESS) {
		fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
		return fd < 0 ? -errno : fd;
	}
	if (snprintf(path, sizeof(path), "%s/" PREFIX "XXXXXX", dir) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (way == REMOVED)
		unlink(path);
	return fd;
}

static bool opens_again(int fd)
{
	static const int modes[] = { O_RDWR, O_RDONLY, O_WRONLY };

	for (unsigned int i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
		int again = descriptor_reopen_as(fd, modes[i]);

		if (again < 0)
			return false;
		close(again);
	}
	return true;
}

static enum way find_way(const char *dir)
{
	for (enum way way = NAMELESS; way < NAMED; way++) {
		int fd = make(dir, way);
		bool found = fd >= 0 && opens_again(fd);

		if (fd >= 0)
			close(fd);
		if (found)
			return way;
	}
	return NAMED;
}

/* run_tests.sh has LOCKFAIR_FILES from the preflight. Without it, try once in each process. */
static enum way way_in(const char *dir)
{
	const char *found = getenv("LOCKFAIR_FILES");
	static enum way way;
	static dev_t device;
	struct stat at;

	/* A second path leads to a file only by its name. */
	if (getenv(OTHER_DIR))
		return NAMED;
	for (enum way i = NAMELESS; found && i < WAYS; i++) {
		if (!strcmp(found, way_names[i]))
			return i;
	}
	if (stat(dir, &at) < 0)
		return NAMELESS;
	if (way == UNDECIDED || at.st_dev != device)
		way = find_way(dir);
	device = at.st_dev;
	return way;
}

const char *descriptor_way(const char *dir)
{
	return way_names[way_in(dir)];
}

int descriptor_file(const char *dir, off_t size)
{
	int fd = make(dir, way_in(dir));

	return fd < 0 ? fd : sized(fd, size);
}

static int make_directory(const char *dir, enum way way)
{
	char path[PATH_MAX];
	int fd, err;

	if (snprintf(path, sizeof(path), "%s/" PREFIX "XXXXXX", dir) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	if (!mkdtemp(path))
		return -errno;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	err = -errno;
	if (fd < 0 || way == REMOVED)
		rmdir(path);
	return fd < 0 ? err : fd;
}

/* Try each time: a removed directory may not be opened again where a removed file can. */
int descriptor_directory(const char *dir)
{
	int fd = make_directory(dir, REMOVED), again;

	if (fd < 0)
		return fd;
	again = descriptor_reopen_as(fd, O_RDONLY);
	if (again >= 0) {
		close(again);
		return fd;
	}
	close(fd);
	return make_directory(dir, NAMED);
}

/* proc_pid_fd(5): a file without a name has one that ends with " (deleted)". */
char *descriptor_name(int fd)
{
	char link[64], path[PATH_MAX];
	const char *slash;
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, path, sizeof(path) - 1);
	if (length < 0)
		return NULL;
	path[length] = '\0';
	slash = strrchr(path, '/');
	if (!slash || strncmp(slash + 1, PREFIX, strlen(PREFIX)) || strstr(slash, " (deleted)"))
		return NULL;
	return strdup(path);
}

void descriptor_remove_name(int fd)
{
	char *name = descriptor_name(fd);

	if (name && unlink(name) < 0)
		rmdir(name);
	free(name);
}

char *descriptor_other_name(const char *name)
{
	const char *dir = getenv(OTHER_DIR);
	char path[PATH_MAX];

	if (!dir || !name)
		return NULL;
	snprintf(path, sizeof(path), "%s%s", dir, strrchr(name, '/'));
	return strdup(path);
}

int descriptor_open(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int descriptor_reopen_as(int fd, int flags)
{
	char path[64];
	int again;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	again = open(path, flags | O_CLOEXEC);
	/* Has the first thread of the process exited, and given up its descriptors? */
	if (again < 0 && errno == ENOENT) {
		snprintf(path, sizeof(path), "/proc/thread-self/fd/%d", fd);
		again = open(path, flags | O_CLOEXEC);
	}
	return again < 0 ? -errno : again;
}

int descriptor_reopen(int fd)
{
	return descriptor_reopen_as(fd, O_RDWR);
}

union control {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(sizeof(int))];
};

int descriptor_send(int socket, int fd)
{
	union control control = { .bytes = "" };
	char byte = 'd';
	struct iovec data = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	return sendmsg(socket, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int descriptor_receive(int socket)
{
	union control control;
	char byte;
	struct iovec data = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *header;
	ssize_t got;
	int fd;

	do
		got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	if (got <= 0)
		return got ? -errno : -EPIPE;

	header = CMSG_FIRSTHDR(&message);
	if (!header || header->cmsg_type != SCM_RIGHTS)
		return -EBADMSG;
	memcpy(&fd, CMSG_DATA(header), sizeof(fd));
	return fd;
}
