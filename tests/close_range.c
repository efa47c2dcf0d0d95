// SPDX-License-Identifier: GPL-2.0
/*
 * Does close_range(2) end a lock, in each of its three forms?
 *
 * It ends what close(2) would end. With CLOSE_RANGE_CLOEXEC that happens at the next exec. With
 * CLOSE_RANGE_UNSHARE the caller first gets a table of descriptors of its own, if it shares one:
 * the lock stays with the others.
 */
#include <fcntl.h>
#include <sys/syscall.h>

#include "held.h"
#include "clone_files.h"
#include "system/emulator.h"
#include "system/release.h"

#ifndef SYS_close_range
#define SYS_close_range	436
#endif

/* include/uapi/linux/close_range.h, which not every machine has. */
#define UNSHARE		2	/* CLOSE_RANGE_UNSHARE */
#define ON_EXEC		4	/* CLOSE_RANGE_CLOEXEC */

/* ---- what the holder does; in the drawing, c is the call, and e an exec ---- */

/* number[1]: 0 or an errno. */
static int close_the_range(struct actor *self, unsigned int flags)
{
	int fd = self->lock->fd;

	act_mark(self, 'c');
	self->scene->shared->number[1] = syscall(SYS_close_range, fd, fd, flags) < 0 ? errno : 0;
	return 0;
}

static int close_it(struct actor *self, void *arg)
{
	(void)arg;
	return close_the_range(self, 0);
}

/* No process has a descriptor of this number, so none is closed. */
#define BEYOND_ALL	1000000

static int unshare_beside_it(struct actor *self, void *arg)
{
	(void)arg;
	self->scene->shared->number[1] =
		syscall(SYS_close_range, BEYOND_ALL, BEYOND_ALL, UNSHARE) < 0 ? errno : 0;
	return 0;
}

static int unshare_it(struct actor *self, void *arg)
{
	(void)arg;
	return close_the_range(self, UNSHARE);
}

/* The holder has two descriptors of the file, and until here both are close-on-exec. */
static int close_it_on_exec(struct actor *self, void *arg)
{
	(void)arg;
	if (fcntl(self->lock->fd, F_SETFD, 0) < 0 || fcntl(self->lock->site->fd, F_SETFD, 0) < 0)
		return -errno;
	return close_the_range(self, ON_EXEC);
}

static int exec(struct actor *self, void *arg)
{
	(void)arg;
	act_mark(self, 'e');
	return act_exec(self);
}

static bool range_is_closed(struct actor *holder, actor_job how)
{
	struct scene *scene = holder->scene;
	int err;

	actor_do(holder, how, NULL);
	err = scene->shared->number[1];
	skip_unless(scene, err != ENOSYS || !release_is_gvisor(), "no close_range(2) here");
	skip_unless(scene, how != close_it_on_exec || err != EINVAL || release_is_since(5, 11),
		    "no CLOSE_RANGE_CLOEXEC here");
	return requires(scene, !err, "close_range(): %s", strerror(err));
}

/* ---- claims ---- */

/* close_range(2): it "closes all open file descriptors from first to last (included)". */
PROMISE(FILE_LOCKS, closing_a_range_ends_it)
{
	struct pair pair = hold(scene);

	if (range_is_closed(pair.holder, close_it))
		has_ended(pair, "close_range()");
}

/*
 * CLOSE_RANGE_CLOEXEC: "Set the close-on-exec flag on the specified file descriptors, rather than
 * immediately closing them".
 */
PROMISE(FILE_LOCKS, a_range_to_be_closed_on_exec_ends_it_there)
{
	struct pair pair = hold(scene);

	if (!range_is_closed(pair.holder, close_it_on_exec))
		return;
	is_kept(pair, "close_range(), CLOSE_RANGE_CLOEXEC");
	actor_do(pair.holder, exec, NULL);
	has_ended(pair, "the exec");
}

/*
 * CLOSE_RANGE_UNSHARE: "Unshare the specified file descriptors from any other processes before
 * closing them".
 */
PROMISE(FILE_LOCKS, a_range_that_is_unshared_leaves_it_to_a_clone)
{
	struct pair pair = hold(scene);

	leave_a_clone(pair.holder);
	if (!range_is_closed(pair.holder, unshare_it))
		return;
	is_kept(pair, "close_range(), CLOSE_RANGE_UNSHARE, with a clone that shares the files");
	clone_end(scene);
	has_ended(pair, "the death of the clone");
}

/* The same, but nobody shares the table: the close is the last. */
PROMISE(FILE_LOCKS, a_range_that_nobody_shares_ends_it)
{
	struct pair pair = hold(scene);

	/* An emulator has a thread in each process, which keeps the descriptors. */
	skip_unless(scene, !emulator_is_there(), BEYOND_AN_EMULATOR);
	if (range_is_closed(pair.holder, unshare_it))
		has_ended(pair, "close_range(), CLOSE_RANGE_UNSHARE, without others");
}

/* The same beside the range: the process keeps the table that it has, and the lock with it. */
PRACTICE(FILE_LOCKS, a_range_beside_it_that_nobody_shares_keeps_it)
{
	struct pair pair = hold(scene);

	skip_unless(scene, !emulator_is_there(), BEYOND_AN_EMULATOR);
	if (!range_is_closed(pair.holder, unshare_beside_it))
		return;
	is_kept(pair, "CLOSE_RANGE_UNSHARE of other descriptors, without others");
	actor_unlock(pair.holder);
	has_ended(pair, "a release by the same process");
}

CLAIM_MAIN
