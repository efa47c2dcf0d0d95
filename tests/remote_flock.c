// SPDX-License-Identifier: GPL-2.0
/*
 * What is a flock where it is made of fcntl locks?
 *
 * flock(2), NFS details: "Since Linux 2.6.12, NFS clients support flock() locks by emulating them
 * as fcntl(2) byte-range locks on the entire file." SMB does likewise since Linux 5.5, and 9p. The
 * lock then has an fcntl lock's rules: tests/independence.c and tests/access.c have those of a
 * local flock.
 */
#include <sys/file.h>

#include "access.h"
#include "network.h"

static bool needs_emulation(struct scene *scene)
{
	return skip_unless(scene, emulates_flock(scene), "flock is a lock of its own here");
}

/*
 * The holder has the lock of one site. The other is refused that of the other site, and granted it
 * after the release:
 *
 *	holder  HHHHHH.
 *	other      x  H.
 */
static void is_kept_out_by(struct actor *holder, int held, struct actor *other, int wanted)
{
	struct scene *scene = holder->scene;
	int ret;

	actor_lock(holder, at_site(held, EXCLUSIVE));
	ret = actor_try(other, at_site(wanted, EXCLUSIVE));
	holds(scene, ret == -EAGAIN, "beside the lock of kind %s, one of kind %s: %s",
	      lock_kind_name(scene->site[held].kind), lock_kind_name(scene->site[wanted].kind),
	      ret ? strerror(-ret) : "granted");
	actor_unlock_site(holder, held);
	ret = actor_try(other, at_site(wanted, EXCLUSIVE));
	holds(scene, !ret, "after the release: %s", strerror(-ret));
	actor_unlock_site(other, wanted);
}

/*
 * flock(2), NFS details: "fcntl(2) and flock() locks do interact with one another over NFS". A
 * client of NFSv4 that has a delegation keeps the locks to itself, in two lists:
 * doc/findings/nfs4_flock_and_fcntl.md.
 */
PROMISE(FLOCK, an_emulated_flock_and_an_fcntl_lock_exclude_each_other)
{
	struct actor *holder, *other;
	int by_fcntl;

	if (!needs_emulation(scene))
		return;
	by_fcntl = scene_add_kind(scene, KIND_POSIX);
	holder = actor_start(scene, "holder");
	other = actor_start(scene, "other");
	is_kept_out_by(holder, 0, other, by_fcntl);
	is_kept_out_by(holder, by_fcntl, other, 0);
}

/* For SMB, flock(2) requires no open mode, and such a lock is granted there. */
static bool needs_nfs(struct scene *scene)
{
	return needs_emulation(scene) &&
	       skip_unless(scene, file_system_of(scene) == NFS_SUPER_MAGIC,
			   "flock(2) says this only of NFS");
}

/* A flock in the mode of the request is refused to a descriptor that was opened with @flags. */
static void gets_bad_descriptor_on_nfs(struct scene *scene, int flags, struct lock_request request)
{
	int fd = scene->site->fd;

	if (needs_nfs(scene))
		gets_bad_descriptor(use_files(scene, reopen(fd, flags), reopen(fd, flags)).holder,
				    request);
}

/*
 * flock(2), NFS details: "in order to place an exclusive lock, the file must be opened for
 * writing"; fcntl(2), EBADF: "the file descriptor open mode doesn't match with the type of lock
 * requested". NFS 3 does not check the open mode: doc/findings/nfs3_flock_open_mode.md.
 */
PROMISE(FLOCK, an_emulated_exclusive_flock_needs_a_descriptor_for_writing)
{
	gets_bad_descriptor_on_nfs(scene, O_RDONLY, EXCLUSIVE);
}

/* An fcntl lock checks both modes. Does flock() check the one that flock(2) promises? */
static bool needs_checked_modes(struct scene *scene)
{
	int fd = needs_nfs(scene) ? reopen(scene->site->fd, O_RDONLY) : -1;
	bool checked = flock(fd, LOCK_EX | LOCK_NB) < 0;

	if (fd >= 0)
		close(fd);
	return skip_unless(scene, checked, "flock ignores the open mode here");
}

/* flock(2) does not say it of a shared lock. */
PRACTICE(FLOCK, an_emulated_shared_flock_needs_a_descriptor_for_reading)
{
	if (needs_checked_modes(scene))
		gets_bad_descriptor_on_nfs(scene, O_WRONLY, SHARED);
}

/* Unlike a local flock, which a conversion removes first: tests/conversion.c. */
PRACTICE(FLOCK, an_emulated_shared_flock_outlives_a_refused_upgrade)
{
	struct actor *upgrader, *peer, *third;
	int ret;

	if (!needs_emulation(scene))
		return;
	upgrader = actor_start(scene, "upgrader");
	peer = actor_start(scene, "peer");
	third = actor_start(scene, "third");
	actor_lock(upgrader, SHARED);
	actor_lock(peer, SHARED);
	ret = actor_try(upgrader, EXCLUSIVE);
	requires(scene, ret == -EAGAIN, "the upgrade beside another reader: %s", strerror(-ret));
	actor_unlock(peer);
	ret = actor_try(third, EXCLUSIVE);
	holds(scene, ret == -EAGAIN, "the refused upgrade has lost the shared lock");
}

CLAIM_MAIN
