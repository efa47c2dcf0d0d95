// SPDX-License-Identifier: GPL-2.0
/* Actors are interrupted, stopped, continued, killed and replaced, and the scene notices. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "kselftest_harness.h"

#include "actor/actor.h"
#include "actor/disturb.h"
#include "actor/probe.h"
#include "actor/rest.h"
#include "history/judge.h"

FIXTURE(disturb) {
	struct history *history;
	struct scene scene;
	struct actor *holder, *waiter;
	int second;
};

/* A holder, and a waiter that sleeps. */
FIXTURE_SETUP(disturb)
{
	self->history = history_new();
	ASSERT_NE(NULL, self->history);
	scene_open(&self->scene, KIND_POSIX, NULL, self->history);
	self->second = scene_add_file(&self->scene);
	self->holder = actor_start(&self->scene, "holder");
	self->waiter = actor_start(&self->scene, "waiter");
	actor_lock(self->holder, EXCLUSIVE);
	actor_queue(self->waiter, EXCLUSIVE);
	ASSERT_STREQ("", self->scene.error);
}

FIXTURE_TEARDOWN(disturb)
{
	scene_close(&self->scene);
	history_free(self->history);
}

TEST_F(disturb, an_interrupted_waiter_returns_eintr)
{
	actor_interrupt(self->waiter);
	EXPECT_EQ(-EINTR, actor_await(self->waiter));
	EXPECT_FALSE(actor_waits(self->waiter));
	EXPECT_STREQ("", self->scene.error);
}

TEST_F(disturb, a_restarted_waiter_sleeps_again)
{
	actor_interrupt_and_restart(self->waiter);
	actor_settle(&self->scene);
	EXPECT_TRUE(actor_waits(self->waiter));
	actor_unlock(self->holder);
	EXPECT_EQ(0, actor_await(self->waiter));
	EXPECT_STREQ("", self->scene.error);
}

TEST_F(disturb, a_thread_is_interrupted_alone)
{
	struct actor *one = actor_start_with(&self->scene, ACTOR_THREAD, DESCRIPTION_OWN, "one", 0);
	struct actor *two = actor_start_with(&self->scene, ACTOR_THREAD, DESCRIPTION_OWN, "two", 0);

	actor_queue(one, EXCLUSIVE);
	actor_queue(two, EXCLUSIVE);
	actor_interrupt(two);
	EXPECT_EQ(-EINTR, actor_await(two));
	actor_settle(&self->scene);
	EXPECT_TRUE(actor_waits(one));
	EXPECT_TRUE(actor_waits(self->waiter));
	EXPECT_STREQ("", self->scene.error);
}

TEST_F(disturb, a_stopped_waiter_is_not_waited_for)
{
	actor_stop(self->waiter);
	actor_unlock(self->holder);
	actor_settle(&self->scene);
	EXPECT_FALSE(actor_holds(self->waiter));
	actor_continue(self->waiter);
	EXPECT_EQ(0, actor_await(self->waiter));
	EXPECT_TRUE(actor_holds(self->waiter));
	EXPECT_STREQ("", self->scene.error);
}

TEST_F(disturb, the_locks_of_the_killed_are_free)
{
	struct actor *both[] = { self->holder, self->waiter };
	struct actor *other = actor_start(&self->scene, "other");

	EXPECT_EQ(-EAGAIN, actor_try(other, EXCLUSIVE));
	actors_kill(both, 2);
	EXPECT_FALSE(actor_holds(self->holder));
	EXPECT_FALSE(actor_waits(self->waiter));
	EXPECT_EQ(0, actor_try(other, EXCLUSIVE));
	actor_unlock(other);
	scene_drain(&self->scene);
	EXPECT_STREQ("", self->scene.error);
	actor_unlock(self->holder);
	EXPECT_NE(NULL, strstr(self->scene.error, "holder should do a release, but is gone"));
}

TEST_F(disturb, the_locks_of_one_that_exits_are_free)
{
	actor_exit(self->holder);
	EXPECT_EQ(0, actor_await(self->waiter));
	EXPECT_FALSE(actor_holds(self->holder));
	EXPECT_STREQ("", self->scene.error);
}

TEST_F(disturb, one_that_waits_cannot_exit)
{
	actor_exit(self->waiter);
	EXPECT_NE(NULL, strstr(self->scene.error, "waiter should have exited"));
}

TEST_F(disturb, a_second_file_is_another_lock)
{
	struct actor *other = actor_start(&self->scene, "other");

	actor_lock(other, at_site(self->second, EXCLUSIVE));
	EXPECT_TRUE(actor_holds(other));
	actor_unlock(other);
	EXPECT_FALSE(actor_holds(other));
	actor_lock(self->holder, at_site(self->second, EXCLUSIVE));
	actor_unlock_site(self->holder, 0);
	EXPECT_EQ(0, actor_await(self->waiter));
	EXPECT_TRUE(actor_holds(self->holder));
	EXPECT_EQ(-EAGAIN, actor_try(other, at_site(self->second, EXCLUSIVE)));
	scene_drain(&self->scene);
	EXPECT_EQ(0, actor_try(other, at_site(self->second, EXCLUSIVE)));
	EXPECT_EQ(0, history_overlap(self->history).count);
	EXPECT_STREQ("", self->scene.error);
}

TEST_F(disturb, no_site_is_added_behind_the_actors_back)
{
	EXPECT_EQ(0, scene_add_kind(&self->scene, KIND_FLOCK));
	EXPECT_NE(NULL, strstr(self->scene.error, "too late"));
}

static int exec_again(struct actor *actor, void *arg)
{
	(void)arg;
	return act_exec(actor);
}

/* Execute this program again, see main(). */
TEST_F(disturb, one_that_execs_holds_what_exec_leaves_it)
{
	struct actor *other = actor_start(&self->scene, "other");

	actor_interrupt(self->waiter);
	actor_do(self->holder, exec_again, NULL);
	EXPECT_STREQ("", self->scene.error);
	/* Its descriptors were close-on-exec: POSIX locks go with them. */
	EXPECT_EQ(0, actor_try(other, EXCLUSIVE));
	EXPECT_EQ(0, waitpid(self->holder->pid, NULL, WNOHANG));
	actor_exit(self->holder);
	EXPECT_STREQ("", self->scene.error);
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], ACTOR_AFTER_EXEC))
		actor_after_exec(atoi(argv[2]));
	return test_harness_run(argc, argv);
}
