// SPDX-License-Identifier: GPL-2.0
/*
 * Where a daemon or a server decides, does a sleeper that /proc/locks lists as a waiter count at
 * once, and no other? A sleep of an hour would have to last, so that only the list can decide.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>

#include "kselftest_harness.h"

#include "actor/act.h"
#include "actor/actor.h"
#include "actor/listed.h"
#include "actor/rest.h"
#include "lock/descriptor.h"
#include "system/proc_locks.h"

FIXTURE(listed) {
	struct history *history;
	struct scene scene;
	struct actor *holder, *waiter, *other;
};

FIXTURE_VARIANT(listed) {
	enum lock_kind kind;
	const char *delay;
};

/* clang-format off */
FIXTURE_VARIANT_ADD(listed, posix) { KIND_POSIX, "posix=asks 3 3600000 1000 30" };
FIXTURE_VARIANT_ADD(listed, ofd) { KIND_OFD, "ofd=polls 3 3600000 1000 30" };
FIXTURE_VARIANT_ADD(listed, flock) { KIND_FLOCK, "flock=asks 3 3600000 1000 30" };
/* clang-format on */

FIXTURE_SETUP(listed)
{
	if (proc_locks_can_be_read())
		SKIP(return, "/proc/locks cannot be read");
	setenv("LOCKFAIR_DELAY", variant->delay, 1);
	setenv("LOCKFAIR_DEADLINE", "2", 1);
	self->history = history_new();
	ASSERT_NE(NULL, self->history);
	scene_open(&self->scene, variant->kind, NULL, self->history);
	self->holder = actor_start(&self->scene, "holder");
	self->waiter = actor_start(&self->scene, "waiter");
	self->other = actor_start(&self->scene, "other");
	ASSERT_STREQ("", self->scene.error);
	actor_lock(self->holder, EXCLUSIVE);
}

FIXTURE_TEARDOWN(listed)
{
	if (!self->history)
		return;
	EXPECT_EQ(0, scene_close(&self->scene));
	history_free(self->history);
}

TEST_F(listed, a_listed_sleeper_waits)
{
	actor_begin_lock(self->waiter, EXCLUSIVE);
	actor_settle_one(self->waiter);
	EXPECT_TRUE(actor_waits(self->waiter));
	EXPECT_STREQ("", self->scene.error);
}

TEST_F(listed, all_listed_sleepers_wait)
{
	actor_begin_lock(self->waiter, EXCLUSIVE);
	actor_begin_lock(self->other, EXCLUSIVE);
	actor_settle(&self->scene);
	EXPECT_TRUE(actor_waits(self->waiter));
	EXPECT_TRUE(actor_waits(self->other));
	EXPECT_STREQ("", self->scene.error);
}

/* It sleeps in a lock call for another file, as one whose grant is on its way: it is on no list. */
static int wait_elsewhere(struct actor *self, void *arg)
{
	struct flock all = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = descriptor_memfd(SCENE_FILE_SIZE, 0), again = descriptor_reopen_as(fd, O_RDWR);

	(void)arg;
	if (again < 0 || fcntl(fd, F_OFD_SETLK, &all))
		return -EIO;
	act_sleeps_in(self, (struct asleep_call){ SYS_fcntl, again });
	return fcntl(again, F_OFD_SETLKW, &all);
}

static struct asleep_task task_of(struct actor *actor)
{
	return (struct asleep_task){
		.tid = actor->shared->tid, .call = &actor->shared->call,
		.turn = &actor->shared->turn, .files = &actor->files, .proof = &actor->proof,
	};
}

TEST_F(listed, beside_a_sleeper_that_is_not_listed_nobody_is_known_to_wait)
{
	struct asleep_quiet any = { 0 };
	struct asleep_task tasks[2];

	actor_begin_lock(self->waiter, EXCLUSIVE);
	ASSERT_TRUE(actor_sleeps(self->waiter, &any));
	tasks[0] = task_of(self->waiter);
	EXPECT_TRUE(listed_asleep(&self->scene, tasks, 1));
	actor_begin(self->other, wait_elsewhere, NULL);
	ASSERT_TRUE(actor_sleeps(self->other, &any));
	tasks[1] = task_of(self->other);
	EXPECT_FALSE(listed_asleep(&self->scene, tasks, 2));
	EXPECT_FALSE(listed_asleep(&self->scene, tasks, 1));
	EXPECT_STREQ("", self->scene.error);
}

TEST_HARNESS_MAIN
