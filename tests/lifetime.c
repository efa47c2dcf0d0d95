// SPDX-License-Identifier: GPL-2.0
/*
 * When does a lock end that nobody releases?
 *
 * A lock made by fcntl() or lockf() is the process's. It ends when the process closes any
 * descriptor of the file, also one that had nothing to do with the lock, and with the
 * process.
 *
 * An OFD lock or a flock is the open file description's. It ends when the last descriptor
 * is closed that refers to it, whoever has it (tests/reference.c: and not even then, if
 * something else refers to the description).
 */
#include <fcntl.h>

#include "lock/descriptor.h"
#include "held.h"

/* ---- what the holder does; in the drawing, c is a close ---- */

static int second;	/* another descriptor of the file, from one deed to the next */

static int keep(int fd)
{
	second = fd;
	return fd < 0 ? -errno : 0;
}

static int open_anew(struct actor *self, void *arg)
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
	return dup2(self->scene->poke[0], second) < 0 ? -errno : 0;
}

CLASS(promise);

/* ---- the process's ---- */

/*
 * fcntl(2): "If a process closes any file descriptor referring to a file, then all of the
 * process's locks on that file are released, regardless of the file descriptor(s) on
 * which the locks were obtained"; lockf(3): "as soon as the process holding the locks
 * closes some file descriptor for the file". POSIX.1-2024 fcntl() says so, too.
 */
CLAIM(promise, TRAIT_OWNED_BY_PROCESS, closing_any_descriptor_of_the_file_ends_it)
{
	struct cast cast = hold(&self->scene);

	actor_do(cast.holder, open_anew, NULL);
	IS_KEPT(cast, "opening the file a second time");
	actor_do(cast.holder, close_the_second, NULL);
	HAS_ENDED(cast, "closing what had been opened later");
}

CLAIM(promise, TRAIT_OWNED_BY_PROCESS, closing_a_dup_ends_it)
{
	struct cast cast = hold(&self->scene);

	actor_do(cast.holder, duplicate, NULL);
	IS_KEPT(cast, "dup()");
	actor_do(cast.holder, close_the_second, NULL);
	HAS_ENDED(cast, "closing the dup");
}

/* dup(2): "If the file descriptor newfd was previously open, it is closed before being reused". */
CLAIM(promise, TRAIT_OWNED_BY_PROCESS, a_dup2_over_any_descriptor_of_the_file_ends_it)
{
	struct cast cast = hold(&self->scene);

	actor_do(cast.holder, open_anew, NULL);
	actor_do(cast.holder, put_another_file_in_its_place, NULL);
	HAS_ENDED(cast, "dup2() over what had been opened later");
}

/* fcntl(2), as above: "on that file". */
CLAIM(promise, TRAIT_OWNED_BY_PROCESS, closing_the_file_spares_locks_on_another)
{
	int other = scene_add_file(&self->scene), ret;
	struct cast cast = hold(&self->scene);

	actor_lock(cast.holder, at_site(other, EXCLUSIVE));
	actor_do(cast.holder, close_the_first, NULL);
	HAS_ENDED(cast, "closing the file");
	ret = actor_try(cast.peer, at_site(other, EXCLUSIVE));
	HOLDS(ret == -EAGAIN, "the lock on another file has ended", "the peer got: %s",
	      ret ? strerror(-ret) : "the lock on the other file as well");
}

/* ---- the description's ---- */

/*
 * fcntl(2): OFD locks "are only automatically released on the last close of the open file
 * description, instead of being released on any close of the file"; flock(2): descriptors
 * that a process gets by more than one open(2) "are treated independently by flock()".
 */
CLAIM(promise, TRAIT_OWNED_BY_DESCRIPTION, closing_another_description_ends_nothing)
{
	struct cast cast = hold(&self->scene);

	actor_do(cast.holder, open_anew, NULL);
	actor_do(cast.holder, close_the_second, NULL);
	IS_KEPT(cast, "closing another description of the file");
}

/* flock(2): "or when all such file descriptors have been closed"; fcntl(2) as above. */
CLAIM(promise, TRAIT_OWNED_BY_DESCRIPTION, it_ends_with_the_last_dup)
{
	struct cast cast = hold(&self->scene);

	actor_do(cast.holder, duplicate, NULL);
	actor_do(cast.holder, close_the_first, NULL);
	IS_KEPT(cast, "closing the descriptor by which it was taken");
	actor_do(cast.holder, close_the_second, NULL);
	HAS_ENDED(cast, "closing the last dup");
}

/* ---- everybody's ---- */

/*
 * fcntl(2): "record locks are automatically released when the process terminates";
 * _exit(2): "Any open file descriptors belonging to the process are closed".
 */
CLAIM(promise, TRAIT_FILE, an_exit_ends_it)
{
	struct cast cast = hold(&self->scene);

	actor_exit(cast.holder);
	HAS_ENDED(cast, "the holder's exit");
}

CLAIM(promise, TRAIT_FILE, a_kill_ends_it)
{
	struct cast cast = hold(&self->scene);

	actor_kill(cast.holder);
	HAS_ENDED(cast, "the holder's death by SIGKILL");
}

CLASS(practice);

/* ---- what is no close: the lock is the process's ---- */

/* open(2), O_PATH: "The file itself is not opened". */
CLAIM(practice, TRAIT_OWNED_BY_PROCESS, closing_an_o_path_descriptor_ends_nothing)
{
	struct cast cast = hold(&self->scene);

	actor_do(cast.holder, open_as_path, NULL);
	actor_do(cast.holder, close_the_second, NULL);
	IS_KEPT(cast, "closing a descriptor made with O_PATH");
}

EXPECTATION_MAIN
