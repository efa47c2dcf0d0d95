// SPDX-License-Identifier: GPL-2.0
/*
 * A seed makes the same scenario everywhere: whatever the machine's byte order, the size of a long,
 * whether a char is signed, and the order in which a compiler evaluates arguments.
 */
#define _GNU_SOURCE
#include <string.h>

#include "kselftest_harness.h"

#include "model/generate.h"
#include "model/trace.h"

#define SEEDS	200
#define STEPS	30

/* FNV-1a, of 64 bits. */
static void add(const char *line, void *sum)
{
	unsigned long long *now = sum;

	for (const char *at = line; ; at++) {
		*now = (*now ^ (unsigned char)*at) * 0x100000001b3ull;
		if (!*at)
			return;
	}
}

FIXTURE(generate) {
	int unused;
};

FIXTURE_SETUP(generate)
{
}

FIXTURE_TEARDOWN(generate)
{
}

/* The sum of the listings of the first seeds, as it was on x86-64 with gcc 12. */
FIXTURE_VARIANT(generate) {
	int kind;
	unsigned long long sum;
};

FIXTURE_VARIANT_ADD(generate, posix) { KIND_POSIX, 0x4e396611e6382f46ull };
FIXTURE_VARIANT_ADD(generate, ofd) { KIND_OFD, 0x6c2d7c0c7ace6d64ull };
FIXTURE_VARIANT_ADD(generate, flock) { KIND_FLOCK, 0x20f8bb81c0f21da9ull };
FIXTURE_VARIANT_ADD(generate, lockf) { KIND_LOCKF, 0x8e0f135d3c3c1357ull };
FIXTURE_VARIANT_ADD(generate, mixed) { SCENARIO_MIXED, 0xad5ab2e1df1d59daull };

TEST_F(generate, a_seed_makes_the_same_scenario_on_every_machine)
{
	unsigned long long sum = 0xcbf29ce484222325ull;
	static struct scenario scenario;
	char line[TRACE_LINE];

	for (int seed = 1; seed <= SEEDS; seed++) {
		ASSERT_EQ(0, generate_scenario(&scenario, seed, variant->kind, STEPS));
		trace_head(&scenario, add, &sum);
		for (int i = 0; i < scenario.count; i++) {
			trace_line(&scenario, &scenario.step[i], line);
			add(line, &sum);
		}
	}
	EXPECT_EQ(variant->sum, sum) {
		TH_LOG("seeds 1 to %d: %#llx", SEEDS, sum);
	}
}

TEST_HARNESS_MAIN
