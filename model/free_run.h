/* SPDX-License-Identifier: GPL-2.0 */
/*
 * free_run: where the kernel may be while actors run freely. For linearize.c. (free_step.c has
 * free_run_go_on() and free_run_holder().)
 *
 * A point is a state of the model, and which of the calls under way have begun in it. After a call
 * is made, free_run_go_on() adds all points that can be reached without another event.
 */
#ifndef LOCKFAIR_FREE_RUN_H
#define LOCKFAIR_FREE_RUN_H

#include "history/history.h"
#include "model/rules.h"
#include "model/set.h"

#define FREE_ROWS	MODEL_ACTORS
#define FREE_POINTS	4096	/* a power of two */

/*
 * What is known of an actor from the events so far. It is the same at all points. A row of the
 * history is the actor of that number; the row that owns its locks has its table of descriptors.
 */
struct free_row {
	const struct history_event *call;	/* under way: a request, a release or a close */
	const struct history_event *answer;	/* to the request; NULL if it got none */
	bool ending;				/* it may be killed */
};

/* A bit for each row: its call has begun, the end of its process has begun. */
struct free_point {
	struct model_state state;
	unsigned char begun, ended;
};

struct free_run {
	const struct history *history;
	const struct model_rules *rules;
	struct free_row row[FREE_ROWS];
	off_t cell[MODEL_CELLS];		/* where each begins */
	int cells;
	struct free_point point[FREE_POINTS];
	int index[2 * FREE_POINTS];		/* by hash */
	int place[FREE_POINTS];			/* of each point in the index */
	int count;
	bool full;				/* some points did not fit */
	struct model_set reached;
};

/* 0 or -ENOMEM. */
int free_run_open(struct free_run *run);
void free_run_close(struct free_run *run);

/* Set the actors and cells of a history. Return NULL, or why the model has no room for them. */
const char *free_run_set(struct free_run *run, const struct history *history,
			 const struct model_rules *rules);

/* The step of the model that the event is about. */
struct model_step free_run_step_of(const struct free_run *run, const struct history_event *e,
				   enum model_what what);

/* Add a point, unless it is in the set or leads nowhere. */
void free_run_add(struct free_run *run, struct free_point *point);

/* Start at the point where nobody holds or requests anything. Is no other point possible now? */
void free_run_begin(struct free_run *run);
bool free_run_is_at_begin(const struct free_run *run);

/*
 * After an event of a row, add all points that its call or its end may lead to. False if there are
 * too many.
 */
bool free_run_go_on(struct free_run *run, int row);

/*
 * Keep the points that agree with an event, which may change them. If there are none, keep all and
 * return false.
 */
typedef bool (*free_run_agrees)(const struct free_run *run, struct free_point *point,
				const struct history_event *e);
bool free_run_keep(struct free_run *run, const struct history_event *e, free_run_agrees agrees);

/* Has the row's call begun? Has the end of its process begun? Is a close under way? */
bool free_run_has_begun(const struct free_point *point, int row);
bool free_run_has_ended(const struct free_point *point, int row);
bool free_run_closes(const struct free_point *point);

/*
 * Has the row's request been granted or refused, with the result of its answer? May it still become
 * that result, because a close may come before the kernel looks for the descriptor?
 */
bool free_run_agrees_with(const struct free_run *run, const struct free_point *point, int row);
bool free_run_may_be_ebadf(const struct free_run *run, const struct free_point *point, int row);

/* Forget a row's call, which has returned. */
void free_run_finish(struct free_point *point, int row);

/* Give a row a descriptor for a site, unless it has one; for all sites. */
void free_run_reopen(const struct free_run *run, struct free_point *point, int row, int site);
void free_run_revive(const struct free_run *run, struct free_point *point, int row);

/*
 * Return a row that holds a lock in conflict with this request, at one of the points or, with
 * @always, at each of them; or -1.
 */
int free_run_holder(const struct free_run *run, const struct history_event *request, bool always);

#endif /* LOCKFAIR_FREE_RUN_H */
