// SPDX-License-Identifier: GPL-2.0
/*
 * Query: what is in the way of a lock? F_GETLK and F_OFD_GETLK describe a lock that the
 * one asked for would conflict with, or say F_UNLCK. (Whose lock it is: tests/query_owner.c.)
 *
 * In each scenario it is the test's own process that asks, through a description of its
 * own; the actors hold what is in the way.
 */
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

/* The same range, counted from the file position, which is 7, or from the end of the file. */
static struct flock counted_from(int whence, struct flock lock)
{
	lock.l_whence = whence;
	lock.l_start -= whence == SEEK_CUR ? 7 : whence == SEEK_END ? SCENE_FILE_SIZE : 0;
	return lock;
}

/* One lock is held: ask for every range that conflicts with it, or for every one that does not. */
static bool asks_for_everything(const struct lock *lock, const struct actor *holder, int holding,
				enum lock_mode holds, bool conflicting)
{
	struct flock taken = described(holder, request_of(holding, holds));

	for (unsigned int i = 0; i < ARRAY_SIZE(asked) * 2; i++) {
		enum lock_mode mode = i % 2 ? MODE_EXCLUSIVE : MODE_SHARED;
		struct flock wished = wish(mode, asked[i / 2].start, asked[i / 2].len);
		bool both_read = mode == MODE_SHARED && holds == MODE_SHARED;

		if ((overlap(holding, i / 2) && !both_read) != conflicting)
			continue;
		for (int whence = SEEK_SET; whence <= SEEK_END; whence++) {
			struct flock asks = counted_from(whence, wished);

			if (!answers(lock, asks, conflicting ? taken : nobody(asks)))
				return false;
		}
	}
	return true;
}

#define EVERYTHING_IS_ANSWERED(conflicting) do { \
	struct actor *holder = actor_start(&self->scene, "holder"); \
	struct lock lock = asker(&self->scene); \
	SETS_UP(lseek(lock.fd, 7, SEEK_SET)); \
	for (unsigned int i = 0; i < ARRAY_SIZE(held) * 2; i++) { \
		enum lock_mode mode = i % 2 ? MODE_EXCLUSIVE : MODE_SHARED; \
		actor_lock(holder, request_of(i / 2, mode)); \
		HOLDS(asks_for_everything(&lock, holder, i / 2, mode, conflicting), \
		      "another answer", "%s", exchange); \
		actor_unlock(holder); \
	} \
} while (0)

CLASS(promise);

/*
 * fcntl(2): "If one or more incompatible locks would prevent this lock being placed, then
 * fcntl() returns details about one of those locks in the l_type, l_whence, l_start, and l_len
 * fields". A reader is in the way of a writer, too (commit 129a84de2347).
 */
CLAIM(promise, TRAIT_QUERIES, a_lock_in_the_way_is_described)
{
	EVERYTHING_IS_ANSWERED(true);
}

/*
 * fcntl(2): "If the lock could be placed, fcntl() […] returns F_UNLCK in the l_type field of
 * lock and leaves the other fields of the structure unchanged".
 */
CLAIM(promise, TRAIT_QUERIES, a_lock_that_can_be_had_changes_l_type_alone)
{
	EVERYTHING_IS_ANSWERED(false);
}

/* fcntl(2): "fcntl() does not actually place it". */
CLAIM(promise, TRAIT_QUERIES, a_query_takes_and_converts_nothing)
{
	struct actor *other = actor_start(&self->scene, "other");
	struct flock wished = wish(MODE_EXCLUSIVE, 0, 0);
	struct lock lock = asker(&self->scene);
	int err = lock_acquire(&lock, &SHARED_ON(0, 10), false), ret;

	REQUIRES(!err, "the asker was to get the lock: %s", strerror(-err));
	ANSWERS(&lock, wished, nobody(wished));
	ret = actor_try(other, SHARED_ON(0, 10));
	HOLDS(!ret, "a query is a conversion",
	      "after a query the asker's shared lock keeps out another reader: %s",
	      strerror(-ret));
	ret = actor_try(other, EXCLUSIVE_ON(10, 10));
	HOLDS(!ret, "a query takes a lock",
	      "after a query the other was refused what had been asked about: %s",
	      strerror(-ret));
}

/*
 *	reader  [0...9]
 *	writer           [20..29]
 *
 * fcntl(2): "details about one of those locks"; a reader is none of those that hinder a reader.
 */
CLAIM(promise, TRAIT_QUERIES, one_of_several_locks_in_the_way_is_described)
{
	struct actor *reader = actor_start(&self->scene, "reader");
	struct actor *writer = actor_start(&self->scene, "writer");
	struct flock first, second, got = wish(MODE_EXCLUSIVE, 0, 0);
	struct lock lock = asker(&self->scene);
	int err;

	actor_lock(reader, SHARED_ON(0, 10));
	actor_lock(writer, EXCLUSIVE_ON(20, 10));
	first = described(reader, SHARED_ON(0, 10));
	second = described(writer, EXCLUSIVE_ON(20, 10));
	err = lock_query(&lock, &got);
	HOLDS(!err && (same(&got, &first) || same(&got, &second)), "another answer",
	      "asked for all of it, the answer is neither reader nor writer but %s",
	      err ? strerror(-err) : words(&got));
	ANSWERS(&lock, wish(MODE_SHARED, 0, 0), second);
}

CLASS(practice);

/* A request is in nobody's way before it is granted; so readers pass a queued writer. */
CLAIM(practice, TRAIT_QUERIES, who_waits_is_not_in_the_way)
{
	struct actor *holder = actor_start(&self->scene, "holder");
	struct actor *waiter = actor_start(&self->scene, "waiter");
	struct flock wished = wish(MODE_SHARED, 0, 0);
	struct lock lock = asker(&self->scene);

	actor_lock(holder, SHARED_ON(5, 5));
	actor_queue(waiter, EXCLUSIVE_ON(0, 10));
	ANSWERS(&lock, wished, nobody(wished));
	ANSWERS(&lock, wish(MODE_EXCLUSIVE, 0, 0), described(holder, SHARED_ON(5, 5)));
}

/* fcntl(2) wants a descriptor open for writing "to place a write lock", and this places none. */
CLAIM(practice, TRAIT_QUERIES, a_query_needs_no_descriptor_open_for_writing)
{
	struct actor *holder = actor_start(&self->scene, "holder");
	struct lock lock = asker(&self->scene);
	char path[40];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", lock.fd);
	SETS_UP(fd = open(path, O_RDONLY | O_CLOEXEC));
	lock.fd = fd;
	actor_lock(holder, SHARED_ON(5, 5));
	ANSWERS(&lock, wish(MODE_EXCLUSIVE, 0, 0), described(holder, SHARED_ON(5, 5)));
}

CLAIM(practice, TRAIT_QUERIES | TRAIT_OWNED_BY_PROCESS, a_posix_query_for_no_lock_is_einval)
{
	struct flock wished = nobody(wish(MODE_SHARED, 0, 0));
	struct lock lock = asker(&self->scene);
	int err = lock_query(&lock, &wished);

	HOLDS(err == -EINVAL, "another error", "F_GETLK with F_UNLCK: %s",
	      err ? strerror(-err) : "an answer");
}

/* Since 6.6 (commit 6c9007f65d14): what would F_UNLCK release? Before that it is EINVAL. */
CLAIM(practice, TRAIT_QUERIES | TRAIT_OWNED_BY_DESCRIPTION, an_ofd_query_for_no_lock_finds_ones_own)
{
	struct actor *other = actor_start(&self->scene, "other");
	struct flock here = nobody(wish(MODE_SHARED, 0, 0));
	struct flock beside = nobody(wish(MODE_SHARED, 20, 10)), probe = here, own;
	struct lock lock = asker(&self->scene);
	int err = lock_acquire(&lock, &SHARED_ON(10, 10), false);

	REQUIRES(!err, "the asker was to get the lock: %s", strerror(-err));
	actor_lock(other, SHARED_ON(0, 0));
	err = lock_query(&lock, &probe);
	SKIPS_UNLESS(err != -EINVAL || release_is_since(6, 6), "F_OFD_GETLK knows no F_UNLCK");
	HOLDS(!err, "no answer", "F_OFD_GETLK with F_UNLCK: %s", strerror(-err));
	own = wish(MODE_SHARED, 10, 10);
	own.l_pid = -1;
	ANSWERS(&lock, here, own);
	ANSWERS(&lock, beside, beside);
}

EXPECTATION_MAIN
