// SPDX-License-Identifier: GPL-2.0
/*
 * Lease: is it broken by a lock?
 *
 * The holder of a lease (fcntl(2), F_SETLEASE) is told when somebody opens or truncates the
 * file, so that it can put the file in order first. Leases are kept beside the locks on the
 * file and listed with them, and have nothing else in common.
 */
#include <fcntl.h>

#include "lock/descriptor.h"
#include "claim/expectation.h"
#include "file_system.h"

/*
 * A write lease needs a file that is open but once, and a memfd's first description does not
 * count right. So the site gets a description that was opened anew, which all here share.
 */
static void have_one_description(struct scene *scene)
{
	int sole;

	if (scene->trouble[0])
		return;
	sole = descriptor_reopen(scene->site->fd);
	if (sole < 0 || dup3(sole, scene->site->fd, O_CLOEXEC) < 0)
		trouble(scene, TROUBLE_BROKEN, "opening the file anew: %s", strerror(errno));
	close(sole);
	/* By default it ends the process. */
	signal(SIGIO, SIG_IGN);
}

/* One who opens the file breaks the lease; without waiting for that it is EWOULDBLOCK. */
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

CLASS(practice);

/* fcntl(2) names two calls that break a lease, open(2) and truncate(2). */
CLAIM(practice, TRAIT_FILE, a_lock_breaks_no_lease)
{
	int fd = self->scene.site->fd, lease;
	struct actor *other;

	have_one_description(&self->scene);
	other = actor_start_with(&self->scene, ACTOR_PROCESS, DESCRIPTION_INHERITED, "other", 0);
	TAKES_A_FIRST_LEASE(fd, F_WRLCK);
	actor_lock(other, EXCLUSIVE);
	lease = fcntl(fd, F_GETLEASE);
	HOLDS(lease == F_WRLCK, "a lock breaks a lease",
	      "the other has locked the file, and the lease is %d instead of %d", lease, F_WRLCK);
	actor_unlock(other);
	lease = fcntl(fd, F_GETLEASE);
	HOLDS(lease == F_WRLCK, "a release breaks a lease",
	      "the other has released the lock, and the lease is %d instead of %d", lease, F_WRLCK);
	REQUIRES(is_broken_by_an_open(fd), "an open does not break the lease");
}

CLAIM(practice, TRAIT_FILE, a_lock_is_not_in_the_way_of_a_lease)
{
	int fd = self->scene.site->fd, ret;
	struct actor *other;

	have_one_description(&self->scene);
	other = actor_start_with(&self->scene, ACTOR_PROCESS, DESCRIPTION_INHERITED, "other", 0);
	TAKES_A_FIRST_LEASE(fd, F_WRLCK);
	SETS_UP(fcntl(fd, F_SETLEASE, F_UNLCK));
	actor_lock(other, EXCLUSIVE);
	ret = fcntl(fd, F_SETLEASE, F_WRLCK) < 0 ? errno : 0;
	HOLDS(!ret, "a lock is in the way of a lease",
	      "the other holds a lock, and a write lease is refused: %s", strerror(ret));
	REQUIRES(is_broken_by_an_open(fd), "an open does not break the lease");
}

EXPECTATION_MAIN
