// SPDX-License-Identifier: GPL-2.0
/*
 * Does a lock break a lease, and how are leases listed?
 *
 * The holder of a lease (fcntl(2), F_SETLEASE) is notified when another process opens or
 * truncates the file, and can put the file in order first. The kernel keeps leases beside the
 * locks on the file and lists them with the locks; otherwise they are independent.
 */
#include <fcntl.h>
#include <string.h>

#include "lock/descriptor.h"
#include "claim/claim.h"
#include "listed.h"

/*
 * A write lease requires that the file has one description, and the first description of a memfd
 * is not counted correctly. So all actors share one that was opened afterwards.
 */
static void have_one_description(struct scene *scene)
{
	int sole;

	if (!scene_goes_on(scene))
		return;
	sole = descriptor_reopen(scene->site->fd);
	if (sole < 0 || dup3(sole, scene->site->fd, O_CLOEXEC) < 0)
		scene_broken(scene, "opening the file again: %s", strerror(errno));
	close(sole);
	/* By default the signal ends the process. */
	signal(SIGIO, SIG_IGN);
}

/* Does an open of the file begin to break the lease? It fails with EWOULDBLOCK meanwhile. */
static bool is_broken_by_an_open(int fd)
{
	char path[40];
	int again;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	again = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (again >= 0)
		close(again);
	return again < 0 && fcntl(fd, F_GETLEASE) == F_UNLCK;
}

static struct actor *start_other(struct scene *scene)
{
	have_one_description(scene);
	return actor_start_with(scene, ACTOR_PROCESS, DESCRIPTION_INHERITED, "other", 0);
}

/*
 * On SMB the removal of the file's name waits for the lease of the process that removes it: the
 * server asks for the oplock, and cifs_oplock_break() first calls break_lease().
 */
static void give_the_lease_up(struct scene *scene)
{
	fcntl(scene->site->fd, F_SETLEASE, F_UNLCK);
}

static void keeps_its_lease(struct scene *scene, struct actor *other)
{
	int fd = scene->site->fd, lease;

	take_first_lease(scene, fd, F_WRLCK);
	actor_lock(other, EXCLUSIVE);
	lease = fcntl(fd, F_GETLEASE);
	holds(scene, lease == F_WRLCK,
	      "the other has locked the file, and the lease is %d instead of %d", lease, F_WRLCK);
	actor_unlock(other);
	lease = fcntl(fd, F_GETLEASE);
	if (!holds(scene, lease == F_WRLCK,
		   "the other has released the lock, and the lease is %d instead of %d", lease,
		   F_WRLCK))
		return;
	requires(scene, is_broken_by_an_open(fd), "an open does not break the lease");
}

/* fcntl(2) names two calls that break a lease, open(2) and truncate(2). */
PRACTICE(FILE_LOCKS, a_lock_breaks_no_lease)
{
	keeps_its_lease(scene, start_other(scene));
	give_the_lease_up(scene);
}

static void is_granted_a_lease_again(struct scene *scene, struct actor *other)
{
	int fd = scene->site->fd, err;

	if (!take_first_lease(scene, fd, F_WRLCK))
		return;
	sets_up(scene, fcntl(fd, F_SETLEASE, F_UNLCK), "F_SETLEASE");
	actor_lock(other, EXCLUSIVE);
	err = fcntl(fd, F_SETLEASE, F_WRLCK) < 0 ? errno : 0;
	if (!holds(scene, !err, "the other holds a lock, and a write lease is refused: %s",
		   strerror(err)))
		return;
	requires(scene, is_broken_by_an_open(fd), "an open does not break the lease");
}

PRACTICE(FILE_LOCKS, a_lock_is_not_in_the_way_of_a_lease)
{
	is_granted_a_lease_again(scene, start_other(scene));
	give_the_lease_up(scene);
}

static void lease_is_listed(struct scene *scene, const char *state, const char *mode)
{
	struct proc_lock line = { 0 };
	int count = proc_locks_fdinfo(getpid(), scene->site->fd, &line, 1);

	if (!are_in_fdinfo(scene, count))
		return;
	holds(scene, count == 1, "fdinfo has %d lines of locks instead of the lease's", count);
	holds(scene, !strcmp(line.kind, "LEASE") && !strcmp(line.rule, state) &&
	      !strcmp(line.mode, mode) && line.pid == getpid(),
	      "fdinfo lists %s %s %s of %d instead of LEASE %s %s of %d", line.kind, line.rule,
	      line.mode, (int)line.pid, state, mode, (int)getpid());
}

/* fs/locks.c, lock_get_status(): a lease that is being broken has the type that is left to it. */
PRACTICE(POSIX, a_lease_is_listed_with_its_state)
{
	int fd = scene->site->fd;

	have_one_description(scene);
	if (!take_first_lease(scene, fd, F_WRLCK))
		return;
	lease_is_listed(scene, "ACTIVE", "WRITE");
	if (requires(scene, is_broken_by_an_open(fd), "an open does not break the lease"))
		lease_is_listed(scene, "BREAKING", "UNLCK");
	give_the_lease_up(scene);
}

CLAIM_MAIN
