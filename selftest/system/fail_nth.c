// SPDX-License-Identifier: GPL-2.0
/* Tests of lib/system/fail_nth. Few kernels have the file: a memfd stands in for it. */
#include <errno.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "system/fail_nth.h"

#define IS_HERE	(access("/proc/thread-self/fail-nth", F_OK) == 0)

static int stand_in(void)
{
	return memfd_create("fail-nth", 0);
}

TEST(the_number_is_written)
{
	char text[4] = "";
	int fd = stand_in();

	ASSERT_EQ(0, fail_nth_begin(fd, 7));
	ASSERT_EQ(1, pread(fd, text, sizeof(text), 0));
	EXPECT_STREQ("7", text);
}

TEST(a_number_that_is_left_means_that_nothing_was_refused)
{
	int fd = stand_in();

	ASSERT_EQ(0, fail_nth_begin(fd, 2));
	EXPECT_EQ(0, fail_nth_end(fd));
}

TEST(none_left_means_that_something_was_refused)
{
	int fd = stand_in();

	ASSERT_EQ(0, fail_nth_begin(fd, 0));
	EXPECT_EQ(1, fail_nth_end(fd));
}

TEST(in_the_end_the_number_is_0)
{
	char text[4] = "";
	int fd = stand_in();

	ASSERT_EQ(0, fail_nth_begin(fd, 5));
	ASSERT_EQ(0, fail_nth_end(fd));
	ASSERT_EQ(1, pread(fd, text, sizeof(text), 0));
	EXPECT_STREQ("0", text);
}

TEST(a_descriptor_that_is_not_open_is_an_error)
{
	EXPECT_EQ(-EBADF, fail_nth_begin(-1, 1));
	EXPECT_EQ(-EBADF, fail_nth_end(-1));
}

TEST(a_kernel_without_the_file_refuses_nothing)
{
	if (IS_HERE)
		SKIP(return, "this kernel has the file");
	EXPECT_EQ(-ENOENT, fail_nth_open());
	EXPECT_FALSE(fail_nth_works());
}

TEST(a_kernel_with_the_file_refuses_the_nth_allocation_alone)
{
	int fd = fail_nth_open(), event;

	if (!fail_nth_works())
		SKIP(return, "this kernel refuses no memory on demand");
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, fail_nth_begin(fd, 1));
	event = eventfd(0, EFD_CLOEXEC);
	EXPECT_EQ(1, fail_nth_end(fd));
	EXPECT_EQ(-1, event);
	EXPECT_LE(0, eventfd(0, EFD_CLOEXEC));
}

TEST_HARNESS_MAIN
