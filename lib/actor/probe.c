// SPDX-License-Identifier: GPL-2.0
/* Which bytes are locked, as somebody else finds out. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "actor/actor.h"
#include "actor/order.h"

/* Not act_try(): many bytes would crowd out what the history is about. */
static int try_byte(struct lock *lock, enum lock_mode mode, off_t at)
{
	struct lock_request request = { .mode = mode, .start = at, .len = 1 };
	int ret = lock_acquire(lock, &request, false);

	return ret ? ret : lock_release(lock, at, 1);
}

static char look_at(struct lock *lock, off_t at)
{
	bool shared = lock_kind_traits(lock->site->kind) & TRAIT_SHARED;
	int ret = try_byte(lock, MODE_EXCLUSIVE, at);

	if (!ret)
		return '.';
	if (ret == -EAGAIN && shared) {
		ret = try_byte(lock, MODE_SHARED, at);
		if (!ret)
			return 'S';
	}
	return ret == -EAGAIN ? 'X' : '?';
}

static int look_at_bytes(struct actor *self, void *arg)
{
	struct scene_board *board = self->scene->board;

	(void)arg;
	for (int i = 0; board->probed[i]; i++)
		board->probed[i] = look_at(&self->lock[0], board->probe_start + i);
	return 0;
}

const char *actor_probe(struct actor *actor, off_t start, int count)
{
	struct scene_board *board = actor->scene->board;

	if (count > SCENE_PROBED)
		trouble(actor->scene, TROUBLE_BROKEN, "no room to probe %d bytes", count);
	if (in_trouble(actor->scene))
		return "";
	board->probe_start = start;
	memset(board->probed, '?', count);
	board->probed[count] = '\0';
	actor_do(actor, look_at_bytes, NULL);
	return board->probed;
}
