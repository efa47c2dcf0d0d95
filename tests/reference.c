// SPDX-License-Identifier: GPL-2.0
/*
 * Does a lock outlive the last descriptor of its file, if something else refers to it?
 *
 * An open file description is in use also while it is in flight in a Unix socket, while the file is
 * mapped, and while it is registered with io_uring. According to flock(2), a lock is released "when
 * all such file descriptors have been closed"; in fact, an OFD lock or a flock lasts as long as the
 * description.
 *
 * For a lock made by fcntl() or lockf() none of this matters: only the close of a descriptor by
 * its process ends it.
 */
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/statfs.h>

#include "lock/descriptor.h"
#include "file_system.h"
#include "held.h"
#include "uring.h"

/* ---- what the holder does; in the drawing, c is the close of its only descriptor ---- */

static int close_it(struct actor *self, void *arg)
{
	(void)arg;
	act_mark(self, 'c');
	return close(self->lock->fd) < 0 ? -errno : 0;
}

/* A pair of Unix sockets, shared by the test and the holder. */
enum { SENDING, RECEIVING };
static int end[2] = { -1, -1 };

static int send_it(struct actor *self, void *arg)
{
	(void)arg;
	return descriptor_send(end[SENDING], self->lock->fd);
}

static int send_the_receiver(struct actor *self, void *arg)
{
	(void)self;
	(void)arg;
	return descriptor_send(end[SENDING], end[RECEIVING]);
}

static int close_both_ends(struct actor *self, void *arg)
{
	(void)self;
	(void)arg;
	return close(end[SENDING]) < 0 || close(end[RECEIVING]) < 0 ? -errno : 0;
}

static void *view;

/* number[0]: 0 or an errno. */
static int map(struct actor *self, void *arg)
{
	(void)arg;
	view = mmap(NULL, self->scene->size, PROT_READ, MAP_SHARED, self->lock->fd, 0);
	self->scene->shared->number[0] = view == MAP_FAILED ? errno : 0;
	return 0;
}

/* 9p has no shared mappings without a cache; hugetlbfs has them as long as there are huge pages. */
static void map_file(struct actor *holder)
{
	struct scene *scene = holder->scene;
	int error;

	actor_do(holder, map, NULL);
	error = scene->shared->number[0];
	skip_unless(scene, !error || is_well_known(scene), "no shared mappings here");
	if (error)
		scene_broken(scene, "mmap: %s", strerror(error));
}

static int unmap(struct actor *self, void *arg)
{
	(void)arg;
	return munmap(view, self->scene->size) < 0 ? -errno : 0;
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
	self->scene->shared->number[0] = done ? 0 : errno;
	return 0;
}

static void register_file(struct actor *holder)
{
	struct scene *scene = holder->scene;
	int error;

	actor_do(holder, register_it, NULL);
	error = scene->shared->number[0];
	skip_unless(scene, !may_be_without_io_uring(error), "no io_uring here");
	if (error)
		scene_broken_by(scene, -error, "a file for io_uring: %s", strerror(error));
}

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

static struct pair hold_with_sockets(struct scene *scene)
{
	struct actor *peer = actor_start(scene, "peer");

	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, end) < 0)
		scene_broken(scene, "socketpair: %s", strerror(errno));
	return held_by(actor_start(scene, "holder"), peer);
}

/*
 * Afterwards only the test has the sockets, and no process has a descriptor of the description
 * that is in the queue.
 */
static struct pair leave_it_in_flight(struct scene *scene)
{
	struct pair pair = hold_with_sockets(scene);

	actor_do(pair.holder, send_it, NULL);
	actor_exit(pair.holder);
	return pair;
}

/* overlayfs maps the file of the layer below, through another description. */
static bool maps_the_description(const struct scene *scene)
{
	struct statfs fs;

	return fstatfs(scene->site->fd, &fs) < 0 || (long)fs.f_type != OVERLAYFS_SUPER_MAGIC;
}

/*
 * fcntl(2): "If a process closes any file descriptor referring to a file, then all of the
 * process's locks on that file are released"; lockf(3) likewise. mmap(2), after which the
 * descriptor may be closed at once, makes no exception.
 */
PROMISE(OWNED_BY_PROCESS, a_mapping_does_not_keep_it)
{
	struct pair pair = hold(scene);

	map_file(pair.holder);
	actor_do(pair.holder, close_it, NULL);
	has_ended(pair, "closing a file that stays mapped");
}

/* ---- what is not a close ---- */

PRACTICE(OWNED_BY_PROCESS, unmapping_the_file_ends_nothing)
{
	struct pair pair = hold(scene);

	map_file(pair.holder);
	actor_do(pair.holder, unmap, NULL);
	is_kept(pair, "mapping and unmapping the file");
}

PRACTICE(OWNED_BY_PROCESS, discarding_a_descriptor_in_flight_ends_nothing)
{
	struct pair pair = hold_with_sockets(scene);

	actor_do(pair.holder, send_it, NULL);
	sets_up(scene, close(end[SENDING]), "close");
	sets_up(scene, close(end[RECEIVING]), "close");
	actor_do(pair.holder, close_both_ends, NULL);
	is_kept(pair, "the holder closed a socket with a descriptor of the file in its queue");
}

PRACTICE(OWNED_BY_PROCESS, unregistering_from_io_uring_ends_nothing)
{
	struct pair pair = hold(scene);

	register_file(pair.holder);
	actor_do(pair.holder, unregister_it, NULL);
	is_kept(pair, "registering and unregistering the file");
}

/* ---- in flight ---- */

/*
 *	holder   HHHHHH.		sends its descriptor, and exits
 *	socket        HHHHH
 *	test               HHHH		receives it
 */
PRACTICE(OWNED_BY_DESCRIPTION, it_is_held_while_its_descriptor_is_in_flight)
{
	struct pair pair = leave_it_in_flight(scene);
	int received;

	if (!is_kept(pair, "its descriptor was sent by a process that is gone"))
		return;
	received = descriptor_receive(end[RECEIVING]);
	if (!requires(scene, received >= 0, "receiving the descriptor: %s", strerror(-received)))
		return;
	is_kept(pair, "its descriptor was received by another process");
	sets_up(scene, close(received), "close");
	has_ended(pair, "the receiver closed it");
}

PRACTICE(OWNED_BY_DESCRIPTION, it_ends_with_the_socket_it_is_queued_in)
{
	struct pair pair = leave_it_in_flight(scene);

	sets_up(scene, close(end[SENDING]), "close");
	if (!is_kept(pair, "the sending end was closed"))
		return;
	sets_up(scene, close(end[RECEIVING]), "close");
	has_ended(pair, "the receiving end was closed");
}

/*
 *	queue of the receiving end: [the locked file] [the receiving end]
 *
 * When its last descriptor is closed, the receiving end is still in use: by itself. The kernel
 * has to find that out (net/unix/garbage.c), and looks when a Unix socket is closed while
 * something is in flight. Some versions do not start to look if they are still looking, so
 * the test closes several.
 */
PRACTICE(OWNED_BY_DESCRIPTION, a_socket_queued_in_itself_does_not_keep_it)
{
	struct pair pair = hold_with_sockets(scene);

	actor_do(pair.holder, send_it, NULL);
	actor_do(pair.holder, send_the_receiver, NULL);
	actor_exit(pair.holder);
	actor_queue(pair.peer, EXCLUSIVE);
	for (int i = 0; i < 4 && scene_goes_on(scene); i++) {
		sets_up(scene, close(end[RECEIVING]), "close");
		sets_up(scene, close(end[SENDING]), "close");
		sets_up(scene, socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, end),
			"socketpair");
		sets_up(scene, descriptor_send(end[SENDING], end[SENDING]), "descriptor_send");
	}
	ends_for_the_waiting_peer(pair, "closing a socket that is in its own queue");
}

/* ---- mapped, registered ---- */

PRACTICE(OWNED_BY_DESCRIPTION, a_mapping_keeps_it)
{
	struct pair pair = hold(scene);

	skip_unless(scene, maps_the_description(scene), "overlayfs maps another file");
	map_file(pair.holder);
	actor_do(pair.holder, close_it, NULL);
	is_kept(pair, "closing a file that stays mapped");
	actor_do(pair.holder, unmap, NULL);
	has_ended(pair, "unmapping the closed file");
}

/* The kernel tears a ring down after close() has returned, so the peer waits. */
PRACTICE(OWNED_BY_DESCRIPTION, a_file_registered_with_io_uring_keeps_it)
{
	struct pair pair = hold(scene);

	register_file(pair.holder);
	actor_do(pair.holder, close_it, NULL);
	is_kept(pair, "closing a file that stays registered");
	actor_queue(pair.peer, EXCLUSIVE);
	actor_do(pair.holder, close_the_ring, NULL);
	ends_for_the_waiting_peer(pair, "closing the ring");
}

CLAIM_MAIN
