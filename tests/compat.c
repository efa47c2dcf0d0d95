// SPDX-License-Identifier: GPL-2.0
/*
 * Compat: do the lock calls of a 32-bit program do the same as those of a 64-bit one?
 *
 * A 32-bit program enters the kernel by an entry of its own, with structs of another layout. It
 * has two calls instead of one fcntl(): the old one, whose offsets have 32 bits, and fcntl64().
 * The test is a 64-bit program that uses that entry (call_32.h): during such a call, the kernel
 * takes it for a 32-bit program.
 */
#include <fcntl.h>
#include <limits.h>
#include <sys/file.h>

#include "call_32.h"
#include "claim/claim.h"

/* ---- two programs ---- */

/* The test's own process, which acts as a 32-bit program, and an actor, which does not. */
struct programs {
	struct lock lock;		/* of the 32-bit program */
	struct actor *other;
};

static struct programs start(struct scene *scene, const char *other)
{
	struct programs programs = { .lock = { .site = scene->site, .fd = -1 } };
	int err = needs_32_bit_calls(scene) ?
		  lock_open(&programs.lock, scene->site, DESCRIPTION_OWN) : 0;

	if (err)
		scene_broken(scene, "opening the file: %s", strerror(-err));
	programs.other = actor_start(scene, other);
	return programs;
}

/* Lock the whole file, or for F_UNLCK release it. 0 or -errno. */
static int set_32(const struct lock *lock, short type, bool wait)
{
	static const int operations[] = {
		[F_RDLCK] = LOCK_SH, [F_WRLCK] = LOCK_EX, [F_UNLCK] = LOCK_UN,
	};

	switch (lock->site->kind) {
	case KIND_FLOCK:
		return flock_32(lock->fd, operations[type] | (wait ? 0 : LOCK_NB));
	case KIND_OFD:
		return fcntl64_32(lock->fd, wait ? OFD_SETLKW_32 : OFD_SETLK_32, type, 0, 0);
	default:
		return fcntl64_32(lock->fd, wait ? SETLKW64_32 : SETLK64_32, type, 0, 0);
	}
}

/* A job: the exclusive lock, by a 32-bit call that waits. */
static int lock_32(struct actor *self, void *arg)
{
	struct asleep_call call = {
		.nr = self->lock->site->kind == KIND_FLOCK ? NR_32_FLOCK : NR_32_FCNTL64,
		.arg = self->lock->fd,
	};
	struct scene *scene = self->scene;
	int ret;

	(void)arg;
	history_add(scene->history, self->row, HISTORY_REQUEST, &EXCLUSIVE);
	act_sleeps_in(self, call);
	ret = set_32(self->lock, F_WRLCK, true);
	act_sleeps_in(self, ASLEEP_NOWHERE);
	history_add(scene->history, self->row, ret ? HISTORY_REFUSE : HISTORY_GRANT,
		    &EXCLUSIVE);
	self->shared->holds = !ret;
	scene->shared->number[0] = -ret;
	return 0;
}

static const char *outcome(int ret)
{
	return ret ? strerror(-ret) : "granted";
}

static bool is_excluded(struct scene *scene, const char *who, int ret)
{
	return holds(scene, ret == -EAGAIN || ret == lock_conflict(scene->site->kind),
		     "%s should have been refused with EAGAIN, but got: %s", who, outcome(ret));
}

static bool is_granted(struct scene *scene, const char *who, int ret)
{
	return holds(scene, !ret, "%s should have been granted the lock, but got: %s", who,
		     outcome(ret));
}

/* ---- the same locks ---- */

/*
 * fcntl(2): fcntl64() exists because fcntl() "was not designed to handle large file offsets",
 * and "these details can be ignored": it is the same lock. An exclusive one "excludes all other
 * locks"; of flock(2), "only one process may hold" it. A program's word size does not matter.
 */
PROMISE(POSIX | OFD | FLOCK, a_32_bit_lock_excludes_a_64_bit_program)
{
	struct programs both = start(scene, "other");
	int ret;

	scene_needs(scene, LACKS_CONVERSION);
	is_granted(scene, "the 32-bit program", set_32(&both.lock, F_WRLCK, false));
	is_excluded(scene, "the other, a reader,", actor_try(both.other, SHARED));
	is_granted(scene, "the 32-bit program, now a reader,", set_32(&both.lock, F_RDLCK, false));
	is_excluded(scene, "the other, a writer,", actor_try(both.other, EXCLUSIVE));
	ret = set_32(&both.lock, F_UNLCK, false);
	requires(scene, !ret, "the release of the 32-bit program: %s", strerror(-ret));
	is_granted(scene, "the other, after the release,", actor_try(both.other, EXCLUSIVE));
}

PROMISE(POSIX | OFD | FLOCK, a_64_bit_lock_excludes_a_32_bit_program)
{
	struct programs both = start(scene, "holder");

	scene_needs(scene, LACKS_CONVERSION);
	actor_lock(both.other, EXCLUSIVE);
	is_excluded(scene, "the 32-bit program, a reader,", set_32(&both.lock, F_RDLCK, false));
	actor_lock(both.other, SHARED);
	is_excluded(scene, "the 32-bit program, a writer,", set_32(&both.lock, F_WRLCK, false));
	is_granted(scene, "the 32-bit program, beside a reader,",
		   set_32(&both.lock, F_RDLCK, false));
}

/*
 *	holder  HHHHH.		by a 64-bit call
 *	waiter    wwwH		by a 32-bit one
 */
PROMISE(POSIX | OFD | FLOCK, a_32_bit_program_that_waits_is_granted_the_lock)
{
	struct actor *holder, *waiter;

	needs_32_bit_calls(scene);
	holder = actor_start(scene, "holder");
	waiter = actor_start(scene, "waiter");
	actor_lock(holder, EXCLUSIVE);
	actor_begin(waiter, lock_32, NULL);
	actor_settle(scene);
	holds(scene, actor_waits(waiter), "the waiter got: %s",
	      strerror(scene->shared->number[0]));
	actor_unlock(holder);
	actor_settle(scene);
	holds(scene, actor_holds(waiter), "the waiter %s",
	      actor_waits(waiter) ? "sleeps on" : "was refused");
}

/* ---- ranges and their structs ---- */

/* The start and the length have 32 bits, and the length may be negative. */
PROMISE(POSIX, the_fcntl_of_old_locks_the_bytes_it_names)
{
	const struct {
		struct narrow lock;
		off_t first, last;
	} rows[] = {
		{ { F_WRLCK, SEEK_SET, 10, 5, 0 }, 10, 14 },
		{ { F_WRLCK, SEEK_SET, 15, -5, 0 }, 10, 14 },
		{ { F_WRLCK, SEEK_SET, INT_MAX, 1, 0 }, INT_MAX, INT_MAX },
		{ { F_WRLCK, SEEK_END, -96, 10, 0 }, scene->size - 96, scene->size - 87 },
		{ { F_WRLCK, SEEK_SET, 20, 0, 0 }, 20, LLONG_MAX },
	};
	struct programs both = start(scene, "other");

	for (unsigned int i = 0; i < ARRAY_SIZE(rows) && scene_goes_on(scene); i++) {
		struct narrow lock = rows[i].lock, unlock = lock;
		off_t first = rows[i].first, last = rows[i].last;
		int ret = fcntl_32(both.lock.fd, i % 2 ? SETLKW_32 : SETLK_32, lock);

		is_granted(scene, "the 32-bit program", ret);
		ret = actor_try(both.other, EXCLUSIVE_ON(first, 1));
		is_excluded(scene, "the other, on the first byte,", ret);
		ret = actor_try(both.other, EXCLUSIVE_ON(last, 1));
		is_excluded(scene, "the other, on the last byte,", ret);
		ret = actor_try(both.other, EXCLUSIVE_ON(first - 1, 1));
		is_granted(scene, "the other, on the byte before,", ret);
		if (last < LLONG_MAX) {
			ret = actor_try(both.other, EXCLUSIVE_ON(last + 1, 1));
			is_granted(scene, "the other, on the byte after,", ret);
		}
		actor_unlock(both.other);
		unlock.type = F_UNLCK;
		ret = fcntl_32(both.lock.fd, SETLK_32, unlock);
		requires(scene, !ret, "the release of the 32-bit program: %s", strerror(-ret));
	}
}

/* POSIX.1-2024 fcntl(): "[EOVERFLOW] One of the values to be returned cannot be represented". */
PROMISE(POSIX, an_answer_that_does_not_fit_is_eoverflow)
{
	const struct narrow query = { F_WRLCK, SEEK_SET, INT_MAX, 0, 0 };
	struct programs both = start(scene, "holder");
	int ret;

	actor_lock(both.other, EXCLUSIVE_ON(1ll + INT_MAX, 1));
	ret = fcntl_32(both.lock.fd, GETLK_32, query);
	holds(scene, ret == -EOVERFLOW && !memcmp(&low->narrow, &query, sizeof(query)),
	      "asked for a lock that starts at 2 GiB: %s, type %d, start %d",
	      ret ? strerror(-ret) : "no error", low->narrow.type, low->narrow.start);
	actor_lock(both.other, EXCLUSIVE_ON(INT_MAX, 1));
	actor_unlock_range(both.other, 1ll + INT_MAX, 1);
	ret = fcntl_32(both.lock.fd, GETLK_32, query);
	holds(scene, !ret && low->narrow.type == F_WRLCK && low->narrow.start == INT_MAX &&
	      low->narrow.len == 1 && low->narrow.pid == both.other->pid,
	      "asked for a lock of the byte before: %s, type %d, start %d, length %d",
	      strerror(-ret), low->narrow.type, low->narrow.start, low->narrow.len);
}

/*
 * fcntl(2): the "system call employs a different structure", for large offsets. After 4d2dc2cc766c
 * (4.15) they were for a while cut to fit the old structure.
 */
PROMISE(POSIX | OFD, fcntl64_tells_large_values)
{
	const off_t start_at = (5ll << 40) + 7, len = (3ll << 35) + 9;
	struct programs both = start(scene, "holder");
	bool ofd = is_kind(scene, OFD);
	int ret;

	scene_needs(scene, LACKS_QUERY);
	fixed_by("4d2dc2cc766c", "4.15");
	actor_lock(both.other, EXCLUSIVE_ON(start_at, len));
	ret = fcntl64_32(both.lock.fd, ofd ? OFD_GETLK_32 : GETLK64_32, F_RDLCK, 0, 0);
	holds(scene, !ret && low->wide.type == F_WRLCK && is_at(start_at, len) &&
	      low->wide.pid == (ofd ? -1 : both.other->pid),
	      "%s, type %d, start %x%08x, length %x%08x, pid %d", strerror(-ret), low->wide.type,
	      low->wide.start[1], low->wide.start[0], low->wide.len[1], low->wide.len[0],
	      low->wide.pid);
}

/* Only the length is cut; the start is right. (A 32-bit kernel refuses to answer.) */
PRACTICE(POSIX, a_length_that_does_not_fit_is_cut)
{
	const struct narrow query = { F_WRLCK, SEEK_SET, 0, 0, 0 };
	struct programs both = start(scene, "holder");
	int ret;

	actor_lock(both.other, EXCLUSIVE_ON(100, 3ll << 32));
	ret = fcntl_32(both.lock.fd, GETLK_32, query);
	holds(scene, ret == -EOVERFLOW || (!ret && low->narrow.start == 100 &&
					   low->narrow.len == INT_MAX),
	      "asked for a length of 12 GiB: %s, start %d, length %d", strerror(-ret),
	      low->narrow.start, low->narrow.len);
	actor_lock(both.other, EXCLUSIVE_ON(100, 0));
	ret = fcntl_32(both.lock.fd, GETLK_32, query);
	holds(scene, !ret && low->narrow.start == 100 && !low->narrow.len,
	      "asked for a lock to the end: %s, start %d, length %d", strerror(-ret),
	      low->narrow.start, low->narrow.len);
}

/*
 *	holder  HHHHH.
 *	waiter    ww|x		a thread of this process; at | its descriptor becomes another file's
 *	peer          H
 *
 * Nobody could release a lock that was granted to a descriptor of another file.
 */
PRACTICE(POSIX, a_descriptor_lost_while_waiting_is_ebadf)
{
	struct actor *holder, *peer, *waiter;
	int error, ret;

	needs_32_bit_calls(scene);
	holder = actor_start(scene, "holder");
	peer = actor_start(scene, "peer");
	waiter = actor_start_with(scene, ACTOR_THREAD, DESCRIPTION_OWN, "waiter", 0);
	actor_lock(holder, EXCLUSIVE);
	actor_begin(waiter, lock_32, NULL);
	actor_settle(scene);
	if (!requires(scene, actor_waits(waiter), "the waiter does not wait"))
		return;
	sets_up(scene, dup2(scene->wake[0], waiter->lock->fd), "dup2");
	actor_unlock(holder);
	actor_await(waiter);
	error = scene->shared->number[0];
	holds(scene, error == EBADF, "the waiter should get EBADF, but got: %s",
	      error ? strerror(error) : "the lock");
	ret = actor_try(peer, EXCLUSIVE);
	is_granted(scene, "the peer, where nobody should have a lock,", ret);
}

CLAIM_MAIN
