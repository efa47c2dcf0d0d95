// SPDX-License-Identifier: GPL-2.0
/* Tests of lib/system/many_locks: a name for a moment, and who waits for it. */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "system/asleep.h"
#include "system/many_locks.h"

/* A child that has said so; it writes a byte when it has, and stays. */
FIXTURE(many_locks) {
	const char *missing;		/* what a test would need */
	pid_t child, waiter;
	int end[2];
};

static pid_t start(int to, int (*begin)(void))
{
	pid_t parent = getpid(), pid = fork();
	char ret;

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	ret = -begin();
	if (write(to, &ret, 1) != 1)
		_exit(1);
	while (getppid() == parent)
		pause();
	_exit(0);
}

static int await_end(void)
{
	many_locks_await_end();
	return 0;
}

/* Others that run the suite on this machine have other names. */
FIXTURE_SETUP(many_locks)
{
	/* A SKIP here would not keep a test from running, with the headers of older kernels. */
	if (unshare(CLONE_NEWNET) < 0)
		self->missing = "no network namespace of its own here";
	else if (asleep_evidence() != ASLEEP_BY_CALL)
		self->missing = "/proc does not show in which call a task sleeps";
	if (self->missing)
		return;
	ASSERT_EQ(0, pipe(self->end));
	self->child = start(self->end[1], many_locks_begin);
}

FIXTURE_TEARDOWN(many_locks)
{
	pid_t pids[] = { self->child, self->waiter };

	for (int i = 0; i < 2; i++) {
		if (pids[i] <= 0)
			continue;
		kill(pids[i], SIGKILL);
		waitpid(pids[i], NULL, 0);
	}
}

static char next(int from)
{
	char byte = '?';

	return read(from, &byte, 1) == 1 ? byte : '?';
}

/* The poller sleeps between two looks: that is no read(2) and no pause(2). */
static int sleeps_between_looks(void *arg)
{
	struct asleep_call naps[] = {
		{ .nr = SYS_clock_nanosleep, .arg = ASLEEP_ANY },
#ifdef SYS_nanosleep
		{ .nr = SYS_nanosleep, .arg = ASLEEP_ANY },
#endif
	};

	for (unsigned int i = 0; i < sizeof(naps) / sizeof(*naps); i++) {
		struct asleep_proof proof = { 0 };

		if (asleep_look(*(pid_t *)arg, &naps[i], &proof) == 1)
			return 1;
	}
	return 0;
}

static void waits_for_the_child(struct __test_metadata *_metadata, pid_t child, pid_t waiter,
				int from)
{
	ASSERT_EQ(1, asleep_poll(sleeps_between_looks, &waiter, ASLEEP_DEADLINE));
	kill(child, SIGKILL);
	EXPECT_EQ(0, next(from));
}

TEST_F(many_locks, a_reader_waits_for_the_end)
{
	if (self->missing)
		SKIP(return, "%s", self->missing);
	ASSERT_EQ(0, next(self->end[0]));
	self->waiter = start(self->end[1], await_end);
	waits_for_the_child(_metadata, self->child, self->waiter, self->end[0]);
}

TEST_F(many_locks, the_next_one_waits_for_the_end)
{
	if (self->missing)
		SKIP(return, "%s", self->missing);
	ASSERT_EQ(0, next(self->end[0]));
	self->waiter = start(self->end[1], many_locks_begin);
	waits_for_the_child(_metadata, self->child, self->waiter, self->end[0]);
}

TEST_F(many_locks, nobody_waits_for_nobody)
{
	if (self->missing)
		SKIP(return, "%s", self->missing);
	ASSERT_EQ(0, next(self->end[0]));
	kill(self->child, SIGKILL);
	waitpid(self->child, NULL, 0);
	self->child = 0;
	EXPECT_EQ(0, many_locks_begin());
}

/* With a wait that the harness would end. */
TEST_F(many_locks, after_a_wait_in_vain_nobody_waits_again)
{
	if (self->missing)
		SKIP(return, "%s", self->missing);
	ASSERT_EQ(0, next(self->end[0]));
	setenv("LOCKFAIR_DEADLINE", "1", 1);
	self->waiter = start(self->end[1], await_end);
	if (self->missing)
		SKIP(return, "%s", self->missing);
	ASSERT_EQ(0, next(self->end[0]));
	setenv("LOCKFAIR_DEADLINE", "1000", 1);
	many_locks_await_end();
	EXPECT_EQ(-ETIMEDOUT, many_locks_begin());
	kill(self->child, SIGKILL);
	waitpid(self->child, NULL, 0);
	self->child = 0;
	EXPECT_EQ(0, many_locks_begin());
}

TEST_HARNESS_MAIN
