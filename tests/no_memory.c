// SPDX-License-Identifier: GPL-2.0
/*
 * What does a lock call leave behind if the kernel has no memory for it?
 *
 * fs/locks.c splits and merges locks, and for this may need two new ones: it must have them before
 * it changes anything. Only lockf() is promised, by POSIX, to change nothing if it fails. Each
 * allocation of the call fails in turn. (Calls that wait: no_memory_wait.c.)
 */
#include "lock/descriptor.h"
#include "new_file.h"
#include "no_memory.h"

/* ---- the first lock of a file ---- */

/* In the scene's shared numbers: is there something on the new file after a refusal? */
enum { LEFT = RESULT + 1 };

/* Ask through another description, which is another owner. 1, 0 or -errno. */
static int is_locked(const struct new_file *file)
{
	struct lock other = { .site = &file->site, .fd = descriptor_reopen(file->lock.fd) };
	bool is_flock = file->site.kind == KIND_FLOCK, locked;
	struct flock asked = wish(MODE_EXCLUSIVE, 0, 0);
	int ret, lines;

	if (other.fd < 0)
		return other.fd;
	if (is_flock)
		ret = lock_acquire(&other, &EXCLUSIVE, false);
	else
		ret = fcntl(other.fd, F_OFD_GETLK, &asked) < 0 ? -errno : 0;
	locked = is_flock ? ret == -EAGAIN : asked.l_type != F_UNLCK;
	lines = proc_locks_read(file->lock.fd, NULL, 0);
	/* The other has it now. */
	locked |= lines > (is_flock && !ret);
	lock_close(&other);
	if (ret && !(is_flock && locked))
		return ret;
	return lines < 0 ? lines : locked;
}

static int lock_it(struct actor *self, void *arg)
{
	struct new_file *file = arg;

	(void)self;
	return lock_acquire(&file->lock, &EXCLUSIVE, false);
}

static int lock_a_new_file(struct actor *self, void *arg)
{
	unsigned long long *number = self->scene->shared->number;
	struct new_file file;
	int ret = new_file_open(&file, self->scene);

	(void)arg;
	if (ret)
		return ret;
	ret = without_memory(self, lock_it, &file);
	number[LEFT] = 0;
	if (!ret && number[RESULT]) {
		ret = is_locked(&file);
		number[LEFT] = ret > 0;
		/* With all memory it is granted, if nothing is left. */
		if (!ret)
			ret = lock_acquire(&file.lock, &EXCLUSIVE, false);
	}
	new_file_close(&file);
	return ret < 0 ? ret : 0;
}

/*
 * It takes memory for the request, for what the kernel notes about the file, and for the lock. An
 * flock has no request apart from the lock. Each time another file is locked.
 */
PRACTICE(FILE_LOCKS, a_first_lock_that_fails_leaves_nothing)
{
	struct actor *owner = actor_start(scene, "owner");
	bool goes_on = needs_failing_memory(scene);
	struct refusals refusals = { 0 };

	for (int nth = 1; goes_on && scene_goes_on(scene); nth++) {
		scene->shared->number[NTH] = nth;
		actor_do(owner, lock_a_new_file, NULL);
		is_done_or_refused(scene, nth);
		goes_on = failed(scene);
		count_refusal(&refusals, result(scene));
		holds(scene, !scene->shared->number[LEFT],
		      "with allocation %d failing, the file that nobody has locked is locked", nth);
	}
	has_been_refused(scene, refusals, is_kind(scene, FLOCK) ? 2 : 3);
}

/* ---- a further lock ---- */

static const struct situation another_lock = {
	.held = { { MODE_EXCLUSIVE, 0, 4, 0 } }, .count = 1,
	.call = { TRIES, { MODE_EXCLUSIVE, 8, 4, 0 } },
	.before = "XXXX............", .after = "XXXX....XXXX....",
};

PRACTICE(RECORD_LOCKS, another_lock_that_fails_leaves_the_first_alone)
{
	has_been_refused(scene, in_situation(scene, &another_lock), 2);
}

/* The two become one with the third, which is then not needed: it may succeed all the same. */
static const struct situation merge = {
	.held = { { MODE_EXCLUSIVE, 0, 4, 0 }, { MODE_EXCLUSIVE, 8, 4, 0 } }, .count = 2,
	.call = { TRIES, { MODE_EXCLUSIVE, 4, 4, 0 } },
	.before = "XXXX....XXXX....", .after = "XXXXXXXXXXXX....",
};

PRACTICE(RECORD_LOCKS, a_merge_that_fails_changes_no_lock)
{
	has_been_refused(scene, in_situation(scene, &merge), 1);
}

static const struct situation replacement = {
	.held = { { MODE_SHARED, 0, 4, 0 }, { MODE_SHARED, 6, 2, 0 }, { MODE_SHARED, 12, 4, 0 } },
	.count = 3,
	.call = { TRIES, { MODE_EXCLUSIVE, 2, 12, 0 } },
	.before = "SSSS..SS....SSSS", .after = "SSXXXXXXXXXXXXSS",
};

PRACTICE(POSIX | OFD, a_change_of_several_locks_that_fails_changes_none)
{
	has_been_refused(scene, in_situation(scene, &replacement), 2);
}

/* ---- one lock becomes three, or two ---- */

static const struct situation upgrade_in_the_middle = {
	.held = { { MODE_SHARED, 2, 12, 0 } }, .count = 1,
	.call = { TRIES, { MODE_EXCLUSIVE, 6, 4, 0 } },
	.before = "..SSSSSSSSSSSS..", .after = "..SSSSXXXXSSSS..",
};

static const struct situation downgrade_in_the_middle = {
	.held = { { MODE_EXCLUSIVE, 2, 12, 0 } }, .count = 1,
	.call = { TRIES, { MODE_SHARED, 6, 4, 0 } },
	.before = "..XXXXXXXXXXXX..", .after = "..XXXXSSSSXXXX..",
};

PRACTICE(POSIX | OFD, an_upgrade_in_the_middle_that_fails_splits_nothing)
{
	has_been_refused(scene, in_situation(scene, &upgrade_in_the_middle), 3);
}

PRACTICE(POSIX | OFD, a_downgrade_in_the_middle_that_fails_splits_nothing)
{
	has_been_refused(scene, in_situation(scene, &downgrade_in_the_middle), 3);
}

static const struct situation release_in_the_middle = {
	.held = { { MODE_EXCLUSIVE, 2, 12, 0 } }, .count = 1,
	.call = { RELEASES, { MODE_EXCLUSIVE, 6, 4, 0 } },
	.before = "..XXXXXXXXXXXX..", .after = "..XXXX....XXXX..",
};

PRACTICE(RECORD_LOCKS, a_release_in_the_middle_that_fails_splits_nothing)
{
	has_been_refused(scene, in_situation(scene, &release_in_the_middle), 2);
}

/* ---- the release ---- */

static const struct situation whole_release = {
	.held = { { MODE_EXCLUSIVE, 2, 12, 0 } }, .count = 1,
	.call = { RELEASES, { MODE_EXCLUSIVE, 0, 0, 0 } },
	.before = "..XXXXXXXXXXXX..", .after = "................",
};

/* The request alone takes memory. So even a release of all that a process has may fail. */
PRACTICE(RECORD_LOCKS, a_release_that_fails_keeps_the_lock)
{
	has_been_refused(scene, in_situation(scene, &whole_release), 1);
}

static const struct situation release_of_an_flock = {
	.held = { { .mode = MODE_EXCLUSIVE } }, .count = 1,
	.call = { RELEASES, { .mode = MODE_EXCLUSIVE } }, .before = "X", .after = ".",
};

PRACTICE(FLOCK, a_release_needs_no_memory)
{
	struct refusals refusals = in_situation(scene, &release_of_an_flock);

	holds(scene, !refusals.count && !failed(scene), "the release asked for memory");
}

/* ---- a conversion ---- */

static const struct situation upgrade = {
	.held = { { .mode = MODE_SHARED } }, .count = 1,
	.call = { TRIES, { .mode = MODE_EXCLUSIVE } }, .before = "S", .after = "X",
};

static const struct situation downgrade = {
	.held = { { .mode = MODE_EXCLUSIVE } }, .count = 1,
	.call = { TRIES, { .mode = MODE_SHARED } }, .before = "X", .after = "S",
};

/*
 * flock(2): "the existing lock is first removed, and then a new lock is established". The memory
 * for the new one is there before that.
 */
PRACTICE(CONVERSIONS, an_upgrade_that_fails_keeps_the_shared_lock)
{
	has_been_refused(scene, in_situation(scene, &upgrade), 1);
}

PRACTICE(CONVERSIONS, a_downgrade_that_fails_keeps_the_exclusive_lock)
{
	has_been_refused(scene, in_situation(scene, &downgrade), 1);
}

/* ---- what is promised, and what the error is ---- */

/* POSIX.1-2024 lockf(): "return -1, set errno …, and existing locks shall not be changed." */
PROMISE(LOCKF, a_section_that_fails_changes_no_existing_lock)
{
	struct actor *owner = actor_start(scene, "owner");
	struct actor *peer = actor_start(scene, "peer");

	needs_a_refusal(scene, with_each_failing(owner, peer, &another_lock));
	needs_a_refusal(scene, with_each_failing(owner, peer, &merge));
	needs_a_refusal(scene, with_each_failing(owner, peer, &release_in_the_middle));
}

/* Except for what the kernel notes about the file: see a_first_lock_that_fails_leaves_nothing. */
PRACTICE(RECORD_LOCKS, no_memory_for_a_lock_is_enolck)
{
	struct refusals refusals = in_situation(scene, &another_lock);

	has_been_refused(scene, refusals, 1);
	holds(scene, refusals.enolck == refusals.count, "%d of %d refusals were ENOMEM",
	      refusals.enomem, refusals.count);
}

/* flock(2): "ENOLCK The kernel ran out of memory for allocating lock records." */
FOLKLORE(FLOCK, no_memory_for_an_flock_is_enolck, "it is ENOMEM, though flock(2) says ENOLCK")
{
	struct refusals refusals = in_situation(scene, &upgrade);

	needs_a_refusal(scene, refusals);
	holds(scene, refusals.enolck == refusals.count, "%d of %d refusals were ENOMEM",
	      refusals.enomem, refusals.count);
}

CLAIM_MAIN
