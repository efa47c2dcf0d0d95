// SPDX-License-Identifier: GPL-2.0
/*
 * File locks in the order of the requests; kernels/mutate appends this to fs/locks.c.
 *
 * A request that has to wait takes a ticket, and keeps it until its call has returned for good:
 * with "wide" over all sleeps, and with "place" while the task handles a signal, is stopped or
 * traced. A request, also a try, that conflicts with an earlier ticket waits behind it, or is
 * refused, except on bytes that its owner holds already: the ticket may be waiting for just these.
 * Which tickets count is what the edits differ in: see fair_counts().
 *
 * One mutex makes one lock call of the whole machine at a time. That is simple, and not fast.
 */
#include <linux/mutex.h>
#include <linux/sched/signal.h>

struct fair_ticket {
	struct list_head list;
	struct task_struct *task;
	struct inode *inode;
	struct file_lock *request;	/* NULL while the task is not in the call */
	/*
	 * A copy of the request, which later requests wait behind while the request itself has no
	 * waiters: it was woken, or its call has returned.
	 */
	struct file_lock wanted;
	bool hopeless;			/* for fair_is_deadlock() */
};

static DEFINE_MUTEX(fair_mutex);

/* In the order of arrival. Changed under fair_mutex and blocked_lock_lock. */
static LIST_HEAD(fair_tickets);

/* ---- tickets ---- */

static struct fair_ticket *fair_own_ticket(void)
{
	struct fair_ticket *ticket;

	list_for_each_entry(ticket, &fair_tickets, list)
		if (ticket->task == current)
			return ticket;
	return NULL;
}

static struct fair_ticket *fair_take_ticket(struct inode *inode, struct file_lock *fl)
{
	struct fair_ticket *ticket = kzalloc(sizeof(*ticket), GFP_KERNEL | __GFP_NOFAIL);

	ticket->task = current;
	ticket->inode = inode;
	ticket->request = fl;
	locks_init_lock(&ticket->wanted);
	CORE(&ticket->wanted)->flc_owner = CORE(fl)->flc_owner;
	CORE(&ticket->wanted)->flc_flags = CORE(fl)->flc_flags;
	CORE(&ticket->wanted)->flc_type = CORE(fl)->flc_type;
	CORE(&ticket->wanted)->flc_file = CORE(fl)->flc_file;
	ticket->wanted.fl_start = fl->fl_start;
	ticket->wanted.fl_end = fl->fl_end;
	spin_lock(&blocked_lock_lock);
	list_add_tail(&ticket->list, &fair_tickets);
	spin_unlock(&blocked_lock_lock);
	return ticket;
}

/* Woken, but not granted the lock: without "wide" the waiter goes to the end now. */
static void fair_take_another(struct fair_ticket *ticket)
{
	spin_lock(&blocked_lock_lock);
	list_move_tail(&ticket->list, &fair_tickets);
	spin_unlock(&blocked_lock_lock);
}

static void fair_drop_ticket(struct fair_ticket *ticket)
{
	spin_lock(&blocked_lock_lock);
	list_del(&ticket->list);
	__locks_wake_up_blocks(CORE(&ticket->wanted));
	spin_unlock(&blocked_lock_lock);
	kfree(ticket);
}

/* Is it the same call, made again after a signal? */
static bool fair_is_for(struct fair_ticket *ticket, struct inode *inode, struct file_lock *fl)
{
	return ticket->inode == inode && CORE(&ticket->wanted)->flc_flags == CORE(fl)->flc_flags &&
	       CORE(&ticket->wanted)->flc_type == CORE(fl)->flc_type &&
	       CORE(&ticket->wanted)->flc_owner == CORE(fl)->flc_owner &&
	       ticket->wanted.fl_start == fl->fl_start && ticket->wanted.fl_end == fl->fl_end;
}

static bool fair_sleeps(struct fair_ticket *ticket)
{
	return ticket->request && CORE(ticket->request)->flc_blocker;
}

/* Has the waiter been woken, and not run in here since? */
static bool fair_is_coming(struct fair_ticket *ticket)
{
	return ticket->request && !fair_sleeps(ticket);
}

/* Have the requests that wait for this ticket try again. */
static void fair_wake_followers(struct fair_ticket *ticket)
{
	spin_lock(&blocked_lock_lock);
	__locks_wake_up_blocks(CORE(&ticket->wanted));
	spin_unlock(&blocked_lock_lock);
}

/* ---- what is in the way ---- */

static bool fair_is_flock(struct file_lock *fl)
{
	return CORE(fl)->flc_flags & FL_FLOCK;
}

static bool fair_conflict(struct file_lock *caller, struct file_lock *other)
{
	return fair_is_flock(caller) ? flock_locks_conflict(CORE(caller), CORE(other)) :
	       posix_locks_conflict(CORE(caller), CORE(other));
}

static bool fair_same_owner(struct file_lock *fl, struct file_lock *other)
{
	return fair_is_flock(fl) ? CORE(fl)->flc_file == CORE(other)->flc_file :
	       posix_same_owner(CORE(fl), CORE(other));
}

static struct list_head *fair_locks(struct inode *inode, struct file_lock *fl)
{
	struct file_lock_context *ctx = locks_get_lock_context(inode, F_WRLCK);

	if (!ctx)
		return NULL;
	return fair_is_flock(fl) ? &ctx->flc_flock : &ctx->flc_posix;
}

static bool fair_is_held(struct inode *inode, struct file_lock *fl)
{
	struct list_head *locks = fair_locks(inode, fl);
	struct file_lock *lock;

	if (!locks)
		return false;
	list_for_each_entry(lock, locks, MEMBER(flc_list))
		if (fair_conflict(fl, lock))
			return true;
	return false;
}

/* Does the owner of the request hold all bytes that the two requests have in common? */
static bool fair_has_already(struct inode *inode, struct file_lock *fl, struct file_lock *other)
{
	struct list_head *locks = fair_locks(inode, fl);
	loff_t at = max(fl->fl_start, other->fl_start), end = min(fl->fl_end, other->fl_end);
	struct file_lock *lock;

	if (!locks)
		return false;
	list_for_each_entry(lock, locks, MEMBER(flc_list)) {
		if (!fair_same_owner(lock, fl))
			continue;
		if (fair_is_flock(fl))
			return true;
		/* The list has an owner's locks together, in the order of their first bytes. */
		if (lock->fl_start > at || lock->fl_end < at)
			continue;
		if (lock->fl_end >= end)
			return true;
		at = lock->fl_end + 1;
	}
	return false;
}

/* The difference between the edits. */
static bool fair_counts(struct fair_ticket *ticket, struct file_lock *fl)
{
	if (!ticket->request)
		return lockfair_fair_place();
	if (fair_is_coming(ticket))
		return lockfair_fair_handoff();
	if (CORE(fl)->flc_type == F_RDLCK)
		return lockfair_fair_readers();
	return lockfair_fair_wide();
}

/*
 * Two requests of one owner do not conflict, but the later grant decides the mode of the owner's
 * lock. If both can be granted, grant the earlier one first.
 */
static bool fair_is_next_of_owner(struct fair_ticket *ticket, struct file_lock *fl)
{
	return lockfair_fair_handoff() && fair_is_coming(ticket) &&
	       fair_same_owner(fl, &ticket->wanted) && locks_overlap(fl, &ticket->wanted) &&
	       CORE(fl)->flc_type != CORE(&ticket->wanted)->flc_type;
}

static bool fair_is_in_the_way(struct fair_ticket *ticket, struct inode *inode,
			       struct file_lock *fl)
{
	if (ticket->inode != inode || fair_is_flock(fl) != fair_is_flock(&ticket->wanted))
		return false;
	if (fair_is_next_of_owner(ticket, fl))
		return true;
	if (!fair_conflict(fl, &ticket->wanted) || !fair_counts(ticket, fl))
		return false;
	/* If the woken waiter is granted its lock, that may block this upgrade: let it run. */
	if (fair_is_coming(ticket) && CORE(fl)->flc_type == F_WRLCK &&
	    (CORE(fl)->flc_flags & FL_SLEEP))
		return true;
	return !fair_has_already(inode, fl, &ticket->wanted);
}

/* Return the first ticket that is in the way, of those before @end if that is not NULL. */
static struct fair_ticket *fair_earlier(struct inode *inode, struct file_lock *fl,
					struct fair_ticket *end)
{
	struct fair_ticket *ticket;

	list_for_each_entry(ticket, &fair_tickets, list) {
		if (ticket == end)
			break;
		if (fair_is_in_the_way(ticket, inode, fl))
			return ticket;
	}
	return NULL;
}

/* ---- deadlocks ---- */

static bool fair_is_posix(struct file_lock *fl)
{
	return (CORE(fl)->flc_flags & (FL_POSIX | FL_OFDLCK)) == FL_POSIX && !fl->fl_lmops;
}

/* May a task of the lock's owner still do something? An OFD lock may have any number of tasks. */
static bool fair_owner_may_act(struct file_lock *lock)
{
	struct files_struct *files = CORE(lock)->flc_owner;
	struct fair_ticket *ticket;
	int hopeless = 0;

	if (!fair_is_posix(lock))
		return true;
	list_for_each_entry(ticket, &fair_tickets, list)
		hopeless += ticket->hopeless && CORE(&ticket->wanted)->flc_owner == files;
	return hopeless < atomic_read(&files->count);
}

static bool fair_may_be_granted(struct fair_ticket *waiter)
{
	struct list_head *locks = fair_locks(waiter->inode, &waiter->wanted);
	struct fair_ticket *ticket;
	struct file_lock *lock;

	if (!locks)
		return true;
	list_for_each_entry(lock, locks, MEMBER(flc_list))
		if (fair_conflict(&waiter->wanted, lock) && !fair_owner_may_act(lock))
			return false;
	list_for_each_entry(ticket, &fair_tickets, list) {
		if (ticket == waiter)
			break;
		if (ticket->hopeless && fair_is_in_the_way(ticket, waiter->inode, &waiter->wanted))
			return false;
	}
	return true;
}

/* Begin with the tickets that are marked as hopeless, and take away those that may be granted. */
static void fair_keep_hopeless(void)
{
	struct fair_ticket *ticket;
	bool changed;

	do {
		changed = false;
		list_for_each_entry(ticket, &fair_tickets, list) {
			if (!ticket->hopeless || !fair_may_be_granted(ticket))
				continue;
			ticket->hopeless = false;
			changed = true;
		}
	} while (changed);
}

static bool fair_sleeps_for_posix(struct fair_ticket *ticket)
{
	return fair_is_posix(&ticket->wanted) && fair_sleeps(ticket);
}

/*
 * Would the request cause a deadlock? One that merely joins an existing deadlock, which a thread
 * that exited may have left, is not refused. Waiters for OFD locks take no part.
 */
static bool fair_is_deadlock(struct fair_ticket *own)
{
	struct fair_ticket *ticket;

	if (!fair_is_posix(&own->wanted))
		return false;
	list_for_each_entry(ticket, &fair_tickets, list)
		ticket->hopeless = ticket != own && fair_sleeps_for_posix(ticket);
	fair_keep_hopeless();
	list_for_each_entry(ticket, &fair_tickets, list)
		ticket->hopeless = !ticket->hopeless && (ticket == own ||
							 fair_sleeps_for_posix(ticket));
	fair_keep_hopeless();
	return own->hopeless;
}

/* Two holders of a shared flock that both wait for an upgrade would wait for each other. */
static bool fair_is_second_upgrade(struct fair_ticket *own)
{
	struct fair_ticket *ticket;

	if (!fair_is_flock(&own->wanted) || CORE(&own->wanted)->flc_type != F_WRLCK ||
	    !fair_has_already(own->inode, &own->wanted, &own->wanted))
		return false;
	list_for_each_entry(ticket, &fair_tickets, list) {
		struct file_lock *other = &ticket->wanted;

		if (ticket != own && ticket->inode == own->inode && fair_sleeps(ticket) &&
		    fair_is_flock(other) && fair_conflict(&own->wanted, other) &&
		    fair_has_already(own->inode, other, other))
			return true;
	}
	return false;
}

/* ---- the calls ---- */

static int fair_wait_behind(struct fair_ticket *ticket, struct file_lock *fl)
{
	struct file_lock_context *ctx = locks_inode_context(ticket->inode);
	int error = FILE_LOCK_DEFERRED;
	struct file_lock *blocker;

	spin_lock(&ctx->flc_lock);
	spin_lock(&blocked_lock_lock);
	/* Under this lock only: a signal may wake the request at any time. */
	blocker = fair_sleeps(ticket) ? ticket->request : &ticket->wanted;
	__locks_wake_up_blocks(CORE(fl));
	if (!fair_is_flock(fl) && posix_locks_deadlock(fl, &ticket->wanted))
		error = -EDEADLK;
	else if (fair_is_flock(fl))
		__locks_insert_block(CORE(blocker), CORE(fl), flock_locks_conflict);
	else
		__locks_insert_block(CORE(blocker), CORE(fl), posix_locks_conflict);
	spin_unlock(&blocked_lock_lock);
	spin_unlock(&ctx->flc_lock);
	return error;
}

/*
 * The owner was granted a lock, so earlier requests for these bytes are not in its way any more.
 * Have its other requests that wait for such an earlier request try again.
 */
static void fair_wake_owner(struct inode *inode, struct file_lock *fl)
{
	struct fair_ticket *ticket;

	spin_lock(&blocked_lock_lock);
	list_for_each_entry(ticket, &fair_tickets, list) {
		ANY_LOCK *request = CORE(ticket->request);

		if (ticket->inode != inode || ticket->task == current || !fair_sleeps(ticket) ||
		    fair_is_flock(fl) != fair_is_flock(&ticket->wanted) ||
		    !fair_same_owner(fl, &ticket->wanted))
			continue;
		locks_delete_global_blocked(request);
		list_del_init(&request->flc_blocked_member);
		wake_up(&request->flc_wait);
		/* As in __locks_wake_up_blocks(), this is the last access. */
		smp_store_release(&request->flc_blocker, NULL);
	}
	spin_unlock(&blocked_lock_lock);
}

/* The waiter came back: the later waiters beside it that conflict with it go behind it. */
static void fair_go_before_later(struct fair_ticket *own)
{
	struct file_lock_context *ctx = locks_inode_context(own->inode);
	ANY_LOCK *request = CORE(own->request), *waiter, *next;

	spin_lock(&ctx->flc_lock);
	spin_lock(&blocked_lock_lock);
	if (request->flc_blocker) {
		list_for_each_entry_safe(waiter, next, &request->flc_blocker->flc_blocked_requests,
					 flc_blocked_member) {
			if (waiter == request ||
			    !fair_conflict((struct file_lock *)waiter, own->request) ||
			    !lockfair_fair_comes_before(request, waiter))
				continue;
			list_move_tail(&waiter->flc_blocked_member,
				       &request->flc_blocked_requests);
			waiter->flc_blocker = request;
		}
	}
	spin_unlock(&blocked_lock_lock);
	spin_unlock(&ctx->flc_lock);
}

static int fair_plain(struct inode *inode, struct file_lock *fl, struct file_lock *conflock)
{
	int error = fair_is_flock(fl) ? flock_lock_inode(inode, fl) :
		    posix_lock_inode(inode, fl, conflock);

	if (!error && CORE(fl)->flc_type != F_UNLCK)
		fair_wake_owner(inode, fl);
	return error;
}

static int fair_request(struct inode *inode, struct file_lock *fl, struct file_lock *conflock)
{
	struct fair_ticket *own = fair_own_ticket(), *earlier;
	bool waits = CORE(fl)->flc_flags & FL_SLEEP, held;
	bool returned = own, woken;
	int error;

	if (own && !fair_is_for(own, inode, fl)) {
		fair_drop_ticket(own);
		own = NULL;
	}
	woken = own && own->request;
	if (own)
		own->request = fl;
	earlier = fair_earlier(inode, fl, own);
	held = fair_is_held(inode, fl);
	if (!held && !earlier)
		return fair_plain(inode, fl, conflock);
	if (!waits)
		return held ? fair_plain(inode, fl, conflock) : -EAGAIN;
	if (!own)
		own = fair_take_ticket(inode, fl);
	else if (woken && !lockfair_fair_wide())
		fair_take_another(own);
	if ((lockfair_fair_deadlock() && fair_is_deadlock(own)) ||
	    (lockfair_fair_conversion() && fair_is_second_upgrade(own)))
		return -EDEADLK;
	error = held ? fair_plain(inode, fl, conflock) : fair_wait_behind(earlier, fl);
	if (error == FILE_LOCK_DEFERRED && returned) {
		fair_go_before_later(own);
		fair_wake_followers(own);
	}
	return error;
}

int lockfair_fair_lock(struct inode *inode, struct file_lock *fl, struct file_lock *conflock)
{
	int error;

	mutex_lock(&fair_mutex);
	/* An NFS server locks for its clients: it does not sleep, but gets a callback. */
	if (CORE(fl)->flc_type == F_UNLCK || (CORE(fl)->flc_flags & FL_ACCESS) || fl->fl_lmops)
		error = fair_plain(inode, fl, conflock);
	else
		error = fair_request(inode, fl, conflock);
	mutex_unlock(&fair_mutex);
	return error;
}

void lockfair_fair_end(struct file_lock *fl, int error)
{
	struct fair_ticket *own;

	/* Only the task itself makes its ticket, so none can appear meanwhile. */
	if (list_empty(&fair_tickets))
		return;
	mutex_lock(&fair_mutex);
	own = fair_own_ticket();
	if (own && own->request == fl) {
		own->request = NULL;
		if (error != -ERESTARTSYS || fatal_signal_pending(current) ||
		    !lockfair_fair_place())
			fair_drop_ticket(own);
		else
			fair_wake_followers(own);
	}
	mutex_unlock(&fair_mutex);
}

void lockfair_fair_leave(void)
{
	struct fair_ticket *own;

	if (list_empty(&fair_tickets))
		return;
	mutex_lock(&fair_mutex);
	own = fair_own_ticket();
	if (own)
		fair_drop_ticket(own);
	mutex_unlock(&fair_mutex);
}

bool lockfair_fair_comes_before(void *one, void *other)
{
	struct fair_ticket *ticket;

	lockdep_assert_held(&blocked_lock_lock);
	list_for_each_entry(ticket, &fair_tickets, list) {
		if (!ticket->request)
			continue;
		if (CORE(ticket->request) == one)
			return true;
		if (CORE(ticket->request) == other)
			return false;
	}
	return true;
}
