// SPDX-License-Identifier: GPL-2.0
/* What mutants need of the internals of fs/locks.c; kernels/mutate appends this to it. */

/* Delete the locks of @list that were taken through @file, or all if that is NULL. */
static void lockfair_mutant_unlock(struct list_head *list, struct file *file,
				   struct list_head *dispose)
{
	struct file_lock *lock, *next;

	list_for_each_entry_safe(lock, next, list, MEMBER(flc_list))
		if (!file || CORE(lock)->flc_file == file)
			locks_delete_lock_ctx(CORE(lock), dispose);
}

static void lockfair_mutant_go(struct inode *inode, struct file *file)
{
	struct file_lock_context *ctx = locks_inode_context(inode);
	LIST_HEAD(dispose);

	if (!ctx)
		return;
	percpu_down_read(&file_rwsem);
	spin_lock(&ctx->flc_lock);
	lockfair_mutant_unlock(&ctx->flc_posix, file, &dispose);
	lockfair_mutant_unlock(&ctx->flc_flock, file, &dispose);
	spin_unlock(&ctx->flc_lock);
	percpu_up_read(&file_rwsem);
	locks_dispose_list(&dispose);
}

void lockfair_mutant_drop(struct inode *inode)
{
	lockfair_mutant_go(inode, NULL);
}

void lockfair_mutant_drop_of(struct file *file)
{
	lockfair_mutant_go(file_inode(file), file);
}

static void lockfair_mutant_leak_lists(struct file_lock_context *ctx, struct file *file)
{
	struct file_lock *lock;

	list_for_each_entry(lock, &ctx->flc_flock, MEMBER(flc_list))
		if (!file || CORE(lock)->flc_file == file)
			CORE(lock)->flc_file = NULL;
	list_for_each_entry(lock, &ctx->flc_posix, MEMBER(flc_list)) {
		if (file && CORE(lock)->flc_file != file)
			continue;
		CORE(lock)->flc_file = NULL;
		CORE(lock)->flc_owner = lock;
	}
}

void lockfair_mutant_leak(struct file *file)
{
	struct file_lock_context *ctx = locks_inode_context(file_inode(file));

	if (!ctx)
		return;
	spin_lock(&ctx->flc_lock);
	lockfair_mutant_leak_lists(ctx, file);
	spin_unlock(&ctx->flc_lock);
}

bool lockfair_mutant_has_lock(struct file *file)
{
	struct file_lock_context *ctx = locks_inode_context(file_inode(file));
	struct file_lock *lock;
	bool found = false;

	if (!ctx)
		return false;
	spin_lock(&ctx->flc_lock);
	list_for_each_entry(lock, &ctx->flc_posix, MEMBER(flc_list))
		found |= CORE(lock)->flc_file == file;
	list_for_each_entry(lock, &ctx->flc_flock, MEMBER(flc_list))
		found |= CORE(lock)->flc_file == file;
	spin_unlock(&ctx->flc_lock);
	return found;
}

void lockfair_mutant_move(struct inode *from, struct inode *to)
{
	struct file_lock_context *old = locks_inode_context(from);
	struct file_lock_context *new = locks_get_lock_context(to, F_WRLCK);
	LIST_HEAD(posix);
	LIST_HEAD(flock);

	if (!old || !new)
		return;
	spin_lock(&old->flc_lock);
	lockfair_mutant_leak_lists(old, NULL);
	list_splice_init(&old->flc_posix, &posix);
	list_splice_init(&old->flc_flock, &flock);
	spin_unlock(&old->flc_lock);
	spin_lock(&new->flc_lock);
	list_splice(&posix, &new->flc_posix);
	list_splice(&flock, &new->flc_flock);
	spin_unlock(&new->flc_lock);
}
