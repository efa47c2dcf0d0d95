// SPDX-License-Identifier: GPL-2.0
/*
 * Does a lock survive what happens at the same moment?
 *
 * A lock is asked for through a descriptor that another thread closes; it is released while
 * another thread forks; it is granted to one who is being killed. Whoever comes first, there
 * must be no lock afterwards that has no owner, and none may be missing.
 *
 * They run free, for a number of rounds, and are kept close (race.h). Each outcome that some
 * order of the two would have is accepted in each round. (One order alone, and no luck:
 * tests/descriptor_lost.c.)
 */
#include <sys/wait.h>

#include "race.h"

CLASS(promise);

static const char *outcome(int ret)
{
	return ret ? strerror(-ret) : "granted";
}

static int close_it(struct actor *self, void *arg)
{
	(void)self;
	(void)arg;
	run_on(1);
	for (int i = 0; i < race.rounds; i++) {
		start_with(THERE, HERE);
		linger(-race.lead);
		close(race.lock.fd);
		meet(THERE, HERE);
	}
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
CLAIM(promise, TRAIT_FILE, a_lock_raced_by_close_is_not_left_behind)
{
	int granted = 0;

	set_up(&self->scene, SPINS);
	start_side("there", close_it);
	REQUIRES(!self->scene.trouble[0], "there is no other side");
	run_on(0);
	for (int i = 0; i < race.rounds; i++) {
		int ret, judged;

		if (i)
			open_lock(&race.lock, 0);
		REQUIRES(!self->scene.trouble[0], "there is no file");
		start_with(HERE, THERE);
		linger(race.lead);
		ret = lock_acquire(&race.lock, &EXCLUSIVE, false);
		meet(HERE, THERE);
		judged = judge();
		HOLDS(!ret || ret == -EBADF, "another error", "round %d, lock against close: %s", i,
		      strerror(-ret));
		HOLDS(!judged, "a lock is left behind",
		      "round %d, lock against close: %s; then another owner: %s", i, outcome(ret),
		      strerror(-judged));
		granted += !ret;
		hold_back(ret ? THERE : HERE);
	}
	expectation_say("%d of %d granted before close, the rest told EBADF", granted, race.rounds);
}

/* A child with this memory and a descriptor table of its own; as vfork(2). */
static void breed(int (*life)(void *arg))
{
	if (clone(life, race.stack + ARRAY_SIZE(race.stack), CLONE_VM | CLONE_VFORK | SIGCHLD,
		  NULL) >= 0)
		return;
	/* Nobody is to wait for a child that is not there. */
	race.failed = errno;
	life(&race);
}

/* What they do first; false if they are none. */
static void be_born(const void *arg)
{
	if (arg)
		return;
	actor_die_with_parent(race.test);
	race.child = getpid();
}

static void bury(pid_t child)
{
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
}

static int live_for_a_round(void *arg)
{
	be_born(arg);
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
		breed(live_for_a_round);
		bury(race.child);
	}
	meet(THERE, HERE);
	return 0;
}

/* A fork and an exit take much longer than a lock: have that meet them everywhere. */
#define SWEEP(round)	((round) % 128 * 64)

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
CLAIM(promise, TRAIT_FILE, a_child_neither_keeps_nor_takes_a_lock)
{
	int ret, kept, taken;

	set_up(&self->scene, SPINS_FOR_CHILD);
	start_side("there", fork_beside_it);
	ret = lock_acquire(&race.lock, &EXCLUSIVE, false);
	REQUIRES(!ret, "the first lock: %s", strerror(-ret));
	run_on(0);
	meet(HERE, THERE);
	for (int i = 0; i < race.children; i++) {
		linger(SWEEP(i));
		lock_release(&race.lock, 0, 0);
		meet(HERE, CHILD);
		kept = judge();
		meet(HERE, CHILD);
		linger(SWEEP(i));
		ret = lock_acquire(&race.lock, &EXCLUSIVE, false);
		/* The child is gone, and the next one begun. */
		meet(HERE, THERE);
		taken = judge();
		if (race.failed)
			trouble(&self->scene, TROUBLE_BROKEN, "clone: %s", strerror(race.failed));
		HOLDS(!kept, "a child keeps a lock",
		      "round %d, released during a fork, and the child lives; another owner: %s", i,
		      strerror(-kept));
		HOLDS(!ret, "a lock is left behind", "round %d, locked while the child exits: %s",
		      i, strerror(-ret));
		HOLDS(taken == -EAGAIN, "a child takes a lock away",
		      "round %d, locked while the child exits; another owner: %s", i,
		      outcome(taken));
	}
}

static int wait_and_exit(void *arg)
{
	struct lock lock;
	int err;

	be_born(arg);
	err = lock_open(&lock, race.scene->site, DESCRIPTION_OWN);
	if (err)
		race.failed = -err;
	meet(CHILD, HERE);
	if (!race.failed && !lock_acquire(&lock, &EXCLUSIVE, true))
		race.granted++;
	return 0;
}

static int breed_waiters(struct actor *self, void *arg)
{
	siginfo_t info;

	(void)self;
	(void)arg;
	run_on(1);
	for (int i = 0; i < race.children; i++) {
		breed(wait_and_exit);
		/* The next one is to have the CPU for itself. */
		waitid(P_PID, race.child, &info, WEXITED | WNOWAIT);
	}
	return 0;
}

/* Time enough to ask and to fall asleep, for most. */
#define TO_FALL_ASLEEP	8192

/*
 *	here    HHHHHHH.|   H	grants it, kills, and locks
 *	child      wwwww?	exits if it is granted first
 *
 * fcntl(2): record locks "are automatically released when the process terminates", OFD locks
 * "on the last close of the open file description", flock(2): "when all such file
 * descriptors have been closed"; lockf(3) is an interface to the first.
 */
CLAIM(promise, TRAIT_FILE, whoever_dies_at_the_grant_leaves_no_lock)
{
	int ret;

	set_up(&self->scene, SPINS_FOR_CHILD);
	start_side("breeder", breed_waiters);
	ret = lock_acquire(&race.lock, &EXCLUSIVE, false);
	REQUIRES(!ret, "the first lock: %s", strerror(-ret));
	run_on(0);
	for (int i = 0; i < race.children; i++) {
		int before = race.granted;
		pid_t child;

		meet(HERE, CHILD);
		/* The next one may be born before this one has been buried. */
		child = race.child;
		if (race.failed)
			trouble(&self->scene, TROUBLE_BROKEN, "a child: %s", strerror(race.failed));
		REQUIRES(!self->scene.trouble[0], "there is no child");
		linger(TO_FALL_ASLEEP);
		lock_release(&race.lock, 0, 0);
		linger(race.lead);
		kill(child, SIGKILL);
		bury(child);
		ret = lock_acquire(&race.lock, &EXCLUSIVE, false);
		HOLDS(!ret, "a lock is left behind",
		      "round %d, a waiter died %s; then another owner: %s", i,
		      race.granted > before ? "after its grant" : "in its call", strerror(-ret));
		hold_back(race.granted > before ? THERE : HERE);
	}
	expectation_say("%d of %d granted before they died", race.granted, race.children);
}

EXPECTATION_MAIN
