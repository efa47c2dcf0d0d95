/* SPDX-License-Identifier: GPL-2.0 */
/*
 * actor: a process, or a thread, that takes and releases locks on command, one
 * step at a time; and the scene that the actors of a test stand on.
 *
 * A test tells actors what to do (actor_…) and then knows of each whether it has
 * returned or sleeps inside its lock call: actor_settle() waits for that, and
 * nothing else has to.
 *
 * The first step that goes wrong is kept as the scene's trouble, and every step
 * after it does nothing, so that a test reads as a scenario and not as error
 * handling. The macros of expectation.h report the trouble.
 */
#ifndef LOCKFAIR_ACTOR_H
#define LOCKFAIR_ACTOR_H

#include <assert.h>
#include <pthread.h>

#include "history/history.h"
#include "lock/lock.h"

#define SCENE_ACTORS	72
#define SCENE_NUMBERS	8	/* shared numbers for a test's own use */
#define SCENE_SITES	3
#define SCENE_PROBED	32	/* bytes that one probe can look at */
#define SCENE_FILE_SIZE	4096	/* bytes in the file that is locked */

static_assert(LOCK_BATONS > SCENE_ACTORS, "each actor may wait for an eventfd of its own");

enum actor_sort {
	ACTOR_PROCESS,
	ACTOR_THREAD,		/* of the test's own process */
};

struct actor;
typedef int (*actor_deed)(struct actor *self, void *arg);

/* What an actor shows to the test, in memory that both share. */
struct actor_board {
	pid_t tid;
	unsigned int holds;		/* something at site n: 1 << n */
	unsigned int signals;		/* how many it has handled */
	struct asleep_call call;	/* where it may now be asleep */
	unsigned int calls;		/* how many lock calls it has come back from */
};

struct actor {
	struct scene *scene;
	struct actor_board *board;
	struct lock lock[SCENE_SITES];
	int lane;
	enum actor_sort sort;
	enum lock_description description;
	pid_t pid;		/* of an ACTOR_PROCESS */
	pthread_t thread;
	int tell, hear;		/* the test's end of the socket, and the actor's */
	bool busy;		/* has an order that has not returned */
	bool deed;		/* the order is or was a deed */
	bool queued;		/* was seen asleep in it */
	bool still;		/* stopped, traced or frozen: at rest, wherever it is */
	bool gone;		/* has been killed, or has exited */
	int result;		/* of the last order that returned */
	struct asleep_proof proof;
	struct asleep_files files;
};

enum trouble {
	TROUBLE_STEP,		/* an actor was to be granted, or to wait, and was not */
	TROUBLE_BROKEN,		/* the set-up: no memory, no file, a dead actor */
	TROUBLE_MISSING,	/* there is no such lock here */
};

struct scene_board {
	struct actor_board actor[SCENE_ACTORS];
	unsigned long long number[SCENE_NUMBERS];
	off_t probe_start;
	char probed[SCENE_PROBED + 1];
};

struct scene {
	struct lock_site site[SCENE_SITES];
	int sites;
	const char *dir;
	struct history *history;
	struct scene_board *board;
	int poke[2];		/* a pipe by which one actor starts another */
	int actors;
	struct actor actor[SCENE_ACTORS + 1];	/* the last stands in where there is trouble */
	enum trouble sort;
	char trouble[200];	/* none, while empty */
};

/*
 * Set a scene with a lock of that kind; @dir as for lock_site_open(). What
 * happens is written to @history, which is cleared. What goes wrong is the scene's
 * trouble.
 */
void scene_open(struct scene *scene, enum lock_kind kind, const char *dir, struct history *history);

/* Something has gone wrong; the rest as for printf. Only the first is kept. */
#define trouble(on_scene, of_sort, ...) do { \
	struct scene *in = (on_scene); \
	if (!in->trouble[0]) { \
		snprintf(in->trouble, sizeof(in->trouble), __VA_ARGS__); \
		in->sort = (of_sort); \
	} \
} while (0)

/* End all actors, by pid, and free what the scene holds; threads end with the process. */
void scene_close(struct scene *scene);

/*
 * Another site, to be added before any actor is started: another file of the same kind,
 * or another kind of lock on the first file. Its number, for at_site(); 0 where there is
 * trouble, as where the kind is not offered here.
 */
int scene_add_file(struct scene *scene);
int scene_add_kind(struct scene *scene, enum lock_kind kind);

/*
 * Confine this task, and the actors that it starts from now on, to the CPU that it is
 * on: who is woken there cannot run before the one who woke it lets it.
 */
void scene_on_one_cpu(struct scene *scene);

/*
 * Let everyone who holds the lock release it, one after another, until nobody
 * holds or waits. One who still sleeps when nobody holds is lost, which is a trouble.
 */
void scene_drain(struct scene *scene);

/*
 * Start an actor: without _with() a process with an open file description of its
 * own. Its name is @name, and @number behind it unless that is 0. NULL never comes
 * back, see the scene's trouble. The actor's process has no capabilities (with libcap)
 * and dies with the test's.
 */
struct actor *actor_start(struct scene *scene, const char *name);
struct actor *actor_start_nth(struct scene *scene, const char *name, int number);
struct actor *actor_start_with(struct scene *scene, enum actor_sort sort,
			       enum lock_description description, const char *name, int number);

/* Ask for the lock and return at once; actor_settle() or actor_await() tells the rest. */
void actor_begin_lock(struct actor *actor, struct lock_request request);

/* Ask for it, and see the actor asleep in its request: a place in the queue. */
void actor_queue(struct actor *actor, struct lock_request request);

/* Ask for it where nobody is in the way: it must be granted. */
void actor_lock(struct actor *actor, struct lock_request request);

/* Ask for it without waiting. 0 or -errno, -EAGAIN if somebody is in the way. */
int actor_try(struct actor *actor, struct lock_request request);

/* Release all that it holds at any site, at one, or the bytes of a range (@len 0: to the end). */
void actor_unlock(struct actor *actor);
void actor_unlock_site(struct actor *actor, int site);
void actor_unlock_range(struct actor *actor, off_t start, off_t len);

/*
 * Have it try each of the @count bytes from @start on, at the first site, and let go again:
 * which are locked by others? A character for each, '.' free, 'S' locked by readers, 'X' locked
 * by a writer, or by anybody where the kind has no shared mode, '?' another error. It must
 * hold none of them. The string is the scene's, until the next probe.
 */
const char *actor_probe(struct actor *actor, off_t start, int count);

/*
 * Have it do a deed of the test's own; in a process, @arg is as it was at the actor's
 * start. A deed that does not return 0 is a trouble.
 */
void actor_begin(struct actor *actor, actor_deed deed, void *arg);
int actor_do(struct actor *actor, actor_deed deed, void *arg);

/*
 * Wait until the order has returned. What it returned, or -ETIMEDOUT, which is a
 * trouble too, if for ASLEEP_DEADLINE no lock call has returned to any actor.
 */
int actor_await(struct actor *actor);

/* Wait until each actor of the scene has returned or sleeps in its call, all at one moment. */
void actor_settle(struct scene *scene);

/* After actor_settle(): does it hold the lock; is it asleep in its request? */
bool actor_holds(const struct actor *actor);
bool actor_waits(const struct actor *actor);

/*
 * Send a signal that the actor handles, and see it handled; signal(7): a call that waits
 * for a lock ends with EINTR, or with SA_RESTART is made again. For threads as well.
 */
void actor_interrupt(struct actor *actor);
void actor_interrupt_and_restart(struct actor *actor);

/* SIGSTOP, and see it stopped: it is at rest until the other, SIGCONT. For processes. */
void actor_stop(struct actor *actor);
void actor_continue(struct actor *actor);

/*
 * Have a process exit by itself; or kill those @count with SIGKILL, all before the first is
 * reaped. When this returns they are gone, with all that was only theirs.
 */
void actor_exit(struct actor *actor);
void actor_kill(struct actor *actor);
void actors_kill(struct actor *actors[], int count);

/*
 * Let an actor go before others on its CPU (SCHED_FIFO, needs CAP_SYS_NICE), or after them
 * (SCHED_BATCH: in kernel/sched/fair.c, such a task does not preempt when it wakes up; nice
 * 19: it is seldom chosen while others can run). 0 or -errno.
 */
int actor_prefer(struct actor *actor);
int actor_defer(struct actor *actor);

/* The actor's name, for messages. */
const char *actor_name(const struct actor *actor);

/*
 * What an actor does itself, in a deed. As lock_acquire() and so on, and written
 * to the history.
 */
int act_lock(struct actor *self, struct lock_request request);
int act_try(struct actor *self, struct lock_request request);
int act_rotate(struct actor *self, struct lock_request request);
int act_unlock(struct actor *self);
void act_mark(struct actor *self, char mark);

/*
 * Tell the test where a deed's own call may sleep, before it, and ASLEEP_NOWHERE after it;
 * the others do so themselves.
 */
void act_sleeps_in(struct actor *self, struct asleep_call call);

/*
 * Become this program anew (execve(2)), as an actor that holds what exec leaves it and
 * waits to be killed. The deed has returned 0 once that has begun. -errno, or no return.
 */
int act_exec(struct actor *self);

/* What main() is then to do: @fd is the number that follows ACTOR_AFTER_EXEC. Never returns. */
#define ACTOR_AFTER_EXEC	"--after-exec"
void actor_after_exec(int fd);

/* Start the actor that is in act_await_poke(); 0 or -errno. */
int act_poke(struct actor *self);
int act_await_poke(struct actor *self);

/* Ask the kernel to kill this process when its parent is gone. */
void actor_die_with_parent(pid_t parent);

#endif /* LOCKFAIR_ACTOR_H */
