/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Included first by every file of the kernel that has mutants, see kernels/mutate.
 */
#ifndef LOCKFAIR_MUTANT_H
#define LOCKFAIR_MUTANT_H

/* The number of the one that was booted, 0 for none. */
extern int lockfair_mutant;

/* Under blocked_lock_lock: lose wake-ups. */
extern bool lockfair_mutant_quiet;

struct file;
struct files_struct;
struct inode;

/* Release the POSIX locks of @files, as if its descriptors were closed. */
void lockfair_mutant_close(struct files_struct *files);

/* Release all locks on @inode. */
void lockfair_mutant_drop(struct inode *inode);

/* Release the locks taken through @file, which is about to be freed. */
void lockfair_mutant_drop_of(struct file *file);

/* Move the locks of @from to @to, without an owner: they are never released. */
void lockfair_mutant_move(struct inode *from, struct inode *to);
extern struct inode *lockfair_mutant_unlinked;

/* Release all locks on the files that this process has open. */
void lockfair_mutant_drop_open(void);

/* Has the file a lock that was taken through it? Has this process such a lock on another file? */
bool lockfair_mutant_has_lock(struct file *file);
bool lockfair_mutant_has_locked_another(struct file *file);

/* A task that a mutant remembers, to compare with current. */
extern void *lockfair_mutant_task;

/* Keep the locks, without an owner: they are never released. */
void lockfair_mutant_leak(struct file *file);

#define lockfair_mutant_is(number) unlikely(lockfair_mutant == (number))

#endif /* LOCKFAIR_MUTANT_H */
