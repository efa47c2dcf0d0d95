// SPDX-License-Identifier: GPL-2.0
/* Where locks lack something (lock/lack.h), is the call left out, and the reason reported? */
#define _GNU_SOURCE
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "actor/actor.h"

#define LACK(lack)	(1u << LACKS_##lack)

TEST(the_words_of_a_kind_are_found)
{
	setenv("LOCKFAIR_LACKS", "posix=conversion parts;ofd=query;flock=turns", 1);
	EXPECT_EQ(LACK(CONVERSION) | LACK(PARTS), lock_lacks(KIND_POSIX));
	EXPECT_EQ(LACK(QUERY), lock_lacks(KIND_OFD));
	EXPECT_EQ(LACK(TURNS), lock_lacks(KIND_FLOCK));
	EXPECT_EQ(0, lock_lacks(KIND_LOCKF));
	/* A part of a word does not count, nor an unknown word. */
	setenv("LOCKFAIR_LACKS", "posix=turn owners part;", 1);
	EXPECT_EQ(0, lock_lacks(KIND_POSIX));
	unsetenv("LOCKFAIR_LACKS");
	EXPECT_EQ(0, lock_lacks(KIND_POSIX));
	for (enum lock_lack lack = 0; lack < LACKS; lack++) {
		EXPECT_NE(NULL, lock_lack_word(lack));
		EXPECT_NE(NULL, lock_lack_reason(lack));
	}
}

FIXTURE(lack) {
	struct history *history;
	struct scene scene;
	struct actor *owner, *other;
};

FIXTURE_SETUP(lack)
{
	self->history = history_new();
	ASSERT_NE(NULL, self->history);
	scene_open(&self->scene, KIND_POSIX, NULL, self->history);
	self->owner = actor_start(&self->scene, "owner");
	self->other = actor_start(&self->scene, "other");
	actor_lock(self->owner, EXCLUSIVE_ON(0, 8));
	ASSERT_STREQ("", self->scene.error);
}

FIXTURE_TEARDOWN(lack)
{
	scene_close(&self->scene);
	history_free(self->history);
}

#define EXPECT_LACK(lack) \
	do { \
		EXPECT_EQ(SCENE_LACKS, self->scene.end); \
		EXPECT_STREQ(lock_lack_reason(lack), self->scene.error); \
	} while (0)

TEST_F(lack, a_request_that_meets_ones_own_lock_is_left_out)
{
	self->scene.shared->lacks[0] = LACK(CONVERSION);
	actor_lock(self->owner, EXCLUSIVE_ON(10, 2));
	EXPECT_EQ(-EAGAIN, actor_try(self->other, EXCLUSIVE_ON(4, 1)));
	EXPECT_STREQ("", self->scene.error);
	actor_try(self->owner, EXCLUSIVE_ON(4, 1));
	EXPECT_LACK(LACKS_CONVERSION);
}

static int convert(struct actor *self, void *arg)
{
	(void)arg;
	return act_lock(self, SHARED_ON(0, 8));
}

TEST_F(lack, that_of_a_job_is_left_out_as_well)
{
	self->scene.shared->lacks[0] = LACK(CONVERSION);
	actor_do(self->owner, convert, NULL);
	EXPECT_LACK(LACKS_CONVERSION);
}

TEST_F(lack, a_release_of_a_part_is_left_out)
{
	self->scene.shared->lacks[0] = LACK(PARTS);
	actor_unlock_range(self->other, 3, 1);
	actor_unlock_range(self->owner, 8, 4);
	actor_unlock_range(self->owner, 0, 0);
	actor_lock(self->owner, EXCLUSIVE_ON(2, 0));
	EXPECT_STREQ("", self->scene.error);
	actor_unlock_range(self->owner, 2, 100);
	EXPECT_LACK(LACKS_PARTS);
}

TEST_F(lack, what_is_not_lacking_or_is_judged_is_done)
{
	self->scene.shared->lacks[0] = LACK(TURNS) | LACK(PARTS) | LACK(CONVERSION);
	scene_judges(&self->scene, LACKS_PARTS);
	scene_judges(&self->scene, LACKS_CONVERSION);
	actor_unlock_range(self->owner, 3, 1);
	actor_lock(self->owner, SHARED_ON(0, 2));
	EXPECT_TRUE(scene_needs(&self->scene, LACKS_QUERY));
	EXPECT_STREQ("", self->scene.error);
	EXPECT_FALSE(scene_needs(&self->scene, LACKS_TURNS));
	EXPECT_LACK(LACKS_TURNS);
}

TEST_F(lack, each_is_skipped_with_its_reason_unless_it_is_judged)
{
	for (enum lock_lack lack = 0; lack < LACKS; lack++) {
		scene_close(&self->scene);
		scene_open(&self->scene, KIND_POSIX, NULL, self->history);
		self->scene.shared->lacks[0] = 1u << lack;
		for (enum lock_lack other = 0; other < LACKS; other++)
			EXPECT_TRUE(other == lack || scene_needs(&self->scene, other));
		EXPECT_STREQ("", self->scene.error);
		EXPECT_FALSE(scene_needs(&self->scene, lack));
		EXPECT_LACK(lack);

		scene_close(&self->scene);
		scene_open(&self->scene, KIND_POSIX, NULL, self->history);
		self->scene.shared->lacks[0] = 1u << lack;
		scene_judges(&self->scene, lack);
		EXPECT_TRUE(scene_needs(&self->scene, lack));
	}
}

/* Not on a local file system, where nothing is lacking. */
TEST_F(lack, what_is_judged_is_so_at_a_site_that_is_added_later)
{
	/* It covers /tmp for this test's process alone. */
	if (unshare(CLONE_NEWNS) < 0 || mount("", "/", "", MS_REC | MS_PRIVATE, NULL) < 0)
		SKIP(return, "needs a mount namespace");
	if (mount("none", P_tmpdir, "hugetlbfs", 0, NULL) < 0)
		SKIP(return, "needs hugetlbfs");
	setenv("LOCKFAIR_LACKS", "posix=conversion owner", 1);
	scene_close(&self->scene);
	scene_open(&self->scene, KIND_POSIX, P_tmpdir, self->history);
	EXPECT_EQ(LACK(CONVERSION) | LACK(OWNER), self->scene.shared->lacks[0]);
	scene_judges(&self->scene, LACKS_OWNER);
	EXPECT_EQ(LACK(CONVERSION), self->scene.shared->lacks[0]);
	EXPECT_EQ(1, scene_add_file(&self->scene));
	EXPECT_EQ(LACK(CONVERSION), self->scene.shared->lacks[1]);
	unsetenv("LOCKFAIR_LACKS");
	EXPECT_STREQ("", self->scene.error);
	scene_close(&self->scene);
	EXPECT_EQ(0, umount(P_tmpdir));
	scene_open(&self->scene, KIND_POSIX, NULL, self->history);
}

/* fs/locks.c alone decides about a memfd: there it would be a fault. */
TEST_F(lack, nothing_is_lacking_on_a_local_file_system)
{
	setenv("LOCKFAIR_LACKS", "posix=conversion", 1);
	scene_close(&self->scene);
	scene_open(&self->scene, KIND_POSIX, NULL, self->history);
	EXPECT_EQ(0, self->scene.shared->lacks[0]);
	unsetenv("LOCKFAIR_LACKS");
}

TEST_HARNESS_MAIN
