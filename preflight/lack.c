// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "actor/actor.h"
#include "actor/late.h"
#include "actor/rest.h"
#include "lock/lack.h"
#include "preflight/lack.h"
#include "preflight/trait.h"
#include "system/proc_locks.h"

/* A scene for each question: one that went wrong leaves nothing behind for the next. */
struct asked {
	struct scene scene;
	struct actor *first, *second, *third;
};

/* Each of these returns whether it is lacking, if the scene goes on. */
typedef bool (*question)(struct asked *asked);

static bool has(const struct asked *asked, enum lock_trait trait)
{
	return lock_kind_traits(asked->scene.site->kind) & trait;
}

/* Any other error is a fault, which the tests report: no lock need be in the way. */
static bool conflicts(struct actor *actor, struct lock_request request)
{
	return actor_try(actor, request) == -EAGAIN;
}

/*
 * unlock.c and downgrade.c judge the same calls.
 *
 *	first   HHHHHHSSSS.  SSH
 *	second          S
 */
static bool an_own_lock_is_in_the_way(struct asked *asked)
{
	actor_lock(asked->first, EXCLUSIVE);
	if (conflicts(asked->first, EXCLUSIVE))
		return true;
	if (!has(asked, TRAIT_SHARED))
		return false;
	if (conflicts(asked->first, SHARED) || conflicts(asked->second, SHARED))
		return true;
	actor_unlock(asked->first);
	actor_unlock(asked->second);
	actor_lock(asked->first, SHARED);
	return conflicts(asked->first, EXCLUSIVE);
}

static bool a_part_stays_locked(struct asked *asked)
{
	if (!has(asked, TRAIT_RANGES))
		return false;
	actor_lock(asked->first, EXCLUSIVE_ON(0, 10));
	actor_unlock_range(asked->first, 3, 1);
	return conflicts(asked->second, EXCLUSIVE_ON(3, 1));
}

static int release_by_another(struct actor *self, void *arg)
{
	struct lock other;
	int err = lock_open(&other, self->lock->site, DESCRIPTION_OWN);

	(void)arg;
	if (!err)
		err = lock_release(&other, 0, 0);
	lock_close(&other);
	return err;
}

static int try_by_another(struct actor *self, void *arg)
{
	const char *owner = trait_owner(self->lock->site);

	(void)arg;
	*self->scene->shared->number = owner && !strcmp(owner, "description");
	return 0;
}

/*
 * fcntl(2): a lock is the process's, through whichever descriptor; closing any of them ends it.
 * aliasing.c judges the try, unlock.c the release.
 */
static bool it_is_the_descriptors(struct asked *asked)
{
	if (!has(asked, TRAIT_OWNED_BY_PROCESS))
		return false;
	actor_lock(asked->first, EXCLUSIVE);
	actor_do(asked->first, try_by_another, NULL);
	if (*asked->scene.shared->number)
		return true;
	actor_unlock(asked->first);
	actor_lock(asked->first, EXCLUSIVE);
	actor_do(asked->first, release_by_another, NULL);
	return conflicts(asked->second, EXCLUSIVE);
}

/* fcntl(2), F_GETLK: the lock in the way is described, with its owner; one's own is not in it. */
static int query(struct actor *self, void *arg)
{
	struct flock answer = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int err = lock_query(self->lock, &answer);

	(void)arg;
	self->scene->shared->number[0] = answer.l_type;
	self->scene->shared->number[1] = answer.l_pid;
	return err;
}

static bool a_query_is_wrong(struct asked *asked)
{
	unsigned long long *number = asked->scene.shared->number;
	bool ofd = asked->scene.site->kind == KIND_OFD;

	if (!has(asked, TRAIT_QUERIES))
		return false;
	actor_lock(asked->first, EXCLUSIVE);
	actor_do(asked->second, query, NULL);
	if (number[0] != F_WRLCK || (pid_t)number[1] != (ofd ? -1 : asked->first->pid))
		return true;
	actor_do(asked->first, query, NULL);
	return number[0] != F_UNLCK;
}

/* ---- where locks are decided at once ---- */

static void two_wait(struct asked *asked)
{
	actor_lock(asked->first, EXCLUSIVE);
	actor_queue(asked->second, EXCLUSIVE);
	actor_queue(asked->third, EXCLUSIVE);
}

/* Has the waiter that still waits been woken? */
static bool all_are_woken(struct asked *asked)
{
	unsigned long second, third;

	two_wait(asked);
	second = asked->second->proof.switches;
	third = asked->third->proof.switches;
	actor_unlock(asked->first);
	actor_settle(&asked->scene);
	if (actor_holds(asked->second))
		return asked->third->proof.switches != third;
	return asked->second->proof.switches != second || actor_holds(asked->third);
}

/* The holder alone is listed. */
static bool waiters_are_not_listed(struct asked *asked)
{
	struct proc_lock line[4];
	int lines;

	two_wait(asked);
	lines = proc_locks_read(asked->scene.site->fd, line, 4);
	return lines == 1;
}

static bool a_cycle_is_not_seen(struct asked *asked)
{
	if (!has(asked, TRAIT_DETECTS_DEADLOCK))
		return false;
	actor_lock(asked->first, EXCLUSIVE_ON(0, 1));
	actor_lock(asked->second, EXCLUSIVE_ON(1, 1));
	actor_queue(asked->first, EXCLUSIVE_ON(1, 1));
	actor_begin_lock(asked->second, EXCLUSIVE_ON(0, 1));
	actor_settle(&asked->scene);
	return actor_waits(asked->second);
}

/* ---- all of them ---- */

static const struct {
	enum lock_lack lack;
	question ask;
	bool at_once;	/* ask only where locks are decided at once */
} questions[] = {
	{ LACKS_CONVERSION, an_own_lock_is_in_the_way, false },
	{ LACKS_PARTS, a_part_stays_locked, false },
	{ LACKS_OWNER, it_is_the_descriptors, false },
	{ LACKS_QUERY, a_query_is_wrong, true },
	{ LACKS_TURNS, all_are_woken, true },
	{ LACKS_WAITERS, waiters_are_not_listed, true },
	{ LACKS_DEADLOCK, a_cycle_is_not_seen, true },
};

void lack_ask(enum lock_kind kind, const char *dir)
{
	struct history *history = history_new();
	static struct asked asked;

	for (unsigned int i = 0; history && i < sizeof(questions) / sizeof(*questions); i++) {
		bool lacks;

		scene_open(&asked.scene, kind, dir, history);
		asked.first = actor_start(&asked.scene, "first");
		asked.second = actor_start(&asked.scene, "second");
		asked.third = actor_start(&asked.scene, "third");
		if (!questions[i].at_once ||
		    late_medium(&asked.scene).sort == MEDIUM_AT_ONCE) {
			lacks = questions[i].ask(&asked);
			if (lacks && scene_goes_on(&asked.scene))
				printf("%s\tlacks\t%s\n", lock_kind_name(kind),
				       lock_lack_word(questions[i].lack));
		}
		scene_close(&asked.scene);
	}
	history_free(history);
}
