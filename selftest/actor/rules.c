// SPDX-License-Identifier: GPL-2.0
/* Each rule of the library (system/rule.h) ends the process that breaks it. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "actor/actor.h"
#include "actor/rest.h"

/* Let the child say nothing, and leave no core behind. */
static void be_quiet(void)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	if (null < 0 || dup2(null, STDERR_FILENO) < 0 ||
	    setrlimit(RLIMIT_CORE, &(struct rlimit){ 0 }) < 0)
		_exit(2);
}

/* Run @breaks in a child, with rules or without. Return its wait status, or -errno. */
static int status_of(void (*breaks)(struct scene *scene), bool checked)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		struct history *history = history_new();
		struct scene scene;

		setenv("LOCKFAIR_RULES", checked ? "1" : "0", 1);
		be_quiet();
		scene_open(&scene, KIND_FLOCK, NULL, history);
		breaks(&scene);
		scene_close(&scene);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -errno;
	return status;
}

#define BREAKS(name)							\
	static void break_##name(struct scene *scene);			\
	TEST(name)							\
	{								\
		int status = status_of(break_##name, true);		\
									\
		ASSERT_TRUE(status > 0 && WIFSIGNALED(status));		\
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

struct sleeper {
	struct asleep_call call;
	struct asleep_proof proof;
};

static int parent_sleeps(void *arg)
{
	struct sleeper *parent = arg;

	return asleep_look(getppid(), &parent->call, &parent->proof);
}

/* The test, the child's parent, sleeps in wait4(2) for it. */
BREAKS(a_sleep_began_when_it_was_first_seen)
{
	struct sleeper parent = { .call = { .nr = SYS_wait4, .arg = ASLEEP_ANY } };

	(void)scene;
	if (asleep_poll(parent_sleeps, &parent, ASLEEP_DEADLINE) != 1)
		_exit(2);
	parent.proof.since = asleep_clock() + 1000000000000LL;
	parent_sleeps(&parent);
}

TEST_HARNESS_MAIN
