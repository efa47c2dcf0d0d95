/* SPDX-License-Identifier: GPL-2.0 */
/*
 * claim: how a test is written, on kselftest_harness.h.
 *
 *	PROMISE(record_locks, only_bytes_in_common_exclude)
 *	{
 *		...the scenario, with scene...
 *		conflicts_with(third, EXCLUSIVE_ON(8, 4), first);
 *	}
 *
 *	TEST_HARNESS_MAIN
 *
 * A promise is what POSIX or a manual page says: a comment names the sentence. It is judged once
 * for each kind of lock in the fixture. Judging is a call that returns: a missed claim ends the
 * scene, like an error, and later steps do nothing.
 */
#ifndef FILELOCK_CLAIM_H
#define FILELOCK_CLAIM_H

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "actor/actor.h"
#include "actor/disturb.h"
#include "actor/probe.h"
#include "actor/rest.h"
#include "claim/judge.h"
#include "claim/kinds.h"

static inline void claim_setup(struct scene *scene, enum lock_kind kind)
{
	struct history *history = history_new();

	if (!history)
		ksft_exit_fail_msg("no memory\n");
	signal(SIGTERM, SIG_DFL);
	scene_open(scene, kind, history);
}

/* Pass the end of the scene to the harness. */
static inline void claim_end(struct __test_metadata *_metadata, struct scene *scene)
{
	if (scene->end == SCENE_LACKS)
		SKIP(return, "%s", scene->error);
	judge_end(scene);
	EXPECT_EQ(SCENE_GOES_ON, scene->end);
}

/* ---- a fixture is a set of kinds, of kinds.h; a kind is a variant of it ---- */

FIXTURE(file_locks) { struct scene scene; };
FIXTURE_VARIANT(file_locks) { enum lock_kind kind; };
FIXTURE_SETUP(file_locks) { claim_setup(&self->scene, variant->kind); }
FIXTURE_TEARDOWN(file_locks) { scene_close(&self->scene); }
FIXTURE_VARIANT_ADD(file_locks, posix) { .kind = KIND_POSIX };
FIXTURE_VARIANT_ADD(file_locks, ofd) { .kind = KIND_OFD };
FIXTURE_VARIANT_ADD(file_locks, flock) { .kind = KIND_FLOCK };
FIXTURE_VARIANT_ADD(file_locks, lockf) { .kind = KIND_LOCKF };

FIXTURE(record_locks) { struct scene scene; };
FIXTURE_VARIANT(record_locks) { enum lock_kind kind; };
FIXTURE_SETUP(record_locks) { claim_setup(&self->scene, variant->kind); }
FIXTURE_TEARDOWN(record_locks) { scene_close(&self->scene); }
FIXTURE_VARIANT_ADD(record_locks, posix) { .kind = KIND_POSIX };
FIXTURE_VARIANT_ADD(record_locks, ofd) { .kind = KIND_OFD };
FIXTURE_VARIANT_ADD(record_locks, lockf) { .kind = KIND_LOCKF };

FIXTURE(shared_mode) { struct scene scene; };
FIXTURE_VARIANT(shared_mode) { enum lock_kind kind; };
FIXTURE_SETUP(shared_mode) { claim_setup(&self->scene, variant->kind); }
FIXTURE_TEARDOWN(shared_mode) { scene_close(&self->scene); }
FIXTURE_VARIANT_ADD(shared_mode, posix) { .kind = KIND_POSIX };
FIXTURE_VARIANT_ADD(shared_mode, ofd) { .kind = KIND_OFD };
FIXTURE_VARIANT_ADD(shared_mode, flock) { .kind = KIND_FLOCK };

FIXTURE(owned_by_process) { struct scene scene; };
FIXTURE_VARIANT(owned_by_process) { enum lock_kind kind; };
FIXTURE_SETUP(owned_by_process) { claim_setup(&self->scene, variant->kind); }
FIXTURE_TEARDOWN(owned_by_process) { scene_close(&self->scene); }
FIXTURE_VARIANT_ADD(owned_by_process, posix) { .kind = KIND_POSIX };
FIXTURE_VARIANT_ADD(owned_by_process, lockf) { .kind = KIND_LOCKF };

FIXTURE(owned_by_description) { struct scene scene; };
FIXTURE_VARIANT(owned_by_description) { enum lock_kind kind; };
FIXTURE_SETUP(owned_by_description) { claim_setup(&self->scene, variant->kind); }
FIXTURE_TEARDOWN(owned_by_description) { scene_close(&self->scene); }
FIXTURE_VARIANT_ADD(owned_by_description, ofd) { .kind = KIND_OFD };
FIXTURE_VARIANT_ADD(owned_by_description, flock) { .kind = KIND_FLOCK };

FIXTURE(posix_and_ofd) { struct scene scene; };
FIXTURE_VARIANT(posix_and_ofd) { enum lock_kind kind; };
FIXTURE_SETUP(posix_and_ofd) { claim_setup(&self->scene, variant->kind); }
FIXTURE_TEARDOWN(posix_and_ofd) { scene_close(&self->scene); }
FIXTURE_VARIANT_ADD(posix_and_ofd, posix) { .kind = KIND_POSIX };
FIXTURE_VARIANT_ADD(posix_and_ofd, ofd) { .kind = KIND_OFD };

FIXTURE(posix) { struct scene scene; };
FIXTURE_VARIANT(posix) { enum lock_kind kind; };
FIXTURE_SETUP(posix) { claim_setup(&self->scene, variant->kind); }
FIXTURE_TEARDOWN(posix) { scene_close(&self->scene); }
FIXTURE_VARIANT_ADD(posix, posix) { .kind = KIND_POSIX };

FIXTURE(ofd) { struct scene scene; };
FIXTURE_VARIANT(ofd) { enum lock_kind kind; };
FIXTURE_SETUP(ofd) { claim_setup(&self->scene, variant->kind); }
FIXTURE_TEARDOWN(ofd) { scene_close(&self->scene); }
FIXTURE_VARIANT_ADD(ofd, ofd) { .kind = KIND_OFD };

FIXTURE(flock) { struct scene scene; };
FIXTURE_VARIANT(flock) { enum lock_kind kind; };
FIXTURE_SETUP(flock) { claim_setup(&self->scene, variant->kind); }
FIXTURE_TEARDOWN(flock) { scene_close(&self->scene); }
FIXTURE_VARIANT_ADD(flock, flock) { .kind = KIND_FLOCK };

FIXTURE(lockf) { struct scene scene; };
FIXTURE_VARIANT(lockf) { enum lock_kind kind; };
FIXTURE_SETUP(lockf) { claim_setup(&self->scene, variant->kind); }
FIXTURE_TEARDOWN(lockf) { scene_close(&self->scene); }
FIXTURE_VARIANT_ADD(lockf, lockf) { .kind = KIND_LOCKF };

/* A program need not have claims about each set: keep the compiler from reporting it. */
static inline void claim_use_fixtures(void)
{
	(void)file_locks_setup;
	(void)file_locks_teardown;
	(void)record_locks_setup;
	(void)record_locks_teardown;
	(void)shared_mode_setup;
	(void)shared_mode_teardown;
	(void)owned_by_process_setup;
	(void)owned_by_process_teardown;
	(void)owned_by_description_setup;
	(void)owned_by_description_teardown;
	(void)posix_and_ofd_setup;
	(void)posix_and_ofd_teardown;
	(void)posix_setup;
	(void)posix_teardown;
	(void)ofd_setup;
	(void)ofd_teardown;
	(void)flock_setup;
	(void)flock_teardown;
	(void)lockf_setup;
	(void)lockf_teardown;
}

/* The body that follows is a function of @scene; the harness's test calls it. */
#define PROMISE(set, claim) \
	static void body_of_##claim##_##set(struct scene *scene); \
	TEST_F(set, claim) \
	{ \
		judge_begin(#claim); \
		body_of_##claim##_##set(&self->scene); \
		claim_end(_metadata, &self->scene); \
	} \
	static void body_of_##claim##_##set(struct scene *scene)

#endif /* FILELOCK_CLAIM_H */
