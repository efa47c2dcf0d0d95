/* SPDX-License-Identifier: GPL-2.0 */
/*
 * control: the two locks made in user space. Private to lib/lock/lock.c. The functions are those of
 * lock.h for the kinds without TRAIT_FILE, with the same arguments and results.
 */
#ifndef LOCKFAIR_CONTROL_H
#define LOCKFAIR_CONTROL_H

#include "lock/lock.h"

int control_open(struct lock_site *site);
void control_close(struct lock_site *site);
int control_acquire(struct lock *lock, const struct lock_request *request, bool wait);
int control_release(const struct lock *lock);
int control_rotate(struct lock *lock, const struct lock_request *request);
struct asleep_call control_sleeps_in(const struct lock *lock, enum lock_mode mode);

#endif /* LOCKFAIR_CONTROL_H */
