/* SPDX-License-Identifier: GPL-2.0 */
/* claim_main: registers the claims with the harness, chooses among them, and runs them. */
#ifndef LOCKFAIR_CLAIM_MAIN_H
#define LOCKFAIR_CLAIM_MAIN_H

#include <fcntl.h>
#include <fnmatch.h>
#include <pthread.h>

#include "claim/claim_harness.h"
#include "history/draw.h"

/* ---- claims ---- */

#define CLAIMS	64
static struct claim claims[CLAIMS];
static int claim_count;

/* The history of the test that runs, in memory which the harness's process sees as well. */
static struct history *claim_history;

static inline void claim_register(const char *class, const char *name, unsigned int kinds,
				  const char *reason)
{
	if (claim_count == CLAIMS)
		abort();
	claims[claim_count++] = (struct claim){ class, name, reason, kinds };
}

static inline const struct claim *claim_find(const char *class, const char *name)
{
	for (int i = 0; i < claim_count; i++) {
		if (!strcmp(claims[i].class, class) && !strcmp(claims[i].name, name))
			return &claims[i];
	}
	abort();
}

/*
 * Seconds for a test, however slow or busy the machine. The harness's own limit is longer, because
 * it ends the test without a report.
 */
#define CLAIM_TIME_LIMIT	60

/* Where a daemon or server decides, a wait may take long, and a claim about order takes rounds. */
static inline int claim_time_limit(void)
{
	return CLAIM_TIME_LIMIT * (getenv("LOCKFAIR_DELAY") ? 4 : 1);
}

/*
 * Seconds after the program's start in which a claim about order may take further rounds: five
 * sixths of the program's time limit, which is for all of its tests.
 */
static inline int claim_rounds_end(void)
{
	const char *limit = getenv("LOCKFAIR_TIME_LIMIT");

	return (limit ? atoi(limit) : 120) * 5 / 6;
}

static long long claim_begun;

static inline int claim_time_for_rounds(void)
{
	int left = claim_rounds_end() * 1000 - (int)((asleep_clock() - claim_begun) / 1000000);
	int most = claim_time_limit() * 1000 / 4;

	return left < most ? left : most;
}

/* Draw the history of a test that aborts or runs out of time, before it ends. */
static inline void claim_last_words(int signal_number)
{
	claim_say("ended by signal %d (%s)", signal_number,
		  signal_number == SIGALRM ? "time limit" : "crash");
	history_draw(claim_history, NULL, claim_emit);
	raise(signal_number);
}

static inline void claim_setup(struct scene *scene, enum lock_kind kind)
{
	static const int ends[] = { SIGABRT, SIGALRM, SIGBUS, SIGFPE, SIGILL, SIGSEGV };
	struct sigaction last = { .sa_handler = claim_last_words, .sa_flags = SA_RESETHAND };
	int before, err;

	signal(SIGTERM, SIG_DFL);
	for (unsigned int i = 0; i < ARRAY_SIZE(ends); i++)
		sigaction(ends[i], &last, NULL);
	alarm(claim_time_limit());
	/* Without capabilities root is like any user. Without libcap it keeps them. */
	err = privilege_keep(CLAIM_KEEPS);
	before = CLAIM_BEFORE();
	scene_open(scene, kind, getenv("LOCKFAIR_DIR"), claim_history);
	if (err && err != -EOPNOTSUPP)
		scene_broken(scene, "dropping capabilities: %s", strerror(-err));
	if (before)
		scene_broken(scene, "before the test: %s", strerror(-before));
}

/* A test that has become another user cannot remove the files that it made before. */
static inline void claim_come_back(void)
{
	uid_t real, effective, saved;

	if (!getresuid(&real, &effective, &saved) && saved != effective && seteuid(saved) < 0)
		claim_say("coming back to user %d: %s", (int)saved, strerror(errno));
}

static inline void claim_teardown(struct scene *scene)
{
	int left;

	claim_come_back();
	left = scene_close(scene);
	if (left)
		claim_say("left behind: %d actors, which not even SIGKILL ends in their lock call",
			  left);
}

/* Run the test, which is a function of its scene, and pass its result to the harness. */
static inline void claim_play(struct __test_metadata *t, struct scene *scene,
			      void (*play)(struct scene *scene))
{
	static const int codes[] = {
		[JUDGE_PASSED] = KSFT_PASS, [JUDGE_FAILED] = KSFT_FAIL,
		[JUDGE_SKIPPED] = KSFT_SKIP, [JUDGE_XFAILED] = KSFT_XFAIL,
	};
	enum judge_result result;
	const char *reason;

	judge_begin(claim_find(t->fixture->name, t->name));
	play(scene);
	while (judge_wants_another_round(scene, claim_time_for_rounds())) {
		enum lock_kind kind = scene->site->kind;

		claim_teardown(scene);
		scene_open(scene, kind, getenv("LOCKFAIR_DIR"), claim_history);
		play(scene);
	}
	result = judge_end(scene, &reason);
	if (result != JUDGE_PASSED)
		claim_set(t, codes[result], reason);
}

/* For the harness, a class is a fixture and a kind is a variant of it. */

FIXTURE(promise) { struct scene scene; };
FIXTURE_VARIANT(promise) { enum lock_kind kind; };
FIXTURE_SETUP(promise) { claim_setup(&self->scene, variant->kind); }
FIXTURE_TEARDOWN(promise) { claim_teardown(&self->scene); }
FIXTURE_VARIANT_ADD(promise, posix) { .kind = KIND_POSIX };
FIXTURE_VARIANT_ADD(promise, ofd) { .kind = KIND_OFD };
FIXTURE_VARIANT_ADD(promise, flock) { .kind = KIND_FLOCK };
FIXTURE_VARIANT_ADD(promise, lockf) { .kind = KIND_LOCKF };
FIXTURE_VARIANT_ADD(promise, eventfd) { .kind = KIND_EVENTFD };
FIXTURE_VARIANT_ADD(promise, futex) { .kind = KIND_FUTEX };

FIXTURE(practice) { struct scene scene; };
FIXTURE_VARIANT(practice) { enum lock_kind kind; };
FIXTURE_SETUP(practice) { claim_setup(&self->scene, variant->kind); }
FIXTURE_TEARDOWN(practice) { claim_teardown(&self->scene); }
FIXTURE_VARIANT_ADD(practice, posix) { .kind = KIND_POSIX };
FIXTURE_VARIANT_ADD(practice, ofd) { .kind = KIND_OFD };
FIXTURE_VARIANT_ADD(practice, flock) { .kind = KIND_FLOCK };
FIXTURE_VARIANT_ADD(practice, lockf) { .kind = KIND_LOCKF };
FIXTURE_VARIANT_ADD(practice, eventfd) { .kind = KIND_EVENTFD };
FIXTURE_VARIANT_ADD(practice, futex) { .kind = KIND_FUTEX };

FIXTURE(folklore) { struct scene scene; };
FIXTURE_VARIANT(folklore) { enum lock_kind kind; };
FIXTURE_SETUP(folklore) { claim_setup(&self->scene, variant->kind); }
FIXTURE_TEARDOWN(folklore) { claim_teardown(&self->scene); }
FIXTURE_VARIANT_ADD(folklore, posix) { .kind = KIND_POSIX };
FIXTURE_VARIANT_ADD(folklore, ofd) { .kind = KIND_OFD };
FIXTURE_VARIANT_ADD(folklore, flock) { .kind = KIND_FLOCK };
FIXTURE_VARIANT_ADD(folklore, lockf) { .kind = KIND_LOCKF };
FIXTURE_VARIANT_ADD(folklore, eventfd) { .kind = KIND_EVENTFD };
FIXTURE_VARIANT_ADD(folklore, futex) { .kind = KIND_FUTEX };

/* A file need not have claims of every class: keep the compiler from reporting unused functions. */
static inline void claim_use_classes(void)
{
	(void)promise_setup;
	(void)promise_teardown;
	(void)practice_setup;
	(void)practice_teardown;
	(void)folklore_setup;
	(void)folklore_teardown;
}

/* The body that follows is a function of @scene; the harness's test calls it. */
#define CLAIM(class, kinds, claim, reason) \
	static void body_of_##class##_##claim(struct scene *scene); \
	static void __attribute__((constructor)) claim_register_##class##_##claim(void) \
	{ \
		claim_register(#class, #claim, kinds, reason); \
	} \
	TEST_F(class, claim) \
	{ \
		claim_play(_metadata, &self->scene, body_of_##class##_##claim); \
	} \
	static void body_of_##class##_##claim(struct scene *scene)

/* ---- choosing and running ---- */

/*
 * The harness's own main() does not know which kinds a claim is about, and before 6.9 has no
 * selection. This main() selects tests from the harness's lists, and the harness runs them.
 */
static struct __test_metadata *claim_running;
static sig_atomic_t claim_ended;

/* On SIGTERM, from run_tests.sh: draw the history of the running test, and end. */
static inline void claim_end(int signal_number)
{
	(void)signal_number;
	__atomic_store_n(&claim_ended, 1, __ATOMIC_RELAXED);
	if (!claim_running)
		_exit(KSFT_FAIL);
	claim_say("ended from outside while %s ran", claim_running->name);
	history_draw(claim_history, NULL, claim_emit);
	/* Kill its process group, or the process alone if it does not lead the group yet. */
	if (claim_running->pid > 0 && kill(-claim_running->pid, SIGKILL))
		kill(claim_running->pid, SIGKILL);
}

static pid_t claim_parent;

static inline void claim_before_fork(void)
{
	claim_parent = getpid();
}

/* An actor dies with the process that started it, so ending main() ends everything. */
static inline void claim_in_child(void)
{
	actor_die_with_parent(claim_parent);
}

static inline bool claim_has_kind(const struct claim *claim, const char *kind_name)
{
	for (int kind = 0; kind < KINDS; kind++) {
		if (claim->kinds & 1u << kind && !strcmp(lock_kind_name(kind), kind_name))
			return true;
	}
	return false;
}

/*
 * Name the test in the kernel's log, in case a guest does not survive it. Use a level that a quiet
 * console shows, too.
 */
static inline void claim_tell_kernel(const char *id)
{
	char text[280];
	int fd, length;

	if (!claim_told("LOCKFAIR_KMSG"))
		return;
	fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	length = snprintf(text, sizeof(text), "<3>lockfair: %s\n", id);
	if (write(fd, text, length) < 0)
		claim_say("/dev/kmsg: %s", strerror(errno));
	close(fd);
}

/*
 * Have there been LOCKFAIR_STOP unexpected results (1 for run_tests.sh -x)? Then the remaining
 * tests are named, and not run.
 */
static inline bool claim_stops(void)
{
	const char *most = getenv("LOCKFAIR_STOP");

	return most && atoi(most) > 0 &&
	       (int)(ksft_get_fail_cnt() + ksft_get_error_cnt()) >= atoi(most);
}

static inline void claim_leave_out(const char *name)
{
	ksft_inc_xskip_cnt();
	printf("ok %u %s # SKIP stopped at an unexpected result\n", ksft_test_num(), name);
}

static inline bool claim_chosen(int argc, char **argv, const char *id)
{
	bool any = false;

	for (int i = 1; i + 1 < argc; i++) {
		if (strcmp(argv[i], "-t"))
			continue;
		any = true;
		if (!fnmatch(argv[++i], id, 0))
			return true;
	}
	return !any;
}

/* Count the chosen tests, print their ids, or run them. Return how many there are. */
enum claim_pass { CLAIM_COUNT, CLAIM_LIST, CLAIM_RUN };

static inline int claim_go(int argc, char **argv, enum claim_pass pass)
{
	const char *slash = strrchr(argv[0], '/'), *file = slash ? slash + 1 : argv[0];
	static struct __test_results *results;
	int count = 0;

	if (pass == CLAIM_RUN) {
		results = mmap(NULL, sizeof(*results), PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		if (results == MAP_FAILED)
			ksft_exit_fail_msg("no memory\n");
	}
	for (struct __fixture_metadata *f = __fixture_list; f; f = f->next) {
		for (struct __fixture_variant_metadata *v = f->variant; v; v = v->next) {
			for (struct __test_metadata *t = f->tests; t; t = t->next) {
				char id[256];

				snprintf(id, sizeof(id), "%s:%s.%s.%s", file, f->name, v->name,
					 t->name);
				if (!claim_has_kind(claim_find(f->name, t->name), v->name) ||
				    !claim_chosen(argc, argv, id) ||
				    __atomic_load_n(&claim_ended, __ATOMIC_RELAXED))
					continue;
				count++;
				if (pass == CLAIM_LIST)
					printf("%s\n", id);
				if (pass != CLAIM_RUN)
					continue;
				if (claim_stops()) {
					claim_leave_out(strchr(id, ':') + 1);
					continue;
				}
				claim_tell_kernel(id);
				history_clear(claim_history);
				t->results = results;
				t->pid = 0;
				t->timeout = claim_time_limit() + 5;
				claim_running = t;
				__run_test(f, v, t);
				claim_running = NULL;
			}
		}
	}
	return count;
}

static inline int claim_usage(const char *name)
{
	fprintf(stderr, "usage: %s [-l] [-t GLOB]...\n"
		"       %s --judge FILE\n"
		"  -l            list the ids of the tests\n"
		"  -t GLOB       run those whose id FILE:CLASS.KIND.CLAIM matches\n"
		"  --judge FILE  judge a history that LOCKFAIR_HISTORIES=DIR has kept, and draw it\n",
		name, name);
	return KSFT_FAIL;
}

static inline int claim_judge_again(const char *path)
{
	int ret = judge_again(claim_history, path);

	if (ret < 0)
		fprintf(stderr, "%s: %s\n", path, strerror(-ret));
	else if (ret)
		fprintf(stderr, "%s: line %d is not part of a history\n", path, ret);
	return ret ? KSFT_FAIL : KSFT_PASS;
}

static inline int claim_main(int argc, char **argv)
{
	struct sigaction end = { .sa_handler = claim_end, .sa_flags = SA_RESTART };
	const char *kept = NULL;
	bool list = false;
	int count;

	claim_use_classes();
	if (argc == 3 && !strcmp(argv[1], ACTOR_AFTER_EXEC))
		actor_after_exec(atoi(argv[2]));
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "-l"))
			list = true;
		else if (!strcmp(argv[i], "-t") && i + 1 < argc)
			i++;
		else if (!strcmp(argv[i], "--judge") && i + 1 < argc)
			kept = argv[++i];
		else
			return claim_usage(argv[0]);
	}
	if (list) {
		claim_go(argc, argv, CLAIM_LIST);
		return KSFT_PASS;
	}

	setvbuf(stdout, NULL, _IOLBF, 0);
	claim_begun = asleep_clock();
	claim_history = history_new();
	if (!claim_history || pthread_atfork(claim_before_fork, NULL, claim_in_child))
		ksft_exit_fail_msg("no memory\n");
	if (kept)
		return claim_judge_again(kept);
	sigaction(SIGTERM, &end, NULL);

	count = claim_go(argc, argv, CLAIM_COUNT);
	ksft_print_header();
	ksft_set_plan(count);
	if (!count)
		return KSFT_SKIP;
	claim_go(argc, argv, CLAIM_RUN);
	ksft_print_cnts();
	if (ksft_get_fail_cnt() || ksft_get_error_cnt() || claim_ended)
		return KSFT_FAIL;
	return (int)ksft_get_xskip_cnt() == count ? KSFT_SKIP : KSFT_PASS;
}

#endif /* LOCKFAIR_CLAIM_MAIN_H */
