// SPDX-License-Identifier: GPL-2.0
/*
 * Query: whose lock is in the way of a lock?
 *
 * F_GETLK and F_OFD_GETLK never report the caller's own locks. Of another lock they report the
 * owner, if that has a number. A process owns its POSIX locks, through any descriptor; an open file
 * description owns its OFD locks, in any process. (Which lock it is: tests/query.c. Which pid other
 * namespaces see: pid_namespace.c.)
 */
#include "query.h"

static const struct flock everything = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

/* The answer if a lock of that kind on bytes 10 to 19, of process @pid, is in the way. */
static struct flock in_the_way(enum lock_kind kind, pid_t pid)
{
	struct flock lock = wish(MODE_EXCLUSIVE, 10, 10);

	lock.l_pid = kind == KIND_OFD ? -1 : pid;
	return lock;
}

/* Take the lock on these bytes for the test itself. */
static void have(struct scene *scene, struct lock *lock)
{
	int err = lock_acquire(lock, &EXCLUSIVE_ON(10, 10), false);

	if (err)
		scene_failed(scene, "the test should get the lock: %s", strerror(-err));
}

enum number { TYPE, PID };

static int ask_for_everything(struct actor *self, void *arg)
{
	unsigned long long *number = self->scene->shared->number;
	struct flock got = everything;
	int err = lock_query(self->lock, &got);

	(void)arg;
	number[TYPE] = got.l_type;
	number[PID] = got.l_pid;
	return err;
}

/* A child, which is an actor, asks through the descriptor that it has inherited. */
static bool child_is_told(struct scene *scene, int type, pid_t pid)
{
	unsigned long long *number = scene->shared->number;
	struct lock mine = { .site = scene->site, .fd = scene->site->fd };
	struct actor *child = actor_start_with(scene, ACTOR_PROCESS, DESCRIPTION_INHERITED,
					       "child", 0);

	have(scene, &mine);
	actor_do(child, ask_for_everything, NULL);
	return holds(scene, (int)number[TYPE] == type && (int)number[PID] == pid,
		     "the child of the owner got: type %d, pid %d, not: type %d, pid %d",
		     (int)number[TYPE], (int)number[PID], type, pid);
}

/*
 * fcntl(2): "A single process can hold only one type of lock on a file region", OFD locks of
 * one description "are always compatible": a new request converts the owner's lock.
 */
PROMISE(POSIX | OFD, ones_own_lock_is_not_in_the_way)
{
	struct lock lock = asker(scene);

	scene_judges(scene, LACKS_QUERY);
	have(scene, &lock);
	answer_is(scene, &lock, everything, nobody(everything));
}

/* fcntl(2): record locks "are associated with the process", not with a description. */
PROMISE(POSIX, another_description_finds_nothing)
{
	struct lock first = asker(scene), second = asker(scene);

	have(scene, &first);
	answer_is(scene, &second, everything, nobody(everything));
}

/*
 * fcntl(2): OFD locks "may conflict with each other when they are acquired via different open
 * file descriptions", even in one process.
 */
PROMISE(OFD, another_description_finds_the_lock)
{
	struct lock first = asker(scene), second = asker(scene);

	have(scene, &first);
	answer_is(scene, &second, everything, in_the_way(KIND_OFD, 0));
}

/* fcntl(2): "Record locks are not inherited by a child created via fork(2)". */
PROMISE(POSIX, a_child_finds_the_lock_of_its_parent)
{
	child_is_told(scene, F_WRLCK, getpid());
}

/* fcntl(2): OFD locks "are inherited across fork(2)"; so the query changes only l_type. */
PROMISE(OFD, a_child_that_shares_it_finds_nothing)
{
	child_is_told(scene, F_UNLCK, 0);
}

/*
 * fcntl(2): an OFD lock and a traditional one "conflict even when they are acquired by the same
 * process on the same file descriptor".
 */
PROMISE(POSIX | OFD, ones_own_lock_of_the_other_kind_is_in_the_way)
{
	enum lock_kind other = is_kind(scene, OFD) ? KIND_POSIX : KIND_OFD;
	int site = scene_add_kind(scene, other);
	struct lock lock = asker(scene), same_descriptor = lock;

	same_descriptor.site = &scene->site[site];
	have(scene, &same_descriptor);
	answer_is(scene, &lock, everything, in_the_way(other, getpid()));
}

/* The same for a shared lock, which only an exclusive one conflicts with. */
PROMISE(POSIX | OFD, a_shared_lock_of_the_other_kind_is_in_the_way)
{
	int second = scene_add_kind(scene, is_kind(scene, OFD) ? KIND_POSIX : KIND_OFD);
	struct lock_request request = at_site(second, SHARED_ON(10, 10));
	struct actor *holder = actor_start(scene, "holder");
	struct lock lock = asker(scene);

	actor_lock(holder, request);
	answer_is(scene, &lock, everything, described(holder, request));
}

/*
 * fcntl(2): "If the conflicting lock is a traditional (process-associated) record lock, then
 * the l_pid field is set to the PID of the process holding that lock. If the conflicting lock
 * is an open file description lock, then l_pid is set to -1". By either kind of query.
 */
PROMISE(POSIX | OFD, a_posix_lock_has_a_pid_and_an_ofd_lock_minus_1)
{
	int second = scene_add_kind(scene, is_kind(scene, OFD) ? KIND_POSIX : KIND_OFD);
	struct actor *holder = actor_start(scene, "holder");
	struct lock lock = asker(scene);

	for (int i = 0; i < 2; i++) {
		struct lock_request request = at_site(i ? second : 0, EXCLUSIVE_ON(1, 2));

		actor_lock(holder, request);
		answer_is(scene, &lock, wish(MODE_EXCLUSIVE, 0, 0), described(holder, request));
		actor_unlock(holder);
	}
}

/* ---- the pid in a request ---- */

/* Set or release the lock by a request with @pid in l_pid. 0 or an errno. */
static int set_with_pid(const struct lock *lock, int command, short type, pid_t pid)
{
	struct flock range = {
		.l_type = type, .l_whence = SEEK_SET, .l_start = 10, .l_len = 10, .l_pid = pid,
	};

	return fcntl(lock->fd, command, &range) ? errno : 0;
}

/* Release the bytes that the test has locked, with its pid. The query afterwards finds the lock. */
static int release_in_the_name_of_the_test(struct actor *self, void *arg)
{
	int err = set_with_pid(self->lock, F_SETLK, F_UNLCK, self->scene->shared->test);

	return err ? -err : ask_for_everything(self, arg);
}

/* A query of another process reports a lock of the test itself. */
static bool is_the_tests(struct actor *other, pid_t named)
{
	unsigned long long *number = other->scene->shared->number;

	return holds(other->scene, (int)number[TYPE] == F_WRLCK && (int)number[PID] == getpid(),
		     "process %d took the lock with l_pid %d, and another was told: type %d, pid %d",
		     getpid(), named, (int)number[TYPE], (int)number[PID]);
}

/*
 * fcntl(2), of OFD locks: "Unlike traditional record locks, the l_pid field of that structure
 * must be set to zero"; of l_pid itself: "set by F_GETLK and F_OFD_GETLK".
 */
PROMISE(POSIX, a_false_pid_in_a_request_is_ignored)
{
	static const int commands[] = { F_SETLK, F_SETLKW };
	struct actor *other = actor_start(scene, "other");
	const pid_t named[] = { other->pid, getppid(), 1, -1 };
	struct lock lock = asker(scene);

	for (unsigned int i = 0; i < ARRAY_SIZE(named) && scene_goes_on(scene); i++) {
		bool waits = i % 2 && !scene->site->no_wait[MODE_EXCLUSIVE];
		int err = set_with_pid(&lock, commands[waits], F_WRLCK, named[i]);

		holds(scene, !err, "a request with l_pid %d: %s", named[i], strerror(err));
		actor_do(other, ask_for_everything, NULL);
		is_the_tests(other, named[i]);
		actor_do(other, release_in_the_name_of_the_test, NULL);
		is_the_tests(other, named[i]);
		err = set_with_pid(&lock, commands[waits], F_UNLCK, named[i]);
		holds(scene, !err, "a release with l_pid %d: %s", named[i], strerror(err));
		actor_do(other, ask_for_everything, NULL);
		holds(scene, (int)scene->shared->number[TYPE] == F_UNLCK,
		      "released with l_pid %d, and another finds it locked", named[i]);
	}
}

CLAIM_MAIN
