/* SPDX-License-Identifier: GPL-2.0 */
/*
 * claim_harness: kselftest_harness.h of any kernel, with expected failures. The differences between
 * the harnesses of 5.10 to 7.3 are handled here.
 */
#ifndef LOCKFAIR_CLAIM_HARNESS_H
#define LOCKFAIR_CLAIM_HARNESS_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "kselftest.h"

/*
 * Before 6.9 the harness prints "ok N # SKIP reason", without the test's name, and cannot report an
 * expected failure. The harness's variables f, variant and t are in scope where it calls this
 * function, which does both.
 */
#define EXPECTED_FAILURE	"XFAIL "
#define ksft_test_result_skip(...) \
	claim_old_result(f->name, variant->name, t->name, __VA_ARGS__)

static inline void claim_old_result(const char *class, const char *kind, const char *claim,
				    const char *format, const char *reason)
{
	bool expected = !strncmp(reason, EXPECTED_FAILURE, strlen(EXPECTED_FAILURE));

	if (expected)
		ksft_inc_xfail_cnt();
	else
		ksft_inc_xskip_cnt();
	(void)format;
	printf("ok %u %s.%s.%s # %s%s\n", ksft_test_num(), class, kind, claim,
	       expected ? "" : "SKIP ", reason);
}

#include "kselftest_harness.h"
#undef ksft_test_result_skip

#ifdef XFAIL_ADD	/* since 6.9 */
static inline void claim_set(struct __test_metadata *t, int code, const char *reason)
{
	snprintf(t->results->reason, sizeof(t->results->reason), "%s", reason);
	t->exit_code = code;
}
#else
static inline void claim_set(struct __test_metadata *t, int code, const char *reason)
{
	snprintf(t->results->reason, sizeof(t->results->reason), "%s%s",
		 code == KSFT_XFAIL ? EXPECTED_FAILURE : "", reason);
	t->skip = code == KSFT_SKIP || code == KSFT_XFAIL;
	t->passed = t->skip;
}
#endif

#endif /* LOCKFAIR_CLAIM_HARNESS_H */
