// SPDX-License-Identifier: GPL-2.0
/*
 * Deadlock: what happens to processes that wait for each other in a circle?
 *
 * For POSIX locks and lockf the kernel searches before it lets a request sleep: does the holder
 * that is in the way wait for another holder, and so on, until the chain comes back to the
 * requester? Then the request fails with EDEADLK. OFD locks and flock have no such search: the
 * processes sleep until a signal comes. (Limits of the search: tests/deadlock_search.c.)
 */
#include "deadlock.h"

/* Lock number @number: a file if the scene has several, otherwise a byte. */
static struct lock_request thing(const struct scene *scene, int number)
{
	return scene->sites > 1 ? at_site(number, EXCLUSIVE) : byte(number);
}

struct cycle {
	struct actor *p[LONGEST_SEEN + 1];
	int length;
	struct actor *last;	/* its request closes the cycle */
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

	/* Without deadlock detection only a signal ends it. */
	scene_needs_signals(scene);
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

static bool one_is_refused(struct scene *scene, const struct cycle *cycle)
{
	int found = count(cycle, was_refused);

	scene_needs(scene, LACKS_DEADLOCK);
	is_seen(scene, found);
	return holds(scene, found == 1,
		     "%d of %d in the cycle were refused with EDEADLK; %s, which closed it: %s",
		     found, cycle->length, actor_name(cycle->last), fate(cycle->last));
}

/*
 * fcntl(2): when "two or more processes have their lock requests mutually blocked by locks
 * held by the other processes", the kernel "causes one of the blocking lock requests to
 * immediately fail with the error EDEADLK"; lockf(3): "EDEADLK: The command was F_LOCK and
 * this lock operation would cause a deadlock".
 */
PROMISE(POSIX | LOCKF, one_in_a_cycle_of_two_gets_edeadlk)
{
	struct cycle cycle = close_a_cycle(scene, 2);

	scene_judges(scene, LACKS_DEADLOCK);
	one_is_refused(scene, &cycle);
}

/* fcntl(2): "Circular deadlocks involving more than two processes are also detected". */
PROMISE(POSIX | LOCKF, one_in_a_cycle_of_three_gets_edeadlk)
{
	struct cycle cycle = close_a_cycle(scene, 3);

	one_is_refused(scene, &cycle);
}

PROMISE(POSIX | LOCKF, one_in_a_cycle_of_five_gets_edeadlk)
{
	struct cycle cycle = close_a_cycle(scene, 5);

	one_is_refused(scene, &cycle);
}

/* The locks of a cycle may be on two files. */
PROMISE(POSIX | LOCKF, one_in_a_cycle_over_two_files_gets_edeadlk)
{
	struct cycle cycle;

	scene_add_file(scene);
	cycle = close_a_cycle(scene, 2);
	one_is_refused(scene, &cycle);
}

/*
 * fcntl(2): the process that gets EDEADLK "should release some of its locks to allow other
 * applications to proceed". The process before it in the cycle then gets that lock.
 */
PROMISE(POSIX | LOCKF, the_others_go_on_when_the_refused_lets_go)
{
	struct cycle cycle = close_a_cycle(scene, 3);
	struct actor *next;
	int who = 0;

	if (!one_is_refused(scene, &cycle))
		return;
	while (!was_refused(cycle.p[who]))
		who++;
	for (int i = 1; i < cycle.length; i++) {
		actor_unlock(cycle.p[who]);
		actor_settle(scene);
		who = (who + cycle.length - 1) % cycle.length;
		next = cycle.p[who];
		holds(scene, was_granted(next), "the holder in its way released, and %s: %s",
		      actor_name(next), fate(next));
	}
}

static struct cycle two_upgraders(struct scene *scene)
{
	struct cycle cycle = { .length = 2 };

	scene_needs_signals(scene);
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

/* The same sentence of fcntl(2): each waits until the other releases its shared lock. */
PROMISE(POSIX, one_of_two_upgraders_gets_edeadlk)
{
	struct cycle cycle = two_upgraders(scene);

	one_is_refused(scene, &cycle);
}

/*
 * fcntl(2): "In the current implementation, no deadlock detection is performed for open file
 * description locks"; flock(2): "flock() does not detect deadlock". Both say of EINTR that a
 * signal interrupts the wait.
 */
PROMISE(OWNED_BY_DESCRIPTION, a_cycle_over_two_files_sleeps_until_a_signal)
{
	struct cycle cycle;

	scene_add_file(scene);
	cycle = close_a_cycle(scene, 2);
	sleeps(cycle.p[0]);
	sleeps(cycle.p[1]);
	is_freed_by_a_signal(cycle.p[1], cycle.p[0]);
}

PROMISE(OFD, a_cycle_in_one_file_sleeps_until_a_signal)
{
	struct cycle cycle = close_a_cycle(scene, 2);

	sleeps(cycle.p[0]);
	sleeps(cycle.p[1]);
	is_freed_by_a_signal(cycle.p[1], cycle.p[0]);
}

PROMISE(OFD, two_upgraders_sleep_likewise)
{
	struct cycle cycle = two_upgraders(scene);

	sleeps(cycle.p[0]);
	sleeps(cycle.p[1]);
	is_freed_by_a_signal(cycle.p[1], cycle.p[0]);
}

/* The first upgrader loses its shared lock before it sleeps; so nothing stops the second. */
PRACTICE(FLOCK, of_two_upgraders_one_gets_in)
{
	struct cycle cycle;

	skip_unless(scene, !emulates_flock(scene), FLOCK_IS_EMULATED);
	cycle = two_upgraders(scene);
	holds(scene, count(&cycle, actor_holds) == 1 && count(&cycle, actor_waits) == 1,
	      "upgrader1: %s, upgrader2: %s", fate(cycle.p[0]), fate(cycle.p[1]));
	scene_drain(scene);
	nobody_overlaps(scene);
}

PRACTICE(POSIX | LOCKF, the_one_that_closes_a_cycle_is_refused)
{
	struct cycle cycle = close_a_cycle(scene, 3);

	gets_edeadlk(cycle.last);
	sleeps(cycle.p[0]);
	sleeps(cycle.p[1]);
}

PRACTICE(POSIX | LOCKF, the_refused_keeps_what_it_holds)
{
	struct cycle cycle = close_a_cycle(scene, 2);
	struct actor *probe = actor_start(scene, "probe");
	int ret = actor_try(probe, thing(scene, cycle.length - 1));

	gets_edeadlk(cycle.last);
	sleeps(cycle.p[0]);
	holds(scene, ret == -EAGAIN, "probe: %s", fate(probe));
}

/*
 * fcntl(2), BUGS: "the kernel limits the lock depth of its dependency search to 10 steps,
 * meaning that circular deadlock chains that exceed that size will not be detected". In fact
 * the search follows eleven waits, and the request itself is one more.
 */
PRACTICE(POSIX | LOCKF, a_cycle_of_twelve_is_still_seen)
{
	struct cycle cycle = close_a_cycle(scene, LONGEST_SEEN);

	gets_edeadlk(cycle.last);
}

PRACTICE(POSIX | LOCKF, a_cycle_of_thirteen_sleeps_until_a_signal)
{
	struct cycle cycle = close_a_cycle(scene, LONGEST_SEEN + 1);

	holds(scene, count(&cycle, actor_waits) == cycle.length,
	      "%d of %d in the cycle were refused with EDEADLK; %s, which closed it: %s",
	      count(&cycle, was_refused), cycle.length, actor_name(cycle.last), fate(cycle.last));
	is_freed_by_a_signal(cycle.last, cycle.p[LONGEST_SEEN - 1]);
}

CLAIM_MAIN
