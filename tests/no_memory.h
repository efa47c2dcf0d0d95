/* SPDX-License-Identifier: GPL-2.0 */
/*
 * no_memory: an actor's call does not get the memory that it asks the kernel for.
 *
 * The call is made again and again, and its first allocation fails, then its second, and so on, up
 * to a call that makes fewer. Only a kernel that was built for this does so (system/fail_nth.h):
 * config has what it takes, and kernels/guest tells the kernel to.
 */
#ifndef LOCKFAIR_NO_MEMORY_H
#define LOCKFAIR_NO_MEMORY_H

#include "actor/act.h"
#include "listed.h"
#include "query.h"
#include "system/error_name.h"
#include "system/fail_nth.h"
#include "system/proc_locks.h"

#define CANNOT_FAIL	"this kernel refuses no memory on demand"
#define TAKES_ITS_OWN	"the file system takes memory of its own"

static inline bool needs_failing_memory(struct scene *scene)
{
	return scene_goes_on(scene) && skip_unless(scene, fail_nth_works(), CANNOT_FAIL) &&
	       skip_unless(scene, lock_is_local(scene->site), TAKES_ITS_OWN) &&
	       needs_listed_locks(scene);
}

/* ---- the call ---- */

/* In the scene's shared numbers: which allocation is to fail; did one; what the call returned. */
enum { NTH, FAILED, RESULT };

enum what { TRIES, LOCKS, RELEASES };

/* An actor is a process, and sees a call as it was when the actor started: it must be static. */
struct call {
	enum what what;
	struct lock_request request;
};

static inline int make_call(struct actor *self, void *arg)
{
	const struct call *call = arg;

	switch (call->what) {
	case TRIES:
		return act_try(self, call->request);
	case LOCKS:
		return act_lock(self, call->request);
	default:
		return act_unlock_range(self, call->request);
	}
}

/*
 * For jobs: make @call, and have its allocation number NTH fail. RESULT is what it returns, 0 or an
 * errno. Return 0, or -errno if the kernel cannot be told to.
 */
static inline int without_memory(struct actor *self, actor_job call, void *arg)
{
	unsigned long long *number = self->scene->shared->number;
	int fd = fail_nth_open(), ret;

	if (fd < 0)
		return fd;
	ret = fail_nth_begin(fd, number[NTH]);
	if (!ret) {
		number[RESULT] = -call(self, arg);
		ret = fail_nth_end(fd);
		number[FAILED] = ret > 0;
	}
	close(fd);
	return ret < 0 ? ret : 0;
}

/* A job: make the call of @arg without memory. */
static inline int call_without_memory(struct actor *self, void *arg)
{
	return without_memory(self, make_call, arg);
}

/* Has an allocation failed, in a job that has returned? */
static inline bool failed(const struct scene *scene)
{
	return scene->shared->number[FAILED];
}

/* What the call has returned: 0 or -errno. */
static inline int result(const struct scene *scene)
{
	return -(int)scene->shared->number[RESULT];
}

static inline void begin_call(struct actor *actor, const struct call *call, int nth)
{
	actor->scene->shared->number[NTH] = nth;
	actor_begin(actor, call_without_memory, (void *)call);
}

/*
 * fcntl(2), lockf(3): "ENOLCK Too many segment locks open, lock table is full". flock(2): "ENOLCK
 * The kernel ran out of memory for allocating lock records." None of them has ENOMEM, which is what
 * the kernel says of the first lock of a file, and of any flock.
 */
static inline bool is_for_memory(int ret)
{
	return ret == -ENOLCK || ret == -ENOMEM;
}

/* The call did what it should, or was refused because an allocation had failed. */
static inline bool is_done_or_refused(struct scene *scene, int nth)
{
	int ret = scene_goes_on(scene) ? result(scene) : 0;

	if (failed(scene))
		return holds(scene, !ret || is_for_memory(ret),
			     "with allocation %d failing: %s (%s), not ENOLCK or ENOMEM", nth,
			     error_name(ret), strerror(-ret));
	return holds(scene, !ret, "with all memory: %s", strerror(-ret));
}

/* ---- what is to be seen of the locks from outside ---- */

#define SEEN_LINES	6

struct seen {
	int lines;			/* of /proc/locks about the file, or -errno */
	struct proc_lock line[SEEN_LINES];
	struct flock in_the_way;	/* of a lock of all bytes, for posix and ofd */
};

/*
 * Read the lines about the file, up to READS times until they are as @wanted, or, if that is NULL,
 * there are @count. Any process on the machine may take or release a lock: then a line may be read
 * twice or not at all (listing.h), and the numbers of the others change.
 */
#define READS	50

static inline void read_lines(struct scene *scene, struct seen *seen, const struct seen *wanted,
			      int count)
{
	bool right = false;

	for (int reads = 0; !right && reads < READS; reads++) {
		seen->lines = proc_locks_read(scene->site->fd, seen->line, SEEN_LINES);
		for (int i = 0; i < SEEN_LINES; i++)
			seen->line[i].id = 0;
		right = seen->lines == count &&
			(!wanted || !memcmp(seen->line, wanted->line, sizeof(seen->line)));
	}
}

static inline void ask(struct scene *scene, struct seen *seen, const struct lock *asker)
{
	int err = 0;

	seen->in_the_way = wish(MODE_EXCLUSIVE, 0, 0);
	if (is_kind(scene, POSIX | OFD))
		err = lock_query(asker, &seen->in_the_way);
	if (err)
		scene_failed(scene, "F_GETLK: %s", strerror(-err));
}

/* The test's own process asks. There should be @count locks. */
static inline struct seen look(struct scene *scene, const struct lock *asker, int count)
{
	struct seen seen = { 0 };

	if (!scene_goes_on(scene))
		return seen;
	read_lines(scene, &seen, NULL, count);
	requires(scene, seen.lines == count, "/proc/locks: %d lines about the file, not %d",
		 seen.lines, count);
	ask(scene, &seen, asker);
	return seen;
}

static inline bool is_as_before(struct scene *scene, const struct lock *asker,
				const struct seen *before, int nth)
{
	struct seen now = { 0 };

	if (!scene_goes_on(scene))
		return false;
	read_lines(scene, &now, before, before->lines);
	ask(scene, &now, asker);
	holds(scene, now.lines == before->lines,
	      "with allocation %d failing: /proc/locks had %d lines about the file, has %d", nth,
	      before->lines, now.lines);
	holds(scene, !memcmp(now.line, before->line, sizeof(now.line)),
	      "with allocation %d failing: other lines of /proc/locks than before", nth);
	return holds(scene, same(&now.in_the_way, &before->in_the_way),
		     "with allocation %d failing: F_GETLK had (%s), and has (%s)", nth,
		     words(&before->in_the_way), words(&now.in_the_way));
}

/* ---- a call that does not wait ---- */

#define MOST_HELD	3

struct situation {
	struct lock_request held[MOST_HELD];	/* by the owner, as many as count says */
	int count;
	struct call call;
	const char *before, *after;	/* the bytes of the file: see actor_probe() */
};

/* How often the call was refused, and with which errors. */
struct refusals {
	int count, enolck, enomem;
};

static inline void count_refusal(struct refusals *refusals, int ret)
{
	refusals->count += ret != 0;
	refusals->enolck += ret == -ENOLCK;
	refusals->enomem += ret == -ENOMEM;
}

/*
 * Have the owner make the call with each of its allocations failing in turn. It either does all
 * that it should, or is refused, and then everything is as it was.
 */
static inline struct refusals with_each_failing(struct actor *owner, struct actor *peer,
						const struct situation *situation)
{
	struct scene *scene = owner->scene;
	struct refusals refusals = { 0 };
	struct lock asking = asker(scene);
	struct seen before;
	bool goes_on = true;

	needs_failing_memory(scene);
	for (int nth = 1; goes_on && scene_goes_on(scene); nth++) {
		for (int i = 0; i < situation->count; i++)
			actor_lock(owner, situation->held[i]);
		bytes_are(peer, 0, situation->before);
		before = look(scene, &asking, situation->count);
		begin_call(owner, &situation->call, nth);
		actor_await(owner);
		if (!is_done_or_refused(scene, nth))
			break;
		goes_on = failed(scene);
		count_refusal(&refusals, result(scene));
		if (result(scene))
			is_as_before(scene, &asking, &before, nth);
		bytes_are(peer, 0, result(scene) ? situation->before : situation->after);
		actor_unlock(owner);
	}
	lock_close(&asking);
	return refusals;
}

/* A precondition: otherwise nothing was seen of a failure. */
static inline bool needs_a_refusal(struct scene *scene, struct refusals refusals)
{
	return requires(scene, refusals.count, "no refusal was seen");
}

/* The same as a claim: the call takes memory at least @least times. */
static inline bool has_been_refused(struct scene *scene, struct refusals refusals, int least)
{
	return holds(scene, refusals.count >= least,
		     "whichever allocation failed, the call was refused %d times, not %d or more",
		     refusals.count, least);
}

/* The owner and the peer are started, and the situation is as it says. */
static inline struct refusals in_situation(struct scene *scene, const struct situation *situation)
{
	struct actor *owner = actor_start(scene, "owner");
	struct actor *peer = actor_start(scene, "peer");

	return with_each_failing(owner, peer, situation);
}

#endif /* LOCKFAIR_NO_MEMORY_H */
