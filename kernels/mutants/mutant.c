// SPDX-License-Identifier: GPL-2.0
/*
 * Becomes fs/lockfair_mutant.c of a kernel that has mutants, with become.c at its end: see
 * kernels/mutate.
 */
#include <linux/cache.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/lockfair_mutant.h>
#include <linux/string.h>

extern void locks_remove_posix(struct file *file, fl_owner_t owner);

static const char *const names[] = {
	/* @NAMES@ */
};

int lockfair_mutant __ro_after_init;
bool lockfair_mutant_quiet;
struct inode *lockfair_mutant_unlinked;
void *lockfair_mutant_task;

void lockfair_mutant_close(struct files_struct *files)
{
	for (int fd = 0; fd < 64; fd++) {
		struct file *file = fget(fd);

		if (!file)
			continue;
		locks_remove_posix(file, files);
		fput(file);
	}
}

void lockfair_mutant_drop_open(void)
{
	for (int fd = 0; fd < 64; fd++) {
		struct file *file = fget(fd);

		if (!file)
			continue;
		lockfair_mutant_drop(file_inode(file));
		fput(file);
	}
}

bool lockfair_mutant_has_locked_another(struct file *file)
{
	bool found = false;

	for (int fd = 0; fd < 64 && !found; fd++) {
		struct file *other = fget(fd);

		if (!other)
			continue;
		found = file_inode(other) != file_inode(file) && lockfair_mutant_has_lock(other);
		fput(other);
	}
	return found;
}
