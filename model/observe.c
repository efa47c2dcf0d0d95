// SPDX-License-Identifier: GPL-2.0
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "model/observe.h"

static bool can_ask(const struct stage *stage, enum lock_kind kind)
{
	struct lock lock = stage_lock(stage, kind, 0);
	struct flock range = { .l_type = F_WRLCK };

	return lock_query(&lock, &range) == 0;
}

/* Try the lock and release it at once, while all actors are at rest: nobody waits behind it. */
static bool may_flock(const struct stage *stage, int file, enum lock_mode mode)
{
	struct lock lock = stage_lock(stage, KIND_FLOCK, file);
	struct lock_request request = { .mode = mode };

	if (lock_acquire(&lock, &request, false))
		return false;
	lock_release(&lock, 0, 0);
	return true;
}

int observe_open(struct observer *observer, const struct stage *stage)
{
	*observer = (struct observer){
		.queries = { can_ask(stage, KIND_POSIX), can_ask(stage, KIND_OFD) },
		.flocks = may_flock(stage, 0, MODE_EXCLUSIVE),
	};
	observer->ofds = observer->queries[1];
	return lines_open(&observer->lines, stage);
}

void observe_close(struct observer *observer)
{
	lines_close(&observer->lines);
}

/* ---- F_GETLK ---- */

static struct model_answer understand(const struct stage *stage, struct question question,
				      const struct question_reply *reply)
{
	struct model_answer seen = { .locked = reply->err || reply->type != F_UNLCK };

	if (reply->err || reply->whence != SEEK_SET)
		return seen;
	seen.cells = scenario_cells(stage->scenario, reply->start, reply->len);
	/* fcntl(2): otherwise "leaves the other fields of the structure unchanged". */
	if (!seen.locked && seen.cells != model_range(question.first, question.last))
		return (struct model_answer){ .locked = true, .altered = true };
	if (!seen.locked || (reply->type != F_RDLCK && reply->type != F_WRLCK))
		return seen;
	seen.mode = reply->type == F_RDLCK ? MODE_SHARED : MODE_EXCLUSIVE;
	seen.description = reply->pid == -1;
	seen.actors = stage_actors(stage, reply->pid);
	return seen;
}

static void understand_all(const struct stage *stage, const struct question_reply *replies,
			   int count, struct model_answer *answers)
{
	for (int i = 0; i < count; i++)
		answers[i] = understand(stage, question_number(i), &replies[i]);
}

static void ask_from_outside(const struct observer *observer, const struct stage *stage, int step,
			     int file, struct model_answer *answers)
{
	/* If both queries are available, alternate between them from step to step. */
	bool ofd = observer->queries[1] && (step % 2 || !observer->queries[0]);
	struct lock lock = stage_lock(stage, ofd ? KIND_OFD : KIND_POSIX, file);
	struct question_reply replies[QUESTIONS];

	if (!ofd && !observer->queries[0])
		return;
	question_ask_all(&lock, stage->scenario, QUESTIONS, replies);
	understand_all(stage, replies, QUESTIONS, answers);
}

/* ---- files ---- */

/* A file that no actor has opened yet is checked only at the end. */
static bool is_used(const struct scenario *scenario, int step, int file)
{
	for (int i = 0; i <= step; i++) {
		if (scenario->step[i].what == STEP_OPEN && scenario->step[i].other == file)
			return true;
	}
	return false;
}

static void observe_files(struct observer *observer, const struct stage *stage, int step,
			  struct observation *seen)
{
	const struct scenario *scenario = stage->scenario;

	/* Skip the tries if /proc/locks is read: it shows more, and they take time. */
	seen->tried_flock = observer->flocks && !observer->reads_lines &&
		(scenario->kind == KIND_FLOCK || scenario->kind == SCENARIO_MIXED);
	for (int file = 0; file < MODEL_FILES; file++) {
		seen->used[file] = is_used(scenario, step, file);
		if (!seen->used[file])
			continue;
		ask_from_outside(observer, stage, step, file, seen->answer[file]);
		for (int mode = MODE_SHARED; seen->tried_flock && mode <= MODE_EXCLUSIVE; mode++)
			seen->flock_free[file][mode] = may_flock(stage, file, mode);
	}
	if (observer->reads_lines)
		observe_lines(observer, stage, seen);
}

void observe_lines(struct observer *observer, const struct stage *stage, struct observation *seen)
{
	seen->has_lines = lines_read(&observer->lines, stage, &seen->lines, &seen->extent);
}

/* ---- all of it ---- */

static void observe_calls(const struct execution *execution, const struct model_step *made,
			  unsigned int busy, struct observation *seen)
{
	for (int i = 0; i < MODEL_ACTORS; i++) {
		bool calls = i == made->actor && made->what != STEP_INTERRUPT;
		bool exits = i == made->actor && made->what == STEP_EXIT;
		bool waits = execution->actor[i] && execution->actor[i]->busy;

		seen->call[i] = (struct model_call){ .status = REQUEST_NONE };
		if (!calls && !(busy & 1u << i))
			continue;
		seen->call[i].status = waits ? REQUEST_ASLEEP : REQUEST_DONE;
		if (!waits && !exits)
			seen->call[i].result = execution->stage.actor[i].result;
	}
}

void observe(struct observer *observer, const struct execution *execution, int step,
	     unsigned int busy, struct observation *seen)
{
	const struct stage *stage = &execution->stage;
	const struct model_step *made = &stage->scenario->step[step];
	const struct stage_actor *shared = &stage->actor[made->actor];
	const struct question question = { made->mode, made->first, made->last };

	seen->has_lines = false;
	seen->asked = false;
	seen->tried_flock = false;
	memset(&seen->lines, 0, sizeof(seen->lines));
	observe_calls(execution, made, busy, seen);
	if (scenario_is_control(stage->scenario))
		return;
	observe_files(observer, stage, step, seen);
	if (made->what > STEP_QUERY)
		return;
	seen->asked = shared->asked;
	if (seen->asked)
		understand_all(stage, shared->own, QUESTIONS_OF_OWNER, seen->own);
	if (made->what == STEP_QUERY && seen->call[made->actor].status == REQUEST_DONE)
		seen->query = understand(stage, question, &shared->query);
}

bool observe_clean(const struct observer *observer, const struct stage *stage)
{
	bool clean = true;

	for (int file = 0; file < MODEL_FILES; file++) {
		struct lock lock = stage_lock(stage, KIND_POSIX, file);
		struct question all = question_number(MODEL_CELLS);

		if (observer->queries[0])
			clean &= question_ask(&lock, stage->scenario, all).type == F_UNLCK;
		if (observer->flocks)
			clean &= may_flock(stage, file, MODE_EXCLUSIVE);
	}
	return clean;
}
