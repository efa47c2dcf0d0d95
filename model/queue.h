/* SPDX-License-Identifier: GPL-2.0 */
/* queue: who waits behind whom, and who tries again when something changes. */
#ifndef LOCKFAIR_MODEL_QUEUE_H
#define LOCKFAIR_MODEL_QUEUE_H

#include "model/model.h"
#include "model/rules.h"

/* Have a waiter try again. */
void queue_wake(struct model_request *request);

/* A lock of @owner has gone, or is not what it was: have the waiters behind it try again. */
void queue_wake_behind(const struct model_rules *rules, struct model_state *state,
		       const struct model_request *in, int owner, unsigned int lock);

/* Have all waiters for locks of the same sort on this file try again. */
void queue_wake_all(struct model_state *state, const struct model_request *in);

/* The actor does not wait any more: have the waiters behind it try again. */
void queue_wake_followers(struct model_state *state, int actor);

/* The actor was granted a new lock: waiters behind its request now stand behind the lock. */
void queue_follow(struct model_state *state, int actor, int owner, int cell);

/* Does the actor stand directly behind @whom (at @cell of its locks)? */
bool queue_is_behind(const struct model_state *state, int actor, int whom, int cell, int file,
		     bool flock);

/* The request falls asleep behind this lock, which is in its way. */
void queue_stand_behind(struct model_state *state, int actor, int owner, int cell);

/* The waiter leaves; later waiters at the same place move up. */
void queue_leave(const struct model_rules *rules, struct model_state *state, int actor);

/* The owner's locks have changed, and a lock is named by its first cell. */
void queue_name_locks(struct model_state *state, const struct model_request *in, int owner);

#endif /* LOCKFAIR_MODEL_QUEUE_H */
