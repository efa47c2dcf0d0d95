// SPDX-License-Identifier: GPL-2.0
/*
 * Deadlock: what becomes of those who wait for each other in a circle?
 *
 * For POSIX locks and lockf the kernel looks, before it lets a request sleep, whether the
 * holder in its way waits for another holder, and so on, round to the one who asks: then
 * the request fails with EDEADLK. OFD locks and flock have no such search; their circle
 * sleeps until a signal comes. (How far the search sees: tests/deadlock_search.c.)
 */
#include "deadlock.h"

/* What can be locked: a byte, or a file where there is more than one. */
static struct lock_request thing(const struct scene *scene, int number)
{
	return scene->sites > 1 ? at_site(number, EXCLUSIVE) : byte(number);
}

struct cycle {
	struct actor *p[LONGEST_SEEN + 1];
	int length;
	struct actor *last;	/* the one that closes it */
};

/*
 *	p1  holds 0, waits for 1
 *	p2  holds 1, waits for 2
 *	 …
 *	pN  holds N-1, and asks for 0
 */
static struct cycle close_a_cycle(struct scene *scene, int length)
{
	struct cycle cycle = { .length = length };

	for (int i = 0; i < length; i++) {
		cycle.p[i] = actor_start_nth(scene, "p", i + 1);
		actor_lock(cycle.p[i], thing(scene, i));
	}
	cycle.last = cycle.p[length - 1];
	for (int i = 0; i < length - 1; i++)
		actor_queue(cycle.p[i], thing(scene, i + 1));
	actor_begin_lock(cycle.last, thing(scene, 0));
	actor_settle(scene);
	return cycle;
}

static int count(const struct cycle *cycle, bool (*is)(const struct actor *actor))
{
	int found = 0;

	for (int i = 0; i < cycle->length; i++)
		found += is(cycle->p[i]);
	return found;
}

#define ONE_IS_REFUSED(cycle) \
	HOLDS(count(cycle, refused) == 1, "a deadlock is not detected", \
	      "%d of %d in the cycle were refused with EDEADLK; %s, who closed it: %s", \
	      count(cycle, refused), (cycle)->length, actor_name((cycle)->last), \
	      fate((cycle)->last))

CLASS(promise);

/*
 * fcntl(2): when "two or more processes have their lock requests mutually blocked by locks
 * held by the other processes", the kernel "causes one of the blocking lock requests to
 * immediately fail with the error EDEADLK"; lockf(3): "EDEADLK: The command was F_LOCK and
 * this lock operation would cause a deadlock".
 */
CLAIM(promise, TRAIT_DETECTS_DEADLOCK, one_in_a_cycle_of_two_gets_edeadlk)
{
	struct cycle cycle = close_a_cycle(&self->scene, 2);

	ONE_IS_REFUSED(&cycle);
}

/* fcntl(2): "Circular deadlocks involving more than two processes are also detected". */
CLAIM(promise, TRAIT_DETECTS_DEADLOCK, one_in_a_cycle_of_three_gets_edeadlk)
{
	struct cycle cycle = close_a_cycle(&self->scene, 3);

	ONE_IS_REFUSED(&cycle);
}

CLAIM(promise, TRAIT_DETECTS_DEADLOCK, one_in_a_cycle_of_five_gets_edeadlk)
{
	struct cycle cycle = close_a_cycle(&self->scene, 5);

	ONE_IS_REFUSED(&cycle);
}

/* The cycle may as well go through two files. */
CLAIM(promise, TRAIT_DETECTS_DEADLOCK, one_in_a_cycle_over_two_files_gets_edeadlk)
{
	struct cycle cycle;

	scene_add_file(&self->scene);
	cycle = close_a_cycle(&self->scene, 2);
	ONE_IS_REFUSED(&cycle);
}

/*
 * fcntl(2): who gets EDEADLK "should release some of its locks to allow other applications
 * to proceed". Each waits for the one behind it in the cycle.
 */
CLAIM(promise, TRAIT_DETECTS_DEADLOCK, the_others_go_on_when_the_refused_lets_go)
{
	struct cycle cycle = close_a_cycle(&self->scene, 3);
	struct actor *next;
	int who = 0;

	ONE_IS_REFUSED(&cycle);
	while (!refused(cycle.p[who]))
		who++;
	for (int i = 1; i < cycle.length; i++) {
		actor_unlock(cycle.p[who]);
		actor_settle(&self->scene);
		who = (who + cycle.length - 1) % cycle.length;
		next = cycle.p[who];
		HOLDS(granted(next), "the others do not go on",
		      "the one in its way had let go, and %s: %s", actor_name(next), fate(next));
	}
}

static struct cycle two_upgraders(struct scene *scene)
{
	struct cycle cycle = { .length = 2 };

	for (int i = 0; i < 2; i++) {
		cycle.p[i] = actor_start_nth(scene, "upgrader", i + 1);
		actor_lock(cycle.p[i], SHARED);
	}
	cycle.last = cycle.p[1];
	actor_queue(cycle.p[0], EXCLUSIVE);
	actor_begin_lock(cycle.last, EXCLUSIVE);
	actor_settle(scene);
	return cycle;
}

/* The same sentence of fcntl(2): each waits for the other's shared lock to go. */
CLAIM(promise, TRAIT_CONVERTS | TRAIT_DETECTS_DEADLOCK, one_of_two_upgraders_gets_edeadlk)
{
	struct cycle cycle = two_upgraders(&self->scene);

	ONE_IS_REFUSED(&cycle);
}

/*
 * fcntl(2): "In the current implementation, no deadlock detection is performed for open file
 * description locks"; flock(2): "flock() does not detect deadlock". Both, of EINTR: that a
 * signal interrupts the wait.
 */
CLAIM(promise, TRAIT_OWNED_BY_DESCRIPTION, a_cycle_over_two_files_sleeps_until_a_signal)
{
	struct cycle cycle;

	scene_add_file(&self->scene);
	cycle = close_a_cycle(&self->scene, 2);
	SLEEPS(cycle.p[0]);
	SLEEPS(cycle.p[1]);
	IS_FREED_BY_A_SIGNAL(cycle.p[1], cycle.p[0]);
}

CLAIM(promise, TRAIT_OWNED_BY_DESCRIPTION | TRAIT_RANGES, a_cycle_in_one_file_sleeps_until_a_signal)
{
	struct cycle cycle = close_a_cycle(&self->scene, 2);

	SLEEPS(cycle.p[0]);
	SLEEPS(cycle.p[1]);
	IS_FREED_BY_A_SIGNAL(cycle.p[1], cycle.p[0]);
}

CLAIM(promise, TRAIT_OWNED_BY_DESCRIPTION | TRAIT_CONVERTS_IN_PLACE, two_upgraders_sleep_likewise)
{
	struct cycle cycle = two_upgraders(&self->scene);

	SLEEPS(cycle.p[0]);
	SLEEPS(cycle.p[1]);
	IS_FREED_BY_A_SIGNAL(cycle.p[1], cycle.p[0]);
}

CLASS(practice);

/* The first upgrader has lost its shared lock, so that the second is in nobody's way. */
CLAIM(practice, TRAIT_CONVERTS_BY_DROPPING, of_two_upgraders_one_gets_in)
{
	struct cycle cycle = two_upgraders(&self->scene);

	HOLDS(count(&cycle, actor_holds) == 1 && count(&cycle, actor_waits) == 1,
	      "not one of two upgraders got in", "upgrader1: %s, upgrader2: %s",
	      fate(cycle.p[0]), fate(cycle.p[1]));
	scene_drain(&self->scene);
	NOBODY_OVERLAPS();
}

CLAIM(practice, TRAIT_DETECTS_DEADLOCK, the_one_that_closes_a_cycle_is_refused)
{
	struct cycle cycle = close_a_cycle(&self->scene, 3);

	IS_REFUSED(cycle.last);
	SLEEPS(cycle.p[0]);
	SLEEPS(cycle.p[1]);
}

CLAIM(practice, TRAIT_DETECTS_DEADLOCK, the_refused_keeps_what_it_holds)
{
	struct cycle cycle = close_a_cycle(&self->scene, 2);
	struct actor *probe = actor_start(&self->scene, "probe");
	int ret = actor_try(probe, thing(&self->scene, cycle.length - 1));

	IS_REFUSED(cycle.last);
	SLEEPS(cycle.p[0]);
	HOLDS(ret == -EAGAIN, "the refused has lost its lock", "probe: %s", fate(probe));
}

/*
 * fcntl(2), BUGS: "the kernel limits the lock depth of its dependency search to 10 steps,
 * meaning that circular deadlock chains that exceed that size will not be detected". So far
 * the manual page; the search in fact goes through eleven waits, and the request is one more.
 */
CLAIM(practice, TRAIT_DETECTS_DEADLOCK, a_cycle_of_twelve_is_still_seen)
{
	struct cycle cycle = close_a_cycle(&self->scene, LONGEST_SEEN);

	IS_REFUSED(cycle.last);
}

CLAIM(practice, TRAIT_DETECTS_DEADLOCK, a_cycle_of_thirteen_sleeps_until_a_signal)
{
	struct cycle cycle = close_a_cycle(&self->scene, LONGEST_SEEN + 1);

	HOLDS(count(&cycle, actor_waits) == cycle.length, "the search goes further",
	      "%d of %d in the cycle were refused with EDEADLK; %s, who closed it: %s",
	      count(&cycle, refused), cycle.length, actor_name(cycle.last), fate(cycle.last));
	IS_FREED_BY_A_SIGNAL(cycle.last, cycle.p[LONGEST_SEEN - 1]);
}

EXPECTATION_MAIN
