// SPDX-License-Identifier: GPL-2.0
/*
 * What else has a reference to an open file description, and for how long?
 *
 * A call in progress has one until it returns. A message has one until it is received, with room
 * for a descriptor or without. io_uring can close a descriptor, also by a worker; that is a close
 * like any other. doc/references.md goes through everything else.
 */
#include <sys/mman.h>
#include <sys/socket.h>

#include "file_system.h"
#include "held.h"
#include "lock/descriptor.h"
#include "uring.h"

/* ---- a call in progress ---- */

struct copy {
	int from, pipe[2];
};

static int fill(int fd)
{
	static const char page[4096];

	while (write(fd, page, sizeof(page)) > 0)
		;
	return errno == EAGAIN ? 0 : -errno;
}

/* Make a full pipe: a write to it sleeps. */
static int make_full_pipe(int ends[2])
{
	int err;

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	err = fill(ends[1]);
	if (!err && fcntl(ends[1], F_SETFL, 0) < 0)
		err = -errno;
	return err;
}

static void empty(int fd)
{
	char page[4096];

	while (read(fd, page, sizeof(page)) > 0)
		;
}

/* Make the raw call: in a 32-bit program the C library makes another one. */
static int copy_a_byte(struct actor *self, void *arg)
{
	const struct copy *copy = arg;
	struct asleep_call call = { .nr = SYS_sendfile, .arg = copy->pipe[1] };
	long ret;

	act_sleeps_in(self, call);
	ret = syscall(SYS_sendfile, copy->pipe[1], copy->from, NULL, 1);
	act_sleeps_in(self, ASLEEP_NOWHERE);
	self->scene->shared->number[0] = ret < 0 ? errno : 0;
	return 0;
}

/*
 *	holder  HHHHHHH		threads of this process
 *	copier    .....		in sendfile(2), from the file to a full pipe
 *	test         |		closes the holder's descriptor
 *
 * The peer is another process, and started first: it inherits nothing.
 */
static struct actor *copy_from_what_is_held(struct scene *scene, struct pair *pair,
					    struct copy *copy)
{
	struct actor *peer = actor_start(scene, "peer"), *holder, *copier;
	int err;

	holder = actor_start_with(scene, ACTOR_THREAD, DESCRIPTION_OWN, "holder", 0);
	copier = actor_start_with(scene, ACTOR_THREAD, DESCRIPTION_INHERITED, "copier", 0);
	*pair = held_by(holder, peer);
	err = make_full_pipe(copy->pipe);
	if (err)
		scene_broken(scene, "a full pipe: %s", strerror(-err));
	copy->from = holder->lock->fd;
	actor_begin(copier, copy_a_byte, copy);
	actor_settle(scene);
	skip_unless(scene, copier->busy || !scene->dir || is_well_known(scene),
		    "no sendfile(2) from a file here");
	requires(scene, copier->busy, "sendfile() does not sleep: %s",
		 strerror(scene->shared->number[0]));
	if (scene_goes_on(scene))
		sets_up(scene, close(holder->lock->fd), "close");
	return copier;
}

static void end_copy(struct actor *copier, const struct copy *copy)
{
	empty(copy->pipe[0]);
	actor_await(copier);
}

/* flock(2) speaks of descriptors only; a call in progress has a reference without one. */
PRACTICE(OWNED_BY_DESCRIPTION, a_call_in_progress_keeps_it)
{
	struct pair pair;
	struct copy copy = { -1, { -1, -1 } };
	struct actor *copier = copy_from_what_is_held(scene, &pair, &copy);

	is_kept(pair, "closing the last descriptor, during sendfile() from the file");
	end_copy(copier, &copy);
	has_ended(pair, "the end of sendfile()");
}

/* fcntl(2): "If a process closes any file descriptor referring to a file, then all of …". */
PROMISE(OWNED_BY_PROCESS, a_call_in_progress_does_not_keep_it)
{
	struct pair pair;
	struct copy copy = { -1, { -1, -1 } };
	struct actor *copier = copy_from_what_is_held(scene, &pair, &copy);

	has_ended(pair, "closing the descriptor, during sendfile() from the file");
	end_copy(copier, &copy);
}

/* ---- a message ---- */

enum { SENDING, RECEIVING };
static int end[2] = { -1, -1 };

static int send_it(struct actor *self, void *arg)
{
	(void)arg;
	return descriptor_send(end[SENDING], self->lock->fd);
}

static int receive_without_room(struct actor *self, void *arg)
{
	char byte;

	(void)self;
	(void)arg;
	return recv(end[RECEIVING], &byte, 1, 0) == 1 ? 0 : -errno;
}

static struct pair send_to_oneself(struct scene *scene)
{
	struct actor *peer = actor_start(scene, "peer");
	struct pair pair;

	sets_up(scene, socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, end), "socketpair");
	pair = held_by(actor_start(scene, "holder"), peer);
	actor_do(pair.holder, send_it, NULL);
	return pair;
}

/*
 * unix(7): without room, "the excess file descriptors are automatically closed in the receiving
 * process". In fact they never become descriptors of it, and none of its locks ends.
 */
PRACTICE(OWNED_BY_DESCRIPTION, receiving_it_without_room_for_a_descriptor_ends_it)
{
	struct pair pair = send_to_oneself(scene);

	actor_exit(pair.holder);
	if (!is_kept(pair, "the exit of the process that sent it"))
		return;
	receive_without_room(NULL, NULL);
	has_ended(pair, "recv() of the message");
}

PRACTICE(OWNED_BY_PROCESS, receiving_it_without_room_for_a_descriptor_ends_nothing)
{
	struct pair pair = send_to_oneself(scene);

	actor_do(pair.holder, receive_without_room, NULL);
	is_kept(pair, "recv() of a message with a descriptor of the file");
}

/* ---- io_uring ---- */

/* The parts of a ring with one entry that a request needs. */
struct ring {
	int fd;
	struct io_uring_params params;
	char *queues;
	struct io_uring_sqe *request;
};

static int make_ring(struct ring *ring)
{
	size_t size;

	ring->fd = syscall(__NR_io_uring_setup, 1, &ring->params);
	if (ring->fd < 0)
		return errno;
	/* IORING_FEAT_SINGLE_MMAP, since 5.4: one mapping has both queues. */
	size = ring->params.cq_off.cqes + ring->params.cq_entries * sizeof(struct io_uring_cqe);
	if (size < ring->params.sq_off.array + sizeof(unsigned int))
		size = ring->params.sq_off.array + sizeof(unsigned int);
	ring->queues = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
			    ring->fd, IORING_OFF_SQ_RING);
	ring->request = mmap(NULL, sizeof(*ring->request), PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_POPULATE, ring->fd, IORING_OFF_SQES);
	return ring->queues == MAP_FAILED || ring->request == MAP_FAILED ? errno : 0;
}

/* Submit the request and wait for its result. 0 or an errno. */
static int perform_request(struct ring *ring)
{
	unsigned int *tail = (unsigned int *)(ring->queues + ring->params.sq_off.tail);
	const struct io_uring_cqe *answer =
		(struct io_uring_cqe *)(ring->queues + ring->params.cq_off.cqes);

	*(unsigned int *)(ring->queues + ring->params.sq_off.array) = 0;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	if (syscall(__NR_io_uring_enter, ring->fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) != 1)
		return errno;
	return -__atomic_load_n(&answer->res, __ATOMIC_ACQUIRE);
}

/* number[0]: 0 or an errno, of the ring; number[1]: the same, of the close. */
static int close_by_ring(struct actor *self, unsigned int flags)
{
	unsigned long long *number = self->scene->shared->number;
	struct ring ring = { 0 };

	number[0] = make_ring(&ring);
	if (number[0])
		return 0;
	ring.request->opcode = IORING_OP_CLOSE;
	ring.request->flags = flags;
	ring.request->fd = self->lock->fd;
	act_mark(self, 'c');
	number[1] = perform_request(&ring);
	return 0;
}

static int close_here(struct actor *self, void *arg)
{
	(void)arg;
	return close_by_ring(self, 0);
}

static int close_by_a_worker(struct actor *self, void *arg)
{
	(void)arg;
	return close_by_ring(self, IOSQE_ASYNC);
}

/* A worker drops its reference after it has said that it is done, so the peer waits. */
static void a_close_by_ring_ends_it(struct scene *scene, actor_job how)
{
	struct pair pair = hold(scene);
	const unsigned long long *number = scene->shared->number;

	actor_queue(pair.peer, EXCLUSIVE);
	actor_do(pair.holder, how, NULL);
	skip_unless(scene, !may_be_without_io_uring(number[0]), "no io_uring here");
	if (number[0])
		scene_broken_by(scene, -(int)number[0], "a ring: %s", strerror(number[0]));
	skip_unless(scene, number[1] != EINVAL || !release_is_gvisor(),
		    "io_uring closes nothing here");
	requires(scene, !number[1], "IORING_OP_CLOSE: %s", strerror(number[1]));
	ends_for_the_waiting_peer(pair, "IORING_OP_CLOSE of the descriptor");
}

/* io_uring_enter(2): IORING_OP_CLOSE: "Issue the equivalent of a close(2) system call". */
PROMISE(FILE_LOCKS, a_close_by_io_uring_ends_it)
{
	a_close_by_ring_ends_it(scene, close_here);
}

PROMISE(FILE_LOCKS, a_close_by_a_worker_of_io_uring_ends_it)
{
	a_close_by_ring_ends_it(scene, close_by_a_worker);
}

CLAIM_MAIN
