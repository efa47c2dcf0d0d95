// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "actor/actor.h"
#include "actor/late.h"
#include "actor/probe.h"
#include "claim/judge.h"
#include "history/draw.h"
#include "history/judge.h"
#include "history/save.h"
#include "lock/medium.h"
#include "system/emulator.h"
#include "system/error_name.h"
#include "system/privilege.h"

static const struct claim *judged;
static const char *fix_commit, *fix_release;
static struct history_verdict (*other_judge)(const struct history *history);

/* An order claim where the evidence of waiting may err: see judge_wants_another_round(). */
static struct {
	bool asked, missed;	/* in this round */
	int error, waiters;
	int rounds, missing;	/* so far */
	double odds;		/* the logarithm of "not in order" against "in order" */
	long long begun;
} order;

/* Only the first round that misses is printed. */
static bool muted;

/* ---- printing ---- */

/* write(2), not stdio: a signal handler calls this. */
void claim_emit(const char *line)
{
	char text[256];
	int length = snprintf(text, sizeof(text), "# %.*s\n", (int)sizeof(text) - 4, line);

	if (muted)
		return;
	if (write(STDOUT_FILENO, text, length) < 0)
		return;
}

static void say(const char *before, const char *format, va_list args, int line)
{
	char text[250];
	int at = snprintf(text, sizeof(text), "%s", before);

	at += vsnprintf(text + at, sizeof(text) - at, format, args);
	if (line && at < (int)sizeof(text))
		snprintf(text + at, sizeof(text) - at, " (line %d)", line);
	claim_emit(text);
}

void claim_say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say("", format, args, 0);
	va_end(args);
}

/* ---- what the environment says ---- */

bool claim_told(const char *variable)
{
	const char *value = getenv(variable);

	return value && !strcmp(value, "1");
}

int claim_effort(int usual)
{
	const char *percent = getenv("LOCKFAIR_EFFORT");
	int wanted = percent ? atoi(percent) : 0;

	if (wanted < 1 || wanted > 10000)
		return usual;
	return (usual * wanted + 99) / 100;
}

int claim_size(int usual, int least)
{
	int size = claim_effort(usual);

	if (size > usual)
		return usual;
	return size < least ? least : size;
}

/* ---- judging ---- */

/* Keep the history in the directory LOCKFAIR_HISTORIES, if there is one. */
static void keep(const struct scene *scene)
{
	const char *dir = getenv("LOCKFAIR_HISTORIES");
	char path[512];
	FILE *stream;
	int err;

	if (!dir)
		return;
	snprintf(path, sizeof(path), "%s/%s.%s.%s.%s.history", dir, program_invocation_short_name,
		 judged->class, lock_kind_name(scene->site->kind), judged->name);
	stream = fopen(path, "we");
	err = stream ? history_save(scene->history, stream) : -errno;
	if (stream && fclose(stream) && !err)
		err = -errno;
	if (err)
		claim_say("%s: %s", path, strerror(-err));
}

static void show(const struct scene *scene, const struct history_verdict *verdict)
{
	history_draw(scene->history, verdict, claim_emit);
	keep(scene);
	if (!fix_commit)
		return;
	claim_say("fixed by %s, Linux %s; to find what broke it, in the kernel's tree:", fix_commit,
		  fix_release);
	claim_say("git bisect run .../run_tests.sh --bisect '%s:%s.%s.%s'",
		  program_invocation_short_name, judged->class,
		  lock_kind_name(scene->site->kind), judged->name);
}

bool judge_holds(struct scene *scene, bool condition, const struct history_verdict *verdict,
		 int line, const char *seen, ...)
{
	va_list args;

	if (!scene_goes_on(scene))
		return false;
	if (condition)
		return true;
	claim_say("expected: %s", judged->name);
	va_start(args, seen);
	say("seen: ", seen, args, line);
	va_end(args);
	show(scene, verdict);
	scene_missed(scene);
	return false;
}

/* ---- order, where a sleeper may be late ---- */

/*
 * Not every waiter that was found asleep is in the queue: lib/lock/medium.h says how many may be
 * mistaken, as measured. Is the order broken in more rounds than that explains? A sequential
 * probability ratio test decides, with one error in 1000. Each round adds to the odds of "broken in
 * half of the rounds" against "broken as often as measured".
 */
#define BROKEN		0.5
#define DECIDED		6.9	/* the logarithm of 1000 */
#define NOTHING		0.1	/* a round that decides less than this is not worth its time */
#define ROUNDS		20

static double by_mistake(int error, int waiters)
{
	double share = 1 - pow(1 - error / 1000.0, waiters);

	return share < BROKEN ? share : BROKEN;
}

static int count_waiters(const struct history *history)
{
	int count = 0, length = history_length(history);

	for (int i = 0; i < length; i++)
		count += history->event[i].what == HISTORY_QUEUED;
	return count;
}

bool judge_wants_another_round(const struct scene *scene, int ms)
{
	bool counts = scene->end == SCENE_GOES_ON || (scene->end == SCENE_MISSED && order.missed);
	double mistaken = by_mistake(order.error, order.waiters);
	double step = order.missed ? log(BROKEN / mistaken) : log((1 - BROKEN) / (1 - mistaken));

	if (!order.asked || !counts) {
		order.asked = false;
		return false;
	}
	if (!order.rounds)
		order.begun = asleep_clock();
	order.rounds++;
	order.missing += order.missed;
	order.odds += step;
	if (fabs(step) < NOTHING || fabs(order.odds) > DECIDED || order.rounds == ROUNDS ||
	    asleep_clock() - order.begun > ms * 1000000LL)
		return false;
	order.missed = false;
	return true;
}

/* Judge the order by all rounds. Return false if they do not decide it. */
static bool order_is_decided(struct scene *scene)
{
	if (!order.asked)
		return true;
	if (order.missing)
		claim_say("not in order: %d of %d rounds", order.missing, order.rounds);
	scene->end = order.odds > 0 ? SCENE_MISSED : SCENE_GOES_ON;
	return fabs(order.odds) > DECIDED;
}

bool order_can_be_seen(struct scene *scene)
{
	return scene_needs(scene, LACKS_TURNS) &&
	       skip_unless(scene, medium_of(scene->site->kind).sort != MEDIUM_POLLS,
			   "waiters poll here, in no order");
}

bool nobody_is_overtaken(struct scene *scene)
{
	struct history_verdict found = history_overtaking(scene->history);
	struct medium medium = medium_of(scene->site->kind);

	if (!order_can_be_seen(scene))
		return false;
	order.asked = medium.sort == MEDIUM_ASKS;
	order.error = medium.error;
	order.missed = found.count;
	order.waiters = count_waiters(scene->history);
	muted = order.missing;
	holds_verdict(scene, !found.count, &found,
		      "%s was granted the lock before %s, which had been waiting for it already",
		      history_name(scene->history, found.row),
		      history_name(scene->history, found.other));
	muted = false;
	return scene_goes_on(scene);
}

bool nobody_overlaps(struct scene *scene)
{
	struct history_verdict found = history_overlap(scene->history);

	return holds_verdict(scene, !found.count, &found,
			     TWO_HELD_IT "%s was granted the lock while %s held it",
			     history_name(scene->history, found.row),
			     history_name(scene->history, found.other));
}

bool conflicts_with(struct actor *actor, struct lock_request request, const struct actor *holder)
{
	int ret = actor_try(actor, request);

	if (!ret)
		return holds(actor->scene, false, TWO_HELD_IT "%s was granted it while %s held it",
			     actor_name(actor), actor_name(holder));
	return holds(actor->scene, ret == -EAGAIN,
		     "%s was refused with %s (%s) beside %s, not with EAGAIN", actor_name(actor),
		     error_name(ret), strerror(-ret), actor_name(holder));
}

bool bytes_are(struct actor *prober, off_t start, const char *expected)
{
	const char *found = actor_probe(prober, start, strlen(expected));

	return holds(prober->scene, !strcmp(found, expected),
		     "%s found %s, not %s, from byte %lld on", actor_name(prober), found, expected,
		     (long long)start);
}

bool requires(struct scene *scene, bool condition, const char *format, ...)
{
	char text[sizeof(scene->error)];
	va_list args;

	if (condition || !scene_goes_on(scene))
		return scene_goes_on(scene);
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	scene_failed(scene, "%s", text);
	return false;
}

bool sets_up(struct scene *scene, long ret, const char *what)
{
	if (ret < 0)
		scene_broken_by(scene, -errno, "%s: %s", what, strerror(errno));
	return scene_goes_on(scene);
}

bool skip_unless(struct scene *scene, bool condition, const char *reason)
{
	if (!condition)
		scene_lacks(scene, "%s", reason);
	return scene_goes_on(scene);
}

bool is_decided_at_once(const struct scene *scene)
{
	return late_medium(scene).sort == MEDIUM_AT_ONCE;
}

bool needs_capability(struct scene *scene, int capability, int err)
{
	const char *name = privilege_name(capability);

	if (!scene_goes_on(scene) || (err != -EPERM && err != -EACCES))
		return scene_goes_on(scene);
	if (privilege_has(capability) != 1)
		scene_lacks(scene, "needs %s", name);
	else if (privilege_is_confined())
		scene_lacks(scene, "a sandbox refuses what %s permits", name);
	return scene_goes_on(scene);
}

bool is_kind(const struct scene *scene, unsigned int kinds)
{
	return 1u << scene->site->kind & kinds;
}

/* ---- a history that was kept ---- */

static void say_verdict(const struct history *history, const struct history_verdict *found,
			const char *did, const char *never)
{
	if (!found->count)
		claim_say("%s", never);
	else
		claim_say("%s %s %s, %d times in all", history_name(history, found->row), did,
			  history_name(history, found->other), found->count);
}

void judge_also(struct history_verdict (*judge)(const struct history *history))
{
	other_judge = judge;
}

int judge_again(struct history *history, const char *path)
{
	struct history_verdict overlap, overtaking, shown;
	FILE *stream = fopen(path, "re");
	int ret = stream ? history_load(history, stream) : -errno;

	if (stream)
		fclose(stream);
	if (ret)
		return ret;
	overlap = history_overlap(history);
	overtaking = history_overtaking(history);
	say_verdict(history, &overlap, "was granted the lock while it was held by",
		    "no two conflicting locks were held at the same time");
	say_verdict(history, &overtaking, "was granted the lock before",
		    "nobody was overtaken");
	shown = overlap.count ? overlap : overtaking;
	if (other_judge) {
		struct history_verdict other = other_judge(history);

		shown = other.count ? other : shown;
	}
	history_draw(history, &shown, claim_emit);
	return 0;
}

/* ---- the end of a test ---- */

void judge_begin(const struct claim *claim)
{
	judged = claim;
	fix_commit = NULL;
	memset(&order, 0, sizeof(order));
}

void fixed_by(const char *commit, const char *release)
{
	fix_commit = commit;
	fix_release = release;
}

/* Folklore may fail for file locks, but the controls must keep it. */
static bool is_folklore(const struct scene *scene)
{
	return !strcmp(judged->class, "folklore") &&
	       lock_kind_traits(scene->site->kind) & TRAIT_FILE;
}

/*
 * Is the set-up one that an emulator of system calls does not offer? It does not know the call, or
 * starts no program for the machine that it emulates (emulator.h). Any other error is that of a
 * set-up that is broken.
 */
static bool is_beyond_an_emulator(const struct scene *scene)
{
	bool unknown = scene->cause == -ENOSYS || scene->cause == -ENOEXEC;

	return unknown && (scene->end == SCENE_BROKEN || scene->end == SCENE_FAILED) &&
	       emulator_is_there();
}

enum judge_result judge_end(struct scene *scene, const char **reason)
{
	*reason = "";
	if (!order_is_decided(scene)) {
		*reason = "too few rounds to distinguish an order from late requests";
		return JUDGE_SKIPPED;
	}
	if (scene->late_ms)
		claim_say("late, and granted: %s had it %d ms after another could have had it",
			  history_name(scene->history, scene->late_row), scene->late_ms);
	if (is_beyond_an_emulator(scene)) {
		*reason = BEYOND_AN_EMULATOR;
		claim_say("%s", scene->error);
		return JUDGE_SKIPPED;
	}
	switch (scene->end) {
	case SCENE_GOES_ON:
		if (is_folklore(scene))
			claim_say("unexpected pass: file locks have not been seen to do this");
		return JUDGE_PASSED;
	case SCENE_LACKS:
		*reason = scene->error;
		return JUDGE_SKIPPED;
	case SCENE_MISSED:
		if (!is_folklore(scene))
			return JUDGE_FAILED;
		*reason = judged->reason;
		return claim_told("LOCKFAIR_STRICT") ? JUDGE_FAILED : JUDGE_XFAILED;
	case SCENE_LATE:
		claim_say("late: %s", scene->error);
		show(scene, NULL);
		return JUDGE_FAILED;
	default:
		claim_say("%s: %s", scene->end == SCENE_BROKEN ? "broken" : "seen", scene->error);
		show(scene, NULL);
		return JUDGE_FAILED;
	}
}
