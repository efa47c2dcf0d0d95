// SPDX-License-Identifier: GPL-2.0
/*
 * preflight: before any claim is judged, find out which lock calls work here.
 *
 * run_tests.sh runs it first. It asks each kind for locks with nothing in the way, and then for one
 * that another process holds, on files in LOCKFAIR_DIR or on memfds. It prints what it finds in
 * lines of columns that are separated by tabs:
 *
 *	evidence	call | state | emulated | unseen
 *	files	nameless | removed | named
 *	KIND	FINDING	CALL	ERRNO	fault | missing
 *	KIND	trait	conflict	EAGAIN | EACCES
 *
 * and in a directory, where they may differ (trait.h), also
 *
 *	KIND	trait	owner	process | description
 *	KIND	trait	pid	holder | -1 | 0 | another | unseen
 *	KIND	trait	listed	yes | elsewhere | no
 *	KIND	trait	locks	advisory | mandatory
 *	flock	trait	fcntl	one | one way | apart
 *	flock	trait	read-only	granted | EBADF: an exclusive flock
 *	KIND	lacks	WORD		what locks of the kind do not do here: lock/lack.h
 *
 * "evidence" is what /proc shows of a process that is known to sleep. "files" is how files are made
 * in LOCKFAIR_DIR (descriptor_way()). "conflict" is the error of a try that another process's lock
 * is in the way of: the same try is granted after the release. A finding is one of:
 *
 *	ok		nothing is wrong with the kind
 *	unopened	the file cannot be made or opened
 *	refused		the call is refused, although no lock is in the way
 *	confused	a try while another holds the lock fails, but not with a conflict's errno
 *	shared		two processes hold the exclusive lock at the same time
 *	unwaiting	a request is refused if it has to wait
 *	unseen		a request that has to wait neither returns nor is seen to sleep
 *	lost		a waiter is not granted the released lock
 *	deaf		a waiter ignores signals until it has the lock
 *	late		a release does not wake a waiter, which asks again later
 *
 * In a directory it prints for each kind of file lock how long it takes to decide about one: see
 * delay.h.
 *
 *	KIND	delay	at-once | asks | polls	LOOKS	QUIET	LONGEST	LOCK	LOCK-MOST
 *		REFUSAL	GRANT	GRANT-MOST	DWELL	LATE-GRANT	POLLS	FOUND/HELD
 *		MISTAKEN/FREE	PAUSE	[late ]LATE
 *
 * in one line. QUIET, LONGEST, DWELL, PAUSE and LATE are milliseconds, the other times
 * microseconds. PAUSE is the longest between two polls; LATE, after "late", for how long a waiter
 * slept beside the free lock, or 0 if that is not known.
 *
 * With LOCKFAIR_OTHER_DIR, another path to the files of LOCKFAIR_DIR, it also prints
 *
 *	KIND	scope	one | two | hidden | ERRNO
 *
 * for whether the file is one lock by both paths, or there by both at all.
 *
 * "missing" is an error that means that there is no such lock here, by lock_may_be_missing(); any
 * other is a "fault".
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "actor/actor.h"
#include "actor/rest.h"
#include "lock/descriptor.h"
#include "preflight/delay.h"
#include "preflight/lack.h"
#include "preflight/scope.h"
#include "preflight/trait.h"
#include "system/error_name.h"
#include "system/privilege.h"

#define NOBODY	65534	/* a user id that is not ours */

static struct delay *delays;	/* of each kind, in memory that all processes share */

/* One kind, a site of that kind, and this process's lock on it. */
struct question {
	enum lock_kind kind;
	const char *dir;
	struct lock_site site;
	struct lock lock;
	bool wrong;		/* something was found */
	bool hopeless;		/* no lock is available, so stop asking */
	bool excludes;		/* a try was refused while another held the lock */
	char unwaiting[64];	/* for LOCKFAIR_UNWAITING: see lib/actor/scene.c */
	struct delay *delay;
};

static void found(struct question *question, const char *finding, const char *call, int err)
{
	bool missing = err && lock_may_be_missing(&question->site, err);

	printf("%s\t%s\t%s\t%s\t%s\n", lock_kind_name(question->kind), finding, call,
	       err ? error_name(err) : "", missing ? "missing" : "fault");
	question->wrong = true;
}

/* ---- nobody is in the way ---- */

static const struct {
	enum lock_mode mode;
	bool wait;
	const char *name;
} requests[] = {
	{ MODE_EXCLUSIVE, false, "a try" },
	{ MODE_EXCLUSIVE, true, "a request that may wait" },
	{ MODE_SHARED, false, "a try of a shared lock" },
	{ MODE_SHARED, true, "a request of a shared lock that may wait" },
};

/* Requests that wait are refused in that mode: the scene that follows has to know. */
static void note_unwaiting(struct question *question, enum lock_mode mode)
{
	size_t length = strlen(question->unwaiting);

	snprintf(question->unwaiting + length, sizeof(question->unwaiting) - length, "%s.%s=;",
		 lock_kind_name(question->kind), lock_mode_name(mode));
}

static void ask_alone(struct question *question)
{
	bool has_shared = lock_kind_traits(question->kind) & TRAIT_SHARED;
	int err;

	for (unsigned int i = 0; i < sizeof(requests) / sizeof(*requests); i++) {
		struct lock_request request = { .mode = requests[i].mode };

		if (request.mode == MODE_SHARED && !has_shared)
			continue;
		err = lock_acquire(&question->lock, &request, requests[i].wait);
		if (err) {
			found(question, "refused", requests[i].name, err);
			question->hopeless |= !requests[i].wait;
			if (requests[i].wait)
				note_unwaiting(question, request.mode);
			continue;
		}
		err = lock_release(&question->lock, 0, 0);
		if (err) {
			found(question, "refused", "a release", err);
			question->hopeless = true;
			return;
		}
	}
}

static void ask_query(struct question *question)
{
	struct flock range = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int err;

	if (!(lock_kind_traits(question->kind) & TRAIT_QUERIES))
		return;
	err = lock_query(&question->lock, &range);
	if (err)
		found(question, "refused", "a query", err);
}

/* An owner that has a lock asks for another: a second range, and one on a second file. */
static void ask_second(struct question *question)
{
	struct lock_request first = EXCLUSIVE, second = EXCLUSIVE_ON(10, 1);
	struct lock_site site;
	struct lock lock;
	int err;

	if (lock_kind_traits(question->kind) & TRAIT_RANGES)
		first = EXCLUSIVE_ON(0, 1);
	if (lock_acquire(&question->lock, &first, false))
		return;
	if (first.len) {
		err = lock_acquire(&question->lock, &second, false);
		if (err)
			found(question, "refused", "a second lock", err);
	}
	err = lock_site_open(&site, question->kind, question->dir, SCENE_FILE_SIZE);
	if (!err && !lock_open(&lock, &site, DESCRIPTION_OWN)) {
		err = lock_acquire(&lock, &EXCLUSIVE, false);
		if (err)
			found(question, "refused", "a lock on a second file", err);
		lock_close(&lock);
	}
	lock_site_close(&site);
	lock_release(&question->lock, 0, 0);
}

/* Ask in a process of another user, if this process may change its user. */
static void ask_as_another_user(struct question *question)
{
	int end[2], err = 0;
	pid_t pid;

	if (privilege_has(CAP_SETUID) != 1 || pipe(end) < 0)
		return;
	fflush(stdout);
	pid = fork();
	if (!pid) {
		struct lock lock;

		privilege_raise(CAP_SETUID);
		/* If the other user cannot open the file, that says nothing about locks. */
		if (setresuid(NOBODY, NOBODY, NOBODY) ||
		    lock_open(&lock, &question->site, DESCRIPTION_OWN))
			_exit(1);
		err = lock_acquire(&lock, &EXCLUSIVE, false);
		_exit(write(end[1], &err, sizeof(err)) != sizeof(err));
	}
	close(end[1]);
	if (pid > 0 && read(end[0], &err, sizeof(err)) == sizeof(err) && err)
		found(question, "refused", "a try of another user than root", err);
	close(end[0]);
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

/* ---- somebody is in the way ---- */

/*
 * The set-up went wrong, or a release is refused: the scene says so. But if /proc does not show
 * whether a task sleeps, nothing is known of the kind: see "evidence".
 */
static void broken(struct question *question, const struct scene *scene)
{
	question->wrong = true;
	if (scene->end == SCENE_LACKS)
		return;
	printf("%s\tunopened\t%s\t\tfault\n", lock_kind_name(question->kind), scene->error);
}

/* The holder has the lock: the peer's request must wait for the release. */
static void ask_to_wait(struct question *question, struct actor *holder, struct actor *peer,
			struct lock_request request)
{
	const char *call = request.mode == MODE_EXCLUSIVE ? "a request that has to wait" :
			   "a shared request that has to wait";
	struct scene *scene = holder->scene;
	int ret;

	actor_begin_lock(peer, request);
	actor_settle_one(peer);
	if (scene->end == SCENE_LACKS)
		return broken(question, scene);
	if (scene->end == SCENE_LATE)
		return;
	if (!scene_goes_on(scene))
		return found(question, "unseen", call, 0);
	if (!peer->busy && !peer->result)
		return found(question, "shared", call, 0);
	if (!peer->busy)
		return found(question, "unwaiting", call, peer->result);
	/* A late grant may take 30 s: it is measured once, in preflight/waiter.c. */
	if (question->delay->late)
		return;
	actor_unlock(holder);
	if (!scene_goes_on(scene))
		return broken(question, scene);
	if (question->delay->medium.sort != MEDIUM_AT_ONCE && delay_is_late(question->delay, peer))
		return;
	ret = actor_await(peer);
	/* A late waiter is not lost: see lib/actor/late.h. */
	if (ret == -ETIMEDOUT && scene->end != SCENE_LATE)
		found(question, "lost", "a waiter", 0);
	else if (ret && ret != -ETIMEDOUT)
		found(question, "unwaiting", "a request that has waited", ret);
}

/*
 *	holder  HHH.  wwwS.
 *	peer      wwwHHH.  wwH	the last two in a directory only: they may differ there
 */
static void ask_all_to_wait(struct question *question, struct actor *holder, struct actor *peer)
{
	ask_to_wait(question, holder, peer, EXCLUSIVE);
	if (!question->dir || question->delay->late ||
	    !(lock_kind_traits(question->kind) & TRAIT_SHARED))
		return;
	if (!question->wrong)
		ask_to_wait(question, peer, holder, SHARED);
	if (!question->wrong && !question->delay->late)
		ask_to_wait(question, holder, peer, EXCLUSIVE);
}

/*
 * POSIX allows EACCES for a conflict. The holder provably holds the lock: if the peer gets EACCES
 * now, and the lock after the release, that was a conflict. From here on lock_acquire() knows it.
 */
static bool is_conflict_by_eacces(struct question *question, struct actor *holder,
				  struct actor *peer)
{
	char found[32];

	actor_unlock(holder);
	if (actor_try(peer, EXCLUSIVE) || !scene_goes_on(holder->scene))
		return false;
	snprintf(found, sizeof(found), "%s=EACCES", lock_kind_name(question->kind));
	setenv("LOCKFAIR_CONFLICT", found, 1);
	return true;
}

static void ask_beside_a_holder(struct question *question)
{
	bool again = false;
	struct history *history = history_new();
	struct actor *holder, *peer;
	struct scene scene;
	int ret;

	if (!history)
		return;
	/* Where requests that wait are refused, as is known by now, ask by tries. */
	setenv("LOCKFAIR_UNWAITING", question->unwaiting, 1);
	delay_use(question->delay, question->kind);
	scene_open(&scene, question->kind, question->dir, history);
	holder = actor_start(&scene, "holder");
	peer = actor_start(&scene, "peer");
	actor_lock(holder, EXCLUSIVE);
	ret = actor_try(peer, EXCLUSIVE);
	if (!scene_goes_on(&scene))
		broken(question, &scene);
	else if (!ret)
		found(question, "shared", "a try", 0);
	else if (ret == -EACCES && is_conflict_by_eacces(question, holder, peer))
		again = true;
	else if (ret != -EAGAIN)
		found(question, "confused", "a try for a held lock", ret);
	else if (!question->wrong)
		ask_all_to_wait(question, holder, peer);
	question->wrong |= !scene_goes_on(&scene) && scene.end != SCENE_LATE;
	scene_close(&scene);
	history_free(history);
	if (again)
		return ask_beside_a_holder(question);
	question->excludes = ret == -EAGAIN;
	if (question->excludes)
		printf("%s\ttrait\tconflict\t%s\n", lock_kind_name(question->kind),
		       error_name(lock_conflict(question->kind)));
}

/* ---- all of it ---- */

static void ask(enum lock_kind kind, const char *dir)
{
	struct question question = { .kind = kind, .dir = dir, .delay = &delays[kind] };
	int err;

	unsetenv("LOCKFAIR_CONFLICT");
	/* Use the capabilities that the tests have: see claim_setup(). */
	privilege_keep(PRIVILEGE(CAP_SETUID));
	err = lock_site_open(&question.site, kind, dir, SCENE_FILE_SIZE);
	if (!err)
		err = lock_open(&question.lock, &question.site, DESCRIPTION_OWN);
	if (err)
		return found(&question, "unopened", "the file", err);
	ask_alone(&question);
	if (!question.hopeless) {
		if (lock_kind_traits(kind) & TRAIT_FILE)
			delay_ask_alone(question.delay, kind, dir);
		ask_query(&question);
		ask_second(&question);
		ask_beside_a_holder(&question);
		question.delay->waits = !question.wrong;
		if (lock_kind_traits(kind) & TRAIT_FILE)
			ask_as_another_user(&question);
	}
	if (dir && question.excludes && lock_kind_traits(kind) & TRAIT_FILE)
		trait_ask(kind, dir);
	if (dir && !question.wrong && lock_kind_traits(kind) & TRAIT_FILE)
		lack_ask(kind, dir);
	if (!question.wrong)
		printf("%s\tok\t\t\t\n", lock_kind_name(kind));
}

/*
 * Run @part in a process of its own, in case a broken kernel kills it, or no signal ends it because
 * the file system hangs. Return whether it ended well.
 */
static bool apart(void (*part)(enum lock_kind kind, const char *dir), enum lock_kind kind,
		  const char *dir)
{
	pid_t pid, parent = getpid();
	int status = 0;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		actor_die_with_parent(parent);
		part(kind, dir);
		fflush(stdout);
		_exit(0);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return pid > 0 && !status;
}

static int way[2];	/* a pipe */

static void tell_way(enum lock_kind kind, const char *dir)
{
	const char *found = descriptor_way(dir);

	(void)kind;
	if (write(way[1], found, strlen(found)) < 0)
		_exit(1);
}

/* Find out how to make files in @dir, for all that follows. */
static void find_way(const char *dir)
{
	char found[16] = "";

	if (pipe2(way, O_CLOEXEC) < 0 || !apart(tell_way, 0, dir) ||
	    read(way[0], found, sizeof(found) - 1) <= 0)
		return;
	setenv("LOCKFAIR_FILES", found, 1);
	printf("files\t%s\n", found);
}

static const char *other_dir;

static void ask_scope(enum lock_kind kind, const char *dir)
{
	scope_ask(kind, dir, other_dir);
}

/* Measure all kinds in parallel: each takes seconds where a daemon or a server decides. */
static void ask_for_delays(const char *dir)
{
	pid_t pids[KINDS] = { 0 }, parent = getpid();
	int raced = 0;

	fflush(stdout);
	for (int kind = 0; kind < KINDS; kind++) {
		if (!delays[kind].waits || delays[kind].medium.sort == MEDIUM_AT_ONCE)
			continue;
		pids[kind] = fork();
		if (!pids[kind]) {
			actor_die_with_parent(parent);
			privilege_keep(0);
			delay_ask_beside_a_holder(&delays[kind], kind, dir);
			_exit(0);
		}
	}
	for (int kind = 0; kind < KINDS; kind++) {
		while (pids[kind] > 0 && waitpid(pids[kind], NULL, 0) < 0 && errno == EINTR)
			;
		if (delays[kind].raced)
			raced = delays[kind].late_after;
	}
	for (int kind = 0; kind < KINDS; kind++) {
		/* Whether a waiter loses a race is luck. What follows is the same for all kinds. */
		if (raced && delays[kind].held) {
			delays[kind].late = true;
			delays[kind].raced = true;
			delays[kind].late_after = raced;
		}
		delay_print(&delays[kind], kind);
	}
}

int main(void)
{
	static const char * const names[] = {
		[ASLEEP_BY_CALL] = "call", [ASLEEP_BY_STATE] = "state",
		[ASLEEP_EMULATED] = "emulated", [ASLEEP_UNSEEN] = "unseen",
	};
	int evidence = asleep_evidence();
	const char *dir = getenv("LOCKFAIR_DIR");

	other_dir = getenv("LOCKFAIR_OTHER_DIR");
	/* Measure everything except the scope in the first directory only. */
	unsetenv("LOCKFAIR_OTHER_DIR");
	delays = mmap(NULL, KINDS * sizeof(*delays), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (delays == MAP_FAILED)
		return 1;
	printf("evidence\t%s\n", evidence < 0 ? "unseen" : names[evidence]);
	if (dir)
		find_way(dir);
	for (int kind = 0; kind < KINDS; kind++) {
		if (!apart(ask, kind, dir))
			printf("%s\tunopened\tthe process that asks has died\t\tfault\n",
			       lock_kind_name(kind));
	}
	ask_for_delays(dir);
	for (int kind = 0; kind < KINDS && other_dir; kind++) {
		if (lock_kind_traits(kind) & TRAIT_FILE)
			apart(ask_scope, kind, dir);
	}
	return 0;
}
