// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "actor/actor.h"
#include "actor/probe.h"

/* Not act_try(): many bytes would crowd out what the history is about. */
static int try_byte(struct lock *lock, enum lock_mode mode, off_t at)
{
	bool ranges = lock_kind_traits(lock->site->kind) & TRAIT_RANGES;
	struct lock_request request = { .mode = mode, .start = at, .len = ranges };
	int ret = lock_acquire(lock, &request, false);

	return ret ? ret : lock_release(lock, request.start, request.len);
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
	struct scene_shared *shared = self->scene->shared;

	(void)arg;
	for (int i = 0; shared->probed[i]; i++)
		shared->probed[i] = look_at(&self->lock[0], shared->probe_start + i);
	return 0;
}

const char *actor_probe(struct actor *actor, off_t start, int count)
{
	struct scene_shared *shared = actor->scene->shared;

	if (count > SCENE_PROBED)
		scene_broken(actor->scene, "no room to probe %d bytes", count);
	if (!scene_goes_on(actor->scene))
		return "";
	shared->probe_start = start;
	memset(shared->probed, '?', count);
	shared->probed[count] = '\0';
	actor_do(actor, look_at_bytes, NULL);
	return shared->probed;
}
