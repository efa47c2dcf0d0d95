// SPDX-License-Identifier: GPL-2.0
/*
 * What if a wait is cut short at the very moment of the grant?
 *
 * A release wakes the waiter, and before that one has come to take the lock there is a
 * signal for it. Its request may be granted, or fail with EINTR; both are right. But it
 * must have the lock if the request was granted, and only then. Nor may those behind it be
 * forgotten: the release woke nobody but the one that has now gone away.
 *
 *	releaser  HHHHHH.?	releases and signals, in either order; then tries
 *	waiter      wwwww	asks, and has the lock or EINTR
 *	behind       wwwwwH	in some of the tests; is granted the lock in either case
 *
 * Where there are two CPUs, the releaser does not know whether the waiter is asleep, just
 * about to be, or on its way back. So the time from the request to the release or the
 * signal, and from there to the other, runs through powers of two. On one CPU the waiter,
 * as a SCHED_BATCH task, mostly does not run before both have been, unless it is let.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>

#include "claim/expectation.h"

/*
 * On two CPUs: both orders, GAPS times between the release and the signal, and before the
 * first of them a waiter that sleeps, or in each fourth round four times that it has for it.
 * On one CPU the times make no difference, and the waiter may run in between or not.
 */
#define GAPS			16
#define ROUNDS			(2 * GAPS * 4)
#define ROUNDS_ON_ONE_CPU	(4 * ROUNDS)

enum number {
	INSIDE,		/* how many believe that they have the lock */
	FAULT,
	FAULTY_ROUND,
	INTERRUPTED,	/* how often the waiter was */
};

enum fault { NO_FAULT, NOT_LET_GO, GRANTED_AND_FREE, REFUSED_AND_HELD, GRANTED_TWICE };

static const char * const faults[] = {
	[NO_FAULT] = "nothing",
	[NOT_LET_GO] = "all have let go, and still the lock is held",
	[GRANTED_AND_FREE] = "the waiter was granted the lock, and the releaser's try as well",
	[REFUSED_AND_HELD] = "the waiter got EINTR, and the lock is held all the same",
	[GRANTED_TWICE] = "two were granted the lock at a time",
};

static unsigned long long number(struct actor *self, enum number which)
{
	return __atomic_load_n(&self->scene->board->number[which], __ATOMIC_SEQ_CST);
}

static void set(struct actor *self, enum number which, unsigned long long value)
{
	__atomic_store_n(&self->scene->board->number[which], value, __ATOMIC_SEQ_CST);
}

static void fault(struct actor *self, enum fault what, int round)
{
	set(self, FAULTY_ROUND, round);
	set(self, FAULT, what);
}

static void enter(struct actor *self, int round)
{
	if (__atomic_add_fetch(&self->scene->board->number[INSIDE], 1, __ATOMIC_SEQ_CST) != 1)
		fault(self, GRANTED_TWICE, round);
}

/* Not written to the history, which has no room for so many. */
static int take(struct actor *self, bool wait)
{
	int ret = lock_acquire(&self->lock[0], &EXCLUSIVE, wait);

	/* This is how actor_await() sees that there is progress. */
	__atomic_add_fetch(&self->board->calls, 1, __ATOMIC_RELAXED);
	return ret;
}

static int let_go(struct actor *self)
{
	return lock_release(&self->lock[0], 0, 0);
}

static int leave(struct actor *self)
{
	__atomic_sub_fetch(&self->scene->board->number[INSIDE], 1, __ATOMIC_SEQ_CST);
	return let_go(self);
}

/* ---- what the releaser and the others tell each other ---- */

#define GO_ON	'g'	/* the lock is held: ask for it; or: what you have you may let go */
#define END	'e'	/* of all rounds */
#define ASKING	'a'
#define GRANTED	'y'
#define REFUSED	'n'
#define DONE	'd'

static int tell(int fd, char word)
{
	ssize_t sent;

	do
		sent = write(fd, &word, 1);
	while (sent < 0 && errno == EINTR);
	return sent == 1 ? 0 : -EPIPE;
}

/* A word, or -EPIPE. */
static int hear(int fd)
{
	ssize_t got;
	char word;

	do
		got = read(fd, &word, 1);
	while (got < 0 && errno == EINTR);
	return got == 1 ? word : -EPIPE;
}

/* ---- signals ---- */

struct race {
	bool one_cpu, one_behind;
	int rounds;
	int waiter[2], behind[2];	/* sockets: the releaser's end, and the other's */
};

static void come_back(int signal_number)
{
	(void)signal_number;
}

static int ask_and_be_interrupted(struct actor *self, void *arg)
{
	struct sigaction interrupt = { .sa_handler = come_back };
	const struct race *race = arg;
	int fd = race->waiter[1], ret;

	ret = sigaction(SIGHUP, &interrupt, NULL) < 0 ? -errno : 0;
	for (int round = 1; !ret && hear(fd) == GO_ON; round++) {
		bool granted;

		tell(fd, ASKING);
		ret = take(self, true);
		if (ret && ret != -EINTR)
			break;
		granted = !ret;
		if (granted)
			enter(self, round);
		tell(fd, granted ? GRANTED : REFUSED);
		hear(fd);
		ret = granted ? leave(self) : 0;
		tell(fd, DONE);
	}
	return ret;
}

static int ask_behind_the_waiter(struct actor *self, void *arg)
{
	const struct race *race = arg;
	int fd = race->behind[1], ret = 0;

	for (int round = 1; !ret && hear(fd) == GO_ON; round++) {
		tell(fd, ASKING);
		ret = take(self, true);
		if (ret)
			break;
		enter(self, round);
		ret = leave(self);
		tell(fd, DONE);
	}
	return ret;
}

/* The actors as they are started. */
enum part { RELEASER, WAITER, BEHIND };

static void dally(struct actor *self, unsigned int exponent)
{
	for (unsigned int i = 1u << exponent; i; i--)
		number(self, INSIDE);
}

static void pause_between(struct actor *self, const struct race *race, int round)
{
	if (race->one_cpu && round / 2 % 2)
		sched_yield();
	else
		dally(self, round / 2 % GAPS + 5);
}

static int sleeps(void *tid)
{
	char path[40], text[512] = "", *state;
	ssize_t got = -1;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", *(pid_t *)tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		got = read(fd, text, sizeof(text) - 1);
		close(fd);
	}
	state = strrchr(text, ')');
	return got < 0 || !state || state[2] == 'S';
}

/*
 * A waiter that has not fallen asleep yet is interrupted before its call, and one behind it that
 * has not is not behind it: a round that tells little. This decides nothing, so that state S is
 * enough, without a proof.
 */
static void await_sleep(pid_t tid)
{
	asleep_poll(sleeps, &tid, ASLEEP_DEADLINE);
}

static bool waiter_may_sleep(int round)
{
	return round / 2 % 4 < 3;
}

static int release_and_signal(struct actor *self, const struct race *race, int round)
{
	pid_t waiter = self->scene->board->actor[WAITER].tid;
	int ret = 0;

	if (waiter_may_sleep(round))
		await_sleep(waiter);
	else
		dally(self, round / 2 / GAPS % 4 * 4);
	for (int step = 0; step < 2 && !ret; step++) {
		if (step == round % 2)
			ret = let_go(self);
		else
			ret = kill(waiter, SIGHUP) < 0 ? -errno : 0;
		if (!step)
			pause_between(self, race, round);
	}
	return ret;
}

/* Is the lock held exactly if the waiter says so? */
static int judge(struct actor *self, bool granted, int round)
{
	int ret = take(self, false);

	if (granted && !ret)
		fault(self, GRANTED_AND_FREE, round);
	if (!granted && ret == -EAGAIN)
		fault(self, REFUSED_AND_HELD, round);
	if (!ret)
		ret = let_go(self);
	return ret == -EAGAIN ? 0 : ret;
}

static int play_round(struct actor *self, const struct race *race, int round)
{
	int waiter = race->waiter[0], behind = race->behind[0], answer, ret;

	ret = take(self, false);
	if (ret == -EAGAIN)
		fault(self, NOT_LET_GO, round);
	if (ret)
		return ret == -EAGAIN ? 0 : ret;
	tell(waiter, GO_ON);
	hear(waiter);
	if (race->one_behind) {
		/* Not the first in the queue. */
		if (waiter_may_sleep(round))
			await_sleep(self->scene->board->actor[WAITER].tid);
		tell(behind, GO_ON);
		hear(behind);
		await_sleep(self->scene->board->actor[BEHIND].tid);
	}
	ret = release_and_signal(self, race, round);
	answer = hear(waiter);
	if (answer == REFUSED)
		set(self, INTERRUPTED, number(self, INTERRUPTED) + 1);
	/* The one behind may have the lock by now, or not yet: its grant is what counts. */
	if (!ret && !race->one_behind)
		ret = judge(self, answer == GRANTED, round);
	tell(waiter, GO_ON);
	hear(waiter);
	return race->one_behind && hear(behind) != DONE ? -EPIPE : ret;
}

static int release_and_interrupt(struct actor *self, void *arg)
{
	const struct race *race = arg;
	int ret = 0;

	for (int round = 1; round <= race->rounds && !ret && !number(self, FAULT); round++)
		ret = play_round(self, race, round);
	tell(race->waiter[0], END);
	tell(race->behind[0], END);
	return ret;
}

/* On the nth of the CPUs that this process may use, or as before if there are not so many. */
static void run_on(struct actor *actor, int nth)
{
	cpu_set_t all, one;

	if (sched_getaffinity(0, sizeof(all), &all) < 0)
		return;
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &all) || nth--)
			continue;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		sched_setaffinity(actor->board->tid, sizeof(one), &one);
		return;
	}
}

static void run_race(struct scene *scene, struct race *race)
{
	struct actor *releaser, *waiter, *behind;

	race->rounds = expectation_effort(race->one_cpu ? ROUNDS_ON_ONE_CPU : ROUNDS);
	/* Each gap in both orders, at least. */
	if (race->rounds < 2 * GAPS)
		race->rounds = 2 * GAPS;
	if (race->one_cpu)
		scene_on_one_cpu(scene);
	releaser = actor_start(scene, "releaser");
	waiter = actor_start(scene, "waiter");
	behind = actor_start(scene, "behind");
	if (race->one_cpu) {
		actor_defer(waiter);
	} else if (!scene->trouble[0]) {
		run_on(releaser, 0);
		run_on(waiter, 1);
	}
	if (race->one_behind)
		actor_begin(behind, ask_behind_the_waiter, race);
	actor_begin(waiter, ask_and_be_interrupted, race);
	actor_begin(releaser, release_and_interrupt, race);
	/* If one has been lost it is the one behind, and the message is to name it. */
	if (race->one_behind)
		actor_await(behind);
	actor_await(waiter);
	actor_await(releaser);
}

#define RACE(on_one_cpu, with_one_behind) do { \
	struct race race = { .one_cpu = (on_one_cpu), .one_behind = (with_one_behind) }; \
	unsigned long long *found = self->scene.board->number; \
	SETS_UP(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, race.waiter)); \
	SETS_UP(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, race.behind)); \
	run_race(&self->scene, &race); \
	HOLDS(!found[FAULT], "a lock was held and not held", "%s (round %d of %d)", \
	      faults[found[FAULT]], (int)found[FAULTY_ROUND], race.rounds); \
	expectation_say("%llu of %d interrupted, the rest granted", found[INTERRUPTED], \
			race.rounds); \
} while (0)

CLASS(practice);

CLAIM(practice, TRAIT_FILE, granted_or_interrupted_but_never_both)
{
	RACE(false, false);
}

CLAIM(practice, TRAIT_FILE, granted_or_interrupted_on_one_cpu_as_well)
{
	RACE(true, false);
}

CLAIM(practice, TRAIT_FILE, an_interrupt_at_the_grant_loses_nobody_behind)
{
	RACE(false, true);
}

CLAIM(practice, TRAIT_FILE, an_interrupt_on_one_cpu_loses_nobody_behind)
{
	RACE(true, true);
}

EXPECTATION_MAIN
