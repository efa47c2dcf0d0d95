// SPDX-License-Identifier: GPL-2.0
/*
 * Does a lock outlive the last descriptor of its file, if something else refers to it?
 *
 * An open file description is in use also while it is on its way in a Unix socket, while
 * the file is mapped, and while it is registered with io_uring. By the words of flock(2), a
 * lock is released "when all such file descriptors have been closed"; in fact, an OFD lock
 * or a flock stays until the description goes.
 *
 * A lock made by fcntl() or lockf() does not care for any of this: what ends it is the close
 * of a descriptor by its process, and nothing but that.
 */
#include <linux/io_uring.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/statfs.h>
#include <sys/syscall.h>

#include "lock/descriptor.h"
#include "held.h"
#include "system/release.h"
#include "sysctl.h"

/* ---- what the holder does; in the drawing, c is the close of its only descriptor ---- */

static int close_it(struct actor *self, void *arg)
{
	(void)arg;
	act_mark(self, 'c');
	return close(self->lock->fd) < 0 ? -errno : 0;
}

/* A Unix socket of the test and the holder: one end to send into, one to receive from. */
static int road[2];

static int send_it(struct actor *self, void *arg)
{
	(void)arg;
	return descriptor_send(road[0], self->lock->fd);
}

static int send_the_receiver(struct actor *self, void *arg)
{
	(void)self;
	(void)arg;
	return descriptor_send(road[0], road[1]);
}

static int close_the_road(struct actor *self, void *arg)
{
	(void)self;
	(void)arg;
	return close(road[0]) < 0 || close(road[1]) < 0 ? -errno : 0;
}

static void *view;

static int map(struct actor *self, void *arg)
{
	(void)arg;
	view = mmap(NULL, SCENE_FILE_SIZE, PROT_READ, MAP_SHARED, self->lock->fd, 0);
	return view == MAP_FAILED ? -errno : 0;
}

static int unmap(struct actor *self, void *arg)
{
	(void)self;
	(void)arg;
	return munmap(view, SCENE_FILE_SIZE) < 0 ? -errno : 0;
}

static int ring;

/* number[0]: 0 or an errno. */
static int register_it(struct actor *self, void *arg)
{
	struct io_uring_params params = { 0 };
	bool done;

	(void)arg;
	ring = syscall(__NR_io_uring_setup, 1, &params);
	done = ring >= 0 && !syscall(__NR_io_uring_register, ring, IORING_REGISTER_FILES,
				     &self->lock->fd, 1);
	self->scene->board->number[0] = done ? 0 : errno;
	return 0;
}

/*
 * Since 6.6 a kernel that has it says whether it is switched off, by io_uring_disabled in
 * proc_sys_kernel(5). Without that file it may not be built, or may be older.
 */
static bool may_be_without_io_uring(int err)
{
	long disabled = sysctl_of("kernel/io_uring_disabled");

	if (release_is_gvisor())
		return err;
	if (err == ENOSYS)
		return disabled < 0 || privilege_is_confined();
	if (err == EPERM || err == EACCES)
		return disabled > 0 || privilege_is_confined();
	return false;
}

#define IS_REGISTERED(actor) do { \
	int error; \
	actor_do(actor, register_it, NULL); \
	error = self->scene.board->number[0]; \
	SKIPS_UNLESS(!may_be_without_io_uring(error), "no io_uring here"); \
	if (error) \
		trouble(&self->scene, TROUBLE_BROKEN, "a file for io_uring: %s", \
			strerror(error)); \
} while (0)

static int unregister_it(struct actor *self, void *arg)
{
	(void)self;
	(void)arg;
	return syscall(__NR_io_uring_register, ring, IORING_UNREGISTER_FILES, NULL, 0) ? -errno : 0;
}

static int close_the_ring(struct actor *self, void *arg)
{
	(void)self;
	(void)arg;
	return close(ring) < 0 ? -errno : 0;
}

/* ---- scenes ---- */

static struct cast hold_on_the_road(struct scene *scene)
{
	struct actor *peer = actor_start(scene, "peer");

	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, road) < 0)
		trouble(scene, TROUBLE_BROKEN, "socketpair: %s", strerror(errno));
	return held_by(actor_start(scene, "holder"), peer);
}

/* From here on only the test has the socket, and nobody a descriptor of what is in it. */
static struct cast leave_it_on_the_road(struct scene *scene)
{
	struct cast cast = hold_on_the_road(scene);

	actor_do(cast.holder, send_it, NULL);
	actor_exit(cast.holder);
	return cast;
}

/* overlayfs maps the file that lies below, which is another description. */
static bool maps_the_description(const struct scene *scene)
{
	struct statfs fs;

	return fstatfs(scene->site->fd, &fs) < 0 || (long)fs.f_type != OVERLAYFS_SUPER_MAGIC;
}

CLASS(promise);

/*
 * fcntl(2): "If a process closes any file descriptor referring to a file, then all of the
 * process's locks on that file are released"; lockf(3) likewise. mmap(2), which lets one close
 * it at once, makes no exception.
 */
CLAIM(promise, TRAIT_OWNED_BY_PROCESS, a_mapping_does_not_keep_it)
{
	struct cast cast = hold(&self->scene);

	actor_do(cast.holder, map, NULL);
	actor_do(cast.holder, close_it, NULL);
	HAS_ENDED(cast, "closing a file that stays mapped");
}

CLASS(practice);

/* ---- what is not a close ---- */

CLAIM(practice, TRAIT_OWNED_BY_PROCESS, unmapping_the_file_ends_nothing)
{
	struct cast cast = hold(&self->scene);

	actor_do(cast.holder, map, NULL);
	actor_do(cast.holder, unmap, NULL);
	IS_KEPT(cast, "mapping and unmapping the file");
}

CLAIM(practice, TRAIT_OWNED_BY_PROCESS, discarding_a_descriptor_in_flight_ends_nothing)
{
	struct cast cast = hold_on_the_road(&self->scene);

	actor_do(cast.holder, send_it, NULL);
	SETS_UP(close(road[0]));
	SETS_UP(close(road[1]));
	actor_do(cast.holder, close_the_road, NULL);
	IS_KEPT(cast, "the holder closed a socket with a descriptor of the file in its queue");
}

CLAIM(practice, TRAIT_OWNED_BY_PROCESS, unregistering_from_io_uring_ends_nothing)
{
	struct cast cast = hold(&self->scene);

	IS_REGISTERED(cast.holder);
	actor_do(cast.holder, unregister_it, NULL);
	IS_KEPT(cast, "registering and unregistering the file");
}

/* ---- in flight ---- */

/*
 *	holder   HHHHHH.		sends its descriptor, and exits
 *	socket        HHHHH
 *	test               HHHH		receives it
 */
CLAIM(practice, TRAIT_OWNED_BY_DESCRIPTION, it_is_held_while_its_descriptor_is_in_flight)
{
	struct cast cast = leave_it_on_the_road(&self->scene);
	int received;

	IS_KEPT(cast, "its descriptor was sent by a process that is gone");
	received = descriptor_receive(road[1]);
	REQUIRES(received >= 0, "receiving the descriptor: %s", strerror(-received));
	IS_KEPT(cast, "its descriptor was received by another process");
	SETS_UP(close(received));
	HAS_ENDED(cast, "the receiver closed it");
}

CLAIM(practice, TRAIT_OWNED_BY_DESCRIPTION, it_ends_with_the_socket_it_is_queued_in)
{
	struct cast cast = leave_it_on_the_road(&self->scene);

	SETS_UP(close(road[0]));
	IS_KEPT(cast, "the sending end was closed");
	SETS_UP(close(road[1]));
	HAS_ENDED(cast, "the receiving end was closed");
}

/*
 *	second's queue: [the locked file] [second]
 *
 * When its last descriptor is closed, the socket is still referred to: by itself. The kernel
 * has to find that out (net/unix/garbage.c), and looks whenever a Unix socket is closed while
 * something is in flight; in some versions not if it is looking already, which is why a few
 * more are closed.
 */
CLAIM(practice, TRAIT_OWNED_BY_DESCRIPTION, a_socket_queued_in_itself_does_not_keep_it)
{
	struct cast cast = hold_on_the_road(&self->scene);

	actor_do(cast.holder, send_it, NULL);
	actor_do(cast.holder, send_the_receiver, NULL);
	actor_exit(cast.holder);
	actor_queue(cast.peer, EXCLUSIVE);
	for (int i = 0; i < 4; i++) {
		SETS_UP(close(road[1]));
		SETS_UP(close(road[0]));
		SETS_UP(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, road));
		SETS_UP(descriptor_send(road[0], road[0]));
	}
	ENDS_FOR_THE_WAITING_PEER(cast, "closing a socket that is in its own queue");
}

/* ---- mapped, registered ---- */

CLAIM(practice, TRAIT_OWNED_BY_DESCRIPTION, a_mapping_keeps_it)
{
	struct cast cast = hold(&self->scene);

	SKIPS_UNLESS(maps_the_description(&self->scene), "overlayfs maps another file");
	actor_do(cast.holder, map, NULL);
	actor_do(cast.holder, close_it, NULL);
	IS_KEPT(cast, "closing a file that stays mapped");
	actor_do(cast.holder, unmap, NULL);
	HAS_ENDED(cast, "unmapping the closed file");
}

/* A ring is taken down after its close has returned. */
CLAIM(practice, TRAIT_OWNED_BY_DESCRIPTION, a_file_registered_with_io_uring_keeps_it)
{
	struct cast cast = hold(&self->scene);

	IS_REGISTERED(cast.holder);
	actor_do(cast.holder, close_it, NULL);
	IS_KEPT(cast, "closing a file that stays registered");
	actor_queue(cast.peer, EXCLUSIVE);
	actor_do(cast.holder, close_the_ring, NULL);
	ENDS_FOR_THE_WAITING_PEER(cast, "closing the ring");
}

EXPECTATION_MAIN
