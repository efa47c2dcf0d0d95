// SPDX-License-Identifier: GPL-2.0
/*
 * Does a waiter keep its place in the queue while something disturbs it?
 *
 * A waiter leaves the queue not only when a signal ends its wait, but whenever something wakes
 * it for a moment: a handler with SA_RESTART, a stop, a tracer, or the freezer (freezer.c). The
 * kernel then makes the request again, without the program knowing, from the end of the queue;
 * until then the waiter is not in the queue at all.
 *
 * The waiters behind it are woken when it leaves, and queue again. The disturbance lasts until they
 * have; otherwise luck would decide which waiter is back first (place.h).
 */
#include <errno.h>
#include <signal.h>

#include "place.h"
#include "traced.h"

/* Check the result @ret of a call about the actor; if it is negative, errno is the reason. */
static bool succeeds(struct actor *actor, int ret, const char *what)
{
	if (ret < 0)
		scene_broken(actor->scene, "%s %s: %s", what, actor_name(actor),
			     strerror(errno));
	return scene_goes_on(actor->scene);
}

static void nothing(struct actor *actor)
{
	(void)actor;
}

/* ---- signals ---- */

static struct actor *handling;

static void handle_until_woken(int signal_number)
{
	struct asleep_call interrupted = handling->shared->call;
	int err = errno;

	(void)signal_number;
	handling->scene->shared->number[0]++;
	act_await_wake(handling);
	act_sleeps_in(handling, interrupted);
	errno = err;
}

static int handle_hangup(struct actor *self, void *arg)
{
	struct sigaction action = { .sa_handler = handle_until_woken, .sa_flags = SA_RESTART };

	(void)arg;
	handling = self;
	return sigaction(SIGHUP, &action, NULL) < 0 ? -errno : 0;
}

static int block_hangup(struct actor *self, void *arg)
{
	sigset_t hangup;

	(void)self;
	(void)arg;
	sigemptyset(&hangup);
	sigaddset(&hangup, SIGHUP);
	return sigprocmask(SIG_BLOCK, &hangup, NULL) < 0 ? -errno : 0;
}

static void send_signal(struct actor *actor, int signal_number)
{
	if (scene_needs_signals(actor->scene))
		succeeds(actor, kill(actor->pid, signal_number), "a signal to");
}

static void hang_up(struct actor *actor)
{
	send_signal(actor, SIGHUP);
}

/* signal(7): by default it is ignored. */
static void change_window(struct actor *actor)
{
	send_signal(actor, SIGWINCH);
}

static void end_of_handler(struct actor *actor)
{
	if (scene_goes_on(actor->scene) && !actor->scene->shared->number[0])
		scene_failed(actor->scene, "%s has not handled the signal",
			     actor_name(actor));
	succeeds(actor, act_wake(actor), "waking");
}

/* ---- ptrace ---- */

static void stops_for_ptrace(struct actor *actor)
{
	int status;

	if (!scene_needs_signals(actor->scene))
		return;
	actor->still = succeeds(actor, waitpid(actor->pid, &status, __WALL), "ptrace stop of");
	if (actor->still && !WIFSTOPPED(status))
		scene_failed(actor->scene, "%s did not stop", actor_name(actor));
}

static void attach(struct actor *actor)
{
	trace(actor, PTRACE_ATTACH);
	stops_for_ptrace(actor);
}

static void seize(struct actor *actor)
{
	trace(actor, PTRACE_SEIZE);
}

static void seize_and_interrupt(struct actor *actor)
{
	trace(actor, PTRACE_SEIZE);
	trace(actor, PTRACE_INTERRUPT);
	stops_for_ptrace(actor);
}

static void detach(struct actor *actor)
{
	if (!scene_goes_on(actor->scene))
		return;
	actor->still = !succeeds(actor, ptrace(PTRACE_DETACH, actor->pid, NULL, NULL),
				 "PTRACE_DETACH from");
}

/* ---- the waiter's own place ---- */

FOLKLORE(EVERY_KIND, a_waiter_that_handles_a_signal_keeps_its_place, "a waiter lost its place")
{
	keeps_its_place(scene, handle_hangup, hang_up, end_of_handler);
}

FOLKLORE(EVERY_KIND, a_waiter_stopped_and_continued_keeps_its_place, "a waiter lost its place")
{
	keeps_its_place(scene, NULL, actor_stop, actor_continue);
}

FOLKLORE(EVERY_KIND, a_waiter_that_ptrace_attaches_to_keeps_its_place, "a waiter lost its place")
{
	keeps_its_place(scene, NULL, attach, detach);
}

FOLKLORE(EVERY_KIND, a_waiter_that_ptrace_interrupts_keeps_its_place, "a waiter lost its place")
{
	keeps_its_place(scene, NULL, seize_and_interrupt, detach);
}

/* PTRACE_SEIZE does not stop the tracee, ptrace(2), and does not wake it either. */
PRACTICE(EVERY_KIND, a_waiter_that_ptrace_seizes_keeps_its_place)
{
	keeps_its_place(scene, NULL, seize, nothing);
}

PRACTICE(EVERY_KIND, a_waiter_that_ignores_a_signal_keeps_its_place)
{
	keeps_its_place(scene, NULL, change_window, nothing);
}

PRACTICE(EVERY_KIND, a_waiter_that_blocks_a_signal_keeps_its_place)
{
	keeps_its_place(scene, block_hangup, hang_up, nothing);
}

PRACTICE(EVERY_KIND, a_waiter_stopped_at_the_release_is_granted_it)
{
	is_granted_after_a_release_meanwhile(scene, actor_stop, actor_continue);
}

/* ---- the others ---- */

PRACTICE(EVERY_KIND, the_others_keep_their_places)
{
	the_others_keep_their_places(scene, NULL, actor_stop, actor_continue);
}

PRACTICE(EVERY_KIND, the_others_keep_them_beside_a_handler)
{
	the_others_keep_their_places(scene, handle_hangup, hang_up, end_of_handler);
}

PRACTICE(EVERY_KIND, the_others_keep_them_beside_a_tracer)
{
	the_others_keep_their_places(scene, NULL, attach, detach);
}

/*
 * If two left at the same time, the two behind them would run at once, and luck would decide which
 * is queued first.
 */
PRACTICE(FILE_LOCKS, those_behind_one_who_gives_up_keep_their_order)
{
	struct actor *waiter[PLACES];

	queue_up(scene, waiter, PLACES, 0, NULL);
	actor_interrupt(waiter[0]);
	actor_settle(scene);
	actor_interrupt(waiter[2]);
	scene_drain(scene);
	nobody_is_overtaken(scene);
}

PRACTICE(FILE_LOCKS, those_behind_one_who_dies_keep_their_order)
{
	struct actor *waiter[PLACES];

	queue_up(scene, waiter, PLACES, 0, NULL);
	actor_kill(waiter[0]);
	actor_settle(scene);
	actor_kill(waiter[2]);
	scene_drain(scene);
	nobody_is_overtaken(scene);
}

PRACTICE(FILE_LOCKS, a_stopped_waiter_does_not_hold_up_the_others)
{
	does_not_hold_up_the_others(scene, actor_stop, actor_continue);
}

PRACTICE(FILE_LOCKS, a_traced_waiter_does_not_hold_up_the_others)
{
	does_not_hold_up_the_others(scene, attach, detach);
}

CLAIM_MAIN
