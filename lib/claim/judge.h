/* SPDX-License-Identifier: GPL-2.0 */
/*
 * judge: what a claim's body calls to state its claim, and how the scene ends.
 *
 * Each function does nothing and returns false once the scene has ended; each returns whether
 * the scene goes on. @seen says what was seen instead and who did it, as for printf(3), and is
 * evaluated even if the condition holds.
 */
#ifndef LOCKFAIR_JUDGE_H
#define LOCKFAIR_JUDGE_H

#include "actor/scene.h"

/* Fail the claim unless @condition is true. */
#define holds(scene, condition, ...) \
	judge_holds(scene, condition, NULL, __LINE__, __VA_ARGS__)

/* The same; @verdict is what a judge of the history found, and is marked in the drawing. */
#define holds_verdict(scene, condition, verdict, ...) \
	judge_holds(scene, condition, verdict, __LINE__, __VA_ARGS__)

bool judge_holds(struct scene *scene, bool condition, const struct history_verdict *verdict,
		 int line, const char *seen, ...) PRINTF_LIKE(5, 6);

/*
 * Fail the claim if the history shows that an actor was overtaken. Where a daemon or server
 * decides, several rounds of the scene judge the claim; where waiters poll, it is skipped.
 */
bool nobody_is_overtaken(struct scene *scene);

/* Skip the test where waiters poll. Call it before they queue, because each wait may take long. */
bool order_can_be_seen(struct scene *scene);

/* Fail the claim if the history shows two conflicting locks held at the same time. */
bool nobody_overlaps(struct scene *scene);

/*
 * How a failure begins if two conflicting locks were held at the same time. run_tests.sh says that
 * a kind does not exclude only if it sees this.
 */
#define TWO_HELD_IT	"two held it at the same time: "

/*
 * Fail the claim unless a try of the actor conflicts with the lock that @holder has. A refusal with
 * an errno that is not for a conflict fails it as well, but does not mean that two held the lock.
 */
bool conflicts_with(struct actor *actor, struct lock_request request, const struct actor *holder);

/* Fail the claim unless @prober (actor_probe()) finds bytes locked as in "..SSXX..". */
bool bytes_are(struct actor *prober, off_t start, const char *expected);

/*
 * A precondition of the claim. If it is false the test fails, whatever its class: an expected
 * failure is only for the claim itself.
 */
bool requires(struct scene *scene, bool condition, const char *format, ...) PRINTF_LIKE(3, 4);

/*
 * Check the result @ret of a call of the set-up. If it is negative, the test is broken, and errno
 * is the reason. @what names the call.
 */
bool sets_up(struct scene *scene, long ret, const char *what);

/* Skip the test unless @condition is true. @reason is a constant; report/skips lists all. */
bool skip_unless(struct scene *scene, bool condition, const char *reason);

/* Are all locks of the scene decided at once, not by a daemon or server? See lock/medium.h. */
bool is_decided_at_once(const struct scene *scene);

/*
 * Skip the test if @err, of a call that needs @capability, is a refusal that is not the kernel's
 * fault: the capability is missing, or a sandbox interferes. The test must judge any other error.
 */
bool needs_capability(struct scene *scene, int capability, int err);

/* Why to skip a test whose set-up an emulator of system calls does not offer: see emulator.h. */
#define BEYOND_AN_EMULATOR	"an emulator does not offer what the test sets up"

/* Is the scene's lock one of the kinds in the mask? */
bool is_kind(const struct scene *scene, unsigned int kinds);

/*
 * The claim has held since commit @commit of Linux @release. A failure reports this, and the
 * command that finds the commit which broke it again.
 */
void fixed_by(const char *commit, const char *release);

/*
 * Scale @usual, the rounds of a race, random scenarios or a crowd, by LOCKFAIR_EFFORT percent, to
 * at least 1: an emulated machine would need minutes for all of them.
 */
int claim_effort(int usual);

/*
 * The same for a size that is never above @usual, nor below @least: a smaller one would prove
 * nothing.
 */
int claim_size(int usual, int least);

/* Print a line of diagnostics. */
void claim_say(const char *format, ...) PRINTF_LIKE(1, 2);

/* The same for a complete line; a signal handler may call it. */
void claim_emit(const char *line);

/* Is this variable of the environment, which run_tests.sh sets, "1"? */
bool claim_told(const char *variable);

/* ---- for claim_main.h ---- */

/* The results that are reported to the harness. */
enum judge_result { JUDGE_PASSED, JUDGE_FAILED, JUDGE_SKIPPED, JUDGE_XFAILED };

/* A registered test. */
struct claim {
	const char *class, *name, *reason;
	unsigned int kinds;
};

/* The claim that is being judged, in the process of its test. */
void judge_begin(const struct claim *claim);

/*
 * Judge the history in the file @path, which an earlier run has kept, and draw it. Return 0,
 * -errno, or the number of a line that is not understood. @history is overwritten.
 */
int judge_again(struct history *history, const char *path);

/* Set a test's own judge, which prints what it finds. judge_again() calls it, too. */
void judge_also(struct history_verdict (*judge)(const struct history *history));

/*
 * Is the claim about an order that this scene alone does not decide? Then play it again in a new
 * scene, unless the rounds have taken @ms.
 */
bool judge_wants_another_round(const struct scene *scene, int ms);

/* Report how the scene has ended. Set @reason to the reason of a skip or an XFAIL. */
enum judge_result judge_end(struct scene *scene, const char **reason);

#endif /* LOCKFAIR_JUDGE_H */
