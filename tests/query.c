// SPDX-License-Identifier: GPL-2.0
/*
 * Query: which lock is in the way of another? F_GETLK and F_OFD_GETLK describe a lock with which
 * the lock in question would conflict, or say F_UNLCK. (Whose lock: tests/query_owner.c.)
 *
 * In each scenario the test's own process asks, through a description of its own, and the
 * actors hold the locks that are in the way.
 */
#include <limits.h>

#include "new_file.h"
#include "query.h"
#include "system/release.h"

/*
 *	held     [10........19]		or [10 … without end
 *	asked    [10........19]		and so on
 */
static const struct {
	off_t start, len;
} held[] = { { 10, 10 }, { 10, 0 } }, asked[] = {
	{ 10, 10 }, { 12, 3 }, { 5, 30 }, { 0, 11 }, { 19, 10 }, { 10, 1 }, { 0, 0 }, { 19, 0 },
	{ 0, 10 }, { 20, 10 }, { 20, 0 }, { 9, 1 }, { 0, 1 },
};

static struct lock_request request_of(int holding, enum lock_mode mode)
{
	return (struct lock_request){ mode, held[holding].start, held[holding].len, 0 };
}

static bool overlap(int holding, int asking)
{
	off_t end = asked[asking].start + asked[asking].len;

	return (!asked[asking].len || end > held[holding].start) &&
	       (!held[holding].len || asked[asking].start < held[holding].start +
								held[holding].len);
}

#define POSITION	7

/* The same range, counted from the file position or from the end of the file. */
static struct flock counted_from(int whence, struct flock lock, off_t size)
{
	lock.l_whence = whence;
	lock.l_start -= whence == SEEK_CUR ? POSITION : whence == SEEK_END ? size : 0;
	return lock;
}

/* One lock is held: ask for every range that conflicts with it, or for every one that does not. */
static void ask_for_everything(const struct lock *lock, const struct actor *holder, int holding,
			       enum lock_mode has, bool conflicting)
{
	struct flock taken = described(holder, request_of(holding, has));

	for (unsigned int i = 0; i < ARRAY_SIZE(asked) * 2; i++) {
		enum lock_mode mode = i % 2 ? MODE_EXCLUSIVE : MODE_SHARED;
		struct flock wished = wish(mode, asked[i / 2].start, asked[i / 2].len);
		bool both_read = mode == MODE_SHARED && has == MODE_SHARED;

		if ((overlap(holding, i / 2) && !both_read) != conflicting)
			continue;
		for (int whence = SEEK_SET; whence <= SEEK_END; whence++) {
			struct flock asks = counted_from(whence, wished, holder->scene->size);

			answer_is(holder->scene, lock, asks, conflicting ? taken : nobody(asks));
		}
	}
}

/* The same for every lock that can be held. */
static void hold_everything_and_ask(struct scene *scene, bool conflicting)
{
	struct actor *holder = actor_start(scene, "holder");
	struct lock lock = asker(scene);

	sets_up(scene, lseek(lock.fd, POSITION, SEEK_SET), "lseek");
	for (unsigned int i = 0; i < ARRAY_SIZE(held) * 2; i++) {
		enum lock_mode mode = i % 2 ? MODE_EXCLUSIVE : MODE_SHARED;

		actor_lock(holder, request_of(i / 2, mode));
		ask_for_everything(&lock, holder, i / 2, mode, conflicting);
		actor_unlock(holder);
	}
}

/*
 * fcntl(2): "If one or more incompatible locks would prevent this lock being placed, then
 * fcntl() returns details about one of those locks in the l_type, l_whence, l_start, and l_len
 * fields". A reader, too, is in the way of a writer (since 2.6.22).
 */
PROMISE(POSIX | OFD, a_lock_in_the_way_is_described)
{
	scene_judges(scene, LACKS_QUERY);
	hold_everything_and_ask(scene, true);
}

/*
 * fcntl(2): "If the lock could be placed, fcntl() […] returns F_UNLCK in the l_type field of
 * lock and leaves the other fields of the structure unchanged".
 */
PROMISE(POSIX | OFD, a_lock_that_can_be_had_changes_l_type_alone)
{
	hold_everything_and_ask(scene, false);
}

static void ask_about_a_new_file(struct scene *scene, struct flock wished)
{
	struct new_file file;
	int err = new_file_open(&file, scene);

	if (err)
		return scene_broken(scene, "making a new file: %s", strerror(-err));
	answer_is(scene, &file.lock, wished, nobody(wished));
	new_file_close(&file);
}

/*
 * The same sentence. F_GETLK may be asked with anything in l_pid; F_OFD_GETLK wants 0 there
 * (tests/errors.c), and leaves 0. A negative length stays negative.
 */
PROMISE(POSIX | OFD, a_query_that_finds_nothing_leaves_pid_and_length)
{
	static const pid_t pids[] = { 0, 1, -1, INT_MAX, INT_MIN };
	struct actor *reader = actor_start(scene, "reader");
	struct lock lock = asker(scene);
	int count = is_kind(scene, POSIX) ? ARRAY_SIZE(pids) : 1;

	ask_about_a_new_file(scene, wish(MODE_SHARED, 20, -10));
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < count; i++) {
			struct flock wished = wish(MODE_SHARED, 20, -10);

			wished.l_pid = pids[i];
			answer_is(scene, &lock, wished, nobody(wished));
		}
		actor_lock(reader, SHARED_ON(0, 30));
	}
}

/* fcntl(2): "fcntl() does not actually place it". */
PROMISE(POSIX | OFD, a_query_takes_and_converts_nothing)
{
	struct actor *other = actor_start(scene, "other");
	struct flock wished = wish(MODE_EXCLUSIVE, 0, 0);
	struct lock lock = asker(scene);
	int err = lock_acquire(&lock, &SHARED_ON(0, 10), false), ret;

	requires(scene, !err, "the asker should get the lock: %s", strerror(-err));
	answer_is(scene, &lock, wished, nobody(wished));
	ret = actor_try(other, SHARED_ON(0, 10));
	holds(scene, !ret, "after a query the asker's shared lock keeps out another reader: %s",
	      strerror(-ret));
	ret = actor_try(other, EXCLUSIVE_ON(10, 10));
	holds(scene, !ret, "after a query the other was refused what had been asked about: %s",
	      strerror(-ret));
}

/*
 *	reader  [0...9]
 *	writer           [20..29]
 *
 * fcntl(2): "details about one of those locks". Only the writer is in the way of a reader.
 */
PROMISE(POSIX | OFD, one_of_several_locks_in_the_way_is_described)
{
	struct actor *reader = actor_start(scene, "reader");
	struct actor *writer = actor_start(scene, "writer");
	struct flock first, second, got = wish(MODE_EXCLUSIVE, 0, 0);
	struct lock lock = asker(scene);
	int err;

	scene_needs(scene, LACKS_QUERY);
	actor_lock(reader, SHARED_ON(0, 10));
	actor_lock(writer, EXCLUSIVE_ON(20, 10));
	first = described(reader, SHARED_ON(0, 10));
	second = described(writer, EXCLUSIVE_ON(20, 10));
	err = lock_query(&lock, &got);
	holds(scene, !err && (same(&got, &first) || same(&got, &second)),
	      "asked for all of it, the answer is neither reader nor writer but %s",
	      err ? strerror(-err) : words(&got));
	answer_is(scene, &lock, wish(MODE_SHARED, 0, 0), second);
}

/* A request that still waits conflicts with nothing; so readers pass a queued writer. */
PRACTICE(POSIX | OFD, who_waits_is_not_in_the_way)
{
	struct actor *holder = actor_start(scene, "holder");
	struct actor *waiter = actor_start(scene, "waiter");
	struct flock wished = wish(MODE_SHARED, 0, 0);
	struct lock lock = asker(scene);

	actor_lock(holder, SHARED_ON(5, 5));
	actor_queue(waiter, EXCLUSIVE_ON(0, 10));
	answer_is(scene, &lock, wished, nobody(wished));
	answer_is(scene, &lock, wish(MODE_EXCLUSIVE, 0, 0), described(holder, SHARED_ON(5, 5)));
}

/* fcntl(2) wants a descriptor open for writing "to place a write lock"; a query places none. */
PRACTICE(POSIX | OFD, a_query_needs_no_descriptor_open_for_writing)
{
	struct actor *holder = actor_start(scene, "holder");
	struct lock lock = asker(scene);
	char path[40];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", lock.fd);
	lock.fd = open(path, O_RDONLY | O_CLOEXEC);
	sets_up(scene, lock.fd, "open");
	actor_lock(holder, SHARED_ON(5, 5));
	answer_is(scene, &lock, wish(MODE_EXCLUSIVE, 0, 0), described(holder, SHARED_ON(5, 5)));
}

PRACTICE(POSIX, a_posix_query_for_no_lock_is_einval)
{
	struct flock wished = nobody(wish(MODE_SHARED, 0, 0));
	struct lock lock = asker(scene);
	int err = lock_query(&lock, &wished);

	holds(scene, err == -EINVAL, "F_GETLK with F_UNLCK: %s",
	      err ? strerror(-err) : "an answer");
}

/*
 * Since 6.6 (commit 6c9007f65d14) F_UNLCK asks which lock of the caller's a release would
 * change. Before that it is EINVAL.
 */
PRACTICE(OFD, an_ofd_query_for_no_lock_finds_ones_own)
{
	struct actor *other = actor_start(scene, "other");
	struct flock here = nobody(wish(MODE_SHARED, 0, 0));
	struct flock beside = nobody(wish(MODE_SHARED, 20, 10)), probe = here, own;
	struct lock lock = asker(scene);
	int err = lock_acquire(&lock, &SHARED_ON(10, 10), false);

	fixed_by("6c9007f65d14", "6.6");
	requires(scene, !err, "the asker should get the lock: %s", strerror(-err));
	actor_lock(other, SHARED_ON(0, 0));
	err = lock_query(&lock, &probe);
	skip_unless(scene, err != -EINVAL || release_is_since(6, 6),
		    "F_OFD_GETLK knows no F_UNLCK");
	holds(scene, !err, "F_OFD_GETLK with F_UNLCK: %s", strerror(-err));
	own = wish(MODE_SHARED, 10, 10);
	own.l_pid = -1;
	answer_is(scene, &lock, here, own);
	answer_is(scene, &lock, beside, beside);
}

CLAIM_MAIN
