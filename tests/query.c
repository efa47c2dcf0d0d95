// SPDX-License-Identifier: GPL-2.0
/*
 * Query: who is in the way of a lock? F_GETLK and F_OFD_GETLK describe a lock that the
 * one asked for would conflict with, or say F_UNLCK.
 *
 * In each scenario it is the test's own process that asks, through a description of its
 * own; the actors hold what is in the way.
 */
#include <fcntl.h>

#include "expectation.h"

static struct lock asker(struct scene *scene)
{
	struct lock lock;
	int err = lock_open(&lock, scene->site, DESCRIPTION_OWN);

	if (err)
		trouble(scene, TROUBLE_BROKEN, "opening the file: %s", strerror(-err));
	return lock;
}

static struct flock wish(enum lock_mode mode, off_t start, off_t len)
{
	return (struct flock){
		.l_type = mode == MODE_SHARED ? F_RDLCK : F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = start,
		.l_len = len,
	};
}

/* The answer where a lock of that actor is in the way. */
static struct flock described(const struct actor *holder, struct lock_request request)
{
	struct flock lock = wish(request.mode, request.start, request.len);
	enum lock_kind kind = holder->scene->site[request.site].kind;

	lock.l_pid = kind == LOCK_OFD ? -1 : holder->pid;
	return lock;
}

/* The answer where nobody is. */
static struct flock nobody(struct flock asked)
{
	asked.l_type = F_UNLCK;
	return asked;
}

static bool same(const struct flock *a, const struct flock *b)
{
	return a->l_type == b->l_type && a->l_whence == b->l_whence &&
	       a->l_start == b->l_start && a->l_len == b->l_len && a->l_pid == b->l_pid;
}

static const char *words(const struct flock *lock)
{
	static char text[3][80];
	static int turn;
	char *to = text[turn++ % 3];
	const char *type = lock->l_type == F_RDLCK ? "F_RDLCK" :
			   lock->l_type == F_WRLCK ? "F_WRLCK" :
			   lock->l_type == F_UNLCK ? "F_UNLCK" : "an unknown type";

	snprintf(to, sizeof(*text), "%s whence %d start %lld len %lld pid %d", type,
		 lock->l_whence, (long long)lock->l_start, (long long)lock->l_len,
		 (int)lock->l_pid);
	return to;
}

/* The last question, and its answer. */
static char exchange[200];

static bool answers(const struct lock *lock, struct flock asked, struct flock right)
{
	struct flock got = asked;
	int err = lock_query(lock, &got);

	snprintf(exchange, sizeof(exchange), "asked for (%s), not (%s) but %s", words(&asked),
		 words(&right), err ? strerror(-err) : words(&got));
	return !err && same(&got, &right);
}

#define ANSWERS(...)	HOLDS(answers(__VA_ARGS__), "another answer", "%s", exchange)

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

/*
 * fcntl(2): "A single process can hold only one type of lock on a file region", OFD locks of
 * one description "are always compatible": what one has is converted, and hinders nothing.
 */
CLAIM(promise, TRAIT_QUERIES, ones_own_lock_is_not_in_the_way)
{
	struct lock lock = asker(&self->scene);
	int err = lock_acquire(&lock, &EXCLUSIVE_ON(10, 10), false);
	struct flock wished = wish(MODE_EXCLUSIVE, 0, 0);

	REQUIRES(!err, "the asker was to get the lock: %s", strerror(-err));
	ANSWERS(&lock, wished, nobody(wished));
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
 * fcntl(2): "If the conflicting lock is a traditional (process-associated) record lock, then
 * the l_pid field is set to the PID of the process holding that lock. If the conflicting lock
 * is an open file description lock, then l_pid is set to -1". Whichever way one asks.
 */
CLAIM(promise, TRAIT_QUERIES, a_posix_lock_has_a_pid_and_an_ofd_lock_minus_1)
{
	bool ofd = self->scene.site->kind == LOCK_OFD;
	int second = scene_add_kind(&self->scene, ofd ? LOCK_POSIX : LOCK_OFD);
	struct actor *holder = actor_start(&self->scene, "holder");
	struct lock lock = asker(&self->scene);

	for (int i = 0; i < 2; i++) {
		struct lock_request request = at_site(i ? second : 0, EXCLUSIVE_ON(1, 2));

		actor_lock(holder, request);
		ANSWERS(&lock, wish(MODE_EXCLUSIVE, 0, 0), described(holder, request));
		actor_unlock(holder);
	}
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

/* fcntl(2): "the l_pid field of that structure must be set to zero". */
CLAIM(promise, TRAIT_QUERIES | TRAIT_OWNED_BY_DESCRIPTION, an_ofd_query_with_a_pid_is_einval)
{
	struct flock wished = wish(MODE_EXCLUSIVE, 0, 0);
	struct lock lock = asker(&self->scene);
	int err;

	wished.l_pid = getpid();
	err = lock_query(&lock, &wished);
	HOLDS(err == -EINVAL, "another error", "F_OFD_GETLK with l_pid %d: %s", getpid(),
	      err ? strerror(-err) : "an answer");
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
	SKIPS_UNLESS(err != -EINVAL, "F_OFD_GETLK knows no F_UNLCK");
	own = wish(MODE_SHARED, 10, 10);
	own.l_pid = -1;
	ANSWERS(&lock, here, own);
	ANSWERS(&lock, beside, beside);
}

EXPECTATION_MAIN
