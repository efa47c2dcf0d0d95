// SPDX-License-Identifier: GPL-2.0
/*
 * When does a lock end that nobody releases?
 *
 * A lock made by fcntl() or lockf() belongs to the process. It ends with the process, and when the
 * process closes any descriptor of the file, even one that was never used for the lock.
 *
 * An OFD lock or a flock belongs to the open file description. It ends when the last descriptor of
 * the description, in any process, is closed. (If something else refers to the description, it does
 * not even end then: tests/reference.c.)
 */
#include <fcntl.h>

#include "lock/descriptor.h"
#include "held.h"

/* ---- what the holder does; in the drawing, c is a close ---- */

static int second;	/* the holder's other descriptor of the file */

static int keep(int fd)
{
	second = fd;
	return fd < 0 ? -errno : 0;
}

static int open_again(struct actor *self, void *arg)
{
	(void)arg;
	second = descriptor_reopen(self->lock->fd);
	return second < 0 ? second : 0;
}

static int open_as_path(struct actor *self, void *arg)
{
	char path[64];

	(void)arg;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", self->lock->fd);
	return keep(open(path, O_PATH | O_CLOEXEC));
}

static int duplicate(struct actor *self, void *arg)
{
	(void)arg;
	return keep(dup(self->lock->fd));
}

static int close_the_second(struct actor *self, void *arg)
{
	(void)arg;
	act_mark(self, 'c');
	return close(second) < 0 ? -errno : 0;
}

static int close_the_first(struct actor *self, void *arg)
{
	(void)arg;
	act_mark(self, 'c');
	return close(self->lock->fd) < 0 ? -errno : 0;
}

static int put_another_file_in_its_place(struct actor *self, void *arg)
{
	(void)arg;
	act_mark(self, 'c');
	return dup2(self->scene->wake[0], second) < 0 ? -errno : 0;
}

/* ---- locks of the process ---- */

/*
 * fcntl(2): "If a process closes any file descriptor referring to a file, then all of the
 * process's locks on that file are released, regardless of the file descriptor(s) on
 * which the locks were obtained"; lockf(3): "as soon as the process holding the locks
 * closes some file descriptor for the file". POSIX.1-2024 fcntl() says so, too.
 */
PROMISE(OWNED_BY_PROCESS, closing_any_descriptor_of_the_file_ends_it)
{
	struct pair pair = hold(scene);

	actor_do(pair.holder, open_again, NULL);
	is_kept(pair, "opening the file a second time");
	actor_do(pair.holder, close_the_second, NULL);
	has_ended(pair, "closing what had been opened later");
}

PROMISE(OWNED_BY_PROCESS, closing_a_dup_ends_it)
{
	struct pair pair = hold(scene);

	actor_do(pair.holder, duplicate, NULL);
	is_kept(pair, "dup()");
	actor_do(pair.holder, close_the_second, NULL);
	has_ended(pair, "closing the dup");
}

/* dup(2): "If the file descriptor newfd was previously open, it is closed before being reused". */
PROMISE(OWNED_BY_PROCESS, a_dup2_over_any_descriptor_of_the_file_ends_it)
{
	struct pair pair = hold(scene);

	actor_do(pair.holder, open_again, NULL);
	actor_do(pair.holder, put_another_file_in_its_place, NULL);
	has_ended(pair, "dup2() over what had been opened later");
}

/* fcntl(2), as above, releases only the locks "on that file". */
PROMISE(OWNED_BY_PROCESS, closing_the_file_spares_locks_on_another)
{
	int other = scene_add_file(scene), ret;
	struct pair pair = hold(scene);

	actor_lock(pair.holder, at_site(other, EXCLUSIVE));
	actor_do(pair.holder, close_the_first, NULL);
	has_ended(pair, "closing the file");
	ret = actor_try(pair.peer, at_site(other, EXCLUSIVE));
	holds(scene, ret == -EAGAIN, "the peer got: %s",
	      ret ? strerror(-ret) : "the lock on the other file as well");
}

/* ---- locks of the description ---- */

/*
 * fcntl(2): OFD locks "are only automatically released on the last close of the open file
 * description, instead of being released on any close of the file"; flock(2): descriptors
 * that a process gets by more than one open(2) "are treated independently by flock()".
 */
PROMISE(OWNED_BY_DESCRIPTION, closing_another_description_ends_nothing)
{
	struct pair pair = hold(scene);

	actor_do(pair.holder, open_again, NULL);
	actor_do(pair.holder, close_the_second, NULL);
	is_kept(pair, "closing another description of the file");
}

/* flock(2): "or when all such file descriptors have been closed"; fcntl(2) as above. */
PROMISE(OWNED_BY_DESCRIPTION, it_ends_with_the_last_dup)
{
	struct pair pair = hold(scene);

	actor_do(pair.holder, duplicate, NULL);
	actor_do(pair.holder, close_the_first, NULL);
	is_kept(pair, "closing the descriptor by which it was taken");
	actor_do(pair.holder, close_the_second, NULL);
	has_ended(pair, "closing the last dup");
}

/* ---- all locks ---- */

/*
 * fcntl(2): "record locks are automatically released when the process terminates";
 * _exit(2): "Any open file descriptors belonging to the process are closed".
 */
PROMISE(FILE_LOCKS, an_exit_ends_it)
{
	struct pair pair = hold(scene);

	actor_exit(pair.holder);
	has_ended(pair, "the holder's exit");
}

PROMISE(FILE_LOCKS, a_kill_ends_it)
{
	struct pair pair = hold(scene);

	actor_kill(pair.holder);
	has_ended(pair, "the holder's death by SIGKILL");
}

/*
 *	holder  HHHH   HHHHHH.	is stopped, and continued
 *	waiter    wwwwwwwwwwwwH
 *	peer         x   x
 *
 * fcntl(2): locks are "removed by an explicit F_UNLCK", and as above; flock(2): "the lock is
 * released either by an explicit LOCK_UN operation … or when all such file descriptors have been
 * closed". A stop, signal(7), is neither. For the controls, only lib/lock/control.c promises it.
 */
PROMISE(EVERY_KIND, a_stopped_holder_keeps_it)
{
	struct pair pair = hold(scene);
	struct actor *waiter = actor_start(scene, "waiter");

	actor_queue(waiter, EXCLUSIVE);
	actor_stop(pair.holder);
	is_kept(pair, "a stop of the holder");
	actor_settle(scene);
	holds(scene, actor_waits(waiter), "the holder is stopped, and the waiter waits no more");
	actor_continue(pair.holder);
	is_kept(pair, "a stop and its end");
	actor_unlock(pair.holder);
	actor_settle(scene);
	holds(scene, actor_holds(waiter), "after the release the waiter sleeps on");
}

/* ---- what is not a close: locks of the process ---- */

/* open(2), O_PATH: "The file itself is not opened". */
PRACTICE(OWNED_BY_PROCESS, closing_an_o_path_descriptor_ends_nothing)
{
	struct pair pair = hold(scene);

	actor_do(pair.holder, open_as_path, NULL);
	actor_do(pair.holder, close_the_second, NULL);
	is_kept(pair, "closing a descriptor made with O_PATH");
}

CLAIM_MAIN
