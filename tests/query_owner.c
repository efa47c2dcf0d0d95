// SPDX-License-Identifier: GPL-2.0
/*
 * Query: whose lock is in the way of a lock?
 *
 * F_GETLK and F_OFD_GETLK never tell of what the one who asks owns itself, and of others they
 * say who it is, as far as that has a number. The owner of a POSIX lock is the process, by
 * whatever descriptor; that of an OFD lock is the open file description, in whatever process.
 * (What is in the way: tests/query.c. Who it is to other pid namespaces: pid_namespace.c.)
 */
#include "query.h"

static const struct flock everything = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

/* The answer where it is a lock of that kind, on bytes 10 to 19, of process @pid. */
static struct flock in_the_way(enum lock_kind kind, pid_t pid)
{
	struct flock lock = wish(MODE_EXCLUSIVE, 10, 10);

	lock.l_pid = kind == LOCK_OFD ? -1 : pid;
	return lock;
}

/* The test's own lock on these bytes, which the scenario is about. */
static void have(struct scene *scene, struct lock *lock)
{
	int err = lock_acquire(lock, &EXCLUSIVE_ON(10, 10), false);

	if (err)
		trouble(scene, TROUBLE_STEP, "the test was to get the lock: %s", strerror(-err));
}

/* The child, an actor, asks by a descriptor that it has inherited. */
enum number { TYPE, PID };

static int ask_for_everything(struct actor *self, void *arg)
{
	unsigned long long *number = self->scene->board->number;
	struct flock got = everything;
	int err = lock_query(self->lock, &got);

	(void)arg;
	number[TYPE] = got.l_type;
	number[PID] = got.l_pid;
	return err;
}

#define A_CHILD_IS_TOLD(type, pid) do { \
	unsigned long long *number = self->scene.board->number; \
	struct lock mine = { .site = self->scene.site, .fd = self->scene.site->fd }; \
	struct actor *child = actor_start_with(&self->scene, ACTOR_PROCESS, \
					       DESCRIPTION_INHERITED, "child", 0); \
	have(&self->scene, &mine); \
	actor_do(child, ask_for_everything, NULL); \
	HOLDS((int)number[TYPE] == (type) && (int)number[PID] == (pid), "another answer", \
	      "the child of the owner was told: type %d, pid %d, not: type %d, pid %d", \
	      (int)number[TYPE], (int)number[PID], type, pid); \
} while (0)

CLASS(promise);

/*
 * fcntl(2): "A single process can hold only one type of lock on a file region", OFD locks of
 * one description "are always compatible": what one has is converted, and hinders nothing.
 */
CLAIM(promise, TRAIT_QUERIES, ones_own_lock_is_not_in_the_way)
{
	struct lock lock = asker(&self->scene);

	have(&self->scene, &lock);
	ANSWERS(&lock, everything, nobody(everything));
}

/* fcntl(2): record locks "are associated with the process", not with what is open. */
CLAIM(promise, TRAIT_QUERIES | TRAIT_OWNED_BY_PROCESS, another_description_finds_nothing)
{
	struct lock first = asker(&self->scene), second = asker(&self->scene);

	have(&self->scene, &first);
	ANSWERS(&second, everything, nobody(everything));
}

/*
 * fcntl(2): OFD locks "may conflict with each other when they are acquired via different open
 * file descriptions", in one process as well.
 */
CLAIM(promise, TRAIT_QUERIES | TRAIT_OWNED_BY_DESCRIPTION, another_description_finds_the_lock)
{
	struct lock first = asker(&self->scene), second = asker(&self->scene);

	have(&self->scene, &first);
	ANSWERS(&second, everything, in_the_way(LOCK_OFD, 0));
}

/* fcntl(2): "Record locks are not inherited by a child created via fork(2)". */
CLAIM(promise, TRAIT_QUERIES | TRAIT_OWNED_BY_PROCESS, a_child_finds_the_lock_of_its_parent)
{
	A_CHILD_IS_TOLD(F_WRLCK, getpid());
}

/* fcntl(2): OFD locks "are inherited across fork(2)"; then l_type alone is changed. */
CLAIM(promise, TRAIT_QUERIES | TRAIT_OWNED_BY_DESCRIPTION, a_child_that_shares_it_finds_nothing)
{
	A_CHILD_IS_TOLD(F_UNLCK, 0);
}

/*
 * fcntl(2): an OFD lock and a traditional one "conflict even when they are acquired by the same
 * process on the same file descriptor".
 */
CLAIM(promise, TRAIT_QUERIES, ones_own_lock_of_the_other_kind_is_in_the_way)
{
	enum lock_kind other = self->scene.site->kind == LOCK_OFD ? LOCK_POSIX : LOCK_OFD;
	int site = scene_add_kind(&self->scene, other);
	struct lock lock = asker(&self->scene), same_descriptor = lock;

	same_descriptor.site = &self->scene.site[site];
	have(&self->scene, &same_descriptor);
	ANSWERS(&lock, everything, in_the_way(other, getpid()));
}

/*
 * fcntl(2): "If the conflicting lock is a traditional (process-associated) record lock, then
 * the l_pid field is set to the PID of the process holding that lock. If the conflicting lock
 * is an open file description lock, then l_pid is set to -1". Whichever way one asks.
 */
CLAIM(promise, TRAIT_QUERIES, a_posix_lock_has_a_pid_and_an_ofd_lock_minus_1)
{
	bool ofd = self->scene.site->kind == LOCK_OFD;
	int second = scene_add_kind(&self->scene, ofd ? LOCK_POSIX : LOCK_OFD);
	struct actor *holder = actor_start(&self->scene, "holder");
	struct lock lock = asker(&self->scene);

	for (int i = 0; i < 2; i++) {
		struct lock_request request = at_site(i ? second : 0, EXCLUSIVE_ON(1, 2));

		actor_lock(holder, request);
		ANSWERS(&lock, wish(MODE_EXCLUSIVE, 0, 0), described(holder, request));
		actor_unlock(holder);
	}
}

EXPECTATION_MAIN
