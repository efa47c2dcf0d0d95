// SPDX-License-Identifier: GPL-2.0
/*
 * Does it still work where there is much of it, or nothing left of something else?
 *
 * A thousand who wait, ten thousand locks, a hundred thousand ranges; no descriptor and no
 * process to be had any more. Whatever it costs, all are granted in the end, each once, and
 * what they held is free afterwards. What it costs is printed, and decides nothing.
 */
#include <linux/capability.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#define EXPECTATION_KEEPS	PRIVILEGE(CAP_SETUID)
#include "expectation.h"

CLASS(practice);

/* Of one who was to be granted, and was not. */
static const char *state(const struct actor *actor)
{
	return actor->busy ? "sleeps on" : strerror(-actor->result);
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1e6 + time.tv_nsec / 1e3;
}

/*
 * Nobody has anything of it any more: another gets all of it. /proc/locks is not asked: where
 * others have as many locks as this test, reading it takes them, and us, many seconds.
 */
#define ALL_IS_FREE(peer) do { \
	int got = actor_try(peer, EXCLUSIVE); \
	HOLDS(!got, "a lock is left behind", "%s was refused in the end: %s", actor_name(peer), \
	      strerror(-got)); \
	actor_unlock(peer); \
} while (0)

/* ---- a thousand who wait ---- */

#define WAITERS		1000
#define WAITER_STACK	262144	/* no less than any machine's least */

/*
 * Much smaller than an actor: a thread. unshare(2) gives it a descriptor table, by which
 * fs/locks.c knows the owner of a POSIX lock.
 */
struct waiter {
	pthread_t thread;
	pid_t tid;
	struct asleep_call call;
	struct asleep_proof proof;
	bool asleep;
	int result;
};

static struct crowd {
	const struct lock_site *site;
	struct waiter waiter[WAITERS];
	int count;
	int inside, inside_together, granted, returned;
} crowd;

static int wait_and_leave(struct waiter *me)
{
	struct lock lock;
	int ret = unshare(CLONE_FILES) ? -errno : lock_open(&lock, crowd.site, DESCRIPTION_OWN);

	if (ret)
		return ret;
	me->call = lock_sleeps_in(&lock, MODE_EXCLUSIVE);
	__atomic_store_n(&me->tid, syscall(SYS_gettid), __ATOMIC_RELEASE);
	ret = lock_acquire(&lock, &EXCLUSIVE, true);
	if (ret)
		return ret;
	if (__atomic_fetch_add(&crowd.inside, 1, __ATOMIC_SEQ_CST))
		crowd.inside_together++;
	crowd.granted++;
	__atomic_fetch_sub(&crowd.inside, 1, __ATOMIC_SEQ_CST);
	return lock_release(&lock, 0, 0);
}

static void *live(void *arg)
{
	struct waiter *me = arg;

	me->result = wait_and_leave(me);
	__atomic_fetch_add(&crowd.returned, 1, __ATOMIC_RELEASE);
	return NULL;
}

/* Whoever sleeps goes on to sleep: nothing is released yet. One look at each will do. */
static int all_wait(void *arg)
{
	bool all = true;

	(void)arg;
	for (int i = 0; i < crowd.count; i++) {
		struct waiter *waiter = &crowd.waiter[i];
		pid_t tid = __atomic_load_n(&waiter->tid, __ATOMIC_ACQUIRE);

		if (!waiter->asleep && tid)
			waiter->asleep = asleep_look(tid, &waiter->call, &waiter->proof) == 1;
		all &= waiter->asleep;
	}
	return __atomic_load_n(&crowd.returned, __ATOMIC_ACQUIRE) ? -EPIPE : all;
}

static int more_than(void *arg)
{
	return __atomic_load_n(&crowd.returned, __ATOMIC_ACQUIRE) > *(int *)arg;
}

/* Until all have returned, or for long nobody has. */
static void await_crowd(void)
{
	int before;

	do
		before = __atomic_load_n(&crowd.returned, __ATOMIC_ACQUIRE);
	while (before < crowd.count && asleep_poll(more_than, &before, ASLEEP_DEADLINE) > 0);
}

static int how_many_sleep(void)
{
	int sleepers = 0;

	for (int i = 0; i < crowd.count; i++)
		sleepers += crowd.waiter[i].asleep;
	return sleepers;
}

/* Until all sleep, or for long nobody more. */
static void await_sleepers(struct scene *scene)
{
	int before, ret = -ETIMEDOUT;

	if (scene->trouble[0])
		return;
	do
		before = how_many_sleep();
	while ((ret = asleep_poll(all_wait, NULL, ASLEEP_DEADLINE)) == -ETIMEDOUT &&
	       how_many_sleep() > before);
	if (ret == -ETIMEDOUT)
		trouble(scene, TROUBLE_STEP, "%d of %d waiters are asleep, and no more",
			how_many_sleep(), crowd.count);
	for (int i = 0; ret == -EPIPE && i < crowd.count; i++) {
		if (crowd.waiter[i].result)
			trouble(scene, TROUBLE_BROKEN, "waiter %d of %d: %s", i + 1, crowd.count,
				strerror(-crowd.waiter[i].result));
	}
	if (ret == -EPIPE)
		trouble(scene, TROUBLE_STEP, "a waiter was granted the lock beside the holder");
}

/* 0 or an errno */
static int start_crowd(struct scene *scene, int count)
{
	pthread_attr_t attr;
	int err;

	memset(&crowd, 0, sizeof(crowd));
	crowd.site = scene->site;
	err = pthread_attr_init(&attr);
	if (!err)
		err = pthread_attr_setstacksize(&attr, WAITER_STACK);
	for (; !err && crowd.count < count; crowd.count++)
		err = pthread_create(&crowd.waiter[crowd.count].thread, &attr, live,
				     &crowd.waiter[crowd.count]);
	if (err)
		crowd.count--;
	return err;
}

/*
 *	holder     HHHHHHHHHHHHH.
 *	waiter1       wwwwwwwwwwwH.
 *	…                          …
 *	waiter1000        wwwwwww           H.
 */
CLAIM(practice, TRAIT_FILE, a_thousand_waiters_are_all_granted)
{
	struct actor *holder = actor_start(&self->scene, "holder");

	for (int count = 10; count <= WAITERS; count *= 10) {
		double begun;
		int err;

		actor_lock(holder, EXCLUSIVE);
		err = start_crowd(&self->scene, count);
		SKIPS_UNLESS(err != EAGAIN, "a thousand threads are not permitted");
		if (err)
			trouble(&self->scene, TROUBLE_BROKEN, "starting a thread: %s",
				strerror(err));
		await_sleepers(&self->scene);
		begun = now();
		actor_unlock(holder);
		await_crowd();
		begun = now() - begun;
		HOLDS(crowd.returned == count, "a waiter is lost", "%d of %d waiters sleep on",
		      count - crowd.returned, count);
		for (int i = 0; i < count; i++) {
			pthread_join(crowd.waiter[i].thread, NULL);
			HOLDS(!crowd.waiter[i].result, "a waiter was refused",
			      "waiter %d of %d: %s", i, count, strerror(-crowd.waiter[i].result));
		}
		HOLDS(crowd.granted == count && !crowd.inside_together, "two held it together",
		      "%d grants to %d waiters, %d to more than one at a time", crowd.granted,
		      count, crowd.inside_together);
		expectation_say("%d waiters: %.1f us from grant to grant", count, begun / count);
		ALL_IS_FREE(holder);
	}
}

/* ---- ten thousand locks on a file ---- */

#define OWNERS		10
#define LOCKS		10000
#define FEW		100	/* of the first nine each; the last has the rest */

static int locks_of(int nth)
{
	return nth < OWNERS - 1 ? FEW : LOCKS - (OWNERS - 1) * FEW;
}

static off_t block_of(int nth)
{
	return (off_t)nth * 2 * LOCKS;
}

/*
 * Every second byte of a block. One lock, with holes torn into it: a request for a lock is
 * compared with all that there are, a release is not (posix_lock_inode()), and if it begins
 * at the end it is soon where it belongs.
 */
static int tear(struct actor *self, off_t start, int pieces)
{
	int ret = lock_acquire(&self->lock[0], &EXCLUSIVE_ON(start, 2 * pieces), true);

	for (int i = pieces; !ret && i--;) {
		ret = lock_release(&self->lock[0], start + 2 * i + 1, 1);
		/* Whoever reads /proc/locks meanwhile holds it up, for long: it goes on. */
		__atomic_add_fetch(&self->board->calls, 1, __ATOMIC_RELAXED);
	}
	self->board->holds = !ret;
	return ret;
}

static int take_many(struct actor *self, void *arg)
{
	(void)arg;
	return tear(self, block_of(self->lane), locks_of(self->lane));
}

/* What one more request costs, where it conflicts with none of them. */
static int pass_by(struct actor *self, void *arg)
{
	double begun = now();
	int ret = lock_acquire(&self->lock[0], &EXCLUSIVE_ON(1, 1), false);

	(void)arg;
	self->scene->board->number[0] = (unsigned long long)(now() - begun);
	return ret ? ret : lock_release(&self->lock[0], 1, 1);
}

/*
 *	owner1   X.X.X.X.
 *	owner2             X.X.X.X.
 *	…                            …
 *	peer     wwwwwwwwwwwwwwwwwwwwwww	wants it all
 */
CLAIM(practice, TRAIT_RANGES, ten_thousand_locks_on_a_file_hold_and_go)
{
	struct actor *owner[OWNERS], *peer;
	int ret;

	for (int i = 0; i < OWNERS; i++)
		owner[i] = actor_start_nth(&self->scene, "owner", i + 1);
	peer = actor_start(&self->scene, "peer");
	for (int i = 0, count = 0; i < OWNERS; i++) {
		actor_do(owner[i], take_many, NULL);
		actor_do(peer, pass_by, NULL);
		count += locks_of(i);
		if (!i || i >= OWNERS - 2)
			expectation_say("%d locks on the file: %llu us for one more", count,
					self->scene.board->number[0]);
	}
	for (int i = 0; i < OWNERS; i++) {
		ret = actor_try(peer, EXCLUSIVE_ON(block_of(i) + 2 * locks_of(i) - 2, 1));
		HOLDS(ret == -EAGAIN, "a lock is lost", "the peer got the last byte of %s: %s",
		      actor_name(owner[i]), ret ? strerror(-ret) : "granted");
	}
	actor_queue(peer, EXCLUSIVE);
	/* By release or by death. */
	for (int i = 0; i < OWNERS; i++) {
		HOLDS(!actor_holds(peer), "a lock is lost", "the peer has all, and %s holds a part",
		      actor_name(owner[i]));
		if (i % 2)
			actor_unlock(owner[i]);
		else
			actor_kill(owner[i]);
		actor_settle(&self->scene);
	}
	HOLDS(actor_holds(peer), "a waiter is lost", "the peer: %s", state(peer));
	actor_unlock(peer);
	ALL_IS_FREE(peer);
}

/* ---- a hundred thousand ranges of one owner ---- */

#define RANGES	100000

static int take_ranges(struct actor *self, void *arg)
{
	double begun = now();
	int ret = tear(self, 0, RANGES);

	(void)arg;
	self->scene->board->number[0] = (unsigned long long)(now() - begun);
	return ret;
}

CLAIM(practice, TRAIT_RANGES, a_hundred_thousand_ranges_hold_and_go)
{
	static const int samples[] = { 0, 1, RANGES / 2, RANGES - 1 };
	struct actor *holder = actor_start(&self->scene, "holder");
	struct actor *peer = actor_start(&self->scene, "peer");
	double begun;

	actor_do(holder, take_ranges, NULL);
	expectation_say("%d ranges: %.2f us for each", RANGES,
			(double)self->scene.board->number[0] / RANGES);
	for (unsigned int i = 0; i < ARRAY_SIZE(samples); i++) {
		off_t at = (off_t)samples[i] * 2;
		int held = actor_try(peer, EXCLUSIVE_ON(at, 1));
		int hole = actor_try(peer, EXCLUSIVE_ON(at + 1, 1));

		HOLDS(held == -EAGAIN, "a lock is lost", "the peer's try at byte %d: %s", (int)at,
		      held ? strerror(-held) : "granted");
		HOLDS(!hole, "a released byte is locked", "the peer's try at byte %d: %s",
		      (int)at + 1, strerror(-hole));
		actor_unlock(peer);
	}
	actor_queue(peer, EXCLUSIVE);
	begun = now();
	actor_unlock(holder);
	expectation_say("all released in %.0f us", now() - begun);
	actor_settle(&self->scene);
	HOLDS(actor_holds(peer), "a waiter is lost", "the peer: %s", state(peer));
	actor_unlock(peer);
	ALL_IS_FREE(holder);
}

/* ---- no descriptor and no process to be had ---- */

static const struct rlimit nothing;

static int cannot_open(struct actor *self, void *arg)
{
	int fd = dup(self->lock[0].fd);

	(void)arg;
	if (fd >= 0)
		close(fd);
	return fd < 0 && errno == EMFILE ? 0 : -EEXIST;
}

static int try_to_fork(void)
{
	pid_t child = fork();

	if (!child)
		_exit(0);
	if (child < 0)
		return -errno;
	waitpid(child, NULL, 0);
	return 0;
}

static int cannot_fork(struct actor *self, void *arg)
{
	(void)self;
	(void)arg;
	return try_to_fork() == -EAGAIN ? 0 : -EEXIST;
}

/*
 * Nobody has anything left of @resource, those who hold or wait already, too: what has been
 * begun is completed, and a new request is granted.
 */
#define GOES_ON_WITHOUT(resource, is_exhausted) do { \
	struct actor *holder = actor_start(&self->scene, "holder"); \
	struct actor *waiter = actor_start(&self->scene, "waiter"); \
	struct actor *late = actor_start(&self->scene, "late"); \
	actor_lock(holder, EXCLUSIVE); \
	actor_queue(waiter, EXCLUSIVE); \
	for (int i = 0; i < self->scene.actors; i++) \
		SETS_UP(prlimit(self->scene.actor[i].pid, resource, &nothing, NULL)); \
	actor_do(late, is_exhausted, NULL); \
	actor_queue(late, EXCLUSIVE); \
	actor_unlock(holder); \
	actor_settle(&self->scene); \
	HOLDS(actor_holds(waiter), "a waiter is lost", "the waiter: %s", state(waiter)); \
	actor_unlock(waiter); \
	actor_settle(&self->scene); \
	HOLDS(actor_holds(late), "a waiter is lost", "the late one: %s", state(late)); \
	actor_do(late, is_exhausted, NULL); \
	actor_unlock(late); \
	ALL_IS_FREE(holder); \
} while (0)

CLAIM(practice, TRAIT_FILE, locks_work_where_no_descriptor_is_left)
{
	GOES_ON_WITHOUT(RLIMIT_NOFILE, cannot_open);
}

/*
 * setrlimit(2): RLIMIT_NPROC "is not enforced" for root and for who has CAP_SYS_ADMIN or
 * CAP_SYS_RESOURCE. Root can become somebody else before.
 */
#define SOMEBODY	65534

static bool is_bound(void)
{
	struct rlimit before, none;
	int ret;

	getrlimit(RLIMIT_NPROC, &before);
	none = (struct rlimit){ .rlim_cur = 0, .rlim_max = before.rlim_max };
	setrlimit(RLIMIT_NPROC, &none);
	ret = try_to_fork();
	setrlimit(RLIMIT_NPROC, &before);
	return ret == -EAGAIN;
}

static bool becomes_bound(struct scene *scene)
{
	pid_t parent = getppid();
	int ret;

	if (is_bound())
		return true;
	/* The actors are to open it again. */
	if (fchmod(scene->site->fd, 0666))
		return false;
	privilege_raise(CAP_SETUID);
	ret = setresuid(SOMEBODY, SOMEBODY, SOMEBODY);
	privilege_lower(CAP_SETUID);
	/* What changes the user also undoes these, prctl(2). */
	prctl(PR_SET_DUMPABLE, 1);
	actor_die_with_parent(parent);
	return !ret && is_bound();
}

CLAIM(practice, TRAIT_FILE, locks_work_where_no_process_can_be_started)
{
	SKIPS_UNLESS(becomes_bound(&self->scene), "RLIMIT_NPROC does not bind this user");
	GOES_ON_WITHOUT(RLIMIT_NPROC, cannot_fork);
}

EXPECTATION_MAIN
