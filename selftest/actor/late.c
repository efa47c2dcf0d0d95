// SPDX-License-Identifier: GPL-2.0
/*
 * Where a daemon or a server decides, is a late sleeper distinguished from a waiter?
 *
 * A late sleeper is made from two bytes: its request is for the first, as the history says, but it
 * sleeps on the lock of another, which the keeper has. So it sleeps in a lock call, and the lock
 * that it asks for is free, until the keeper releases the other byte.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "actor/actor.h"
#include "actor/rest.h"

#define FIRST_BYTE	EXCLUSIVE_ON(0, 1)
#define ANOTHER_BYTE	EXCLUSIVE_ON(10, 1)

FIXTURE(late) {
	struct history *history;
	struct scene scene;
	struct actor *holder, *sleeper;
	struct lock keeper;	/* of the other byte */
};

static void begin(struct scene *scene, struct history *history)
{
	scene_open(scene, KIND_OFD, NULL, history);
	scene_add_file(scene);
}

FIXTURE_SETUP(late)
{
	setenv("LOCKFAIR_DELAY", "ofd=asks 3 5 1000 30", 1);
	setenv("LOCKFAIR_DEADLINE", "1", 1);
	self->history = history_new();
	ASSERT_NE(NULL, self->history);
	begin(&self->scene, self->history);
	self->holder = actor_start(&self->scene, "holder");
	self->sleeper = actor_start(&self->scene, "sleeper");
	ASSERT_EQ(0, lock_open(&self->keeper, &self->scene.site[0], DESCRIPTION_OWN));
	ASSERT_EQ(0, lock_acquire(&self->keeper, &ANOTHER_BYTE, false));
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
	history_ask(history, self->row, &FIRST_BYTE, true);
	ret = act_acquire(self, &self->lock[0], &ANOTHER_BYTE, true);
	if (!ret)
		ret = act_acquire(self, &self->lock[0], &FIRST_BYTE, true);
	history_answer(history, self->row, &FIRST_BYTE, ret);
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

/* The deadline is a minute: nobody waits for that. */
TEST_F(late, where_a_release_wakes_no_waiter_a_late_one_ends_the_scene_at_once)
{
	setenv("LOCKFAIR_DEADLINE", "60", 1);
	snprintf(self->scene.unwoken, sizeof(self->scene.unwoken), "no waiter is woken");
	actor_begin(self->sleeper, ask_late, NULL);
	actor_settle(&self->scene);
	EXPECT_EQ(SCENE_LACKS, self->scene.end);
	EXPECT_STREQ("no waiter is woken", self->scene.error);
}

TEST_F(late, where_a_release_wakes_no_waiter_an_awaited_one_ends_the_scene_as_well)
{
	setenv("LOCKFAIR_DEADLINE", "60", 1);
	snprintf(self->scene.unwoken, sizeof(self->scene.unwoken), "no waiter is woken");
	actor_begin(self->sleeper, ask_late, NULL);
	EXPECT_EQ(-ETIMEDOUT, actor_await(self->sleeper));
	EXPECT_EQ(SCENE_LACKS, self->scene.end);
}

TEST(what_the_preflight_has_found_of_a_kind_is_used)
{
	struct history *history = history_new();
	struct scene scene;

	ASSERT_NE(NULL, history);
	setenv("LOCKFAIR_LATE", "posix=none;flock=no waiter is woken;", 1);
	scene_open(&scene, KIND_FLOCK, NULL, history);
	EXPECT_STREQ("no waiter is woken", scene.unwoken);
	EXPECT_EQ(0, scene_close(&scene));
	scene_open(&scene, KIND_OFD, NULL, history);
	EXPECT_STREQ("", scene.unwoken);
	EXPECT_EQ(0, scene_close(&scene));
	history_free(history);
}

struct letting_go {
	const struct actor *sleeper;
	struct lock *keeper;
};

/* The keeper releases its lock as soon as the sleeper is known to be late. */
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
	actor_lock(self->holder, FIRST_BYTE);
	actor_queue(self->sleeper, FIRST_BYTE);
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
	ASSERT_EQ(0, lock_acquire(&unknown, &FIRST_BYTE, false));
	actor_queue(self->sleeper, FIRST_BYTE);
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
	actor_lock(self->holder, FIRST_BYTE);
	actor_do(self->holder, close_it, NULL);
	actor_begin(self->sleeper, ask_late, NULL);
	actor_settle(&self->scene);
	EXPECT_EQ(SCENE_LATE, self->scene.end);
}

/* Its own shared lock refuses the try, so the length of its sleep decides. */
TEST_F(late, a_conversion_behind_an_unknown_reader_waits)
{
	struct lock unknown;

	ASSERT_EQ(0, lock_open(&unknown, &self->scene.site[0], DESCRIPTION_OWN));
	ASSERT_EQ(0, lock_acquire(&unknown, &SHARED_ON(0, 1), false));
	actor_lock(self->sleeper, SHARED_ON(0, 1));
	actor_queue(self->sleeper, FIRST_BYTE);
	EXPECT_STREQ("", self->scene.error);
	EXPECT_TRUE(actor_waits(self->sleeper));
	lock_close(&unknown);
}

/* Open the second file in the place of the first one, as tests/lock_file.c does. */
static int lock_another_file(struct actor *self, void *arg)
{
	struct lock other;
	int err = lock_open(&other, &self->scene->site[1], DESCRIPTION_OWN);

	(void)arg;
	if (!err && dup3(other.fd, self->lock[0].fd, O_CLOEXEC) < 0)
		err = -errno;
	return err ? err : act_lock(self, FIRST_BYTE);
}

/* The scene's file is free: only a try of the file that the sleeper has opened is refused. */
TEST_F(late, one_that_has_opened_another_file_is_asked_about_that)
{
	struct lock unknown;

	ASSERT_EQ(0, lock_open(&unknown, &self->scene.site[1], DESCRIPTION_OWN));
	ASSERT_EQ(0, lock_acquire(&unknown, &FIRST_BYTE, false));
	actor_begin(self->sleeper, lock_another_file, NULL);
	actor_settle(&self->scene);
	EXPECT_STREQ("", self->scene.error);
	EXPECT_TRUE(actor_waits(self->sleeper));
	lock_close(&unknown);
	EXPECT_EQ(0, actor_await(self->sleeper));
}

TEST_HARNESS_MAIN
