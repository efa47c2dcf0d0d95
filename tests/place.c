// SPDX-License-Identifier: GPL-2.0
/*
 * Does a waiter keep its place in the queue, come what may?
 *
 * Not only a signal that ends the wait makes it leave the queue, but all that has a task
 * come out of its sleep for a moment: a handler with SA_RESTART, a stop, a tracer; and the
 * freezer, see freezer.c. Then the request is made again, without the program knowing, and
 * from the end of the queue; in the meantime it is not in the queue at all.
 *
 * Those behind it are woken when it leaves, and queue again. So the disturbance is made
 * to last until they have, or else it would be luck who is back first (place.h).
 */
#include <errno.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include "place.h"
#include "sysctl.h"

static bool is_trouble(struct actor *actor, int ret, const char *what)
{
	if (ret < 0)
		trouble(actor->scene, TROUBLE_BROKEN, "%s %s: %s", what, actor_name(actor),
			strerror(errno));
	return actor->scene->trouble[0];
}

static void nothing(struct actor *actor)
{
	(void)actor;
}

/* ---- signals ---- */

static struct actor *handling;

static void handle_until_poked(int signal_number)
{
	struct asleep_call interrupted = handling->board->call;
	int error = errno;

	(void)signal_number;
	handling->scene->board->number[0]++;
	act_await_poke(handling);
	act_sleeps_in(handling, interrupted);
	errno = error;
}

static int handle_hangup(struct actor *self, void *arg)
{
	struct sigaction action = { .sa_handler = handle_until_poked, .sa_flags = SA_RESTART };

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
	if (!actor->scene->trouble[0])
		is_trouble(actor, kill(actor->pid, signal_number), "a signal to");
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
	if (!actor->scene->trouble[0] && !actor->scene->board->number[0])
		trouble(actor->scene, TROUBLE_STEP, "%s has not handled the signal",
			actor_name(actor));
	is_trouble(actor, act_poke(actor), "a poke of");
}

/* ---- ptrace ---- */

/* Yama permits it to a parent up to 1, Documentation/admin-guide/LSM/Yama.rst. */
static bool may_be_forbidden(void)
{
	return privilege_is_confined() || sysctl_of("kernel/yama/ptrace_scope") > 1;
}

static void trace(struct actor *actor, int how)
{
	int err;

	if (actor->scene->trouble[0] || ptrace(how, actor->pid, NULL, NULL) >= 0)
		return;
	err = errno;
	if ((err == EPERM || err == EACCES) && may_be_forbidden())
		trouble(actor->scene, TROUBLE_MISSING, "needs ptrace of one's own child");
	else
		trouble(actor->scene, TROUBLE_BROKEN, "ptrace: %s", strerror(err));
}

static void stops_for_ptrace(struct actor *actor)
{
	int status;

	if (actor->scene->trouble[0])
		return;
	actor->still = !is_trouble(actor, waitpid(actor->pid, &status, __WALL), "ptrace stop of");
	if (actor->still && !WIFSTOPPED(status))
		trouble(actor->scene, TROUBLE_STEP, "%s did not stop", actor_name(actor));
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
	if (actor->scene->trouble[0])
		return;
	actor->still = is_trouble(actor, ptrace(PTRACE_DETACH, actor->pid, NULL, NULL),
				  "PTRACE_DETACH from");
}

CLASS(folklore);

CLAIM(folklore, EVERY_KIND, a_waiter_that_handles_a_signal_keeps_its_place)
{
	KEEPS_ITS_PLACE(handle_hangup, hang_up, end_of_handler);
}

CLAIM(folklore, EVERY_KIND, a_waiter_stopped_and_continued_keeps_its_place)
{
	KEEPS_ITS_PLACE(NULL, actor_stop, actor_continue);
}

CLAIM(folklore, EVERY_KIND, a_waiter_that_ptrace_attaches_to_keeps_its_place)
{
	KEEPS_ITS_PLACE(NULL, attach, detach);
}

CLAIM(folklore, EVERY_KIND, a_waiter_that_ptrace_interrupts_keeps_its_place)
{
	KEEPS_ITS_PLACE(NULL, seize_and_interrupt, detach);
}

CLASS(practice);

/* PTRACE_SEIZE does not stop the tracee, ptrace(2), and does not wake it either. */
CLAIM(practice, EVERY_KIND, a_waiter_that_ptrace_seizes_keeps_its_place)
{
	KEEPS_ITS_PLACE(NULL, seize, nothing);
}

CLAIM(practice, EVERY_KIND, a_waiter_that_ignores_a_signal_keeps_its_place)
{
	KEEPS_ITS_PLACE(NULL, change_window, nothing);
}

CLAIM(practice, EVERY_KIND, a_waiter_that_blocks_a_signal_keeps_its_place)
{
	KEEPS_ITS_PLACE(block_hangup, hang_up, nothing);
}

CLAIM(practice, EVERY_KIND, a_waiter_stopped_at_the_release_is_granted_it)
{
	IS_GRANTED_AFTER_A_RELEASE_MEANWHILE(actor_stop, actor_continue);
}

/* ---- the others ---- */

CLAIM(practice, EVERY_KIND, the_others_keep_their_places)
{
	THE_OTHERS_KEEP_THEIR_PLACES(NULL, actor_stop, actor_continue);
}

CLAIM(practice, EVERY_KIND, the_others_keep_them_beside_a_handler)
{
	THE_OTHERS_KEEP_THEIR_PLACES(handle_hangup, hang_up, end_of_handler);
}

CLAIM(practice, EVERY_KIND, the_others_keep_them_beside_a_tracer)
{
	THE_OTHERS_KEEP_THEIR_PLACES(NULL, attach, detach);
}

/* Two that leave at a time let two run at a time; who of these is back first is luck. */
CLAIM(practice, TRAIT_FILE, those_behind_one_who_gives_up_keep_their_order)
{
	struct actor *waiter[PLACES];

	queue_up(&self->scene, waiter, PLACES, 0, NULL);
	actor_interrupt(waiter[0]);
	actor_settle(&self->scene);
	actor_interrupt(waiter[2]);
	scene_drain(&self->scene);
	NOBODY_IS_OVERTAKEN();
}

CLAIM(practice, TRAIT_FILE, those_behind_one_who_dies_keep_their_order)
{
	struct actor *waiter[PLACES];

	queue_up(&self->scene, waiter, PLACES, 0, NULL);
	actor_kill(waiter[0]);
	actor_settle(&self->scene);
	actor_kill(waiter[2]);
	scene_drain(&self->scene);
	NOBODY_IS_OVERTAKEN();
}

CLAIM(practice, TRAIT_FILE, a_stopped_waiter_does_not_hold_up_the_others)
{
	DOES_NOT_HOLD_UP_THE_OTHERS(actor_stop, actor_continue);
}

CLAIM(practice, TRAIT_FILE, a_traced_waiter_does_not_hold_up_the_others)
{
	DOES_NOT_HOLD_UP_THE_OTHERS(attach, detach);
}

EXPECTATION_MAIN
