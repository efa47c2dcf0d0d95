/* SPDX-License-Identifier: GPL-2.0 */
/*
 * place: disturb a waiter, by something that wakes it for a moment, and see afterwards whether
 * it and the other waiters have kept their places in the queue.
 *
 * The waiter does @prepare before it asks, unless that is NULL. @begin starts the disturbance,
 * and @end ends it.
 */
#ifndef LOCKFAIR_PLACE_H
#define LOCKFAIR_PLACE_H

#include "claim/claim.h"
#include "history/judge.h"

typedef void (*disturbance)(struct actor *actor);

/* Wait until the other waiters are queued again, before the disturbance ends. */
static inline void disturb(struct actor *actor, disturbance begin, disturbance end)
{
	if (scene_goes_on(actor->scene))
		history_mark(actor->scene->history, actor->row, '!');
	begin(actor);
	actor_settle(actor->scene);
	end(actor);
	actor_settle(actor->scene);
}

#define PLACES	5

/* Start a holder and @count waiters. waiter[@disturbed] does @prepare before it asks. */
static inline struct actor *queue_up(struct scene *scene, struct actor *waiter[], int count,
				     int disturbed, actor_job prepare)
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

/*
 * Return the row of the first waiter, except @ignored, that was granted the lock after a waiter
 * that came later; or -1.
 */
static inline int out_of_turn(const struct history *history, const struct actor *ignored)
{
	int last = -1;

	for (int i = 0; i < history_length(history); i++) {
		const struct history_event *event = &history->event[i];

		if (event->what != HISTORY_GRANT || event->row == ignored->row)
			continue;
		if (event->row < last)
			return event->row;
		last = event->row;
	}
	return -1;
}

/* The disturbance has not ended the wait. */
static inline bool still_waits(struct actor *actor)
{
	return requires(actor->scene, actor_waits(actor), "%s does not wait any more: %s",
			actor_name(actor), strerror(-actor->result));
}

/*
 *	holder   HHHHHHHHHHH.
 *	waiter1    wwwww!wwwwwwH.	is disturbed
 *	waiter2      wwwwwwwwH.		came later
 *
 * If waiter1 leaves the queue even for a moment, waiter2 is woken and runs before waiter1 can
 * come back: a lost place is always seen.
 */
static inline void keeps_its_place(struct scene *scene, actor_job prepare, disturbance begin,
				   disturbance end)
{
	struct history_verdict found;
	struct actor *waiter[2];

	scene_needs(scene, LACKS_TURNS);
	scene_on_one_cpu(scene);
	queue_up(scene, waiter, 2, 0, prepare);
	actor_defer(waiter[0]);
	actor_prefer(waiter[1]);
	disturb(waiter[0], begin, end);
	still_waits(waiter[0]);
	scene_drain(scene);
	found = history_overtaking(scene->history);
	holds_verdict(scene, !found.count, &found,
		      "waiter2, which came later, was granted the lock before waiter1; ! is where waiter1 was disturbed");
}

/* The second of five waiters is disturbed, and the order of the other four is judged. */
static inline void the_others_keep_their_places(struct scene *scene, actor_job prepare,
						disturbance begin, disturbance end)
{
	struct actor *waiter[PLACES];
	int late;

	scene_needs(scene, LACKS_TURNS);
	queue_up(scene, waiter, PLACES, 1, prepare);
	disturb(waiter[1], begin, end);
	still_waits(waiter[1]);
	scene_drain(scene);
	late = out_of_turn(scene->history, waiter[1]);
	holds(scene, late < 0, "%s was granted the lock out of its turn",
	      history_name(scene->history, late));
}

/*
 *	holder   HHHHHHHH.
 *	waiter1    www!		has left the queue, and is not there at the release
 *	waiter2      wwwwwH
 */
static inline void does_not_hold_up_the_others(struct scene *scene, disturbance begin,
					       disturbance end)
{
	struct actor *waiter[2], *holder = queue_up(scene, waiter, 2, 0, NULL);

	begin(waiter[0]);
	actor_settle(scene);
	actor_unlock(holder);
	actor_settle(scene);
	holds(scene, actor_holds(waiter[1]), "nobody holds the lock, and waiter2 sleeps on");
	end(waiter[0]);
	scene_drain(scene);
}

/*
 * The release comes during the disturbance and cannot wake the waiter, which must look again
 * itself.
 */
static inline void is_granted_after_a_release_meanwhile(struct scene *scene, disturbance begin,
							disturbance end)
{
	struct actor *waiter, *holder = queue_up(scene, &waiter, 1, 0, NULL);

	begin(waiter);
	actor_unlock(holder);
	end(waiter);
	actor_settle(scene);
	holds(scene, actor_holds(waiter), "nobody holds the lock; the waiter: %s",
	      waiter->busy ? "sleeps on" : strerror(-waiter->result));
}

#endif /* LOCKFAIR_PLACE_H */
