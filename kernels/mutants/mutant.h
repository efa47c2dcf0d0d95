/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Included first by every file of the kernel that has mutants, see kernels/mutate.
 */
#ifndef LOCKFAIR_MUTANT_H
#define LOCKFAIR_MUTANT_H

#include <linux/compiler.h>
#include <linux/types.h>

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

/*
 * Since 6.9 most functions of fs/locks.c take the part that locks and leases have in common, which
 * is their first member; kernels/mutate defines this if it is so. The edits use the present names
 * of its members.
 */
#ifdef LOCKFAIR_MUTANT_CORE
#define CORE(lock) ((struct file_lock_core *)(lock))
#define MEMBER(name) c.name
#define ANY_LOCK struct file_lock_core
/*
 * The lock in __locks_insert_block(), what_owner_is_waiting_for() and the functions of /proc/locks.
 */
#define IT flc
/* The arguments of conflict(). */
#define CALLER caller_flc
#define SYS sys_flc
/* The lock that posix_locks_deadlock() has reached. */
#define BLOCKER blocker
#else
#define CORE(lock) (lock)
#define MEMBER(name) name
#define ANY_LOCK struct file_lock
#define IT fl
#define CALLER caller_fl
#define SYS sys_fl
#define BLOCKER block_fl
#define flc_blocker		fl_blocker
#define flc_list		fl_list
#define flc_link		fl_link
#define flc_blocked_requests	fl_blocked_requests
#define flc_blocked_member	fl_blocked_member
#define flc_owner		fl_owner
#define flc_flags		fl_flags
#define flc_type		fl_type
#define flc_pid			fl_pid
#define flc_wait		fl_wait
#define flc_file		fl_file
#endif

#endif /* LOCKFAIR_MUTANT_H */
