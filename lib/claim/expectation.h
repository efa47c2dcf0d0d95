/* SPDX-License-Identifier: GPL-2.0 */
/*
 * expectation: the three classes of expectation on kselftest_harness.h.
 *
 * A test is written as
 *
 *	CLASS(folklore)
 *
 *	CLAIM(folklore, TRAIT_SHARED, a_new_reader_does_not_pass_a_waiting_writer)
 *	{
 *		…the scenario, with self->scene…
 *		HOLDS(!passed, "the reader was let in", "a short constant reason");
 *	}
 *
 *	EXPECTATION_MAIN
 *
 * and runs once for each kind that has the traits. Its id is
 * FILE:CLASS.KIND.CLAIM. What happens when a claim does not hold depends on the
 * class: a promise or a practice fails; folklore is an expected failure (XFAIL)
 * of a file lock, and a failure of a control.
 *
 * A failed expectation, a set-up that broke and a missing feature are three
 * different things: "not ok", "not ok" after a line "broken: …", and SKIP.
 *
 * A file that needs other capabilities than CAP_SYS_NICE names them, before this header is
 * included, in EXPECTATION_KEEPS; they are to be raised around the call that needs them.
 *
 * Only the process of the test may use these macros: older harnesses do not see
 * what fails in a child.
 */
#ifndef LOCKFAIR_EXPECTATION_H
#define LOCKFAIR_EXPECTATION_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "actor/actor.h"
#include "claim/expectation_harness.h"
#include "system/privilege.h"

#ifndef EXPECTATION_KEEPS
#define EXPECTATION_KEEPS	PRIVILEGE(CAP_SYS_NICE)
#endif

/* ---- claims ---- */

struct expectation_claim {
	const char *class, *name;
	unsigned int traits;
};

#define EXPECTATION_CLAIMS	64
static struct expectation_claim expectation_claims[EXPECTATION_CLAIMS];
static int expectation_claim_count;

/* The history of the test that runs, in memory which the harness's process sees as well. */
static struct history *expectation_history;

static inline void expectation_register(const char *class, const char *name, unsigned int traits)
{
	if (expectation_claim_count == EXPECTATION_CLAIMS)
		abort();
	expectation_claims[expectation_claim_count++] =
		(struct expectation_claim){ class, name, traits };
}

/* A stream is of no use in the handler of SIGTERM. */
static inline void expectation_emit(const char *line)
{
	char text[256];
	int length = snprintf(text, sizeof(text), "# %.*s\n", (int)sizeof(text) - 4, line);

	if (write(STDOUT_FILENO, text, length) < 0)
		return;
}

#define expectation_say(...) do { \
	char said[250]; \
	snprintf(said, sizeof(said), __VA_ARGS__); \
	expectation_emit(said); \
} while (0)

/*
 * Seconds for a test, however slow or busy the machine. The harness, which ends it
 * without a word, comes after that.
 */
#define EXPECTATION_TIME_LIMIT	60

/* A test that is about to be ended, by itself or by the clock, still shows what it was at. */
static inline void expectation_last_words(int signal_number)
{
	expectation_say("ended by signal %d (%s)", signal_number,
			signal_number == SIGALRM ? "time limit" : "crash");
	history_draw(expectation_history, NULL, expectation_emit);
	raise(signal_number);
}

static inline void expectation_setup(struct scene *scene, enum lock_kind kind)
{
	static const int ends[] = { SIGABRT, SIGALRM, SIGBUS, SIGFPE, SIGILL, SIGSEGV };
	struct sigaction last = { .sa_handler = expectation_last_words, .sa_flags = SA_RESETHAND };
	int err;

	signal(SIGTERM, SIG_DFL);
	for (unsigned int i = 0; i < ARRAY_SIZE(ends); i++)
		sigaction(ends[i], &last, NULL);
	alarm(EXPECTATION_TIME_LIMIT);
	/* Root without capabilities is like anybody; built without libcap, it stays root. */
	err = privilege_keep(EXPECTATION_KEEPS);
	scene_open(scene, kind, getenv("LOCKFAIR_DIR"), expectation_history);
	if (err && err != -EOPNOTSUPP)
		trouble(scene, TROUBLE_BROKEN, "dropping capabilities: %s", strerror(-err));
}

/*
 * A step went wrong: the test has failed, or could not be made. The reason of a
 * SKIP is a constant for the kind.
 */
static inline bool expectation_trouble(struct __test_metadata *t, struct scene *scene)
{
	if (!scene->trouble[0])
		return false;
	if (scene->sort == TROUBLE_MISSING) {
		expectation_set(t, KSFT_SKIP, scene->trouble);
		return true;
	}
	expectation_say("%s: %s", scene->sort == TROUBLE_BROKEN ? "broken" : "seen",
			scene->trouble);
	history_draw(expectation_history, NULL, expectation_emit);
	expectation_set(t, KSFT_FAIL, "");
	return true;
}

static inline bool expectation_is_control(const struct scene *scene)
{
	return !(lock_kind_traits(scene->site->kind) & TRAIT_FILE);
}

/* By run_tests.sh, in the environment. */
static inline bool expectation_told(const char *variable)
{
	const char *value = getenv(variable);

	return value && !strcmp(value, "1");
}

/*
 * LOCKFAIR_EFFORT: so many percent of @usual, the rounds of a race, random scenarios or a crowd.
 * A machine that is emulated would need minutes for all of them. At least 1.
 */
static inline int expectation_effort(int usual)
{
	const char *percent = getenv("LOCKFAIR_EFFORT");
	int wanted = percent ? atoi(percent) : 0;

	if (wanted < 1 || wanted > 10000)
		return usual;
	return (usual * wanted + 99) / 100;
}

/* The same of a size: no more than @usual, and no less than @least, which would prove nothing. */
static inline int expectation_size(int usual, int least)
{
	int size = expectation_effort(usual);

	if (size > usual)
		return usual;
	return size < least ? least : size;
}

/* The claim does not hold. */
static inline void expectation_missed(struct __test_metadata *t, struct scene *scene,
				      const struct history_verdict *verdict, const char *reason)
{
	bool folklore = !strcmp(t->fixture->name, "folklore") && !expectation_is_control(scene);
	bool expected = folklore && !expectation_told("LOCKFAIR_STRICT");

	history_draw(expectation_history, verdict, expectation_emit);
	expectation_set(t, expected ? KSFT_XFAIL : KSFT_FAIL, folklore ? reason : "");
}

static inline void expectation_teardown(struct __test_metadata *t, struct scene *scene)
{
	if (expectation_unmarred(t) && !expectation_trouble(t, scene) &&
	    !strcmp(t->fixture->name, "folklore") && !expectation_is_control(scene))
		expectation_say("unexpected pass: file locks have not been seen to do this");
	scene_close(scene);
}

/* The fixtures of a class, a variant for each kind. */
#define CLASS(class) \
	FIXTURE(class) { struct scene scene; }; \
	FIXTURE_VARIANT(class) { enum lock_kind kind; }; \
	FIXTURE_SETUP(class) { expectation_setup(&self->scene, variant->kind); } \
	FIXTURE_TEARDOWN(class) { expectation_teardown(_metadata, &self->scene); } \
	FIXTURE_VARIANT_ADD(class, posix) { .kind = LOCK_POSIX }; \
	FIXTURE_VARIANT_ADD(class, ofd) { .kind = LOCK_OFD }; \
	FIXTURE_VARIANT_ADD(class, flock) { .kind = LOCK_FLOCK }; \
	FIXTURE_VARIANT_ADD(class, lockf) { .kind = LOCK_LOCKF }; \
	FIXTURE_VARIANT_ADD(class, eventfd) { .kind = LOCK_EVENTFD }; \
	FIXTURE_VARIANT_ADD(class, futex) { .kind = LOCK_FUTEX }

/* A test, for the kinds that have all of these traits. */
#define CLAIM(class, traits, claim) \
	static void __attribute__((constructor)) expectation_register_##class##_##claim(void) \
	{ \
		expectation_register(#class, #claim, traits); \
	} \
	TEST_F(class, claim)

/*
 * HOLDS(): the test ends here unless @condition is true. @seen says what was seen
 * instead and who did it; @reason is a constant, for the XFAIL line. @verdict is
 * what a judge of the history found, to be marked in the drawing, or NULL.
 */
#define HOLDS_VERDICT(condition, verdict, reason, seen, ...) do { \
	if (expectation_trouble(_metadata, &self->scene)) \
		return; \
	if (!(condition)) { \
		expectation_say("expected: %s", _metadata->name); \
		expectation_say("seen: " seen " (line %d)", ##__VA_ARGS__, __LINE__); \
		expectation_missed(_metadata, &self->scene, verdict, reason); \
		return; \
	} \
} while (0)

#define HOLDS(condition, reason, seen, ...) \
	HOLDS_VERDICT(condition, NULL, reason, seen, ##__VA_ARGS__)

/*
 * What has to be so before the claim can be looked at. Where it is not, the test has
 * failed whatever its class: folklore is expected to fail by its claim alone. In trouble
 * @condition is not looked at, for what it asks about may not be there.
 */
#define REQUIRES(condition, ...) do { \
	if (expectation_trouble(_metadata, &self->scene)) \
		return; \
	if (!(condition)) \
		trouble(&self->scene, TROUBLE_STEP, __VA_ARGS__); \
	if (expectation_trouble(_metadata, &self->scene)) \
		return; \
} while (0)

/* A call of the set-up that returns -1 and sets errno when it fails: then the test is broken. */
#define SETS_UP(call) do { \
	if ((call) < 0) \
		trouble(&self->scene, TROUBLE_BROKEN, "%s: %s", #call, strerror(errno)); \
} while (0)

/* What the kernel, the file system or a privilege does not offer; the reason is a constant. */
#define SKIPS_UNLESS(condition, reason) do { \
	bool offered = (condition); \
	if (expectation_trouble(_metadata, &self->scene)) \
		return; \
	if (!offered) { \
		expectation_set(_metadata, KSFT_SKIP, reason); \
		return; \
	} \
} while (0)

/*
 * Skip the test if @err, of a call that needs @capability, is a refusal that is no fault of the
 * kernel's. What else may be wrong is for the test to say.
 */
#define NEEDS_CAPABILITY(capability, err) do { \
	bool denied = (err) == -EPERM || (err) == -EACCES; \
	SKIPS_UNLESS(!denied || privilege_has(capability), "needs " #capability); \
	SKIPS_UNLESS(!denied || !privilege_is_confined(), \
		     "a sandbox refuses what " #capability " permits"); \
} while (0)

/* Nobody is overtaken, by the history. */
#define NOBODY_IS_OVERTAKEN() do { \
	struct history_verdict found = history_overtaking(expectation_history); \
	HOLDS_VERDICT(!found.count, &found, "a waiter was overtaken", \
		      "%s was granted the lock before %s, which had been waiting for it already", \
		      expectation_history->name[found.lane < 0 ? 0 : found.lane], \
		      expectation_history->name[found.other < 0 ? 0 : found.other]); \
} while (0)

/* No two conflicting locks were held at a time, by the history. */
#define NOBODY_OVERLAPS() do { \
	struct history_verdict found = history_overlap(expectation_history); \
	HOLDS_VERDICT(!found.count, &found, "two conflicting locks were held at a time", \
		      "%s was granted the lock while %s held it", \
		      expectation_history->name[found.lane < 0 ? 0 : found.lane], \
		      expectation_history->name[found.other < 0 ? 0 : found.other]); \
} while (0)

/* The bytes from @start on are locked as in "..SSXX..", as @prober finds by actor_probe(). */
#define BYTES_ARE(prober, start, expected) do { \
	off_t at = (start); \
	const char *found = actor_probe(prober, at, strlen(expected)); \
	HOLDS(!strcmp(found, expected), "other bytes are locked", \
	      "%s found %s, not %s, from byte %lld on", actor_name(prober), found, expected, \
	      (long long)at); \
} while (0)

#include "claim/expectation_main.h"

#endif /* LOCKFAIR_EXPECTATION_H */
