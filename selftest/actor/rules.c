// SPDX-License-Identifier: GPL-2.0
/* Each rule of the library (system/rule.h) ends the process that breaks it. */
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "actor/actor.h"
#include "actor/rest.h"

/* Run @breaks in a child, with rules or without. Return its wait status. */
static int status_of(void (*breaks)(struct scene *scene), bool checked)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		struct history *history = history_new();
		struct scene scene;

		setenv("LOCKFAIR_RULES", checked ? "1" : "0", 1);
		fclose(stderr);
		scene_open(&scene, KIND_FLOCK, NULL, history);
		breaks(&scene);
		scene_close(&scene);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	return status;
}

#define BREAKS(name)							\
	static void break_##name(struct scene *scene);			\
	TEST(name)							\
	{								\
		int status = status_of(break_##name, true);		\
									\
		EXPECT_TRUE(WIFSIGNALED(status));			\
		EXPECT_EQ(SIGABRT, WTERMSIG(status));			\
		EXPECT_EQ(0, status_of(break_##name, false));		\
	}								\
	static void break_##name(struct scene *scene)

/* A scene that goes well breaks none: otherwise all of the below would be true. */
static void play(struct scene *scene)
{
	struct actor *holder = actor_start(scene, "holder"), *waiter = actor_start(scene, "waiter");

	actor_lock(holder, EXCLUSIVE);
	actor_queue(waiter, EXCLUSIVE);
	actor_settle(scene);
	actor_rests(scene);
	actor_unlock(holder);
	actor_settle(scene);
}

TEST(a_scene_breaks_no_rule)
{
	EXPECT_EQ(0, status_of(play, true));
}

BREAKS(a_place_of_the_history_is_written_once)
{
	int row = history_row(scene->history, "actor");

	scene->history->event[0].what = HISTORY_GRANT;
	history_add(scene->history, row, HISTORY_REQUEST, &EXCLUSIVE);
}

BREAKS(an_event_is_of_a_row)
{
	history_add(scene->history, 0, HISTORY_REQUEST, &EXCLUSIVE);
}

BREAKS(an_actor_answers_only_what_it_was_given)
{
	struct actor *actor = actor_start(scene, "actor");
	unsigned int done = actor->shared->done;

	actor->busy = true;
	actor->shared->done = done + 2;
	order_heard(actor);
	actor->shared->done = done;
	actor->busy = false;
}

BREAKS(an_order_comes_after_the_last_has_returned)
{
	struct actor *actor = actor_start(scene, "actor");

	actor->shared->given++;
	actor->shared->order.what = ORDER_EXIT;
	order_give(actor, &(struct order){ .what = ORDER_EXIT });
}

/* The test, the child's parent, sleeps in wait4(2) for it. */
BREAKS(a_sleep_began_when_it_was_first_seen)
{
	struct asleep_call call = { .nr = SYS_wait4, .arg = ASLEEP_ANY };
	struct asleep_proof proof = { 0 };

	(void)scene;
	while (asleep_look(getppid(), &call, &proof) != 1)
		;
	proof.since = asleep_clock() + 1000000000000LL;
	asleep_look(getppid(), &call, &proof);
}

BREAKS(an_actor_at_rest_does_not_move)
{
	struct actor *holder = actor_start(scene, "holder"), *waiter = actor_start(scene, "waiter");
	unsigned int before = 0;

	actor_lock(holder, EXCLUSIVE);
	actor_queue(waiter, EXCLUSIVE);
	actor_settle(scene);
	/* Its call is made again: it has moved, though it sleeps on. */
	kill(waiter->pid, SIGNAL_RESTART);
	while (__atomic_load_n(&waiter->shared->signals, __ATOMIC_ACQUIRE) == before)
		usleep(1000);
	actor_rests(scene);
}

TEST_HARNESS_MAIN
