// SPDX-License-Identifier: GPL-2.0
/*
 * Does a lock survive what happens at the same moment?
 *
 * A lock is asked for through a descriptor that another thread closes; it is released while
 * another thread forks; it is granted to one who is being killed. Whoever comes first, there
 * must be no lock afterwards that has no owner, and none may be missing.
 *
 * First without luck, as far as that goes: the descriptor is closed while its lock call is
 * known to sleep. Then as races that run free: a number of rounds, in which the two sides
 * start together and the one that came too early is held back the next time. Each outcome
 * that some order of the two would have is accepted in each round.
 */
#include <linux/futex.h>
#include <sched.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "expectation.h"

/*
 * The four kinds of file lock share these. A child costs as much as a hundred closes, or more;
 * where two CPUs are emulated on a busy one, more than a program has time for 10,000 of.
 */
#define ROUNDS		(10000 / 4)
#define CHILDREN	(10000 / 4 / 4)
#define CHILDREN_AT_LEAST 100

CLASS(promise);
CLASS(practice);

static const char *outcome(int ret)
{
	return ret ? strerror(-ret) : "granted";
}

/* ---- the descriptor is closed while its lock call sleeps ---- */

struct cast {
	struct actor *holder, *peer, *waiter;
};

/*
 *	holder  HHHHHHHHHH.
 *	waiter     wwwwwwww?	a thread of this process
 *	test           |	closes the waiter's descriptor
 *
 * The waiter is started last, for a fork would give its description to the others.
 */
static struct cast queue_a_thread(struct scene *scene)
{
	struct cast cast = {
		.holder = actor_start(scene, "holder"),
		.peer = actor_start(scene, "peer"),
	};

	cast.waiter = actor_start_with(scene, ACTOR_THREAD, DESCRIPTION_OWN, "waiter", 0);
	actor_lock(cast.holder, EXCLUSIVE);
	actor_queue(cast.waiter, EXCLUSIVE);
	return cast;
}

static int grant(const struct cast *cast)
{
	actor_unlock(cast->holder);
	return actor_await(cast->waiter);
}

#define PEER_IS_GRANTED(after) do { \
	int got = actor_try(cast.peer, EXCLUSIVE); \
	HOLDS(!got, "a lock is left behind", after ", the peer: %s", strerror(-got)); \
} while (0)

/*
 * POSIX.1-2024, 2.9.7, of close(), dup2(), fcntl() and others: "each call shall either see
 * all of the specified effects of the other call, or none of them". close() removes the
 * process's locks on the file; it may come first, or last. fcntl(2) and flock(2): others go
 * with the last descriptor. 2.6.12 (c293621bbf67), and again 6.10 (3cad1bc01041).
 */
CLAIM(promise, TRAIT_FILE, a_lock_granted_after_close_is_not_left_behind)
{
	struct cast cast = queue_a_thread(&self->scene);

	SETS_UP(close(cast.waiter->lock[0].fd));
	grant(&cast);
	PEER_IS_GRANTED("after a grant to a closed descriptor");
}

/* POSIX would let it succeed, too; fcntl_setlk() takes the lock back, and says so. */
CLAIM(practice, TRAIT_OWNED_BY_PROCESS, a_grant_after_dup2_says_ebadf)
{
	struct cast cast = queue_a_thread(&self->scene);
	int ret;

	SETS_UP(dup2(self->scene.poke[0], cast.waiter->lock[0].fd));
	ret = grant(&cast);
	HOLDS(ret == -EBADF, "another result", "the waiter whose descriptor was replaced: %s",
	      outcome(ret));
	PEER_IS_GRANTED("after a grant to a replaced descriptor");
}

/*
 * The description is the owner, whatever its descriptors are. From 2.6.12 to 4.6
 * (0752ba807b04) an OFD lock, too, was answered with EBADF.
 */
CLAIM(practice, TRAIT_OWNED_BY_DESCRIPTION, a_grant_after_close_stays_with_the_duplicate)
{
	struct cast cast = queue_a_thread(&self->scene);
	struct lock duplicate = cast.waiter->lock[0];
	int ret, peer;

	SETS_UP(duplicate.fd = dup(cast.waiter->lock[0].fd));
	SETS_UP(close(cast.waiter->lock[0].fd));
	ret = grant(&cast);
	HOLDS(!ret, "another result", "the waiter whose description had a duplicate: %s",
	      strerror(-ret));
	peer = actor_try(cast.peer, EXCLUSIVE);
	HOLDS(peer == -EAGAIN, "the lock is lost", "after a grant to the description, the peer: %s",
	      outcome(peer));
	lock_release(&duplicate, 0, 0);
	PEER_IS_GRANTED("after a release through the duplicate");
}

/* ---- races ---- */

#if !defined(SYS_futex) && defined(SYS_futex_time64)
#define SYS_futex SYS_futex_time64
#endif

#define SPINS		10000
#define SPINS_FOR_CHILD	1000	/* being born takes longer than that anyway */
#define LEAD_STEP	32
#define LEAD_LIMIT	65536

enum side { HERE, THERE, CHILD, SIDES };

static struct race {
	struct scene *scene;
	struct lock lock;		/* what they race for */
	struct lock judge;		/* another owner's, who is excluded by it */
	unsigned int met[SIDES][SIDES];	/* how often the first was there for the second … */
	bool asleep[SIDES][SIDES];	/* … and waits for it */
	cpu_set_t cpus;
	int spins;			/* before a side lets others use its CPU */
	int rounds, children;		/* by LOCKFAIR_EFFORT */
	int lead;			/* how much later is HERE to begin, or, below 0, THERE */
	int failed;			/* an errno of the other sides */
	pid_t test, child;		/* the last that was born */
	int granted;			/* how many children have been */
	max_align_t stack[2048];	/* of the child */
} race;

/*
 * Two sides go on together. Who is early looks again and again, to be there at once; not for
 * long, since the other may need this very CPU, or the one that an emulator runs it on.
 */
static void meet(enum side me, enum side other)
{
	unsigned int now = __atomic_add_fetch(&race.met[me][other], 1, __ATOMIC_SEQ_CST);
	unsigned int *theirs = &race.met[other][me], seen;

	if (__atomic_load_n(&race.asleep[other][me], __ATOMIC_SEQ_CST))
		syscall(SYS_futex, &race.met[me][other], FUTEX_WAKE, 1, NULL, NULL, 0);
	for (int i = 0; (int)((seen = __atomic_load_n(theirs, __ATOMIC_SEQ_CST)) - now) < 0; i++) {
		if (i < race.spins)
			continue;
		__atomic_store_n(&race.asleep[me][other], true, __ATOMIC_SEQ_CST);
		syscall(SYS_futex, theirs, FUTEX_WAIT, seen, NULL, NULL, 0);
		__atomic_store_n(&race.asleep[me][other], false, __ATOMIC_SEQ_CST);
	}
}

/* The same, but both are awake when it begins. */
static void start_with(enum side me, enum side other)
{
	meet(me, other);
	meet(me, other);
}

/* Some nanoseconds for each; it decides nothing but who is likely to come first. */
static void linger(int loops)
{
	for (int i = 0; i < loops; i++)
		__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

/* Who came first is held back the next time, so that most rounds are close. */
static void hold_back(enum side first)
{
	int step = LEAD_STEP + abs(race.lead) / 16;

	if (first == HERE && race.lead < LEAD_LIMIT)
		race.lead += step;
	if (first == THERE && race.lead > -LEAD_LIMIT)
		race.lead -= step;
}

/* If there are two CPUs. Where they are not told, the race is the same, if less close. */
static void run_on(int nth)
{
	cpu_set_t set;
	int cpu = 0;

	if (!race.spins)
		return;
	for (; !CPU_ISSET(cpu, &race.cpus) || nth--; cpu++)
		;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static void open_lock(struct lock *lock, int site)
{
	int err = lock_open(lock, &race.scene->site[site], DESCRIPTION_OWN);

	if (err)
		trouble(race.scene, TROUBLE_BROKEN, "opening the file again: %s", strerror(-err));
}

/*
 * The judge is in this process. fcntl(2): an OFD lock and a POSIX lock "conflict even when
 * they are acquired by the same process".
 */
static void set_up(struct scene *scene, int spins)
{
	enum lock_kind kind = scene->site->kind == LOCK_FLOCK ? LOCK_FLOCK : LOCK_OFD;

	race.scene = scene;
	race.rounds = expectation_effort(ROUNDS);
	race.children = expectation_effort(CHILDREN);
	/* It takes some fifty until the two sides come close. */
	if (race.children < CHILDREN_AT_LEAST)
		race.children = CHILDREN_AT_LEAST;
	race.test = getpid();
	if (!sched_getaffinity(0, sizeof(race.cpus), &race.cpus) && CPU_COUNT(&race.cpus) > 1)
		race.spins = spins;
	open_lock(&race.judge, scene_add_kind(scene, kind));
	open_lock(&race.lock, 0);
}

static struct actor *start_side(const char *name, actor_deed deed)
{
	struct actor *actor = actor_start_with(race.scene, ACTOR_THREAD, DESCRIPTION_INHERITED,
					       name, 0);

	actor_begin(actor, deed, NULL);
	return actor;
}

/* 0 or -errno: could another owner lock it now? */
static int judge(void)
{
	int ret = lock_acquire(&race.judge, &EXCLUSIVE, false);

	if (!ret)
		lock_release(&race.judge, 0, 0);
	return ret;
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
 * POSIX.1-2024, 2.9.7, as above; fcntl(2) and flock(2): released on the last close.
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
