// SPDX-License-Identifier: GPL-2.0
/* Tests of lib/privilege. Each test is a process, so it drops only its own capabilities. */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

#include "kselftest_harness.h"
#include "system/privilege.h"

/* The number that the kernel lists, or 0 if it lists none. */
static unsigned long long permitted(void)
{
	FILE *status = fopen("/proc/self/status", "re");
	unsigned long long set = 0;
	char line[256];

	while (status && fgets(line, sizeof(line), status))
		sscanf(line, "CapPrm: %llx", &set);
	if (status)
		fclose(status);
	return set;
}

TEST(has_is_what_proc_says)
{
	unsigned long long set = permitted();

	for (int i = 0; i <= CAP_LAST_CAP && prctl(PR_CAPBSET_READ, i) >= 0; i++)
		EXPECT_EQ(!!(set & PRIVILEGE(i)), privilege_has(i));
}

TEST(what_is_kept_is_still_there_and_the_rest_is_not)
{
	bool had = privilege_has(CAP_SYS_NICE) == 1;
	int err = privilege_keep(PRIVILEGE(CAP_SYS_NICE));

	if (err == -EOPNOTSUPP)
		SKIP(return, "built without libcap");
	ASSERT_EQ(0, err);
	EXPECT_EQ(had, privilege_has(CAP_SYS_NICE));
	EXPECT_EQ(0, privilege_has(CAP_SYS_ADMIN));
	EXPECT_EQ(had ? PRIVILEGE(CAP_SYS_NICE) : 0, permitted());
}

TEST(a_filter_of_calls_confines)
{
	/* It allows everything: strict mode would end the process at almost any call. */
	struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog program = { .len = 1, .filter = &allow };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
		SKIP(return, "no seccomp here");
	EXPECT_TRUE(privilege_is_confined());
}

TEST_HARNESS_MAIN
