// SPDX-License-Identifier: GPL-2.0
/*
 * What if a wait is cut short at the very moment of the grant?
 *
 * A release wakes the waiter, and a signal for it arrives before it has taken the lock. Its request
 * may be granted, or fail with EINTR; both are right. But the waiter must have the lock if the
 * request was granted, and only then. And the waiters behind it must not be forgotten: the release
 * has woken only the waiter that has now gone. The model judges the history (linearizable.h).
 *
 *	releaser  HHHHHH.?	releases and signals, in either order; then tries
 *	waiter      wwwww	asks, and has the lock or EINTR
 *	behind       wwwwwH	in some of the tests; is granted the lock in either case
 *
 * On two CPUs the releaser does not know whether the waiter is asleep, about to be, or on its
 * way back. So the time from the request to the release or the signal, and from there to the
 * other, runs through powers of two. On one CPU the waiter is a SCHED_BATCH task, which mostly
 * does not run before the releaser has done both, unless the releaser yields.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>

#include "cancel_race.h"
#include "system/cpu.h"

/*
 * On two CPUs: both orders, and GAPS times between the release and the signal. In three of four
 * rounds the releaser first waits until the waiter sleeps; in the fourth it waits for one of four
 * fixed times. On one CPU these times make no difference.
 */
#define GAPS			16
#define ROUNDS			(2 * GAPS * 4)
#define ROUNDS_ON_ONE_CPU	(4 * ROUNDS)

#define EVENTS_OF_A_ROUND	20	/* at most */

struct race {
	bool one_cpu, one_behind;
	int rounds;
	int waiter[2], behind[2];	/* sockets: the releaser's end, and the other actor's */
};

/* The actors in the order in which they are started. */
enum part { RELEASER, WAITER, BEHIND };

/* ---- the waiters ---- */

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
	while (!ret && hear(fd) == GO_ON) {
		bool granted;

		tell(fd, ASKING);
		ret = act_lock(self, EXCLUSIVE);
		if (ret && ret != -EINTR)
			break;
		granted = !ret;
		tell(fd, granted ? GRANTED : REFUSED);
		hear(fd);
		ret = granted ? let_go(self) : 0;
		tell(fd, DONE);
	}
	return ret;
}

static int ask_behind_the_waiter(struct actor *self, void *arg)
{
	const struct race *race = arg;
	int fd = race->behind[1], ret = 0;

	while (!ret && hear(fd) == GO_ON) {
		tell(fd, ASKING);
		ret = act_lock(self, EXCLUSIVE);
		if (ret)
			break;
		ret = let_go(self);
		tell(fd, DONE);
	}
	return ret;
}

/* ---- the releaser ---- */

static void pause_between(struct actor *self, const struct race *race, int round)
{
	if (race->one_cpu && round / 2 % 2)
		sched_yield();
	else
		dally(self, round / 2 % GAPS + 5);
}

static bool waiter_may_sleep(int round)
{
	return round / 2 % 4 < 3;
}

static int release_and_signal(struct actor *self, const struct race *race, int round)
{
	pid_t waiter = self->scene->shared->actor[WAITER].tid;
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

/* The lock is held if, and only if, the waiter was granted it: see the history. */
static int try_the_lock(struct actor *self)
{
	int ret = act_try(self, EXCLUSIVE);

	if (!ret)
		ret = let_go(self);
	return ret == -EAGAIN ? 0 : ret;
}

static int run_round(struct actor *self, const struct race *race, int round)
{
	int waiter = race->waiter[0], behind = race->behind[0], answer, ret;

	ret = act_try(self, EXCLUSIVE);
	if (ret)
		return ret;
	tell(waiter, GO_ON);
	hear(waiter);
	if (race->one_behind) {
		/* The waiter is to be the first in the queue. */
		if (waiter_may_sleep(round))
			await_sleep(self->scene->shared->actor[WAITER].tid);
		tell(behind, GO_ON);
		hear(behind);
		await_sleep(self->scene->shared->actor[BEHIND].tid);
	}
	ret = release_and_signal(self, race, round);
	answer = hear(waiter);
	if (answer == REFUSED)
		set(self, INTERRUPTED, number(self, INTERRUPTED) + 1);
	/* The actor behind may have the lock by now, or not: only its grant counts. */
	if (!ret && !race->one_behind)
		ret = try_the_lock(self);
	tell(waiter, GO_ON);
	hear(waiter);
	return race->one_behind && hear(behind) != DONE ? -EPIPE : ret;
}

/* Run rounds until all are over, the history is full, or the lock is not free when it should be. */
static int release_and_interrupt(struct actor *self, void *arg)
{
	const struct race *race = arg;
	int round = number(self, ROUND), ret = 0;

	while (round < race->rounds && !ret && !history_is_full(self->scene, EVENTS_OF_A_ROUND))
		ret = run_round(self, race, ++round);
	set(self, ROUND, round);
	tell(race->waiter[0], END);
	tell(race->behind[0], END);
	/* If somebody still holds the lock, the model judges whether that is wrong. */
	return ret == -EAGAIN ? 0 : ret;
}

/* ---- the race ---- */

/* Let each run on a CPU of its own, if there are two. */
static void run_on_two_cpus(struct actor *one, struct actor *two)
{
	int cpus[2];

	if (cpu_allowed(cpus, 2) < 2)
		return;
	cpu_pin(one->shared->tid, cpus[0]);
	cpu_pin(two->shared->tid, cpus[1]);
}

static void run_race(struct scene *scene, struct race *race)
{
	const unsigned long long *round = &scene->shared->number[ROUND];
	struct actor *releaser, *waiter, *behind;

	race->rounds = claim_effort(race->one_cpu ? ROUNDS_ON_ONE_CPU : ROUNDS);
	/* Run at least each gap in both orders. */
	if (race->rounds < 2 * GAPS)
		race->rounds = 2 * GAPS;
	if (race->one_cpu)
		scene_on_one_cpu(scene);
	releaser = actor_start(scene, "releaser");
	waiter = actor_start(scene, "waiter");
	behind = actor_start(scene, "behind");
	if (race->one_cpu)
		actor_defer(waiter);
	else if (scene_goes_on(scene))
		run_on_two_cpus(releaser, waiter);
	while ((int)*round < race->rounds && scene_goes_on(scene)) {
		if (race->one_behind)
			actor_begin(behind, ask_behind_the_waiter, race);
		actor_begin(waiter, ask_and_be_interrupted, race);
		actor_begin(releaser, release_and_interrupt, race);
		/*
		 * Await "behind" first: if the kernel loses an actor it is this one, and the
		 * message names it.
		 */
		if (race->one_behind)
			actor_await(behind);
		actor_await(waiter);
		actor_await(releaser);
		calls_are_linearizable(scene, rules_of_practice(scene));
	}
}

static int open_sockets(int sockets[2])
{
	return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets);
}

static void no_grant_is_lost(struct scene *scene, bool on_one_cpu, bool with_one_behind)
{
	struct race race = { .one_cpu = on_one_cpu, .one_behind = with_one_behind };

	sets_up(scene, open_sockets(race.waiter), "socketpair");
	sets_up(scene, open_sockets(race.behind), "socketpair");
	run_race(scene, &race);
	if (scene_goes_on(scene))
		claim_say("%llu of %d interrupted, the rest granted",
			  scene->shared->number[INTERRUPTED], race.rounds);
}

PRACTICE(FILE_LOCKS, granted_or_interrupted_but_never_both)
{
	no_grant_is_lost(scene, false, false);
}

PRACTICE(FILE_LOCKS, granted_or_interrupted_on_one_cpu_as_well)
{
	no_grant_is_lost(scene, true, false);
}

PRACTICE(FILE_LOCKS, an_interrupt_at_the_grant_loses_nobody_behind)
{
	no_grant_is_lost(scene, false, true);
}

PRACTICE(FILE_LOCKS, an_interrupt_on_one_cpu_loses_nobody_behind)
{
	no_grant_is_lost(scene, true, true);
}

CLAIM_MAIN
