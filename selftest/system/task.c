// SPDX-License-Identifier: GPL-2.0
/* Tests of lib/system/task. */
#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "system/asleep.h"
#include "system/task.h"

FIXTURE(task) {
	pid_t child;
};

/* A child that sleeps until it is killed. */
FIXTURE_SETUP(task)
{
	pid_t parent = getpid();

	self->child = fork();
	ASSERT_NE(-1, self->child);
	if (!self->child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		/* What follows a state in the file, inside of the name. */
		prctl(PR_SET_NAME, "a) R 1 1");
		while (getppid() == parent)
			pause();
		_exit(0);
	}
}

FIXTURE_TEARDOWN(task)
{
	if (self->child <= 0)
		return;
	kill(self->child, SIGKILL);
	waitpid(self->child, NULL, 0);
}

static int is_asleep(void *tid)
{
	return task_state(*(pid_t *)tid) == 'S';
}

TEST_F(task, one_that_asks_about_itself_runs)
{
	EXPECT_EQ('R', task_state(getpid()));
}

TEST_F(task, one_that_sleeps_is_asleep_whatever_its_name)
{
	EXPECT_EQ(1, asleep_poll(is_asleep, &self->child, ASLEEP_DEADLINE));
}

TEST_F(task, one_that_has_died_is_a_zombie_until_it_is_reaped)
{
	siginfo_t info;

	kill(self->child, SIGKILL);
	ASSERT_EQ(0, waitid(P_PID, self->child, &info, WEXITED | WNOWAIT));
	EXPECT_EQ('Z', task_state(self->child));
	ASSERT_EQ(self->child, waitpid(self->child, NULL, 0));
	EXPECT_EQ(-ESRCH, task_state(self->child));
	self->child = 0;
}

TEST_HARNESS_MAIN
