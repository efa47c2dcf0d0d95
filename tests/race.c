// SPDX-License-Identifier: GPL-2.0
/*
 * Are locks kept and released correctly when two calls race?
 *
 * A thread asks for a lock through a descriptor that another thread closes; releases it while
 * another thread forks; grants it to a waiter that it kills. Whichever comes first, afterwards
 * there must be no lock without an owner, and none may be missing.
 *
 * Both run freely, for a number of rounds, and are kept close (race.h). By the model, some order of
 * the calls must explain their history (linearizable.h). (descriptor_lost.c has one order, without
 * luck.)
 */
#include <sys/wait.h>

#include "race.h"
#include "system/emulator.h"

/*
 * The FUSE daemon learns of a close only after close() has returned: fuse_file_put() in
 * fs/fuse/file.c.
 */
#define CLOSES_EARLY	"a close may return before the lock is released here"

static void close_now(void)
{
	note(THERE, HISTORY_CLOSE, &race.lock);
	close(race.lock.fd);
	note(THERE, HISTORY_RETURN, &race.lock);
}

static int close_it(struct actor *self, void *arg)
{
	(void)self;
	(void)arg;
	call_in_rounds(close_now);
	return 0;
}

/*
 *	here    lock?	EBADF, or granted: then close() removes it, or has found it gone
 *	there   close
 *	judge         lock, granted
 *
 * POSIX.1-2024, 2.9.7, of close(), fcntl() and others: "each call shall either see all of the
 * specified effects of the other call, or none of them"; close() removes the locks of the process.
 * fcntl(2) and flock(2): others are released on the last close.
 */
PROMISE(FILE_LOCKS, a_lock_raced_by_close_is_not_left_behind)
{
	int granted = 0;

	skip_unless(scene, is_decided_at_once(scene), CLOSES_EARLY);
	set_up(scene, SPINS);
	start_side("there", close_it);
	/* Both use the same descriptor, of the same process. */
	scene->history->owner[race.row[THERE]] = race.row[HERE];
	run_on(0);
	for (int i = 0; i < race.rounds && rounds_are_linearizable(false); i++) {
		int ret;

		if (i) {
			open_lock(&race.lock, 0);
			note(HERE, HISTORY_OPEN, &race.lock);
		}
		if (!scene_goes_on(scene))
			return;
		start_with(HERE, THERE);
		linger(race.lead);
		ret = acquire(HERE, &race.lock, false);
		meet(HERE, THERE);
		try_as_judge();
		granted += !ret;
		hold_back(ret ? THERE : HERE);
	}
	if (rounds_are_linearizable(true))
		claim_say("%d of %d granted before close, the rest got EBADF", granted,
			  race.rounds);
}

/*
 * Run a child that shares this memory and has a descriptor table of its own, as vfork(2). It is
 * called with NULL. If it cannot be started, the caller does its part, with &race, so that the
 * other side does not wait for it.
 */
static void run_child(int (*child)(void *arg))
{
	if (clone(child, race.stack + ARRAY_SIZE(race.stack), CLONE_VM | CLONE_VFORK | SIGCHLD,
		  NULL) >= 0)
		return;
	race.failed = errno;
	child(&race);
}

/*
 * The child calls this first. It does nothing if the caller of run_child() does the child's part.
 */
static void become_child(const void *arg)
{
	if (arg)
		return;
	actor_die_with_parent(race.test);
	race.child = getpid();
}

static void reap(pid_t child)
{
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
}

static int say_that_it_shares(void *arg)
{
	become_child(arg);
	race.shares_memory = true;
	return 0;
}

/* Without shared memory the sides would wait for each other for ever. */
static bool children_share_memory(struct scene *scene)
{
	run_child(say_that_it_shares);
	reap(-1);
	if (race.failed)
		scene_broken_by(scene, emulator_error(-race.failed), "clone: %s",
				strerror(race.failed));
	skip_unless(scene, race.shares_memory || !emulator_is_there(), BEYOND_AN_EMULATOR);
	return requires(scene, race.shares_memory, "a child of vfork() has a copy of the memory");
}

static int live_for_a_round(void *arg)
{
	become_child(arg);
	meet(CHILD, HERE);
	meet(CHILD, HERE);
	return 0;
}

static int fork_beside_it(struct actor *self, void *arg)
{
	(void)self;
	(void)arg;
	run_on(1);
	for (int i = 0; i < race.children; i++) {
		meet(THERE, HERE);
		run_child(live_for_a_round);
		reap(race.child);
	}
	meet(THERE, HERE);
	return 0;
}

/* A fork and an exit take much longer than a lock call: shift the call over all parts of them. */
static int sweep(int round)
{
	return round % 128 * 64;
}

/*
 *	here    release           lock, granted
 *	there   fork
 *	child       lives with a  exit
 *	            descriptor
 *	judge             granted      refused
 *
 * fcntl(2): record locks "are not inherited by a child"; OFD locks are "inherited", and a
 * release by one is a release for all, as in flock(2): it "may be modified or released using
 * any of these" descriptors, and goes by itself "when all" of them are closed, not before.
 */
PROMISE(FILE_LOCKS, a_child_neither_keeps_nor_takes_a_lock)
{
	set_up(scene, SPINS_FOR_CHILD);
	if (!children_share_memory(scene))
		return;
	start_side("there", fork_beside_it);
	if (!requires(scene, !acquire(HERE, &race.lock, false), "the first lock is refused"))
		return;
	run_on(0);
	meet(HERE, THERE);
	for (int i = 0; i < race.children && scene_goes_on(scene); i++) {
		linger(sweep(i));
		release(HERE, &race.lock);
		meet(HERE, CHILD);
		/* The child is alive: does the lock outlive the release because of it? */
		try_as_judge();
		rounds_are_linearizable(false);
		meet(HERE, CHILD);
		linger(sweep(i));
		acquire(HERE, &race.lock, false);
		/* The child is gone, and the next one is starting: did its exit end the lock? */
		meet(HERE, THERE);
		try_as_judge();
		if (race.failed)
			scene_broken(scene, "clone: %s", strerror(race.failed));
	}
	rounds_are_linearizable(true);
}

static int wait_and_exit(void *arg)
{
	struct lock lock;
	int err;

	become_child(arg);
	err = lock_open(&lock, race.scene->site, DESCRIPTION_OWN);
	if (err)
		race.failed = -err;
	meet(CHILD, HERE);
	if (!race.failed && !acquire(CHILD, &lock, true))
		race.granted++;
	return 0;
}

static int run_waiters(struct actor *self, void *arg)
{
	siginfo_t info;

	(void)self;
	(void)arg;
	run_on(1);
	for (int i = 0; i < race.children; i++) {
		run_child(wait_and_exit);
		/* The next child must not share the CPU with this one. */
		waitid(P_PID, race.child, &info, WEXITED | WNOWAIT);
	}
	return 0;
}

/* Long enough for most children to ask and to fall asleep. */
#define TO_FALL_ASLEEP	8192

/*
 *	here    HHHHHHH.|   H	grants it, kills, and locks
 *	child      wwwww?	exits if it is granted first
 *
 * fcntl(2): record locks "are automatically released when the process terminates", OFD locks
 * "on the last close of the open file description", flock(2): "when all such file
 * descriptors have been closed"; lockf(3) is an interface to the first.
 */
PROMISE(FILE_LOCKS, whoever_dies_at_the_grant_leaves_no_lock)
{
	skip_unless(scene, is_decided_at_once(scene), CLOSES_EARLY);
	scene_needs_wait(scene, EXCLUSIVE);
	set_up(scene, SPINS_FOR_CHILD);
	if (!children_share_memory(scene))
		return;
	start_side("there", run_waiters);
	if (!requires(scene, !acquire(HERE, &race.lock, false), "the first lock is refused"))
		return;
	run_on(0);
	for (int i = 0; i < race.children; i++) {
		int before = race.granted;
		pid_t child;

		meet(HERE, CHILD);
		/* The next child may start before this one has been reaped. */
		child = race.child;
		if (race.failed)
			scene_broken(scene, "a child: %s", strerror(race.failed));
		if (!scene_goes_on(scene))
			return;
		/* It is killed, or exits once it has the lock. */
		note(CHILD, HISTORY_END, &race.lock);
		linger(TO_FALL_ASLEEP);
		release(HERE, &race.lock);
		linger(race.lead);
		kill(child, SIGKILL);
		reap(child);
		note(CHILD, HISTORY_GONE, &race.lock);
		if (!rounds_are_linearizable(false))
			return;
		acquire(HERE, &race.lock, false);
		hold_back(race.granted > before ? THERE : HERE);
	}
	if (rounds_are_linearizable(true))
		claim_say("%d of %d granted before they died", race.granted, race.children);
}

CLAIM_MAIN
