// SPDX-License-Identifier: GPL-2.0
/*
 * What becomes of the lock when a wait for it is cut short?
 *
 * A signal ends the wait of one, with EINTR or with its death. It then has no lock,
 * and those who were behind it in the queue are not forgotten: in the kernel they may
 * hang on the one that is gone, and nobody else would wake them. What if the signal
 * comes together with the grant is asked in cancel_race.c.
 */
#include <errno.h>
#include <signal.h>

#include "claim/expectation.h"

#define WAITERS	4

enum number { VICTIM, DEATH };

static struct actor *queue_waiters(struct scene *scene, struct actor *waiter[WAITERS])
{
	struct actor *holder = actor_start(scene, "holder");

	actor_lock(holder, EXCLUSIVE);
	for (int i = 0; i < WAITERS; i++) {
		waiter[i] = actor_start_nth(scene, "waiter", i + 1);
		actor_queue(waiter[i], EXCLUSIVE);
	}
	return holder;
}

/* Of those who are still there, one whose request has not been granted, or NULL. */
static struct actor *left_out(struct scene *scene, struct actor *cut_short)
{
	for (int i = 0; i < scene->actors; i++) {
		struct actor *actor = &scene->actor[i];

		if (!actor->gone && actor != cut_short && (actor->busy || actor->result))
			return actor;
	}
	return NULL;
}

/* A waiter that sleeps on while nobody holds the lock is trouble: scene_drain(). */
#define THE_REST_ARE_GRANTED(cut_short) do { \
	struct actor *left; \
	scene_drain(&self->scene); \
	left = left_out(&self->scene, cut_short); \
	HOLDS(!left, "a waiter was not granted the lock", "%s was refused the lock: %s", \
	      actor_name(left), strerror(-left->result)); \
	NOBODY_OVERLAPS(); \
} while (0)

#define INTERRUPT_ONE(which) do { \
	struct actor *waiter[WAITERS]; \
	int ret; \
	queue_waiters(&self->scene, waiter); \
	actor_interrupt(waiter[which]); \
	ret = actor_await(waiter[which]); \
	REQUIRES(ret == -EINTR, "waiter%d was interrupted: %s", (which) + 1, \
		 ret ? strerror(-ret) : "granted"); \
	THE_REST_ARE_GRANTED(waiter[which]); \
} while (0)

#define KILL_AT_ONCE(...) do { \
	struct actor *waiter[WAITERS], *holder = queue_waiters(&self->scene, waiter); \
	struct actor *doomed[] = { __VA_ARGS__ }; \
	(void)holder; \
	actors_kill(doomed, ARRAY_SIZE(doomed)); \
	THE_REST_ARE_GRANTED(NULL); \
} while (0)

/* One waiter, interrupted; what its request returned. */
static int interrupt_a_waiter(struct scene *scene)
{
	struct actor *holder = actor_start(scene, "holder");
	struct actor *waiter = actor_start(scene, "waiter");
	int ret;

	actor_lock(holder, EXCLUSIVE);
	actor_queue(waiter, EXCLUSIVE);
	actor_interrupt(waiter);
	ret = actor_await(waiter);
	actor_unlock(holder);
	return ret;
}

#define LEAVES_THE_LOCK_TO_OTHERS() do { \
	int ret = interrupt_a_waiter(&self->scene), other; \
	REQUIRES(ret == -EINTR, "the waiter was interrupted: %s", \
		 ret ? strerror(-ret) : "granted"); \
	other = actor_try(actor_start(&self->scene, "other"), EXCLUSIVE); \
	HOLDS(!other, "an interrupted request left a lock", \
	      "nobody holds the lock, and the other was refused it: %s", strerror(-other)); \
} while (0)

CLASS(promise);

/*
 * fcntl(2), F_SETLKW and F_OFD_SETLKW: "If a signal is caught while waiting, then the call
 * is interrupted and […] returns immediately (with return value -1 and errno set to EINTR";
 * flock(2) and lockf(3), EINTR: "While waiting to acquire a lock, the call was interrupted".
 */
CLAIM(promise, TRAIT_FILE, an_interrupted_request_says_eintr)
{
	int ret = interrupt_a_waiter(&self->scene);

	HOLDS(ret == -EINTR, "not EINTR", "the interrupted request returned: %s",
	      ret ? strerror(-ret) : "granted");
}

/*
 * POSIX.1-2024 fcntl(), F_SETLKW, interrupted: "and the lock operation shall not be done".
 * lockf(3): on Linux it is "an interface on top of fcntl(2) locking".
 */
CLAIM(promise, TRAIT_OWNED_BY_PROCESS, an_interrupted_request_leaves_no_lock)
{
	LEAVES_THE_LOCK_TO_OTHERS();
}

/*
 * signal(7), SA_RESTART: "the call is automatically restarted after the signal handler
 * returns"; so are "flock(2) and the F_SETLKW and F_OFD_SETLKW operations of fcntl(2)".
 */
CLAIM(promise, TRAIT_FILE, with_sa_restart_the_request_goes_on)
{
	struct actor *waiter[WAITERS], *holder = queue_waiters(&self->scene, waiter);

	for (int i = 0; i < WAITERS; i++)
		actor_interrupt_and_restart(waiter[i]);
	actor_settle(&self->scene);
	for (int i = 0; i < WAITERS; i++)
		HOLDS(actor_waits(waiter[i]), "the request is not restarted",
		      "%s has returned: %s", actor_name(waiter[i]), strerror(-waiter[i]->result));
	HOLDS(actor_holds(holder), "the holder lost its lock", "the holder holds no lock");
	THE_REST_ARE_GRANTED(NULL);
}

CLASS(practice);

CLAIM(practice, TRAIT_OWNED_BY_DESCRIPTION, an_interrupted_request_leaves_no_lock)
{
	LEAVES_THE_LOCK_TO_OTHERS();
}

/* ---- those behind one who is gone, and those before it ---- */

CLAIM(practice, TRAIT_FILE, interrupting_the_first_waiter_loses_nobody)
{
	INTERRUPT_ONE(0);
}

CLAIM(practice, TRAIT_FILE, interrupting_a_waiter_amid_others_loses_nobody)
{
	INTERRUPT_ONE(1);
}

CLAIM(practice, TRAIT_FILE, interrupting_the_last_waiter_loses_nobody)
{
	INTERRUPT_ONE(WAITERS - 1);
}

CLAIM(practice, TRAIT_FILE, killing_the_first_waiter_loses_nobody)
{
	KILL_AT_ONCE(waiter[0]);
}

CLAIM(practice, TRAIT_FILE, killing_a_waiter_amid_others_loses_nobody)
{
	KILL_AT_ONCE(waiter[1]);
}

CLAIM(practice, TRAIT_FILE, killing_the_last_waiter_loses_nobody)
{
	KILL_AT_ONCE(waiter[WAITERS - 1]);
}

CLAIM(practice, TRAIT_FILE, killing_neighbours_in_the_queue_loses_nobody)
{
	KILL_AT_ONCE(waiter[1], waiter[2]);
}

CLAIM(practice, TRAIT_FILE, killing_the_holder_loses_nobody)
{
	KILL_AT_ONCE(holder);
}

CLAIM(practice, TRAIT_FILE, killing_first_waiter_and_holder_loses_nobody)
{
	/* In this order: with its signal pending, the waiter writes no grant to the history. */
	KILL_AT_ONCE(waiter[0], holder);
}

/*
 *	holder  HHHH.		releases and kills, in either order
 *	victim    ww		is about to be granted the lock
 *	behind     wwH
 */
#define DEATHS	8

static int release_and_kill(struct actor *self, void *arg)
{
	unsigned long long *number = self->scene->board->number;
	int ret = 0;

	(void)arg;
	for (int step = 0; step < 2 && !ret; step++) {
		if (step == (int)number[DEATH] % 2)
			ret = act_unlock(self);
		else
			ret = kill(number[VICTIM], SIGKILL) < 0 ? -errno : 0;
	}
	return ret;
}

/* If the victim is granted the lock, it lets go at a time that the history does not know. */
CLAIM(practice, TRAIT_FILE, killing_the_next_one_at_the_release_loses_nobody)
{
	struct actor *holder = actor_start(&self->scene, "holder");
	struct actor *behind = actor_start(&self->scene, "behind");

	for (int i = 1; i <= DEATHS; i++) {
		struct actor *victim = actor_start_nth(&self->scene, "victim", i);

		actor_lock(holder, EXCLUSIVE);
		actor_queue(victim, EXCLUSIVE);
		actor_queue(behind, EXCLUSIVE);
		self->scene.board->number[VICTIM] = victim->pid;
		self->scene.board->number[DEATH] = i;
		actor_do(holder, release_and_kill, NULL);
		actor_kill(victim);
		actor_settle(&self->scene);
		HOLDS(actor_holds(behind), "a waiter was not granted the lock",
		      "nobody holds the lock, and behind sleeps on (death %d)", i);
		actor_unlock(behind);
	}
}

/* ---- a conversion that is cut short ---- */

/* Would the peer, the other reader, be refused the lock that the upgrader waited for? */
static int upgrade_of_the_peer_after_an_interrupt(struct scene *scene, int *interrupted)
{
	struct actor *peer = actor_start(scene, "peer");
	struct actor *upgrader = actor_start(scene, "upgrader");

	actor_lock(peer, SHARED);
	actor_lock(upgrader, SHARED);
	actor_queue(upgrader, EXCLUSIVE);
	actor_interrupt(upgrader);
	*interrupted = actor_await(upgrader);
	return actor_try(peer, EXCLUSIVE);
}

#define UPGRADE_INTERRUPTED(peer) \
	int interrupted, peer = upgrade_of_the_peer_after_an_interrupt(&self->scene, &interrupted);\
	\
	REQUIRES(interrupted == -EINTR, "the upgrader was interrupted: %s", \
		 interrupted ? strerror(-interrupted) : "granted"); \
	REQUIRES(!peer || peer == -EAGAIN, "the upgrade of the peer: %s", strerror(-peer))

CLAIM(practice, TRAIT_CONVERTS_IN_PLACE, an_interrupted_upgrade_keeps_the_shared_lock)
{
	UPGRADE_INTERRUPTED(peer);
	HOLDS(peer, "an interrupted upgrade has lost the shared lock",
	      "the peer became the only holder: the upgrader's shared lock is gone");
}

/* flock(2) says that the old lock is removed first; nothing brings it back. */
CLAIM(practice, TRAIT_CONVERTS_BY_DROPPING, an_interrupted_upgrade_has_lost_the_shared_lock)
{
	UPGRADE_INTERRUPTED(peer);
	HOLDS(!peer, "an interrupted upgrade still has the shared lock",
	      "the peer was refused: the upgrader still has its shared lock");
}

EXPECTATION_MAIN
