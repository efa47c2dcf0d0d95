// SPDX-License-Identifier: GPL-2.0
/* Actors carry out their orders, errors are reported, and no process is left behind. */
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "kselftest_harness.h"

#include "actor/actor.h"
#include "actor/disturb.h"
#include "actor/probe.h"
#include "actor/rest.h"
#include "system/futex.h"

FIXTURE(actor) {
	struct history *history;
	struct scene scene;
};

FIXTURE_SETUP(actor)
{
	self->history = history_new();
	ASSERT_NE(NULL, self->history);
	scene_open(&self->scene, KIND_FLOCK, NULL, self->history);
	ASSERT_STREQ("", self->scene.error);
}

FIXTURE_TEARDOWN(actor)
{
	scene_close(&self->scene);
	history_free(self->history);
}

TEST_F(actor, a_waiter_is_seen_asleep_and_then_granted)
{
	struct actor *holder = actor_start(&self->scene, "holder");
	struct actor *waiter = actor_start(&self->scene, "waiter");

	actor_lock(holder, EXCLUSIVE);
	EXPECT_TRUE(actor_holds(holder));
	actor_queue(waiter, EXCLUSIVE);
	EXPECT_TRUE(actor_waits(waiter));
	EXPECT_FALSE(actor_holds(waiter));
	actor_unlock(holder);
	EXPECT_EQ(0, actor_await(waiter));
	EXPECT_TRUE(actor_holds(waiter));
	EXPECT_STREQ("", self->scene.error);
}

TEST_F(actor, a_thread_waits_like_a_process)
{
	struct actor *holder = actor_start(&self->scene, "holder");
	struct actor *waiter = actor_start_with(&self->scene, ACTOR_THREAD, DESCRIPTION_OWN,
						"waiter", 0);

	actor_lock(holder, EXCLUSIVE);
	actor_queue(waiter, EXCLUSIVE);
	EXPECT_TRUE(actor_waits(waiter));
	actor_unlock(holder);
	EXPECT_EQ(0, actor_await(waiter));
}

TEST_F(actor, one_that_should_wait_and_does_not_is_an_error)
{
	actor_queue(actor_start(&self->scene, "only"), EXCLUSIVE);
	EXPECT_NE(NULL, strstr(self->scene.error, "only should have waited"));
	EXPECT_EQ(SCENE_FAILED, self->scene.end);
}

TEST_F(actor, one_that_should_be_granted_and_sleeps_is_an_error)
{
	actor_lock(actor_start(&self->scene, "holder"), EXCLUSIVE);
	actor_lock(actor_start(&self->scene, "other"), EXCLUSIVE);
	EXPECT_NE(NULL, strstr(self->scene.error, "other should have been granted"));
	EXPECT_EQ(SCENE_FAILED, self->scene.end);
}

/* Requests that wait for a lock of this kind are refused, as run_tests.sh has found. */
static int add_kind_without_waits(struct scene *scene, const char *what)
{
	char finding[80];
	int site;

	snprintf(finding, sizeof(finding), "%s=no ofd locks that wait here (EIO)", what);
	setenv("LOCKFAIR_UNWAITING", finding, 1);
	site = scene_add_kind(scene, KIND_OFD);
	unsetenv("LOCKFAIR_UNWAITING");
	return site;
}

TEST_F(actor, requests_may_wait_at_one_site_and_not_at_another)
{
	int second = add_kind_without_waits(&self->scene, "ofd");
	struct actor *holder = actor_start(&self->scene, "holder");
	struct actor *other = actor_start(&self->scene, "other");

	EXPECT_TRUE(scene_needs_wait(&self->scene, EXCLUSIVE));
	actor_lock(holder, EXCLUSIVE);
	actor_lock(holder, at_site(second, EXCLUSIVE));
	actor_queue(other, EXCLUSIVE);
	EXPECT_TRUE(actor_waits(other));
	actor_unlock_site(holder, 0);
	EXPECT_EQ(0, actor_await(other));
	EXPECT_EQ(SCENE_GOES_ON, self->scene.end);
	actor_queue(other, at_site(second, EXCLUSIVE));
	EXPECT_EQ(SCENE_LACKS, self->scene.end);
	EXPECT_STREQ("no ofd locks that wait here (EIO)", self->scene.error);
}

TEST_F(actor, requests_may_wait_in_one_mode_and_not_in_the_other)
{
	int second = add_kind_without_waits(&self->scene, "ofd.shared");
	struct actor *holder = actor_start(&self->scene, "holder");
	struct actor *other = actor_start(&self->scene, "other");

	actor_lock(holder, at_site(second, EXCLUSIVE));
	actor_queue(other, at_site(second, EXCLUSIVE));
	EXPECT_TRUE(actor_waits(other));
	actor_unlock_site(holder, second);
	EXPECT_EQ(0, actor_await(other));
	EXPECT_EQ(SCENE_GOES_ON, self->scene.end);
	actor_queue(holder, at_site(second, SHARED));
	EXPECT_EQ(SCENE_LACKS, self->scene.end);
}

TEST_F(actor, a_test_that_must_wait_at_a_site_can_ask)
{
	int second = add_kind_without_waits(&self->scene, "ofd");

	EXPECT_FALSE(scene_needs_wait(&self->scene, at_site(second, SHARED)));
	EXPECT_EQ(SCENE_LACKS, self->scene.end);
}

TEST_F(actor, an_actor_that_dies_breaks_the_scene)
{
	struct actor *actor = actor_start(&self->scene, "victim");

	kill(actor->pid, SIGKILL);
	EXPECT_GT(0, actor_try(actor, EXCLUSIVE));
	EXPECT_NE(NULL, strstr(self->scene.error, "victim"));
	EXPECT_EQ(SCENE_BROKEN, self->scene.end);
}

static int die(struct actor *self, void *arg)
{
	(void)arg;
	kill(self->shared->tid, SIGKILL);
	return 0;
}

TEST_F(actor, an_actor_that_dies_at_work_is_missed_by_whoever_waits)
{
	struct actor *victim = actor_start(&self->scene, "victim");

	actor_begin(victim, die, NULL);
	actor_settle(&self->scene);
	EXPECT_STREQ("victim has died", self->scene.error);
	EXPECT_EQ(SCENE_BROKEN, self->scene.end);
}

static int sleeps_somewhere(void *arg)
{
	struct asleep_call any = { .nr = SYS_futex, .arg = ASLEEP_ANY };
	struct asleep_proof proof = { 0 };
	struct actor *actor = arg;

	return asleep_look(actor->shared->tid, &any, &proof) == 1 && !proof.weak;
}

static int fail_with(struct actor *self, void *arg)
{
	(void)self;
	return *(int *)arg;
}

static int has_returned(void *arg)
{
	struct actor *actor = arg;

	return __atomic_load_n(&actor->shared->done, __ATOMIC_ACQUIRE) == actor->shared->given;
}

TEST_F(actor, the_first_job_that_fails_says_why)
{
	static int input = -EIO, invalid = -EINVAL;
	struct actor *first = actor_start(&self->scene, "first");
	struct actor *second = actor_start(&self->scene, "second");

	actor_begin(first, fail_with, &input);
	actor_begin(second, fail_with, &invalid);
	ASSERT_LE(0, asleep_poll(has_returned, first, ASLEEP_DEADLINE));
	ASSERT_LE(0, asleep_poll(has_returned, second, ASLEEP_DEADLINE));
	actor_settle(&self->scene);
	EXPECT_NE(NULL, strstr(self->scene.error, "first could not go on"));
	EXPECT_EQ(-EIO, self->scene.cause);
}

/* It sleeps in a futex call, as waiters of this kind do, but at another address. */
TEST(an_idle_actor_is_not_taken_for_a_waiter)
{
	struct history *history = history_new();
	static struct scene scene;
	struct asleep_proof proof = { 0 };
	struct asleep_call wait;
	struct actor *idle;
	struct lock lock;

	ASSERT_NE(NULL, history);
	scene_open(&scene, KIND_FUTEX, NULL, history);
	idle = actor_start(&scene, "idle");
	ASSERT_EQ(0, lock_open(&lock, scene.site, DESCRIPTION_OWN));
	wait = lock_sleeps_in(&lock, MODE_EXCLUSIVE);
	if (asleep_poll(sleeps_somewhere, idle, ASLEEP_DEADLINE) < 0)
		SKIP(goto out, "where a task sleeps is not shown here");
	EXPECT_EQ(0, asleep_look(idle->shared->tid, &wait, &proof));
	actor_settle(&scene);
	EXPECT_FALSE(actor_waits(idle));
	EXPECT_STREQ("", scene.error);
out:
	scene_close(&scene);
	history_free(history);
}

TEST_F(actor, after_an_error_nothing_is_done_any_more)
{
	struct actor *actor = actor_start(&self->scene, "only");
	char first[sizeof(self->scene.error)];
	int events;

	actor_queue(actor, EXCLUSIVE);
	memcpy(first, self->scene.error, sizeof(first));
	events = history_length(self->history);
	actor_lock(actor_start(&self->scene, "late"), EXCLUSIVE);
	actor_unlock(actor);
	EXPECT_EQ(events, history_length(self->history));
	EXPECT_EQ(1, self->scene.actors);
	EXPECT_STREQ(first, self->scene.error);
}

TEST_F(actor, there_is_an_end_to_actors)
{
	for (int i = 0; i <= SCENE_ACTORS; i++)
		actor_start_nth(&self->scene, "actor", i + 1);
	EXPECT_NE(NULL, strstr(self->scene.error, "no room"));
	EXPECT_EQ(SCENE_BROKEN, self->scene.end);
}

TEST_F(actor, a_waiter_whom_nobody_can_let_in_is_an_error)
{
	struct actor *waiter = actor_start(&self->scene, "waiter");
	struct lock keeper;

	/* The test itself holds the lock; scene_drain() does not know of it. */
	ASSERT_EQ(0, lock_open(&keeper, self->scene.site, DESCRIPTION_OWN));
	ASSERT_EQ(0, lock_acquire(&keeper, &EXCLUSIVE, true));
	actor_queue(waiter, EXCLUSIVE);
	scene_drain(&self->scene);
	EXPECT_NE(NULL, strstr(self->scene.error, "waiter sleeps on"));
	EXPECT_EQ(SCENE_FAILED, self->scene.end);
	lock_close(&keeper);
}

static int wait_for_a_poke(struct actor *self, void *arg)
{
	(void)arg;
	return act_await_wake(self);
}

static int wake(struct actor *self, void *arg)
{
	(void)arg;
	return act_wake(self);
}

TEST_F(actor, one_actor_starts_another)
{
	struct actor *waits = actor_start(&self->scene, "waits");
	struct actor *pokes = actor_start(&self->scene, "pokes");

	actor_begin(waits, wait_for_a_poke, NULL);
	actor_settle(&self->scene);
	EXPECT_TRUE(actor_waits(waits));
	EXPECT_EQ(0, actor_do(pokes, wake, NULL));
	EXPECT_EQ(0, actor_await(waits));
}

TEST_F(actor, nobody_outlives_the_scene)
{
	pid_t pids[3];

	for (int i = 0; i < 3; i++)
		pids[i] = actor_start_nth(&self->scene, "actor", i + 1)->pid;
	actor_lock(&self->scene.actor[0], EXCLUSIVE);
	actor_queue(&self->scene.actor[1], EXCLUSIVE);
	scene_close(&self->scene);
	for (int i = 0; i < 3; i++) {
		EXPECT_EQ(-1, kill(pids[i], 0));
		EXPECT_EQ(ESRCH, errno);
	}
	scene_open(&self->scene, KIND_FLOCK, NULL, self->history);
	EXPECT_STREQ("", self->scene.error);
}

static int has_ended(void *pid)
{
	return waitpid(*(pid_t *)pid, NULL, WNOHANG) == *(pid_t *)pid;
}

/* Killing the test's process ends its actors, too. */
TEST(nobody_outlives_a_test_that_is_killed)
{
	int to_parent[2];
	pid_t test, actor;

	/* Become the subreaper, to see the actor end. */
	ASSERT_EQ(0, prctl(PR_SET_CHILD_SUBREAPER, 1));
	ASSERT_EQ(0, pipe(to_parent));
	test = fork();
	if (!test) {
		static struct scene scene;
		struct history *history = history_new();

		if (!history)
			_exit(1);
		scene_open(&scene, KIND_OFD, NULL, history);
		actor_lock(actor_start(&scene, "holder"), EXCLUSIVE);
		actor_queue(actor_start(&scene, "waiter"), EXCLUSIVE);
		if (write(to_parent[1], &scene.actor[1].pid, sizeof(pid_t)) < 0)
			_exit(1);
		pause();
	}
	ASSERT_LT(0, test);
	ASSERT_EQ((ssize_t)sizeof(actor), read(to_parent[0], &actor, sizeof(actor)));
	EXPECT_EQ(0, kill(actor, 0));
	kill(test, SIGKILL);
	waitpid(test, NULL, 0);
	EXPECT_EQ(1, asleep_poll(has_ended, &actor, ASLEEP_DEADLINE));
}

static int never(void *arg)
{
	++*(int *)arg;
	return 0;
}

TEST(a_poll_ends_at_its_deadline)
{
	int looks = 0;

	EXPECT_EQ(-ETIMEDOUT, asleep_poll(never, &looks, 20));
	EXPECT_LT(1, looks);
}

TEST(a_task_that_runs_is_not_asleep_and_one_that_is_gone_is_no_task)
{
	struct asleep_call call = { .nr = 0, .arg = ASLEEP_ANY };
	struct asleep_proof proof = { 0 };
	pid_t gone = fork();

	EXPECT_EQ(0, asleep_look(getpid(), &call, &proof));
	if (!gone)
		_exit(0);
	waitpid(gone, NULL, 0);
	EXPECT_EQ(-ESRCH, asleep_look(gone, &call, &proof));
}

TEST_HARNESS_MAIN
