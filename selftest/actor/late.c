// SPDX-License-Identifier: GPL-2.0
/*
 * Where a daemon or a server is asked, is a late sleeper told from a waiter?
 *
 * A late sleeper is made from two files: its request is for the first, as the history says, but it
 * sleeps on the lock of the second, which the keeper has. So it sleeps in a lock call, and the lock
 * that it asks for is free, until the keeper lets go.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "actor/actor.h"
#include "actor/rest.h"

FIXTURE(late) {
	struct history *history;
	struct scene scene;
	struct actor *holder, *sleeper;
	struct lock keeper;	/* of the second file */
};

static void begin(struct scene *scene, struct history *history)
{
	scene_open(scene, KIND_FLOCK, NULL, history);
	scene_add_file(scene);
}

FIXTURE_SETUP(late)
{
	setenv("LOCKFAIR_DELAY", "flock=asks 3 5 1000 30", 1);
	setenv("LOCKFAIR_DEADLINE", "1", 1);
	self->history = history_new();
	ASSERT_NE(NULL, self->history);
	begin(&self->scene, self->history);
	self->holder = actor_start(&self->scene, "holder");
	self->sleeper = actor_start(&self->scene, "sleeper");
	ASSERT_EQ(0, lock_open(&self->keeper, &self->scene.site[1], DESCRIPTION_OWN));
	ASSERT_EQ(0, lock_acquire(&self->keeper, &EXCLUSIVE, false));
	ASSERT_STREQ("", self->scene.error);
}

FIXTURE_TEARDOWN(late)
{
	lock_close(&self->keeper);
	EXPECT_EQ(0, scene_close(&self->scene));
	history_free(self->history);
}

static int ask_late(struct actor *self, void *arg)
{
	struct history *history = self->scene->history;
	int ret;

	(void)arg;
	history_ask(history, self->row, &EXCLUSIVE, true);
	ret = act_acquire(self, &self->lock[1], &EXCLUSIVE, true);
	if (!ret)
		ret = act_acquire(self, &self->lock[0], &EXCLUSIVE, true);
	history_answer(history, self->row, &EXCLUSIVE, ret);
	self->shared->holds = 1;
	return ret;
}

TEST_F(late, a_late_sleeper_does_not_count_as_a_waiter)
{
	actor_begin(self->sleeper, ask_late, NULL);
	actor_settle(&self->scene);
	EXPECT_EQ(SCENE_LATE, self->scene.end);
	EXPECT_NE(NULL, strstr(self->scene.error, "sleeper sleeps on"));
}

TEST_F(late, one_that_is_awaited_is_late_as_well)
{
	actor_begin(self->sleeper, ask_late, NULL);
	EXPECT_EQ(-ETIMEDOUT, actor_await(self->sleeper));
	EXPECT_EQ(SCENE_LATE, self->scene.end);
}

TEST_F(late, where_locks_are_decided_at_once_a_sleeper_waits)
{
	unsetenv("LOCKFAIR_DELAY");
	actor_begin(self->sleeper, ask_late, NULL);
	actor_settle(&self->scene);
	EXPECT_STREQ("", self->scene.error);
	EXPECT_TRUE(actor_waits(self->sleeper));
	lock_release(&self->keeper, 0, 0);
	EXPECT_EQ(0, actor_await(self->sleeper));
}

struct letting_go {
	const struct actor *sleeper;
	struct lock *keeper;
};

/* The keeper lets go as soon as the sleeper is known to be late. */
static void *let_go_of_the_late(void *arg)
{
	struct letting_go *it = arg;

	while (!__atomic_load_n(&it->sleeper->late.free, __ATOMIC_RELAXED))
		usleep(1000);
	lock_release(it->keeper, 0, 0);
	return NULL;
}

TEST_F(late, one_that_is_granted_in_the_end_has_its_delay_noted)
{
	struct letting_go it = { self->sleeper, &self->keeper };
	pthread_t thread;

	setenv("LOCKFAIR_DEADLINE", "60", 1);
	actor_begin(self->sleeper, ask_late, NULL);
	ASSERT_EQ(0, pthread_create(&thread, NULL, let_go_of_the_late, &it));
	actor_settle(&self->scene);
	pthread_join(thread, NULL);
	EXPECT_STREQ("", self->scene.error);
	EXPECT_TRUE(actor_holds(self->sleeper));
	EXPECT_LT(0, self->scene.late_ms);
	EXPECT_EQ(self->sleeper->row, self->scene.late_row);
}

TEST_F(late, one_behind_a_known_holder_waits)
{
	actor_lock(self->holder, EXCLUSIVE);
	actor_queue(self->sleeper, EXCLUSIVE);
	EXPECT_TRUE(actor_waits(self->sleeper));
	actor_unlock(self->holder);
	actor_settle(&self->scene);
	EXPECT_TRUE(actor_holds(self->sleeper));
	EXPECT_STREQ("", self->scene.error);
}

/* The history does not know the holder, but a try finds out that there is one. */
TEST_F(late, one_behind_an_unknown_holder_waits)
{
	struct lock unknown;

	ASSERT_EQ(0, lock_open(&unknown, &self->scene.site[0], DESCRIPTION_OWN));
	ASSERT_EQ(0, lock_acquire(&unknown, &EXCLUSIVE, false));
	actor_queue(self->sleeper, EXCLUSIVE);
	EXPECT_STREQ("", self->scene.error);
	EXPECT_TRUE(actor_waits(self->sleeper));
	lock_close(&unknown);
	EXPECT_EQ(0, actor_await(self->sleeper));
}

static int close_it(struct actor *self, void *arg)
{
	(void)arg;
	return close(self->lock[0].fd) ? -errno : 0;
}

/* The history takes the holder for one that holds, but a try finds out that nobody does. */
TEST_F(late, one_behind_a_holder_that_is_none_any_more_is_late)
{
	actor_lock(self->holder, EXCLUSIVE);
	actor_do(self->holder, close_it, NULL);
	actor_begin(self->sleeper, ask_late, NULL);
	actor_settle(&self->scene);
	EXPECT_EQ(SCENE_LATE, self->scene.end);
}

/* Its own shared lock refuses the try: then the length of its sleep has to do. */
TEST_F(late, a_conversion_behind_an_unknown_reader_waits)
{
	struct lock unknown;

	ASSERT_EQ(0, lock_open(&unknown, &self->scene.site[0], DESCRIPTION_OWN));
	ASSERT_EQ(0, lock_acquire(&unknown, &SHARED, false));
	actor_lock(self->sleeper, SHARED);
	actor_queue(self->sleeper, EXCLUSIVE);
	EXPECT_STREQ("", self->scene.error);
	EXPECT_TRUE(actor_waits(self->sleeper));
	lock_close(&unknown);
}

TEST_HARNESS_MAIN
