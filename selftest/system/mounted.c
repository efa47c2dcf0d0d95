// SPDX-License-Identifier: GPL-2.0
/* Tests of lib/system/mounted. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "system/mounted.h"

TEST(a_file_of_proc_is_on_proc)
{
	int fd = open("/proc/self/mountinfo", O_RDONLY);
	char type[16] = "";

	ASSERT_LE(0, fd);
	EXPECT_EQ(0, mounted_type(fd, type, sizeof(type)));
	EXPECT_STREQ("proc", type);
	close(fd);
}

TEST(a_memfd_is_on_no_mount_of_the_list)
{
	int fd = memfd_create("mounted", MFD_CLOEXEC);
	char type[16] = "";

	ASSERT_LE(0, fd);
	EXPECT_EQ(-ENOENT, mounted_type(fd, type, sizeof(type)));
	close(fd);
}

TEST(a_closed_descriptor_is_an_error)
{
	char type[16] = "";

	EXPECT_GT(0, mounted_type(-1, type, sizeof(type)));
}

TEST_HARNESS_MAIN
