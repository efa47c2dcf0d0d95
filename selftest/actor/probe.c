// SPDX-License-Identifier: GPL-2.0
/* A probe reports what others have locked, and changes nothing. */
#include <string.h>

#include "kselftest_harness.h"

#include "actor/actor.h"
#include "actor/disturb.h"
#include "actor/probe.h"
#include "actor/rest.h"

FIXTURE(probe) {
	struct history *history;
	struct scene scene;
	struct actor *holder, *prober;
};

FIXTURE_VARIANT(probe) {
	enum lock_kind kind;
	const char *free, *seen;
};

FIXTURE_VARIANT_ADD(probe, posix) { KIND_POSIX, "........", ".XX.SSS." };
FIXTURE_VARIANT_ADD(probe, ofd) { KIND_OFD, "........", ".XX.SSS." };
FIXTURE_VARIANT_ADD(probe, lockf) { KIND_LOCKF, "........", ".XX.XXX." };

FIXTURE_SETUP(probe)
{
	self->history = history_new();
	ASSERT_NE(NULL, self->history);
	scene_open(&self->scene, variant->kind, NULL, self->history);
	self->holder = actor_start(&self->scene, "holder");
	self->prober = actor_start(&self->scene, "prober");
	ASSERT_STREQ("", self->scene.error);
}

FIXTURE_TEARDOWN(probe)
{
	scene_close(&self->scene);
	history_free(self->history);
}

TEST_F(probe, it_sees_what_others_hold_and_keeps_nothing)
{
	bool shared = lock_kind_traits(variant->kind) & TRAIT_SHARED;

	EXPECT_STREQ(variant->free, actor_probe(self->prober, 10, 8));
	EXPECT_STREQ(variant->free, actor_probe(self->holder, 10, 8));
	actor_lock(self->holder, EXCLUSIVE_ON(11, 2));
	actor_lock(self->holder, shared ? SHARED_ON(14, 3) : EXCLUSIVE_ON(14, 3));
	EXPECT_STREQ(variant->seen, actor_probe(self->prober, 10, 8));
	EXPECT_STREQ(variant->seen, actor_probe(self->prober, 10, 8));
	EXPECT_EQ(4, history_length(self->history));
	EXPECT_STREQ("", self->scene.error);
}

TEST_F(probe, another_error_is_told_apart)
{
	EXPECT_STREQ("??.", actor_probe(self->prober, -2, 3));
	EXPECT_STREQ("", self->scene.error);
}

TEST_F(probe, there_is_an_end_to_its_bytes)
{
	EXPECT_STREQ("", actor_probe(self->prober, 0, SCENE_PROBED + 1));
	EXPECT_NE(NULL, strstr(self->scene.error, "no room to probe"));
}

TEST_HARNESS_MAIN
