// SPDX-License-Identifier: GPL-2.0
/*
 * Run a command whose lock calls are refused, as by a file system or a security module:
 *
 *	refuse CALL=ERRNO... -- COMMAND [ARG]...
 *
 * CALL is one of the names below; ERRNO is a number. The calls fail in the command and in all
 * that it starts, on every file, whoever holds what. With 0 they return success, and do nothing.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "selftest/refuse.h"

/* A call is known by its number and its second argument, a command or an operation. */
static const struct {
	const char *name;
	unsigned int nr, argument;
} calls[] = {
	{ "setlk", __NR_fcntl64, F_SETLK },
	{ "setlkw", __NR_fcntl64, F_SETLKW },
	{ "getlk", __NR_fcntl64, F_GETLK },
	{ "ofd_setlk", __NR_fcntl64, F_OFD_SETLK },
	{ "ofd_setlkw", __NR_fcntl64, F_OFD_SETLKW },
	{ "ofd_getlk", __NR_fcntl64, F_OFD_GETLK },
	{ "flock_sh", __NR_flock, LOCK_SH },
	{ "flock_ex", __NR_flock, LOCK_EX },
	{ "flock_sh_nb", __NR_flock, LOCK_SH | LOCK_NB },
	{ "flock_ex_nb", __NR_flock, LOCK_EX | LOCK_NB },
	{ "flock_un", __NR_flock, LOCK_UN },
};

/* -EINVAL for a word that is not CALL=ERRNO. */
static int refuse_word(const char *word)
{
	size_t length = strcspn(word, "=");
	int error = word[length] ? atoi(word + length + 1) : -1;

	for (unsigned int i = 0; error >= 0 && i < sizeof(calls) / sizeof(*calls); i++) {
		if (strlen(calls[i].name) == length && !strncmp(calls[i].name, word, length))
			return refuse(calls[i].nr, calls[i].argument, error);
	}
	return -EINVAL;
}

int main(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc && strcmp(argv[i], "--"); i++) {
		int err = refuse_word(argv[i]);

		if (err) {
			fprintf(stderr, "refuse: %s: %s\n", argv[i], strerror(-err));
			return 125;
		}
	}
	if (i + 1 >= argc) {
		fputs("usage: refuse CALL=ERRNO... -- COMMAND [ARG]...\n", stderr);
		return 125;
	}
	execvp(argv[i + 1], argv + i + 1);
	fprintf(stderr, "refuse: %s: %s\n", argv[i + 1], strerror(errno));
	return 127;
}
