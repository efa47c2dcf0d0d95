/* SPDX-License-Identifier: GPL-2.0 */
/*
 * bad_call: an actor that holds locks makes the calls of a table. Each must fail as the table
 * says, and must not change a lock.
 */
#ifndef LOCKFAIR_BAD_CALL_H
#define LOCKFAIR_BAD_CALL_H

#include <fcntl.h>
#include <limits.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "outsider.h"

/* linux/fs.h; musl has it since 1.2.3 only. */
#ifndef SEEK_DATA
#define SEEK_DATA	3
#endif

#define LARGEST		LLONG_MAX
static_assert(sizeof(off_t) == sizeof(LARGEST), "it is the largest offset");

/* What can be asked for. */
enum what { TRY, WAIT, ASK, RELEASE, WHATS };
static const char * const what_names[] = { "a try", "a request", "a query", "a release" };

#define NONE	(-1)
static const int commands[KINDS][WHATS] = {
	[KIND_POSIX] = { F_SETLK, F_SETLKW, F_GETLK, F_SETLK },
	[KIND_OFD] = { F_OFD_SETLK, F_OFD_SETLKW, F_OFD_GETLK, F_OFD_SETLK },
	[KIND_FLOCK] = { LOCK_EX | LOCK_NB, LOCK_EX, NONE, LOCK_UN },
	[KIND_LOCKF] = { F_TLOCK, F_LOCK, F_TEST, F_ULOCK },
};

/* Mode 3, open(2), is for neither reading nor writing. */
enum through { THE_FILE, MINUS_ONE, CLOSED, PATH, READ_ONLY, WRITE_ONLY, MODE_3 };
enum memory { A_STRUCT, NOWHERE, FORBIDDEN, HALF_FORBIDDEN };

/*
 * lockf() has neither a type nor a whence, and begins at the position; flock() has none of these
 * parameters.
 */
struct call {
	const char *mistake;
	int error;
	enum through through;
	enum memory memory;
	bool odd_command, odd_type;
	int odd;	/* the wrong command or type */
	bool to_lock;	/* only as a try or a request, not as a query or a release */
	short whence;
	off_t position;	/* of the file before the call */
	off_t start, len;
	pid_t pid;
};

enum number { NUMBER_FD, NUMBER_WHAT, NUMBER_ERROR };

static int descriptors[] = { [MODE_3] = -1 };
static char *pages;

static inline int open_again(int fd, int mode)
{
	char name[64];

	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	return open(name, mode | O_CLOEXEC);
}

/* Make the caller's descriptors before it holds a lock: a close would release that. */
static inline int prepare(struct actor *self, void *arg)
{
	static const int modes[] = {
		[PATH] = O_PATH, [READ_ONLY] = O_RDONLY, [WRITE_ONLY] = O_WRONLY, [MODE_3] = 3,
	};
	long size = sysconf(_SC_PAGESIZE);

	(void)arg;
	for (unsigned int i = PATH; i < ARRAY_SIZE(modes); i++) {
		descriptors[i] = open_again(self->lock->fd, modes[i]);
		/* A file system may not allow this mode. */
		if (descriptors[i] < 0 && i != MODE_3)
			return -errno;
	}
	descriptors[THE_FILE] = self->lock->fd;
	descriptors[MINUS_ONE] = -1;
	descriptors[CLOSED] = fcntl(self->lock->fd, F_DUPFD_CLOEXEC, 100);
	pages = mmap(NULL, 2 * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (descriptors[CLOSED] < 0 || pages == MAP_FAILED ||
	    mprotect(pages + size, size, PROT_NONE) < 0)
		return -errno;
	close(descriptors[CLOSED]);
	self->scene->shared->number[NUMBER_FD] = self->lock->fd;
	return 0;
}

/* Not through libc, which may look at the struct before the kernel does. */
static inline int fcntl_at(int fd, int command, enum memory memory, struct flock *lock)
{
	char *end = pages + sysconf(_SC_PAGESIZE);
	void *address = lock;

	if (memory == NOWHERE)
		address = NULL;
	else if (memory == FORBIDDEN)
		address = end;
	else if (memory == HALF_FORBIDDEN)
		address = memcpy(end - sizeof(*lock) / 2, lock, sizeof(*lock) / 2);
#ifdef SYS_fcntl64
	return syscall(SYS_fcntl64, fd, command, address);
#else
#if F_SETLK == 13
	/* The libc of powerpc64 has the numbers of fcntl64(), and makes fcntl()'s of them. */
	if (command >= F_GETLK64 && command <= F_SETLKW64)
		command -= F_GETLK64 - 5;
#endif
	return syscall(SYS_fcntl, fd, command, address);
#endif
}

static inline int make(const struct actor *self, const struct call *call, enum what what)
{
	enum lock_kind kind = self->lock->site->kind;
	int command = call->odd_command ? call->odd : commands[kind][what];
	int fd = descriptors[call->through];
	struct flock lock = {
		.l_type = what == RELEASE ? F_UNLCK : F_WRLCK,
		.l_whence = call->whence,
		.l_start = call->start,
		.l_len = call->len,
		.l_pid = call->pid,
	};
	int ret;

	if (call->odd_type && what != RELEASE)
		lock.l_type = call->odd;
	lseek(fd, call->position, SEEK_SET);
	if (kind == KIND_FLOCK)
		ret = flock(fd, command);
	else if (kind == KIND_LOCKF)
		ret = lockf(fd, command, call->len);
	else
		ret = fcntl_at(fd, command, call->memory, &lock);
	return ret < 0 ? errno : 0;
}

/* Release at once what is granted: the locks must stay what they were. */
static inline int make_call(struct actor *self, void *call)
{
	unsigned long long *number = self->scene->shared->number;

	number[NUMBER_ERROR] = make(self, call, number[NUMBER_WHAT]);
	if (!number[NUMBER_ERROR])
		make(self, call, RELEASE);
	return 0;
}

/* Can @call be made as @what? A call with an invalid command is made once only. */
static inline bool makes_sense(enum lock_kind kind, const struct call *call, enum what what)
{
	if (call->odd_command)
		return what == TRY;
	if (call->to_lock)
		return what == TRY || what == WAIT;
	return commands[kind][what] != NONE && !(call->odd_type && what == RELEASE);
}

static inline struct actor *caller_with_locks(struct scene *scene, struct outsider *outsider)
{
	struct actor *caller = actor_start(scene, "caller");

	actor_do(caller, prepare, NULL);
	outsider_watch(outsider, caller, scene->shared->number[NUMBER_FD]);
	return caller;
}

static inline const char *outcome(int error)
{
	return error ? strerror(error) : "no error";
}

/* The caller makes the call, gets the error of the table, and no lock has changed. */
static inline void gets_its_error(struct actor *caller, const struct call *call, enum what what,
				  struct outsider *outsider)
{
	struct scene *scene = caller->scene;
	unsigned long long *number = scene->shared->number;

	number[NUMBER_WHAT] = what;
	actor_do(caller, make_call, (void *)call);
	if (!holds(scene, (int)number[NUMBER_ERROR] == call->error,
		   "the caller made %s with %s, and got: %s, not: %s", what_names[what],
		   call->mistake, outcome(number[NUMBER_ERROR]), outcome(call->error)))
		return;
	holds(scene, outsider_sees_no_change(outsider),
	      "the locks are not what they were after the caller made %s with %s",
	      what_names[what], call->mistake);
}

/* The same for all @count calls of a table, each as a try, a request, a query and a release. */
static inline void each_gets_its_error(struct scene *scene, const struct call calls[], int count)
{
	struct outsider outsider;
	struct actor *caller = caller_with_locks(scene, &outsider);

	for (int i = 0; i < count * WHATS && scene_goes_on(scene); i++) {
		const struct call *call = &calls[i / WHATS];
		enum what what = i % WHATS;

		/*
		 * Where every request that waits is refused, the refusal says nothing about other
		 * mistakes.
		 */
		if (what == WAIT && scene->site->no_wait[MODE_EXCLUSIVE])
			continue;
		if (makes_sense(scene->site->kind, call, what))
			gets_its_error(caller, call, what, &outsider);
	}
}

#endif /* LOCKFAIR_BAD_CALL_H */
