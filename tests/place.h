/* SPDX-License-Identifier: GPL-2.0 */
/*
 * place: a waiter is disturbed, by whatever brings it out of its sleep for a moment, and
 * afterwards both its own place in the queue is looked at and the places of the others.
 *
 * @prepare is done by it before it asks, unless that is NULL; @begin disturbs it, and @end is
 * the end of the disturbance.
 */
#ifndef LOCKFAIR_PLACE_H
#define LOCKFAIR_PLACE_H

#include "claim/expectation.h"

typedef void (*disturbance)(struct actor *actor);

/* The others are to have found their places before it is over. */
static inline void disturb(struct actor *actor, disturbance begin, disturbance end)
{
	if (!actor->scene->trouble[0])
		history_mark(actor->scene->history, actor->lane, '!');
	begin(actor);
	actor_settle(actor->scene);
	end(actor);
	actor_settle(actor->scene);
}

#define PLACES	5

/* A holder, and @count who wait; @prepare is for that number @disturbed. */
static inline struct actor *queue_up(struct scene *scene, struct actor *waiter[], int count,
				     int disturbed, actor_deed prepare)
{
	struct actor *holder = actor_start(scene, "holder");

	actor_lock(holder, EXCLUSIVE);
	for (int i = 0; i < count; i++) {
		waiter[i] = actor_start_nth(scene, "waiter", i + 1);
		if (prepare && i == disturbed)
			actor_do(waiter[i], prepare, NULL);
		actor_queue(waiter[i], EXCLUSIVE);
	}
	return holder;
}

/* The first who was granted the lock after one who came later, but for @but; or -1. */
static inline int out_of_turn(const struct history *history, const struct actor *but)
{
	int last = -1;

	for (int i = 0; i < history_length(history); i++) {
		const struct history_event *event = &history->event[i];

		if (event->what != HISTORY_GRANT || event->lane == but->lane)
			continue;
		if (event->lane < last)
			return event->lane;
		last = event->lane;
	}
	return -1;
}

#define STILL_WAITS(actor) \
	REQUIRES(actor_waits(actor), "%s waits no more: %s", actor_name(actor), \
		 strerror(-(actor)->result))

/*
 *	holder   HHHHHHHHHHH.
 *	waiter1    wwwww!wwwwwwH.	is disturbed
 *	waiter2      wwwwwwwwH.		came later
 *
 * Should waiter1 leave the queue but for a moment, waiter2 is woken, and runs, before waiter1
 * can be back: so a lost place is seen.
 */
#define KEEPS_ITS_PLACE(prepare, begin, end) do { \
	struct actor *waiter[2]; \
	struct history_verdict found; \
	scene_on_one_cpu(&self->scene); \
	queue_up(&self->scene, waiter, 2, 0, prepare); \
	actor_defer(waiter[0]); \
	actor_prefer(waiter[1]); \
	disturb(waiter[0], begin, end); \
	STILL_WAITS(waiter[0]); \
	scene_drain(&self->scene); \
	found = history_overtaking(expectation_history); \
	HOLDS_VERDICT(!found.count, &found, "a waiter lost its place", \
		      "waiter2, which came later, was granted the lock before waiter1; " \
		      "! is where waiter1 was disturbed"); \
} while (0)

/* The same with the second of five, and with an eye on the other four. */
#define THE_OTHERS_KEEP_THEIR_PLACES(prepare, begin, end) do { \
	struct actor *waiter[PLACES]; \
	int late; \
	queue_up(&self->scene, waiter, PLACES, 1, prepare); \
	disturb(waiter[1], begin, end); \
	STILL_WAITS(waiter[1]); \
	scene_drain(&self->scene); \
	late = out_of_turn(expectation_history, waiter[1]); \
	HOLDS(late < 0, "another waiter lost its place", \
	      "%s was granted the lock out of its turn", \
	      expectation_history->name[late]); \
} while (0)

/*
 *	holder   HHHHHHHH.
 *	waiter1    www!		has left the queue, and is not there at the release
 *	waiter2      wwwwwH
 */
#define DOES_NOT_HOLD_UP_THE_OTHERS(begin, end) do { \
	struct actor *waiter[2], *holder = queue_up(&self->scene, waiter, 2, 0, NULL); \
	begin(waiter[0]); \
	actor_settle(&self->scene); \
	actor_unlock(holder); \
	actor_settle(&self->scene); \
	HOLDS(actor_holds(waiter[1]), "the others are held up", \
	      "nobody holds the lock, and waiter2 sleeps on"); \
	end(waiter[0]); \
	scene_drain(&self->scene); \
} while (0)

/* Nobody could wake it at the release; it has to look for itself. */
#define IS_GRANTED_AFTER_A_RELEASE_MEANWHILE(begin, end) do { \
	struct actor *waiter[1], *holder = queue_up(&self->scene, waiter, 1, 0, NULL); \
	begin(waiter[0]); \
	actor_unlock(holder); \
	end(waiter[0]); \
	actor_settle(&self->scene); \
	HOLDS(actor_holds(waiter[0]), "a waiter is forgotten", \
	      "nobody holds the lock; the waiter: %s", \
	      waiter[0]->busy ? "sleeps on" : strerror(-waiter[0]->result)); \
} while (0)

#endif /* LOCKFAIR_PLACE_H */
