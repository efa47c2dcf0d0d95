// SPDX-License-Identifier: GPL-2.0
/* Owners are threads that lock like processes; actors start others; a scene begins again. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "actor/actor.h"
#include "actor/disturb.h"
#include "actor/rest.h"

FIXTURE(owner) {
	struct history *history;
	struct scene scene;
};

FIXTURE_VARIANT(owner) {
	enum actor_sort sort;
	enum lock_kind kind;
};

FIXTURE_VARIANT_ADD(owner, posix_processes) { ACTOR_PROCESS, KIND_POSIX };
FIXTURE_VARIANT_ADD(owner, posix_owners) { ACTOR_OWNER, KIND_POSIX };
FIXTURE_VARIANT_ADD(owner, flock_processes) { ACTOR_PROCESS, KIND_FLOCK };
FIXTURE_VARIANT_ADD(owner, flock_owners) { ACTOR_OWNER, KIND_FLOCK };

FIXTURE_SETUP(owner)
{
	self->history = history_new();
	ASSERT_NE(NULL, self->history);
	scene_open(&self->scene, variant->kind, NULL, self->history);
	ASSERT_STREQ("", self->scene.error);
}

FIXTURE_TEARDOWN(owner)
{
	scene_close(&self->scene);
	history_free(self->history);
}

static struct actor *start(struct scene *scene, enum actor_sort sort, const char *name)
{
	return actor_start_with(scene, sort, DESCRIPTION_OWN, name, 0);
}

TEST_F(owner, excludes_another)
{
	struct actor *holder = start(&self->scene, variant->sort, "holder");
	struct actor *waiter = start(&self->scene, variant->sort, "waiter");

	actor_lock(holder, EXCLUSIVE);
	EXPECT_EQ(-EAGAIN, actor_try(waiter, EXCLUSIVE));
	actor_queue(waiter, EXCLUSIVE);
	actor_unlock(holder);
	EXPECT_EQ(0, actor_await(waiter));
	actor_queue(holder, EXCLUSIVE);
	actor_interrupt(holder);
	EXPECT_EQ(-EINTR, actor_await(holder));
	EXPECT_STREQ("", self->scene.error);
}

TEST_F(owner, releases_at_its_exit)
{
	struct actor *holder = start(&self->scene, variant->sort, "holder");
	struct actor *waiter = start(&self->scene, variant->sort, "waiter");

	actor_lock(holder, EXCLUSIVE);
	actor_queue(waiter, EXCLUSIVE);
	actor_exit(holder);
	EXPECT_EQ(0, actor_await(waiter));
	EXPECT_STREQ("", self->scene.error);
}

/* flock(2): the child has the lock, too. fcntl(2): a POSIX lock is not inherited. */
TEST_F(owner, has_a_child_that_inherits_what_fork_leaves_it)
{
	struct actor *parent = start(&self->scene, variant->sort, "parent");
	bool inherits = variant->kind == KIND_FLOCK;
	struct actor *child;

	actor_lock(parent, EXCLUSIVE);
	child = actor_start_child(parent, "child");
	EXPECT_STREQ("child", actor_name(child));
	EXPECT_NE(parent->shared->tid, child->shared->tid);
	EXPECT_EQ(inherits ? 0 : -EAGAIN, actor_try(child, EXCLUSIVE));
	actor_exit(parent);
	/* It outlives its parent, and keeps what it locked itself. */
	EXPECT_EQ(0, actor_try(child, EXCLUSIVE));
	EXPECT_EQ(-EAGAIN, actor_try(start(&self->scene, variant->sort, "other"), EXCLUSIVE));
	EXPECT_STREQ("", self->scene.error);
}

static int close_the_lock(struct actor *self, void *arg)
{
	(void)arg;
	return close(self->lock[0].fd) < 0 ? -errno : 0;
}

TEST_F(owner, has_a_table_of_descriptors_of_its_own)
{
	struct actor *parent = start(&self->scene, variant->sort, "parent");
	struct actor *child = actor_start_child(parent, "child");

	EXPECT_EQ(0, actor_do(child, close_the_lock, NULL));
	EXPECT_EQ(0, actor_try(parent, EXCLUSIVE));
	EXPECT_EQ(-EBADF, actor_try(child, EXCLUSIVE));
}

TEST_F(owner, has_a_thread_with_the_same_table)
{
	struct actor *owner = start(&self->scene, variant->sort, "owner");
	struct actor *other = start(&self->scene, variant->sort, "other");
	struct actor *thread = actor_start_thread(owner, "thread");

	EXPECT_NE(owner->shared->tid, thread->shared->tid);
	actor_lock(owner, EXCLUSIVE);
	EXPECT_EQ(0, actor_try(thread, EXCLUSIVE));
	actor_unlock(thread);
	actor_lock(other, EXCLUSIVE);
	/* Both can wait. */
	actor_queue(owner, EXCLUSIVE);
	actor_queue(thread, EXCLUSIVE);
	actor_interrupt(thread);
	EXPECT_EQ(-EINTR, actor_await(thread));
	actor_unlock(other);
	EXPECT_EQ(0, actor_await(owner));
	EXPECT_EQ(0, actor_do(thread, close_the_lock, NULL));
	EXPECT_EQ(-EBADF, actor_try(owner, EXCLUSIVE));
	EXPECT_STREQ("", self->scene.error);
}

/* Whichever of them exits first, the lock stays until the other does; a child has its own table. */
TEST_F(owner, lasts_as_long_as_any_of_its_threads)
{
	struct actor *other = start(&self->scene, variant->sort, "other");

	for (int first = 0; first < 2; first++) {
		struct actor *owner = start(&self->scene, variant->sort, "owner");
		struct actor *tasks[] = { owner, actor_start_thread(owner, "thread") };
		struct actor *child = actor_start_child(tasks[1], "child");

		EXPECT_EQ(0, actor_do(child, close_the_lock, NULL));
		actor_exit(child);
		actor_lock(tasks[first], EXCLUSIVE);
		actor_exit(tasks[first]);
		EXPECT_EQ(-EAGAIN, actor_try(other, EXCLUSIVE));
		EXPECT_EQ(0, actor_try(tasks[!first], EXCLUSIVE));
		actor_exit(tasks[!first]);
		EXPECT_EQ(0, actor_try(other, EXCLUSIVE));
		actor_unlock(other);
		EXPECT_STREQ("", self->scene.error);
	}
}

TEST_F(owner, is_killed_with_its_threads)
{
	struct actor *owner = start(&self->scene, variant->sort, "owner"), *thread;
	struct actor *other = start(&self->scene, variant->sort, "other");

	if (variant->sort != ACTOR_PROCESS)
		SKIP(return, "threads of the test are not killed");
	thread = actor_start_thread(owner, "thread");
	actor_lock(other, EXCLUSIVE);
	actor_queue(thread, EXCLUSIVE);
	actor_kill(owner);
	EXPECT_TRUE(owner->gone && thread->gone);
	EXPECT_FALSE(thread->busy);
	/* The first thread may be gone already. */
	owner = start(&self->scene, variant->sort, "owner");
	thread = actor_start_thread(owner, "thread");
	actor_exit(owner);
	actor_queue(thread, EXCLUSIVE);
	actor_kill(thread);
	EXPECT_TRUE(thread->gone);
	EXPECT_EQ(0, actor_try(other, EXCLUSIVE));
	EXPECT_STREQ("", self->scene.error);
}

/* The first thread of a process exits, and the other waits for an order. */
static void leave_a_thread(struct scene *scene, enum actor_sort sort)
{
	struct actor *first = start(scene, sort, "first");

	actor_start_thread(first, "second");
	actor_exit(first);
}

TEST_F(owner, is_gone_with_the_scene_in_any_state)
{
	pid_t tids[4];

	for (int round = 0; round < 3; round++) {
		struct actor *holder = start(&self->scene, variant->sort, "holder");
		struct actor *waiter = start(&self->scene, variant->sort, "waiter");
		struct actor *child = actor_start_child(holder, "child");
		struct actor *thread = actor_start_thread(waiter, "thread");

		actor_lock(holder, EXCLUSIVE);
		actor_queue(waiter, EXCLUSIVE);
		actor_queue(thread, EXCLUSIVE);
		leave_a_thread(&self->scene, variant->sort);
		for (int i = 0; i < 4; i++)
			tids[i] = self->scene.actor[i].shared->tid;
		actor_exit(child);
		scene_dismiss(&self->scene);
		EXPECT_STREQ("", self->scene.error);
		EXPECT_EQ(0, self->scene.actors);
		for (int i = 0; i < 4; i++)
			EXPECT_EQ(-1, kill(tids[i], 0));
		EXPECT_EQ(-1, waitpid(-1, NULL, WNOHANG));
	}
}

TEST_F(owner, takes_the_place_of_one_that_is_gone)
{
	struct actor *first = start(&self->scene, variant->sort, "first"), *next = NULL;

	for (int i = 0; i < SCENE_ACTORS + 10; i++) {
		next = actor_start_child(first, "next");
		if (i < SCENE_ACTORS + 9)
			actor_exit(next);
	}
	EXPECT_STREQ("", self->scene.error);
	EXPECT_STREQ("next", actor_name(next));
	EXPECT_EQ(0, actor_try(next, EXCLUSIVE));
	EXPECT_TRUE(actor_holds(next));
}

TEST_HARNESS_MAIN
