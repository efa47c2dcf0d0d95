/* SPDX-License-Identifier: GPL-2.0 */
/*
 * scene: what the actors of a test stand on: the locks, the memory that they share, and the
 * first error.
 *
 * The room lib/actor has the processes and threads that lock on command (actor.h), what they do
 * themselves (act.h), what happens to them (disturb.h), which bytes they find locked (probe.h),
 * and the proof that all of them are at rest (rest.h). It may use lib/history, lib/lock and
 * lib/system. order.h, what an actor is to do, and start.h, how it starts, are private to the room.
 *
 * The first step that goes wrong ends the scene: every later step does nothing, so that a test
 * reads as a scenario and not as error handling. lib/claim reports the error.
 */
#ifndef LOCKFAIR_SCENE_H
#define LOCKFAIR_SCENE_H

#include <assert.h>

#include "actor/order.h"
#include "history/history.h"
#include "lock/lack.h"
#include "lock/lock.h"
#include "system/asleep.h"
#include "system/compiler.h"

#define SCENE_ACTORS	72
#define SCENE_NUMBERS	8	/* shared numbers for a test's own use */
#define SCENE_SITES	3
#define SCENE_PROBED	32	/* bytes that one probe can look at */
#define SCENE_FILE_SIZE	4096	/* bytes that the file has, unless it cannot: see scene->size */
#define SCENE_ERROR	200	/* characters */

static_assert(LOCK_BATONS > SCENE_ACTORS, "each actor may wait for an eventfd of its own");
static_assert(HISTORY_ROWS >= SCENE_ACTORS, "each actor has a row");
static_assert(HISTORY_SITES == SCENE_SITES, "each site has its kind");

/*
 * What owns a POSIX lock is the table of descriptors (in the kernel: current->files). So a thread
 * that calls unshare(CLONE_FILES) is an owner like a process, and takes a fraction of its time to
 * start.
 */
enum actor_sort {
	ACTOR_PROCESS,
	ACTOR_OWNER,		/* a thread of the test's own process, with its own descriptors */
	ACTOR_THREAD,		/* a thread that shares those of the test, or of an actor */
};

/* What the test and an actor tell each other, in memory that both share. */
struct actor_shared {
	unsigned int given, done;	/* orders so far, and those that have returned */
	struct order order;		/* the last one given */
	int result;			/* of the last one done */
	pid_t tid;
	unsigned int holds;		/* a lock at site n: 1 << n */
	unsigned int signals;		/* how many it has handled */
	struct asleep_call call;	/* where it may now be asleep */
	unsigned int turn;		/* changes with each call that it announces or leaves */
	unsigned int calls;		/* how many lock calls have returned to it */
	struct lock_request refused;	/* its last one that would wait, where that is refused */
	bool lacked;			/* a call was not made, because the lock lacks it here */
	enum lock_lack lack;
};

/* What is known of a sleeper: see late.h. The times are ms, 0 for none. */
struct actor_late {
	int since;		/* when it was first found asleep with nobody in its way */
	int refused;		/* when a try was first refused during that sleep */
	int next_try, pause;
	bool free;		/* another process was granted its lock */
	bool waits;		/* it waits, as long as the next two are unchanged */
	int events;
	unsigned long switches;
};

/* A process or thread of the scene; see actor.h. */
struct actor {
	struct scene *scene;
	struct actor_shared *shared;
	struct lock lock[SCENE_SITES];
	int row;		/* of the history */
	enum actor_sort sort;
	enum lock_description description;
	pid_t pid;		/* of its process; 0 for threads of the test's own */
	bool heir;		/* started by another actor, whose descriptors it has */
	bool busy;		/* its order has not returned yet */
	bool job;		/* the order is or was a job */
	bool queued;		/* was seen asleep in its request */
	bool still;		/* stopped, traced or frozen: at rest, wherever it is */
	bool gone;		/* has been killed, or has exited */
	int result;		/* of the last order that returned */
	struct asleep_proof proof;
	struct asleep_files files;
	long long unseen;	/* since when /proc does not show whether it sleeps, or 0 */
	struct actor_late late;
};

/* Memory that the test and all actors share. */
struct scene_shared {
	pid_t test;		/* the process that starts the actors */
	struct actor_shared actor[SCENE_ACTORS + 1];
	unsigned long long number[SCENE_NUMBERS];
	unsigned int lacks[SCENE_SITES];	/* lock_lacks(), unless the file system is local */
	off_t probe_start;
	char probed[SCENE_PROBED + 1];
};

/* Why a scene has ended. */
enum scene_end {
	SCENE_GOES_ON,
	SCENE_FAILED,	/* an actor was not granted a lock, or did not wait */
	SCENE_LATE,	/* an actor sleeps on, although another process could have the lock */
	SCENE_BROKEN,	/* the set-up: no memory, no file, a dead actor */
	SCENE_LACKS,	/* the kernel, the file system or a privilege does not offer it */
	SCENE_MISSED,	/* the claim does not hold, which lib/claim has reported */
};

struct scene {
	struct lock_site site[SCENE_SITES];
	int sites;
	const char *dir;
	off_t size;		/* of the file that is locked */
	unsigned int judged;	/* 1 << LACKS_...: what scene_judges() has named */
	struct history *history;
	struct scene_shared *shared;
	int memory;		/* the descriptor of *shared, open across exec */
	int wake[2];		/* a pipe by which one actor starts another */
	int actors;
	struct actor actor[SCENE_ACTORS + 1];	/* the last is a spare, used after an error */
	enum scene_end end;
	char error[SCENE_ERROR];	/* the reason for the end */
	int cause;		/* -errno of what broke, or of a job that could not go on; or 0 */
	/* If requests that wait are refused: the reason to skip. */
	char no_wait[SCENE_SITES][MODES][80];
	bool jobs;		/* a job has been given: it may lock without the history */
	int late_ms;		/* how late the latest grant was, and whose it was */
	int late_row;
	char deaf[80];		/* if a waiter ignores signals: the reason to skip */
	char unwoken[80];	/* if a release wakes no waiter: the reason to skip */
};

/*
 * Set a scene with a lock of that kind; @dir as for lock_site_open(). What happens is written
 * to @history, which is cleared. An error ends the scene.
 */
void scene_open(struct scene *scene, enum lock_kind kind, const char *dir, struct history *history);

/* The same without a lock, for actors that open the files themselves. */
void scene_open_empty(struct scene *scene, struct history *history);

/*
 * End all actors, by pid, and free what the scene holds; threads end with the process. Return how
 * many are left: those whose wait for a lock not even SIGKILL ends.
 */
int scene_close(struct scene *scene);

/* Return the actor's name for messages, "nobody" for NULL. */
const char *actor_name(const struct actor *actor);

/* Has nothing gone wrong so far? */
bool scene_goes_on(const struct scene *scene);

/*
 * End the scene because a step went wrong, the set-up broke, or something is not offered here: that
 * reason, for a skip, must be a constant. Arguments as for printf(3). Only the first call counts.
 */
void scene_failed(struct scene *scene, const char *format, ...) PRINTF_LIKE(2, 3);
void scene_broken(struct scene *scene, const char *format, ...) PRINTF_LIKE(2, 3);
void scene_lacks(struct scene *scene, const char *format, ...) PRINTF_LIKE(2, 3);
void scene_late(struct scene *scene, const char *format, ...) PRINTF_LIKE(2, 3);

/*
 * As scene_broken(). The cause is @err, -errno, for which an emulator may be the reason: lib/claim
 * asks.
 */
void scene_broken_by(struct scene *scene, int err, const char *format, ...) PRINTF_LIKE(3, 4);

/*
 * End the scene if requests that wait are refused in that mode at that site. A step in which an
 * actor would have to wait does so by itself; a test that makes the call without lib/lock must ask
 * first. Return whether the scene goes on.
 */
bool scene_needs_wait(struct scene *scene, struct lock_request request);

/* The same if a waiter ignores signals here, even SIGKILL. */
bool scene_needs_signals(struct scene *scene);

/*
 * End the scene if locks of any site lack that here. act_*() ends it by itself before a
 * conversion, or the release of a part, that they lack. Return whether the scene goes on.
 */
bool scene_needs(struct scene *scene, enum lock_lack lack);

/* Judge the claim even where the locks lack that, those of sites added later as well. */
void scene_judges(struct scene *scene, enum lock_lack lack);

/* The claim does not hold: end the scene without an error. */
void scene_missed(struct scene *scene);

/*
 * Add another site before any actor is started: another file of the same kind, or another kind
 * of lock on the first file. Return its number, for at_site(); 0 after an error, such as a
 * kind that is not offered here.
 */
int scene_add_file(struct scene *scene);
int scene_add_kind(struct scene *scene, enum lock_kind kind);

/*
 * Confine this task, and the actors that it starts from now on, to the CPU that it is on. A task
 * that is woken there cannot run before its waker gives up the CPU, or is preempted.
 */
void scene_on_one_cpu(struct scene *scene);

#endif /* LOCKFAIR_SCENE_H */
