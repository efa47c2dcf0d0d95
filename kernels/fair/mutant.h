/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Included first by every file of the fair kernel that is edited.
 */
#ifndef LOCKFAIR_FAIR_H
#define LOCKFAIR_FAIR_H

/* The edits that were booted, a bit each. */
extern unsigned int lockfair_fair;

#define lockfair_mutant_is(number) (lockfair_fair & 1u << (number))

struct file_lock;
struct inode;

bool lockfair_fair_handoff(void);
bool lockfair_fair_readers(void);
bool lockfair_fair_wide(void);
bool lockfair_fair_place(void);
bool lockfair_fair_conversion(void);
bool lockfair_fair_deadlock(void);

/* Lock, try, or begin to wait, as posix_lock_inode() and flock_lock_inode() do. */
int lockfair_fair_lock(struct inode *inode, struct file_lock *fl, struct file_lock *conflock);

/* The call returns with @error. */
void lockfair_fair_end(struct file_lock *fl, int error);

/* This task will not go on with the call that a signal has interrupted. */
void lockfair_fair_leave(void);

/* Under blocked_lock_lock: did the request @one come before @other? */
bool lockfair_fair_comes_before(void *one, void *other);

#endif /* LOCKFAIR_FAIR_H */
