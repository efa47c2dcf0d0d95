/* SPDX-License-Identifier: GPL-2.0 */
/* stage: what the actors of a scenario stand on: files, locks, and memory that they share. */
#ifndef LOCKFAIR_STAGE_H
#define LOCKFAIR_STAGE_H

#include "model/question.h"

/* What can be seen of an actor, in memory that all share. */
struct stage_actor {
	pid_t tid;
	int table;			/* the actor whose fd it uses */
	int fd[MODEL_SLOTS];
	struct model_step step;
	int result;
	bool asked;			/* before the step: */
	struct question_reply own[QUESTIONS_OF_OWNER];
	struct question_reply query;	/* to STEP_QUERY */
};

struct stage {
	struct stage_actor *actor;
	const struct scenario *scenario;
	bool processes;			/* the actors are processes, not threads */
	struct lock_site site[KINDS];	/* of a control; otherwise the kind alone matters */
	pid_t pid;			/* the process whose threads or children the actors are */
	const char *dir;
	int file[MODEL_FILES];		/* through descriptions that no actor has */
};

/* Make the files, in @dir if that is not NULL. 0 or -errno. */
int stage_open(struct stage *stage, const char *dir);
void stage_close(struct stage *stage);

/* Take new files, with no locks on them. 0 or -errno. */
int stage_renew(struct stage *stage);

/* Prepare for a scenario, which must last until the next one. 0 or -errno. */
int stage_set(struct stage *stage, const struct scenario *scenario);
void stage_clear(struct stage *stage);

/* Return an observer's access to a file, by locks of this kind. */
struct lock stage_lock(const struct stage *stage, enum lock_kind kind, int file);

/* The tables that a process id may stand for, a bit each: all threads of a process have one id. */
unsigned int stage_actors(const struct stage *stage, pid_t pid);

#endif /* LOCKFAIR_STAGE_H */
