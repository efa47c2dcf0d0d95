// SPDX-License-Identifier: GPL-2.0
/*
 * The published experiment: can two sides take turns with a lock?
 *
 * A server and a client lock, look whether it is their turn, and unlock, until each has had TURNS
 * turns. A side that finds that it is not its turn has a miss; there were about 400 on each side
 * when this was published. Its author expected none: when one side unlocks, the waiting side would
 * get the lock.
 *
 * First exactly as published. The client makes a sealed memfd and passes it to the server over a
 * datagram socket; both lock the whole of it, and the shared file offset says whose turn it is.
 * But what is passed is the open file description, which owns the lock: nothing is excluded at
 * all (see aliasing.c).
 *
 * Then for every kind, each side with an open file description of its own, and the turn in shared
 * memory. Now the lock excludes, and the sides still do not alternate: the side that unlocks asks
 * again before the other has run (see barging.c). The controls do alternate: they draw the next
 * ticket before they release the lock.
 */
#include <fcntl.h>
#include <sys/socket.h>

#include "claim/claim.h"
#include "history/judge.h"
#include "lock/descriptor.h"

#define TURNS		100
#define MEMFD_SIZE	64
#define ATTEMPTS	5	/* file locks miss a turn in the first; the controls never do */

/* In the scene's shared numbers. */
enum { TURN, WRONG, SERVER_MISSES, CLIENT_MISSES, SERVER_TURNS, CLIENT_TURNS, FINISHED };

/* As published; for every kind, scaled by LOCKFAIR_EFFORT. */
static unsigned int turns_each = TURNS;

static bool is_server(const struct actor *self)
{
	return self->row == 0;
}

/*
 * Note whether this look found the side's turn. Return true if the side has had all of its turns,
 * or will get no more: if a turn was lost, the other side may have finished, and the turn never
 * changes again.
 */
static bool score(struct actor *self, bool mine, bool other_finished)
{
	unsigned long long *number = self->scene->shared->number;
	unsigned long long *turns = &number[is_server(self) ? SERVER_TURNS : CLIENT_TURNS];

	act_mark(self, mine ? 't' : 'm');
	if (mine)
		++*turns;
	else
		++number[is_server(self) ? SERVER_MISSES : CLIENT_MISSES];
	return *turns == turns_each || (!mine && other_finished);
}

static bool other_has_finished(const struct actor *self)
{
	return __atomic_load_n(&self->scene->shared->number[FINISHED], __ATOMIC_SEQ_CST);
}

static void wrong_number(struct actor *self)
{
	__atomic_add_fetch(&self->scene->shared->number[WRONG], 1, __ATOMIC_SEQ_CST);
}

/* ---- exactly as published ---- */

/* Offset 0: the server writes the number of its turn, which moves the offset. */
static bool server_looks(struct actor *self)
{
	char text[16];
	int length;

	if (lseek(self->lock->fd, 0, SEEK_CUR) != 0)
		return false;
	length = snprintf(text, sizeof(text), "%d",
			  (int)self->scene->shared->number[SERVER_TURNS] + 1);
	if (write(self->lock->fd, text, length) != length)
		wrong_number(self);
	return true;
}

/* Any other offset: the client rewinds, and reads the number without moving the offset again. */
static bool client_looks(struct actor *self)
{
	char text[16] = "";

	if (lseek(self->lock->fd, 0, SEEK_CUR) == 0)
		return false;
	lseek(self->lock->fd, 0, SEEK_SET);
	if (pread(self->lock->fd, text, sizeof(text) - 1, 0) < 0 ||
	    atoi(text) != (int)self->scene->shared->number[CLIENT_TURNS] + 1)
		wrong_number(self);
	return true;
}

static int play_as_published(struct actor *self)
{
	bool over = false;

	while (!over) {
		bool other_finished = other_has_finished(self);
		int ret = act_lock(self, EXCLUSIVE);

		if (ret)
			return ret;
		over = score(self, is_server(self) ? server_looks(self) : client_looks(self),
			     other_finished);
		ret = act_unlock(self);
		if (ret)
			return ret;
	}
	return 0;
}

/* If one side fails, end the other side's wait. */
static int finish(struct actor *self, int ret)
{
	__atomic_store_n(&self->scene->shared->number[FINISHED], 1, __ATOMIC_SEQ_CST);
	return ret;
}

static int serve(struct actor *self, void *sockets)
{
	self->lock->fd = descriptor_receive(((int *)sockets)[1]);
	return finish(self, self->lock->fd < 0 ? self->lock->fd : play_as_published(self));
}

static int be_client(struct actor *self, void *sockets)
{
	int ret;

	self->lock->fd = descriptor_memfd(MEMFD_SIZE, F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL);
	if (self->lock->fd < 0)
		return finish(self, self->lock->fd);
	ret = descriptor_send(((int *)sockets)[0], self->lock->fd);
	return finish(self, ret ? ret : play_as_published(self));
}

static bool missed(const unsigned long long *number)
{
	return number[SERVER_MISSES] || number[CLIENT_MISSES] || number[WRONG] ||
	       number[SERVER_TURNS] != turns_each || number[CLIENT_TURNS] != turns_each;
}

static bool they_take_turns(struct scene *scene)
{
	const unsigned long long *number = scene->shared->number;
	struct history_verdict miss = history_marked(scene->history, 'm');

	return holds_verdict(scene, !missed(number), &miss,
			     "%d and %d misses in %d and %d turns (server and client), %d wrong numbers; below, t is a turn and m a miss",
			     (int)number[SERVER_MISSES], (int)number[CLIENT_MISSES],
			     (int)number[SERVER_TURNS], (int)number[CLIENT_TURNS],
			     (int)number[WRONG]);
}

FOLKLORE(OFD, the_published_experiment_alternates, "the sides do not alternate")
{
	int sockets[2] = { -1, -1 };
	struct actor *server, *client;

	if (!skip_unless(scene, !getenv("LOCKFAIR_DIR"),
			 "the published experiment is one with a memfd"))
		return;
	sets_up(scene, socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, sockets), "socketpair");
	/* Both inherit the sockets. */
	server = actor_start(scene, "server");
	client = actor_start(scene, "client");
	actor_begin(server, serve, sockets);
	actor_begin(client, be_client, sockets);
	actor_await(server);
	actor_await(client);
	they_take_turns(scene);
}

/* ---- every kind ---- */

/* 0 is the server's turn, which writes its number there; another number is the client's. */
static bool looks(struct actor *self)
{
	unsigned long long *number = self->scene->shared->number;

	if (is_server(self) != !number[TURN])
		return false;
	if (is_server(self)) {
		number[TURN] = number[SERVER_TURNS] + 1;
	} else {
		if (number[TURN] != number[CLIENT_TURNS] + 1)
			wrong_number(self);
		number[TURN] = 0;
	}
	return true;
}

/* Starts with the lock held. */
static int take_turns(struct actor *self, void *arg)
{
	bool other_finished = other_has_finished(self);
	int ret = 0;

	(void)arg;
	while (!ret && !score(self, looks(self), other_finished)) {
		other_finished = other_has_finished(self);
		ret = act_rotate(self, EXCLUSIVE);
	}
	finish(self, 0);
	return ret ? ret : act_unlock(self);
}

static int lock_and_take_turns(struct actor *self, void *arg)
{
	int ret = act_lock(self, EXCLUSIVE);

	return ret ? ret : take_turns(self, arg);
}

FOLKLORE(EVERY_KIND, the_two_sides_alternate, "the sides do not alternate")
{
	struct actor *server, *client;

	turns_each = claim_size(TURNS, 20);
	server = actor_start(scene, "server");
	client = actor_start(scene, "client");
	for (int i = 0; i < ATTEMPTS && scene_goes_on(scene); i++) {
		history_forget(scene->history);
		memset(scene->shared->number, 0, sizeof(scene->shared->number));
		/* When the server first releases the lock, the client is in the queue. */
		actor_lock(server, EXCLUSIVE);
		actor_begin(client, lock_and_take_turns, NULL);
		actor_settle(scene);
		actor_begin(server, take_turns, NULL);
		actor_await(server);
		actor_await(client);
		/* Here the lock excludes, so a wrong number is worse than a missed turn. */
		requires(scene, !scene->shared->number[WRONG],
			 "%d wrong numbers were read under an exclusive lock",
			 (int)scene->shared->number[WRONG]);
		they_take_turns(scene);
	}
}

CLAIM_MAIN
