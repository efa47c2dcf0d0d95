// SPDX-License-Identifier: GPL-2.0
/*
 * Does any of thousands of signals end a try with EINTR?
 *
 * pending_signal.c shows that a signal which is there when the try begins does not. Here a timer
 * interrupts the caller anywhere: before, in the middle and at the end of what the kernel does in
 * the call. In each round the caller sets the timer for a few microseconds, and tries until it has
 * handled the signal.
 *
 * The signals that it handles during a try are counted: 7,500 for each kind, 30,000 in all. Where
 * they are slow, as in an emulated machine, there are fewer, and the test says how many.
 */
#include <sys/time.h>

#include "file_system.h"

/* ms for each place: a try is slow on a busy machine, or if it asks a server */
#define MOST_MS		2000
#define LEAST_MS	1000
#define MOMENTS		4	/* the timer is set for 1 to 4 microseconds */

/* Where the caller tries, what it has to get, and how many signals it is to handle meanwhile. */
struct place {
	const char *name;
	int result;		/* 0 or an errno */
	int signals;
};

static const struct place held_lock = { "for a held lock", EAGAIN, 5000 };
static const struct place free_lock = { "for a free lock", 0, 2500 };

/* What the caller has seen, in the scene's shared numbers. */
enum number { HANDLED, TRIES, WRONG, ERROR };

/* ---- the caller ---- */

/* The handler's; __atomic, because it may run between any two instructions. */
static int has_rung, is_trying, handled;

static void set(int *what, int value)
{
	__atomic_store_n(what, value, __ATOMIC_RELAXED);
}

static int get(const int *what)
{
	return __atomic_load_n(what, __ATOMIC_RELAXED);
}

static void note_alarm(int signal_number)
{
	(void)signal_number;
	set(&has_rung, 1);
	set(&handled, get(&handled) + get(&is_trying));
}

/* The handler has no SA_RESTART: a call that it interrupts returns EINTR. */
static int handle_alarms(void)
{
	struct sigaction action = { .sa_handler = note_alarm };

	return sigaction(SIGALRM, &action, NULL) < 0 ? -errno : 0;
}

static long now_in_ms(void)
{
	return asleep_clock() / 1000000;
}

/* Make a try, and release what it was granted. Note what was not the right result. */
static void try_once(struct actor *self, const struct place *place)
{
	unsigned long long *number = self->scene->shared->number;
	int err;

	set(&is_trying, 1);
	err = -act_acquire(self, self->lock, &EXCLUSIVE, false);
	set(&is_trying, 0);
	if (!err)
		err = -lock_release(self->lock, 0, 0);
	number[TRIES]++;
	if (err == place->result)
		return;
	number[WRONG]++;
	number[ERROR] = err;
}

/* Try until the timer, which is set for one of a few moments, has sent a signal. 0 or -errno. */
static int try_until_a_signal(struct actor *self, const struct place *place, int round)
{
	struct itimerval timer = { .it_value = { 0, 1 + round % MOMENTS } };

	set(&has_rung, 0);
	if (setitimer(ITIMER_REAL, &timer, NULL) < 0)
		return -errno;
	while (!get(&has_rung))
		try_once(self, place);
	return 0;
}

static int try_beside_signals(struct actor *self, void *arg)
{
	const struct place *place = arg;
	int signals = claim_effort(place->signals), err = handle_alarms();
	long end = now_in_ms() + claim_size(MOST_MS, LEAST_MS);

	set(&handled, 0);
	for (int i = 0; !err && get(&handled) < signals && now_in_ms() < end; i++)
		err = try_until_a_signal(self, place, i);
	self->scene->shared->number[HANDLED] = get(&handled);
	return err;
}

/* ---- the claim ---- */

static void no_try_is_interrupted(struct actor *caller, const struct place *place)
{
	struct scene *scene = caller->scene;
	unsigned long long *number = scene->shared->number;

	memset(number, 0, sizeof(scene->shared->number));
	actor_do(caller, try_beside_signals, (void *)place);
	if (!requires(scene, number[HANDLED], "no signal came during %llu tries", number[TRIES]))
		return;
	if (number[HANDLED] < (unsigned int)place->signals)
		claim_say("only %llu signals, in %llu tries %s", number[HANDLED], number[TRIES],
			  place->name);
	/* fcntl(2), EINTR of a try: "Most likely when locking a remote file". */
	skip_unless(scene, number[ERROR] != EINTR || !scene->dir || is_well_known(scene),
		    "a try asks a server here");
	holds(scene, !number[WRONG], "%llu of %llu tries %s, during %llu signals, returned: %s",
	      number[WRONG], number[TRIES], place->name, number[HANDLED],
	      number[ERROR] ? strerror(number[ERROR]) : "success");
}

PRACTICE(FILE_LOCKS, no_try_is_interrupted_by_thousands_of_signals)
{
	struct actor *holder = actor_start(scene, "holder");
	struct actor *caller = actor_start(scene, "caller");
	struct actor *peer = actor_start(scene, "peer");
	int ret;

	actor_lock(holder, EXCLUSIVE);
	no_try_is_interrupted(caller, &held_lock);
	conflicts_with(peer, EXCLUSIVE, holder);
	actor_unlock(holder);
	no_try_is_interrupted(caller, &free_lock);
	ret = actor_try(peer, EXCLUSIVE);
	holds(scene, !ret, "after the tries nobody holds the lock, and the peer got: %s",
	      strerror(-ret));
}

CLAIM_MAIN
