/* SPDX-License-Identifier: GPL-2.0 */
/*
 * figure: what the programs in figures/ share. Each of them goes through the kinds round by round,
 * so that changes of the machine's load affect all kinds alike, and prints a line for each value:
 *
 *	FIGURE	KIND	PARAMETER	ROUND	VALUE	UNIT
 *
 * A line that begins with "# " names something that is missing, or a condition.
 */
#ifndef LOCKFAIR_FIGURE_H
#define LOCKFAIR_FIGURE_H

#include "actor/actor.h"
#include "actor/rest.h"

#define FIGURE_CPUS	SCENE_ACTORS

struct figure_run {
	const char *name;
	const char *dir;		/* for lock_site_open() */
	int rounds;			/* how many to run; 0: decide after the first */
	bool fixed;			/* run all of them, in any time */
	int round;			/* the present one, from 1 on */
	double seconds;			/* how long all rounds may take */
	double began;
	int broken;			/* an error that is not about a kind of lock */
	int cpus;			/* how many of them are in cpu[] */
	int cpu[FIGURE_CPUS];		/* the CPUs that this program may use */
	struct history *history;	/* for scene_open() */
};

/* Nanoseconds by CLOCK_MONOTONIC. */
double figure_now(void);

/*
 * Options: -r ROUNDS; or -s SECONDS, when the first round decides how many fit. Anything else ends
 * the program with status 2.
 */
void figure_begin(struct figure_run *run, const char *name, int argc, char *argv[]);

/* Start the next round, if there is one. */
bool figure_next_round(struct figure_run *run);

/* The @nth kind of this round: each round begins with another. */
enum lock_kind figure_kind(const struct figure_run *run, int nth);

/* Print a value of this round, unless it is not finite. */
void figure_value(const struct figure_run *run, const char *figure, const char *kind,
		  const char *parameter, double value, const char *unit);

/* Print a condition, or what is missing, in the first round only. Arguments as for printf(3). */
#define figure_note(run, ...) do { \
	if ((run)->round <= 1) { \
		printf("# " __VA_ARGS__); \
		putchar('\n'); \
	} \
} while (0)

/* Close the scene and report its error. Return true if there was none. */
bool figure_scene_close(struct figure_run *run, struct scene *scene, enum lock_kind kind);

/* What main() returns. */
int figure_end(struct figure_run *run);

/* Memory that the actors share, zeroed; ends the program if there is none. */
void *figure_shared(size_t size);

/* Wait until the task sleeps in @call. 0, or -errno: -ETIMEDOUT after a second. */
int figure_asleep(pid_t tid, const struct asleep_call *call);

#endif /* LOCKFAIR_FIGURE_H */
