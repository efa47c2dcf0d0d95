// SPDX-License-Identifier: GPL-2.0
/*
 * Compat: do the lock calls of a 32-bit program do the same?
 *
 * They come into the kernel by an entry of their own, with structs of another layout, and where
 * a 64-bit program has one fcntl() they have two: the one of old, whose offsets have 32 bits,
 * and fcntl64(). A 64-bit program can go in there as well, and does here (call_32.h): for as
 * long as a call lasts, the kernel takes it for a 32-bit program.
 */
#include <fcntl.h>
#include <limits.h>
#include <sys/file.h>

#include "call_32.h"
#include "claim/expectation.h"

/* As lock_acquire(), and for F_UNLCK lock_release(). */
static int set_32(const struct lock *lock, short type, const struct lock_request *at, bool wait)
{
	static const int operations[] = {
		[F_RDLCK] = LOCK_SH, [F_WRLCK] = LOCK_EX, [F_UNLCK] = LOCK_UN,
	};

	switch (lock->site->kind) {
	case LOCK_FLOCK:
		return flock_32(lock->fd, operations[type] | (wait ? 0 : LOCK_NB));
	case LOCK_OFD:
		return fcntl64_32(lock->fd, wait ? OFD_SETLKW_32 : OFD_SETLK_32, type, at->start,
				  at->len);
	default:
		return fcntl64_32(lock->fd, wait ? SETLKW64_32 : SETLK64_32, type, at->start,
				  at->len);
	}
}

/* A deed: the exclusive lock, by a call that waits. */
static int lock_32(struct actor *self, void *arg)
{
	struct asleep_call call = {
		.nr = self->lock->site->kind == LOCK_FLOCK ? NR_32_FLOCK : NR_32_FCNTL64,
		.arg = self->lock->fd,
	};
	int ret;

	(void)arg;
	history_add(self->scene->history, self->lane, HISTORY_REQUEST, &EXCLUSIVE);
	act_sleeps_in(self, call);
	ret = set_32(self->lock, F_WRLCK, &EXCLUSIVE, true);
	act_sleeps_in(self, ASLEEP_NOWHERE);
	history_add(self->scene->history, self->lane, ret ? HISTORY_REFUSE : HISTORY_GRANT,
		    &EXCLUSIVE);
	self->board->holds = !ret;
	self->scene->board->number[0] = -ret;
	return 0;
}

static const char *outcome(int ret)
{
	return ret ? strerror(-ret) : "granted";
}

/* Make the test's process a 32-bit program that asks for locks through @lock. */
#define ACTS_AS_32_BIT_PROGRAM(lock) do { \
	int err; \
	HAS_32_BIT_CALLS(); \
	err = lock_open(lock, self->scene.site, DESCRIPTION_OWN); \
	if (err) \
		trouble(&self->scene, TROUBLE_BROKEN, "opening the file: %s", strerror(-err)); \
} while (0)

#define EXCLUDED(ret, who) \
	HOLDS((ret) == -EAGAIN, "the lock does not exclude", \
	      who " was to be refused with EAGAIN, and was told: %s", outcome(ret))

#define GRANTED(ret, who) \
	HOLDS(!(ret), "the lock is refused", who " was to be granted the lock, and was told: %s", \
	      outcome(ret))

#define RANGES_OF_A_PROCESS	(TRAIT_OWNED_BY_PROCESS | TRAIT_QUERIES)

CLASS(promise);

/*
 * fcntl(2): fcntl64() is there since fcntl() "was not designed to handle large file offsets",
 * and "these details can be ignored": it is the same lock. An exclusive one "excludes all other
 * locks"; of flock(2), "only one process may hold" it. Neither asks how wide a program is.
 */
CLAIM(promise, TRAIT_CONVERTS, a_32_bit_lock_excludes_a_64_bit_program)
{
	struct actor *other;
	struct lock lock;
	int ret;

	ACTS_AS_32_BIT_PROGRAM(&lock);
	other = actor_start(&self->scene, "other");
	ret = set_32(&lock, F_WRLCK, &EXCLUSIVE, false);
	GRANTED(ret, "the 32-bit program");
	ret = actor_try(other, SHARED);
	EXCLUDED(ret, "the other, a reader,");
	ret = set_32(&lock, F_RDLCK, &SHARED, false);
	GRANTED(ret, "the 32-bit program, now a reader,");
	ret = actor_try(other, EXCLUSIVE);
	EXCLUDED(ret, "the other, a writer,");
	ret = set_32(&lock, F_UNLCK, &EXCLUSIVE, false);
	REQUIRES(!ret, "the release of the 32-bit program: %s", strerror(-ret));
	ret = actor_try(other, EXCLUSIVE);
	GRANTED(ret, "the other, after the release,");
}

CLAIM(promise, TRAIT_CONVERTS, a_64_bit_lock_excludes_a_32_bit_program)
{
	struct actor *holder;
	struct lock lock;
	int ret;

	ACTS_AS_32_BIT_PROGRAM(&lock);
	holder = actor_start(&self->scene, "holder");
	actor_lock(holder, EXCLUSIVE);
	ret = set_32(&lock, F_RDLCK, &SHARED, false);
	EXCLUDED(ret, "the 32-bit program, a reader,");
	actor_lock(holder, SHARED);
	ret = set_32(&lock, F_WRLCK, &EXCLUSIVE, false);
	EXCLUDED(ret, "the 32-bit program, a writer,");
	ret = set_32(&lock, F_RDLCK, &SHARED, false);
	GRANTED(ret, "the 32-bit program, beside a reader,");
}

/*
 *	holder  HHHHH.		by a 64-bit call
 *	waiter    wwwH		by a 32-bit one
 */
CLAIM(promise, TRAIT_CONVERTS, a_32_bit_program_that_waits_is_granted_the_lock)
{
	struct actor *holder, *waiter;

	HAS_32_BIT_CALLS();
	holder = actor_start(&self->scene, "holder");
	waiter = actor_start(&self->scene, "waiter");
	actor_lock(holder, EXCLUSIVE);
	actor_begin(waiter, lock_32, NULL);
	actor_settle(&self->scene);
	HOLDS(actor_waits(waiter), "the call does not wait", "the waiter was told: %s",
	      strerror(self->scene.board->number[0]));
	actor_unlock(holder);
	actor_settle(&self->scene);
	HOLDS(actor_holds(waiter), "the waiter is not granted the lock", "the waiter %s",
	      actor_waits(waiter) ? "sleeps on" : "was refused");
}

/* In a struct of 32-bit words, of which one may be negative. */
CLAIM(promise, RANGES_OF_A_PROCESS, the_fcntl_of_old_locks_the_bytes_it_names)
{
	static const struct {
		struct narrow lock;
		off_t first, last;
	} rows[] = {
		{ { F_WRLCK, SEEK_SET, 10, 5, 0 }, 10, 14 },
		{ { F_WRLCK, SEEK_SET, 15, -5, 0 }, 10, 14 },
		{ { F_WRLCK, SEEK_SET, INT_MAX, 1, 0 }, INT_MAX, INT_MAX },
		{ { F_WRLCK, SEEK_END, -96, 10, 0 }, SCENE_FILE_SIZE - 96, SCENE_FILE_SIZE - 87 },
		{ { F_WRLCK, SEEK_SET, 20, 0, 0 }, 20, LLONG_MAX },
	};
	struct actor *other;
	struct lock lock;

	ACTS_AS_32_BIT_PROGRAM(&lock);
	other = actor_start(&self->scene, "other");
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		off_t first = rows[i].first, last = rows[i].last;
		int ret = fcntl_32(lock.fd, i % 2 ? SETLKW_32 : SETLK_32, rows[i].lock);

		GRANTED(ret, "the 32-bit program");
		ret = actor_try(other, EXCLUSIVE_ON(first, 1));
		EXCLUDED(ret, "the other, on the first byte,");
		ret = actor_try(other, EXCLUSIVE_ON(last, 1));
		EXCLUDED(ret, "the other, on the last byte,");
		ret = actor_try(other, EXCLUSIVE_ON(first - 1, 1));
		GRANTED(ret, "the other, on the byte before,");
		if (last < LLONG_MAX) {
			ret = actor_try(other, EXCLUSIVE_ON(last + 1, 1));
			GRANTED(ret, "the other, on the byte after,");
		}
		actor_unlock(other);
		low->narrow = rows[i].lock;
		low->narrow.type = F_UNLCK;
		ret = fcntl_32(lock.fd, SETLK_32, low->narrow);
		REQUIRES(!ret, "the release of the 32-bit program: %s", strerror(-ret));
	}
}

/* POSIX.1-2024 fcntl(): "[EOVERFLOW] One of the values to be returned cannot be represented". */
CLAIM(promise, RANGES_OF_A_PROCESS, an_answer_that_does_not_fit_is_eoverflow)
{
	const struct narrow query = { F_WRLCK, SEEK_SET, INT_MAX, 0, 0 };
	struct actor *holder;
	struct lock lock;
	int ret;

	ACTS_AS_32_BIT_PROGRAM(&lock);
	holder = actor_start(&self->scene, "holder");
	actor_lock(holder, EXCLUSIVE_ON(1ll + INT_MAX, 1));
	ret = fcntl_32(lock.fd, GETLK_32, query);
	HOLDS(ret == -EOVERFLOW && !memcmp(&low->narrow, &query, sizeof(query)),
	      "another answer", "asked for a lock that starts at 2 GiB: %s, type %d, start %d",
	      ret ? strerror(-ret) : "no error", low->narrow.type, low->narrow.start);
	actor_lock(holder, EXCLUSIVE_ON(INT_MAX, 1));
	actor_unlock_range(holder, 1ll + INT_MAX, 1);
	ret = fcntl_32(lock.fd, GETLK_32, query);
	HOLDS(!ret && low->narrow.type == F_WRLCK && low->narrow.start == INT_MAX &&
	      low->narrow.len == 1 && low->narrow.pid == holder->pid, "another answer",
	      "asked for a lock of the byte before: %s, type %d, start %d, length %d",
	      strerror(-ret), low->narrow.type, low->narrow.start, low->narrow.len);
}

/*
 * fcntl(2): the "system call employs a different structure", for large offsets. After
 * 4d2dc2cc766c (4.15) they were cut for a while to what the old call can tell.
 */
CLAIM(promise, TRAIT_QUERIES, fcntl64_tells_large_values)
{
	const off_t start = (5ll << 40) + 7, len = (3ll << 35) + 9;
	bool ofd = variant->kind == LOCK_OFD;
	struct actor *holder;
	struct lock lock;
	int ret;

	ACTS_AS_32_BIT_PROGRAM(&lock);
	holder = actor_start(&self->scene, "holder");
	actor_lock(holder, EXCLUSIVE_ON(start, len));
	ret = fcntl64_32(lock.fd, ofd ? OFD_GETLK_32 : GETLK64_32, F_RDLCK, 0, 0);
	HOLDS(!ret && low->wide.type == F_WRLCK && is_at(start, len) &&
	      low->wide.pid == (ofd ? -1 : holder->pid), "another answer",
	      "%s, type %d, start %x%08x, length %x%08x, pid %d", strerror(-ret), low->wide.type,
	      low->wide.start[1], low->wide.start[0], low->wide.len[1], low->wide.len[0],
	      low->wide.pid);
}

CLASS(practice);

/*
 * The length alone is cut, for the lock begins where it is said to. (A kernel that has 32 bits
 * itself refuses to answer.)
 */
CLAIM(practice, RANGES_OF_A_PROCESS, a_length_that_does_not_fit_is_cut)
{
	const struct narrow query = { F_WRLCK, SEEK_SET, 0, 0, 0 };
	struct actor *holder;
	struct lock lock;
	int ret;

	ACTS_AS_32_BIT_PROGRAM(&lock);
	holder = actor_start(&self->scene, "holder");
	actor_lock(holder, EXCLUSIVE_ON(100, 3ll << 32));
	ret = fcntl_32(lock.fd, GETLK_32, query);
	HOLDS(ret == -EOVERFLOW || (!ret && low->narrow.start == 100 && low->narrow.len == INT_MAX),
	      "another answer", "asked for a length of 12 GiB: %s, start %d, length %d",
	      strerror(-ret), low->narrow.start, low->narrow.len);
	actor_lock(holder, EXCLUSIVE_ON(100, 0));
	ret = fcntl_32(lock.fd, GETLK_32, query);
	HOLDS(!ret && low->narrow.start == 100 && !low->narrow.len, "another answer",
	      "asked for a lock to the end: %s, start %d, length %d", strerror(-ret),
	      low->narrow.start, low->narrow.len);
}

/*
 *	holder  HHHHH.
 *	waiter    ww|x		a thread of this process; at | its descriptor becomes another file's
 *	peer          H
 *
 * A lock that is granted to a descriptor which no longer is the file's would never be released.
 */
CLAIM(practice, RANGES_OF_A_PROCESS, a_descriptor_lost_while_waiting_is_ebadf)
{
	struct actor *holder, *peer, *waiter;
	int error, ret;

	HAS_32_BIT_CALLS();
	holder = actor_start(&self->scene, "holder");
	peer = actor_start(&self->scene, "peer");
	waiter = actor_start_with(&self->scene, ACTOR_THREAD, DESCRIPTION_OWN, "waiter", 0);
	actor_lock(holder, EXCLUSIVE);
	actor_begin(waiter, lock_32, NULL);
	actor_settle(&self->scene);
	REQUIRES(actor_waits(waiter), "the waiter does not wait");
	SETS_UP(dup2(self->scene.poke[0], waiter->lock->fd));
	actor_unlock(holder);
	actor_await(waiter);
	error = self->scene.board->number[0];
	HOLDS(error == EBADF, "another result", "the waiter was to be told EBADF, and got: %s",
	      error ? strerror(error) : "the lock");
	ret = actor_try(peer, EXCLUSIVE);
	GRANTED(ret, "the peer, where nobody should have a lock,");
}

EXPECTATION_MAIN
