/* SPDX-License-Identifier: GPL-2.0 */
/*
 * asleep: evidence that a task sleeps inside a given system call, and the poller that looks for it
 * until a deadline.
 *
 * The room lib/system asks the machine: this; privilege, the capabilities; release, the kernel;
 * proc_locks and task, what /proc says; many_locks, when it is too long to be read; cpu; futex;
 * error_name; entry, what run_tests.sh passes on.
 * It uses no other room.
 */
#ifndef LOCKFAIR_ASLEEP_H
#define LOCKFAIR_ASLEEP_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * A single wait that takes longer than this is an error; milliseconds. The default is 15 s.
 * LOCKFAIR_DEADLINE shortens it where many waits will fail, as in a mutant of a kernel.
 */
#define ASLEEP_DEADLINE	asleep_deadline()

int asleep_deadline(void);

/* A system call and its first argument: a descriptor, or the address of a futex. */
struct asleep_call {
	long nr;		/* -1: none, the task is not expected to sleep */
	unsigned long arg;	/* ASLEEP_ANY: any argument */
};

#define ASLEEP_ANY	(~0ul)
#define ASLEEP_NOWHERE	((struct asleep_call){ .nr = -1 })

/* How often a task has gone to sleep. If this is equal at two times, the task slept throughout. */
struct asleep_proof {
	unsigned long switches;
	int looks;		/* in a row at the same sleep; initially 0 */
	long long since;	/* when the first of these was, asleep_clock() */
	bool weak;		/* by the state alone: a wake-up may not show yet */
	bool steady;		/* for asleep_all(): was asleep at its last look; initially false */
};

/* What /proc shows of a sleeper here. */
enum asleep_evidence {
	ASLEEP_BY_CALL = 1,	/* its system call */
	ASLEEP_BY_STATE,	/* its state alone */
	ASLEEP_EMULATED,	/* its state, and a system call that is not its own */
	ASLEEP_UNSEEN,		/* neither */
};

/* The reason for a skip if the evidence is ASLEEP_UNSEEN. */
#define ASLEEP_IS_HIDDEN	"/proc does not show whether a task sleeps"

/*
 * Find out on a process that is known to sleep in a read(2). Under an emulator of system calls
 * (qemu-user) /proc/PID/syscall shows those that the emulator makes: a call is believed only if the
 * right one is shown. -errno if no process can be started.
 */
int asleep_evidence(void);

/* The files that asleep_look_at() reads, for repeated looks at one task; { 0 } at first. */
struct asleep_files {
	bool open;
	int call;		/* -errno: there is no such file */
	int status;
};

/*
 * Is @tid asleep in @call? Return 1 if so, 0 if not (yet), -ESRCH if there is no such task,
 * -EOPNOTSUPP if /proc does not show its state, another -errno if /proc cannot be read. @proof is
 * filled in on 1. The first look opens @files; the caller closes them in the end.
 *
 * proc_pid_syscall(5): the file shows the call's number and arguments only
 * while the task is blocked; the kernel answers after wait_task_inactive(), so
 * that a task which has merely announced its sleep is not taken for a sleeper.
 * State S in proc_pid_status(5) distinguishes a wait for a lock, which a signal can end,
 * from a page fault or a lock inside the kernel (state D). Where the call cannot be
 * seen (gVisor; Yama's ptrace_scope; an emulator), state S has to be seen many times in a row.
 * That is weaker evidence, and the one place where time comes in.
 */
int asleep_look_at(struct asleep_files *files, pid_t tid, const struct asleep_call *call,
		   struct asleep_proof *proof);
void asleep_close(struct asleep_files *files);

/* The same for a single look. */
int asleep_look(pid_t tid, const struct asleep_call *call, struct asleep_proof *proof);

/* Has the task been asleep all the time from one look (@before) to a later one (@after)? */
bool asleep_throughout(const struct asleep_proof *before, const struct asleep_proof *after);

/*
 * How often, and for how many milliseconds, a task must have been found in one sleep before it
 * counts as asleep. Zeroes: one look will do, as it does where a sleeper can only wait for a lock.
 * Where a call sleeps until a daemon or server has answered, see lock/medium.h.
 */
struct asleep_quiet {
	int looks;
	int ms;
};

/* Nanoseconds on a clock that only goes forward. */
long long asleep_clock(void);

/* Has the sleep of this proof lasted that long? */
bool asleep_lasts(const struct asleep_proof *proof, const struct asleep_quiet *quiet);

/* A task of a group. Clear @proof when the task is given something to do. */
struct asleep_task {
	pid_t tid;
	const struct asleep_call *call;	/* where it may be asleep; the task itself writes it */
	const unsigned int *turn;	/* the task changes it whenever it has left such a call */
	struct asleep_files *files;
	struct asleep_proof *proof;
	struct asleep_quiet quiet;
	bool fresh;			/* for asleep_all() */
};

/*
 * Was there a moment at which all these tasks slept, each in its call? 1 if so, 0 if that is not
 * proved (yet), or -errno of the look at the task number *@which.
 */
int asleep_all(struct asleep_task *tasks, int count, int *which);

/*
 * Call @done until it does not return 0. Return what it returned, or -ETIMEDOUT after @deadline
 * milliseconds.
 */
int asleep_poll(int (*done)(void *arg), void *arg, int deadline);

#endif /* LOCKFAIR_ASLEEP_H */
