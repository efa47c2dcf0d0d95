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

/* Under blocked_lock_lock: wake-ups get lost. */
extern bool lockfair_mutant_quiet;

struct file;
struct files_struct;
struct inode;

/* As if the descriptors of @files were closed: their POSIX locks go. */
void lockfair_mutant_close(struct files_struct *files);

/* All locks on @inode go. */
void lockfair_mutant_drop(struct inode *inode);

/* Those that were taken through @file, which is about to be freed: what else has left them. */
void lockfair_mutant_drop_of(struct file *file);

/* Those of @from become those of @to, for ever, and nobody's. */
void lockfair_mutant_move(struct inode *from, struct inode *to);
extern struct inode *lockfair_mutant_unlinked;

/* They stay for ever, and nobody's. */
void lockfair_mutant_leak(struct file *file);

#define lockfair_mutant_is(number) unlikely(lockfair_mutant == (number))

/*
 * Since 6.9 most functions of fs/locks.c take the part that locks and leases have in common,
 * which is their first member; kernels/mutate defines this if it is so. The edits speak of it by
 * the names that its members have now.
 */
#ifdef LOCKFAIR_MUTANT_CORE
#define CORE(lock) ((struct file_lock_core *)(lock))
#define MEMBER(name) c.name
#define ANY_LOCK struct file_lock_core
/* What __locks_insert_block(), what_owner_is_waiting_for() and those of /proc/locks look at. */
#define IT flc
/* What conflict() is given. */
#define CALLER caller_flc
#define SYS sys_flc
/* What posix_locks_deadlock() has come to. */
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
