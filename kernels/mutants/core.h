/* SPDX-License-Identifier: GPL-2.0 */
/* What the edits of kernels/mutants and kernels/fair share: kernels/mutate puts it first. */
#ifndef LOCKFAIR_CORE_H
#define LOCKFAIR_CORE_H

#include <linux/compiler.h>
#include <linux/types.h>

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

#endif /* LOCKFAIR_CORE_H */
