// SPDX-License-Identifier: GPL-2.0
/* Is a group of tasks asleep at one moment? */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "system/asleep.h"

#define TASKS	3

struct shared {
	struct asleep_call call[TASKS];
	unsigned int turn[TASKS];
};

struct group {
	struct shared *shared;
	int pipe[TASKS][2];
	struct asleep_files files[TASKS];
	struct asleep_proof proof[TASKS];
	struct asleep_task tasks[TASKS];
	int which;
};

FIXTURE(group) {
	struct group group;
};

/* It reads a byte from its pipe, again and again. */
static void read_for_ever(struct shared *shared, int number, int fd)
{
	char byte;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	shared->call[number].arg = fd;
	__atomic_store_n(&shared->call[number].nr, SYS_read, __ATOMIC_RELEASE);
	while (read(fd, &byte, 1) == 1)
		__atomic_add_fetch(&shared->turn[number], 1, __ATOMIC_RELEASE);
	_exit(0);
}

FIXTURE_SETUP(group)
{
	self->group.shared = mmap(NULL, sizeof(struct shared), PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->group.shared);
	for (int i = 0; i < TASKS; i++) {
		struct asleep_task *task = &self->group.tasks[i];

		self->group.shared->call[i] = ASLEEP_NOWHERE;
		ASSERT_EQ(0, pipe(self->group.pipe[i]));
		task->tid = fork();
		ASSERT_LE(0, task->tid);
		if (!task->tid)
			read_for_ever(self->group.shared, i, self->group.pipe[i][0]);
		task->call = &self->group.shared->call[i];
		task->turn = &self->group.shared->turn[i];
		task->files = &self->group.files[i];
		task->proof = &self->group.proof[i];
	}
}

FIXTURE_TEARDOWN(group)
{
	for (int i = 0; i < TASKS; i++) {
		asleep_close(&self->group.files[i]);
		kill(self->group.tasks[i].tid, SIGKILL);
		waitpid(self->group.tasks[i].tid, NULL, 0);
	}
}

static int all_asleep(void *arg)
{
	struct group *group = arg;

	return asleep_all(group->tasks, TASKS, &group->which);
}

TEST_F(group, all_are_found_asleep)
{
	ASSERT_EQ(1, asleep_poll(all_asleep, &self->group, ASLEEP_DEADLINE));
	for (int i = 0; i < TASKS; i++)
		EXPECT_TRUE(self->group.proof[i].steady);
	/* They still sleep, so one look at each is enough. */
	EXPECT_EQ(1, all_asleep(&self->group));
	EXPECT_EQ(1, asleep_all(self->group.tasks, 0, &self->group.which));
}

/* The same, as needed where a caller sleeps until a daemon has answered. */
TEST_F(group, a_sleep_counts_only_when_it_has_lasted)
{
	const struct asleep_proof *proof = self->group.proof;
	unsigned int *turn = self->group.shared->turn;

	ASSERT_EQ(1, asleep_poll(all_asleep, &self->group, ASLEEP_DEADLINE));
	for (int i = 0; i < TASKS; i++)
		self->group.tasks[i].quiet = (struct asleep_quiet){ .looks = 3, .ms = 20 };
	for (unsigned int round = 1; round <= 100; round++) {
		ASSERT_EQ(1, write(self->group.pipe[1][1], "b", 1));
		while (__atomic_load_n(&turn[1], __ATOMIC_ACQUIRE) != round)
			sched_yield();
		/* Its sleep has just begun, however slow this machine is. */
		EXPECT_EQ(0, all_asleep(&self->group));
	}
	ASSERT_EQ(1, asleep_poll(all_asleep, &self->group, ASLEEP_DEADLINE));
	for (int i = 0; i < TASKS; i++) {
		EXPECT_LE(3, proof[i].looks);
		EXPECT_LE(20000000, asleep_clock() - proof[i].since);
	}
}

TEST_F(group, one_that_is_in_no_call_is_not_asleep)
{
	ASSERT_EQ(1, asleep_poll(all_asleep, &self->group, ASLEEP_DEADLINE));
	self->group.shared->call[1] = ASLEEP_NOWHERE;
	EXPECT_EQ(0, all_asleep(&self->group));
	EXPECT_FALSE(self->group.proof[1].steady);
}

TEST_F(group, one_that_is_in_another_call_is_not_asleep)
{
	ASSERT_EQ(1, asleep_poll(all_asleep, &self->group, ASLEEP_DEADLINE));
	self->group.shared->call[2].arg++;
	/* It is asleep, but in another call: no number of looks makes that a proof. */
	for (int i = 0; i < 100; i++)
		EXPECT_EQ(0, all_asleep(&self->group));
	EXPECT_FALSE(self->group.proof[2].steady);
}

/* Where this process can read which call a child sleeps in, that is the evidence. */
TEST(the_evidence_is_what_proc_shows)
{
	char path[64];
	int fd, expected = ASLEEP_BY_STATE;
	pid_t child = fork();

	ASSERT_LE(0, child);
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	snprintf(path, sizeof(path), "/proc/%d/syscall", (int)child);
	fd = open(path, O_RDONLY);
	if (fd >= 0 && read(fd, path, sizeof(path)) > 0)
		expected = ASLEEP_BY_CALL;
	EXPECT_EQ(expected, asleep_evidence());
	EXPECT_EQ(expected, asleep_evidence());
	kill(child, SIGKILL);
	EXPECT_EQ(child, waitpid(child, NULL, 0));
	/* It leaves no process behind. */
	EXPECT_EQ(-1, waitpid(-1, NULL, WNOHANG));
}

TEST_F(group, one_that_was_woken_has_not_slept_throughout)
{
	struct asleep_proof before;

	ASSERT_EQ(1, asleep_poll(all_asleep, &self->group, ASLEEP_DEADLINE));
	before = self->group.proof[0];
	ASSERT_EQ(1, write(self->group.pipe[0][1], "w", 1));
	while (!__atomic_load_n(&self->group.shared->turn[0], __ATOMIC_ACQUIRE))
		sched_yield();
	ASSERT_EQ(1, asleep_poll(all_asleep, &self->group, ASLEEP_DEADLINE));
	EXPECT_FALSE(asleep_throughout(&before, &self->group.proof[0]));
}

TEST_F(group, one_that_has_gone_is_named)
{
	ASSERT_EQ(1, asleep_poll(all_asleep, &self->group, ASLEEP_DEADLINE));
	kill(self->group.tasks[1].tid, SIGKILL);
	ASSERT_EQ(self->group.tasks[1].tid, waitpid(self->group.tasks[1].tid, NULL, 0));
	EXPECT_EQ(-ESRCH, all_asleep(&self->group));
	EXPECT_EQ(1, self->group.which);
}

TEST_HARNESS_MAIN
