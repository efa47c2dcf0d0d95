// SPDX-License-Identifier: GPL-2.0
/* /proc/locks is read correctly: its lines, their owners, and the tree of waiters. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "actor/actor.h"
#include "system/cpu.h"
#include "system/proc_locks.h"

TEST(a_holder)
{
	struct proc_lock lock;

	ASSERT_TRUE(proc_locks_parse("12: POSIX  ADVISORY  WRITE 4711 00:01:1056 5 99\n", &lock));
	EXPECT_EQ(12, lock.id);
	EXPECT_EQ(0, lock.depth);
	EXPECT_STREQ("POSIX", lock.kind);
	EXPECT_STREQ("ADVISORY", lock.rule);
	EXPECT_STREQ("WRITE", lock.mode);
	EXPECT_EQ(4711, lock.pid);
	EXPECT_EQ(0, lock.major);
	EXPECT_EQ(1, lock.minor);
	EXPECT_EQ(1056, lock.inode);
	EXPECT_EQ(5, lock.start);
	EXPECT_EQ(99, lock.end);
}

TEST(a_holder_to_the_end_of_the_file)
{
	struct proc_lock lock;

	ASSERT_TRUE(proc_locks_parse("1: OFDLCK ADVISORY  READ  -1 fd:0a:7 0 EOF", &lock));
	EXPECT_STREQ("READ", lock.mode);
	EXPECT_EQ(-1, lock.pid);
	EXPECT_EQ(0xfd, lock.major);
	EXPECT_EQ(10, lock.minor);
	EXPECT_EQ(PROC_LOCK_END, lock.end);
}

TEST(waiters_of_three_levels)
{
	struct proc_lock lock;

	ASSERT_TRUE(proc_locks_parse("1: -> FLOCK  ADVISORY  WRITE 2 00:01:7 0 EOF", &lock));
	EXPECT_EQ(1, lock.depth);
	ASSERT_TRUE(proc_locks_parse("1:  -> FLOCK  ADVISORY  WRITE 2 00:01:7 0 EOF", &lock));
	EXPECT_EQ(2, lock.depth);
	ASSERT_TRUE(proc_locks_parse("1:   -> FLOCK  ADVISORY  WRITE 2 00:01:7 0 EOF", &lock));
	EXPECT_EQ(3, lock.depth);
}

TEST(a_waiter_of_the_thousandth_level)
{
	struct proc_lock lock;
	char line[1100];

	snprintf(line, sizeof(line), "1: %999s-> POSIX  ADVISORY  WRITE 2 00:01:7 0 EOF", "");
	ASSERT_TRUE(proc_locks_parse(line, &lock));
	EXPECT_EQ(1000, lock.depth);
	EXPECT_STREQ("POSIX", lock.kind);
}

TEST(other_lines_are_none)
{
	struct proc_lock lock;

	EXPECT_FALSE(proc_locks_parse("", &lock));
	EXPECT_FALSE(proc_locks_parse("pos:\t0", &lock));
	EXPECT_FALSE(proc_locks_parse("1: POSIX  ADVISORY  WRITE 2 00:01:7", &lock));
}

/* While others lock, a line may come twice or not at all (proc_locks.h). */
static int read_until(int count, int fd, struct proc_lock *locks, int room)
{
	int got = 0;

	for (int tries = 0; tries < 1000 && got != count; tries++)
		got = proc_locks_read(fd, locks, room);
	return got;
}

TEST(the_locks_of_a_file_and_of_a_descriptor)
{
	struct history *history = history_new();
	struct proc_lock locks[4], none;
	struct actor *holder, *waiter;
	struct scene scene;
	int second;

	ASSERT_NE(NULL, history);
	scene_open(&scene, KIND_POSIX, NULL, history);
	second = scene_add_file(&scene);
	holder = actor_start(&scene, "holder");
	waiter = actor_start(&scene, "waiter");
	actor_lock(holder, EXCLUSIVE_ON(5, 10));
	actor_lock(holder, at_site(second, SHARED));
	actor_queue(waiter, SHARED_ON(0, 0));
	ASSERT_STREQ("", scene.error);

	ASSERT_EQ(2, read_until(2, scene.site->fd, locks, 4));
	EXPECT_EQ(2, read_until(2, scene.site->fd, NULL, 0));
	EXPECT_EQ(holder->pid, locks[0].pid);
	EXPECT_EQ(14, locks[0].end);
	EXPECT_EQ(0, locks[0].depth);
	EXPECT_EQ(waiter->pid, locks[1].pid);
	EXPECT_EQ(1, locks[1].depth);
	EXPECT_EQ(locks[0].id, locks[1].id);
	EXPECT_EQ(1, read_until(1, scene.site[second].fd, &none, 1));
	/* The actors have the descriptors of the site under the same numbers. */
	EXPECT_EQ(0, proc_locks_fdinfo(waiter->pid, scene.site->fd, locks, 4));
	EXPECT_EQ(-ENOENT, proc_locks_fdinfo(waiter->pid, 9999, locks, 4));
	EXPECT_EQ(-EBADF, proc_locks_read(-1, locks, 4));
	scene_close(&scene);
	history_free(history);
}

static void lock_and_release(int parent, int cpu)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = memfd_create("another", MFD_CLOEXEC);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	cpu_pin(0, cpu);
	while (getppid() == parent && fd >= 0) {
		lock.l_type = F_WRLCK;
		fcntl(fd, F_SETLK, &lock);
		lock.l_type = F_UNLCK;
		fcntl(fd, F_SETLK, &lock);
	}
	_exit(0);
}

/*
 * It does so between two read(2) of a reading, and shifts the list by one entry. The list is in the
 * order of the CPUs on which the locks were taken, so this one is the last.
 */
TEST(a_lock_is_found_once_while_another_process_locks_and_releases)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = memfd_create("", MFD_CLOEXEC), parent = getpid(), wrong = 0, cpus[1024], count;
	pid_t other;

	ASSERT_LE(0, fd);
	count = cpu_allowed(cpus, 1024);
	ASSERT_LE(1, count);
	ASSERT_EQ(0, cpu_pin(0, cpus[count - 1]));
	ASSERT_EQ(0, fcntl(fd, F_OFD_SETLK, &lock));
	other = fork();
	ASSERT_LE(0, other);
	if (!other)
		lock_and_release(parent, cpus[0]);
	for (int i = 0; i < 2000; i++) {
		int lines = proc_locks_read(fd, NULL, 0);

		wrong += lines != 1 && lines != -EAGAIN;
	}
	EXPECT_EQ(0, wrong);
	kill(other, SIGKILL);
	EXPECT_EQ(other, waitpid(other, NULL, 0));
}

TEST_HARNESS_MAIN
