// SPDX-License-Identifier: GPL-2.0
/* Tests of lib/release. */
#include <stdio.h>
#include <sys/utsname.h>

#include "kselftest_harness.h"
#include "system/release.h"

FIXTURE(release) {
	int version, patchlevel;
};

FIXTURE_SETUP(release)
{
	struct utsname name;
	int read;

	ASSERT_EQ(0, uname(&name));
	read = sscanf(name.release, "%d.%d", &self->version, &self->patchlevel);
	ASSERT_EQ(2, read);
}

FIXTURE_TEARDOWN(release)
{
}

TEST_F(release, it_is_since_itself_and_what_was_before)
{
	EXPECT_TRUE(release_is_since(self->version, self->patchlevel));
	EXPECT_TRUE(release_is_since(self->version, 0));
	EXPECT_TRUE(release_is_since(self->version - 1, self->patchlevel + 1));
	EXPECT_TRUE(release_is_since(2, 6));
}

TEST_F(release, it_is_not_since_what_comes_later)
{
	EXPECT_FALSE(release_is_since(self->version, self->patchlevel + 1));
	EXPECT_FALSE(release_is_since(self->version + 1, 0));
}

TEST_F(release, gvisor_is_what_is_called_4_4)
{
	if (self->version != 4 || self->patchlevel != 4)
		EXPECT_FALSE(release_is_gvisor());
}

TEST_HARNESS_MAIN
