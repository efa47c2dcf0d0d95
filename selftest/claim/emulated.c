// SPDX-License-Identifier: GPL-2.0
/*
 * Under an emulator of system calls a set-up that it does not offer is a skip, and any other that
 * breaks is broken. Whether an emulator is there is up to each test here: these functions take the
 * place of those of lib/system/emulator.c.
 */
#include <errno.h>
#include <string.h>

#include "kselftest_harness.h"

#include "actor/actor.h"
#include "claim/judge.h"
#include "system/emulator.h"

static bool is_there;

bool emulator_is_there(void)
{
	return is_there;
}

int emulator_error(int err)
{
	return err;
}

static const struct claim claim = { .class = "promise", .name = "a_claim", .reason = "" };

FIXTURE(judge) {
	struct history *history;
	struct scene scene;
	const char *reason;
};

FIXTURE_SETUP(judge)
{
	is_there = true;
	self->history = history_new();
	ASSERT_NE(NULL, self->history);
	scene_open(&self->scene, KIND_FLOCK, NULL, self->history);
	ASSERT_STREQ("", self->scene.error);
	judge_begin(&claim);
}

FIXTURE_TEARDOWN(judge)
{
	scene_close(&self->scene);
	history_free(self->history);
}

static int fail_with(struct actor *self, void *err)
{
	(void)self;
	return *(int *)err;
}

TEST_F(judge, a_call_that_the_emulator_does_not_know_is_a_skip)
{
	errno = ENOSYS;
	EXPECT_FALSE(sets_up(&self->scene, -1, "a call"));
	EXPECT_EQ(JUDGE_SKIPPED, judge_end(&self->scene, &self->reason));
	EXPECT_STREQ(BEYOND_AN_EMULATOR, self->reason);
}

TEST_F(judge, the_same_call_is_broken_without_an_emulator)
{
	is_there = false;
	errno = ENOSYS;
	sets_up(&self->scene, -1, "a call");
	EXPECT_EQ(JUDGE_FAILED, judge_end(&self->scene, &self->reason));
}

TEST_F(judge, a_set_up_that_breaks_otherwise_is_broken)
{
	static const int errors[] = { EINVAL, EPERM, EMFILE, ENOMEM, EBADF, EACCES, ENOENT };

	for (unsigned int i = 0; i < sizeof(errors) / sizeof(*errors); i++) {
		self->scene.end = SCENE_GOES_ON;
		self->scene.cause = 0;
		errno = errors[i];
		EXPECT_FALSE(sets_up(&self->scene, -1, "a call"));
		EXPECT_EQ(JUDGE_FAILED, judge_end(&self->scene, &self->reason));
	}
}

TEST_F(judge, a_set_up_that_names_no_error_is_broken)
{
	scene_broken(&self->scene, "an actor has died");
	EXPECT_EQ(JUDGE_FAILED, judge_end(&self->scene, &self->reason));
}

TEST_F(judge, a_program_of_another_machine_is_a_skip)
{
	static int err = -ENOEXEC;

	actor_do(actor_start(&self->scene, "somebody"), fail_with, &err);
	EXPECT_EQ(JUDGE_SKIPPED, judge_end(&self->scene, &self->reason));
}

TEST_F(judge, a_job_that_fails_otherwise_fails)
{
	static int err = -EINVAL;

	actor_do(actor_start(&self->scene, "somebody"), fail_with, &err);
	EXPECT_EQ(JUDGE_FAILED, judge_end(&self->scene, &self->reason));
}

/* A later error does not excuse the first one. */
TEST_F(judge, the_first_error_decides)
{
	scene_broken(&self->scene, "an actor has died");
	scene_broken_by(&self->scene, -ENOSYS, "a call");
	EXPECT_EQ(JUDGE_FAILED, judge_end(&self->scene, &self->reason));
}

TEST_F(judge, a_claim_that_does_not_hold_fails)
{
	holds(&self->scene, false, "something");
	EXPECT_EQ(JUDGE_FAILED, judge_end(&self->scene, &self->reason));
}

TEST_HARNESS_MAIN
