// SPDX-License-Identifier: GPL-2.0
/*
 * Does the kernel answer as the model of it does?
 *
 * A test written by hand covers only what its author thought of. Here thousands of random scenarios
 * are run a step at a time: processes lock, convert, unlock, duplicate and close descriptors, fork,
 * exit and are interrupted. After each step, everybody has returned or is proved asleep, and then
 * all that can be seen, results, F_GETLK from all sides, flock() and /proc/locks, is compared with
 * the executable specification in model/: with what the documentation allows (promise) and with
 * what Linux has always done (practice). Where they differ, the scenario is made as short as
 * possible and listed.
 *
 * The seeds are the same in every run. --help describes how to try others.
 */
#include "claim/claim.h"
#include "model/command.h"
#include "model/fuzz.h"
#include "system/asleep.h"

/*
 * On two cores all is run in three seconds. A machine that is emulated and loaded takes a hundred
 * times as long; it runs the first of the same scenarios, and at least this share of them.
 */
#define MOST_SECONDS	5
#define LEAST_PERCENT	10

static struct fuzz *run_claim(struct scene *scene, int kind, unsigned int levels, int count,
			      bool processes)
{
	struct fuzz *fuzz = fuzz_new(kind, levels, claim_effort(count));
	int err = 0;

	if (!fuzz) {
		scene_broken(scene, "no memory");
		return NULL;
	}
	fuzz->processes = processes;
	fuzz->seconds = MOST_SECONDS;
	fuzz->least = fuzz->count * LEAST_PERCENT / 100 + 1;
	fuzz->history = scene->history;
	if (scene_goes_on(scene))
		err = fuzz_run(fuzz);
	if (err == -ETIMEDOUT)
		scene_failed(scene, "seed %llu: %s", fuzz->seed_of_it, fuzz_error(fuzz, err));
	else if (err)
		scene_broken_by(scene, err, "seed %llu: %s", fuzz->seed_of_it,
				fuzz_error(fuzz, err));
	else if (!fuzz->differs)
		fuzz_emit_figures(fuzz, claim_emit);
	return fuzz;
}

/* Run the first @count scenarios of a kind, and compare them with the model at these levels. */
static void agrees(struct scene *scene, int kind, unsigned int levels, int count, bool processes)
{
	struct fuzz *fuzz;

	skip_unless(scene, is_decided_at_once(scene),
		    "the model knows only locks that are decided at once");
	skip_unless(scene, asleep_evidence() != ASLEEP_UNSEEN, ASLEEP_IS_HIDDEN);
	for (enum lock_lack lack = 0; lack < LACKS; lack++)
		scene_needs(scene, lack);
	for (int site = 0; site < scene->sites; site++) {
		scene_needs_wait(scene, at_site(site, SHARED));
		scene_needs_wait(scene, at_site(site, EXCLUSIVE));
	}
	if (!scene_goes_on(scene))
		return;
	fuzz = run_claim(scene, kind, levels, count, processes);
	if (!fuzz)
		return;
	fuzz_emit_report(fuzz, "tests/model", claim_emit);
	requires(scene, fuzz->offered, "a query of who holds the lock is refused");
	holds(scene, !fuzz->differs, "the scenario above, seed %llu", fuzz->seed_of_it);
}

/* The controls do. For file locks, report the shortest scenario in which a waiter is overtaken. */
FOLKLORE(EVERY_KIND, random_scenarios_are_first_come_first_served,
	 "a waiter was overtaken")
{
	agrees(scene, scene->site->kind, MODEL_BELIEVED, 60, false);
}

/* The quotations are in model/, each with its rule. */
PROMISE(FILE_LOCKS, no_answer_is_against_the_documentation)
{
	agrees(scene, scene->site->kind, MODEL_DOCUMENTED, 150, false);
}

PRACTICE(FILE_LOCKS, every_answer_is_as_it_has_always_been)
{
	agrees(scene, scene->site->kind, MODEL_PRACTISED, 220, false);
}

/* Then mix POSIX, OFD, flock and lockf in one scenario, if all of them are available. */
static void add_the_other_kinds(struct scene *scene)
{
	scene_add_kind(scene, KIND_OFD);
	scene_add_kind(scene, KIND_FLOCK);
}

PRACTICE(POSIX, kinds_get_along_as_they_always_have)
{
	add_the_other_kinds(scene);
	agrees(scene, SCENARIO_MIXED, MODEL_PRACTISED, 300, false);
}

/* Everywhere else, the actors are threads that have unshared their descriptors. */
PRACTICE(POSIX, processes_answer_as_they_always_have)
{
	add_the_other_kinds(scene);
	agrees(scene, SCENARIO_MIXED, MODEL_PRACTISED, 100, true);
}

int main(int argc, char **argv)
{
	if (argc < 2 || strncmp(argv[1], "--", 2) || !strcmp(argv[1], ACTOR_AFTER_EXEC))
		return claim_main(argc, argv);
	/* No process of a run may outlive it. */
	if (pthread_atfork(claim_before_fork, NULL, claim_in_child))
		return 2;
	return command(argc, argv, claim_emit);
}
