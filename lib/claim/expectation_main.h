/* SPDX-License-Identifier: GPL-2.0 */
/* expectation_main: the part of expectation.h that chooses tests and runs them. */
#ifndef LOCKFAIR_EXPECTATION_MAIN_H
#define LOCKFAIR_EXPECTATION_MAIN_H

#include <fcntl.h>
#include <fnmatch.h>
#include <pthread.h>

/*
 * The harness's own main() knows neither traits nor, before 6.9, any selection.
 * This one takes the tests from its lists, and leaves running them to it.
 */
static struct __test_metadata *expectation_running;
static sig_atomic_t expectation_ended;

/* run_tests.sh has lost its patience: show what the test was at, and end. */
static inline void expectation_end(int signal_number)
{
	(void)signal_number;
	__atomic_store_n(&expectation_ended, 1, __ATOMIC_RELAXED);
	if (!expectation_running)
		_exit(KSFT_FAIL);
	expectation_say("ended from outside while %s ran", expectation_running->name);
	history_draw(expectation_history, NULL, expectation_emit);
	/* The group, or the one who has not come to lead it yet. */
	if (expectation_running->pid > 0 && kill(-expectation_running->pid, SIGKILL))
		kill(expectation_running->pid, SIGKILL);
}

static pid_t expectation_parent;

static inline void expectation_before_fork(void)
{
	expectation_parent = getpid();
}

/* A process dies with the one that started it, so that ending main() ends everything. */
static inline void expectation_in_child(void)
{
	actor_die_with_parent(expectation_parent);
}

static inline bool expectation_has_kind(const char *class, const char *kind_name,
					const char *claim)
{
	unsigned int traits = 0;

	for (int i = 0; i < expectation_claim_count; i++) {
		if (!strcmp(expectation_claims[i].class, class) &&
		    !strcmp(expectation_claims[i].name, claim))
			traits = expectation_claims[i].traits;
	}
	for (int kind = 0; kind < LOCK_KINDS; kind++) {
		if (!strcmp(lock_kind_name(kind), kind_name))
			return (lock_kind_traits(kind) & traits) == traits;
	}
	return false;
}

/*
 * In a guest that may not live to tell: the kernel's log says which test was running. At a
 * level that is shown on a quiet console, too.
 */
static inline void expectation_tell_kernel(const char *id)
{
	char text[280];
	int fd, length;

	if (!expectation_told("LOCKFAIR_KMSG"))
		return;
	fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	length = snprintf(text, sizeof(text), "<3>lockfair: %s\n", id);
	if (write(fd, text, length) < 0)
		expectation_say("/dev/kmsg: %s", strerror(errno));
	close(fd);
}

/*
 * After so many unexpected results as LOCKFAIR_STOP says, 1 for run_tests.sh -x, the rest is
 * named, and not run.
 */
static inline bool expectation_stops(void)
{
	const char *most = getenv("LOCKFAIR_STOP");

	return most && atoi(most) > 0 &&
	       (int)(ksft_get_fail_cnt() + ksft_get_error_cnt()) >= atoi(most);
}

static inline void expectation_leave_out(const char *name)
{
	ksft_inc_xskip_cnt();
	printf("ok %u %s # SKIP stopped at an unexpected result\n", ksft_test_num(), name);
}

static inline bool expectation_chosen(int argc, char **argv, const char *id)
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

/* Go through the chosen tests: count them, print their ids, or run them. How many there are. */
enum expectation_pass { EXPECTATION_COUNT, EXPECTATION_LIST, EXPECTATION_RUN };

static inline int expectation_go(int argc, char **argv, enum expectation_pass pass)
{
	const char *slash = strrchr(argv[0], '/'), *file = slash ? slash + 1 : argv[0];
	static struct __test_results *results;
	int count = 0;

	if (pass == EXPECTATION_RUN) {
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
				if (!expectation_has_kind(f->name, v->name, t->name) ||
				    !expectation_chosen(argc, argv, id) ||
				    __atomic_load_n(&expectation_ended, __ATOMIC_RELAXED))
					continue;
				count++;
				if (pass == EXPECTATION_LIST)
					printf("%s\n", id);
				if (pass != EXPECTATION_RUN)
					continue;
				if (expectation_stops()) {
					expectation_leave_out(strchr(id, ':') + 1);
					continue;
				}
				expectation_tell_kernel(id);
				history_clear(expectation_history);
				t->results = results;
				t->pid = 0;
				t->timeout = EXPECTATION_TIME_LIMIT + 5;
				expectation_running = t;
				__run_test(f, v, t);
				expectation_running = NULL;
			}
		}
	}
	return count;
}

static inline int expectation_usage(const char *name)
{
	fprintf(stderr, "usage: %s [-l] [-t GLOB]...\n"
		"  -l       list the ids of the tests\n"
		"  -t GLOB  run those whose id FILE:CLASS.KIND.CLAIM matches\n", name);
	return KSFT_FAIL;
}

static inline int expectation_main(int argc, char **argv)
{
	struct sigaction end = { .sa_handler = expectation_end, .sa_flags = SA_RESTART };
	bool list = false;
	int count;

	if (argc == 3 && !strcmp(argv[1], ACTOR_AFTER_EXEC))
		actor_after_exec(atoi(argv[2]));
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "-l"))
			list = true;
		else if (!strcmp(argv[i], "-t") && i + 1 < argc)
			i++;
		else
			return expectation_usage(argv[0]);
	}
	if (list) {
		expectation_go(argc, argv, EXPECTATION_LIST);
		return KSFT_PASS;
	}

	setvbuf(stdout, NULL, _IOLBF, 0);
	expectation_history = history_new();
	if (!expectation_history || pthread_atfork(expectation_before_fork, NULL,
						   expectation_in_child))
		ksft_exit_fail_msg("no memory\n");
	sigaction(SIGTERM, &end, NULL);

	count = expectation_go(argc, argv, EXPECTATION_COUNT);
	ksft_print_header();
	ksft_set_plan(count);
	if (!count)
		return KSFT_SKIP;
	expectation_go(argc, argv, EXPECTATION_RUN);
	ksft_print_cnts();
	if (ksft_get_fail_cnt() || ksft_get_error_cnt() || expectation_ended)
		return KSFT_FAIL;
	return (int)ksft_get_xskip_cnt() == count ? KSFT_SKIP : KSFT_PASS;
}

#define EXPECTATION_MAIN \
	int main(int argc, char **argv) \
	{ \
		return expectation_main(argc, argv); \
	}

#endif /* LOCKFAIR_EXPECTATION_MAIN_H */
