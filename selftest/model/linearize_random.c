// SPDX-License-Identifier: GPL-2.0
/* Made-up histories of free runs are allowed; each way of damaging one is noticed. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"

#include "every_order.h"
#include "model/linearize.h"
#include "random_history.h"

#define SEEDS		100
#define EVENTS		60
#define EVENTS_OF_FEW	16	/* to try every order of their effects */

static const enum lock_kind kinds[] = { KIND_POSIX, KIND_OFD, KIND_FLOCK };

FIXTURE(random) {
	struct history *h;
	struct linearizer *judge;
};

FIXTURE_SETUP(random)
{
	self->h = history_new();
	self->judge = linearizer_new();
	ASSERT_NE(NULL, self->h);
	ASSERT_NE(NULL, self->judge);
}

FIXTURE_TEARDOWN(random)
{
	linearizer_free(self->judge);
	history_free(self->h);
}

static struct linearize_verdict verdict_of(struct linearizer *judge, const struct history *h)
{
	return linearize(judge, h, model_rules(MODEL_PROMISE));
}

TEST_F(random, what_a_simple_lock_does_is_allowed)
{
	for (int seed = 0; seed < SEEDS; seed++) {
		for (int what = UNDISTURBED; what <= KILLS; what++) {
			struct linearize_verdict found;

			make_up(self->h, seed, kinds[seed % 3], what, EVENTS);
			found = verdict_of(self->judge, self->h);
			ASSERT_EQ(LINEARIZE_ALLOWED, found.answer) {
				TH_LOG("seed %d, %d: event %d, %s", seed, what, found.at.event,
				       found.why);
			}
		}
	}
}

/* ---- damages ---- */

/* Each returns the event that has become impossible, or -1 if it cannot be done from @from on. */

static void take_out(struct history *h, int at)
{
	h->used--;
	memmove(&h->event[at], &h->event[at + 1], (h->used - at) * sizeof(*h->event));
	/* A place that is not in use is empty. */
	h->event[h->used] = (struct history_event){ 0 };
}

static void put_in(struct history *h, int at, struct history_event e)
{
	memmove(&h->event[at + 1], &h->event[at], (h->used - at) * sizeof(*h->event));
	h->event[at] = e;
	h->used++;
}

/* The last event of this row before number @at, or -1. */
static int last_of(const struct history *h, int row, int at)
{
	while (--at >= 0 && h->event[at].row != row)
		;
	return at;
}

/* The next event of this row from number @at on, or -1. */
static int next_of(const struct history *h, int row, int at)
{
	while (at < history_length(h) && h->event[at].row != row)
		at++;
	return at < history_length(h) ? at : -1;
}

static bool conflict(const struct history_event *a, const struct history_event *b)
{
	return (!a->len || b->start < a->start + a->len) &&
	       (!b->len || a->start < b->start + b->len) &&
	       (a->mode == MODE_EXCLUSIVE || b->mode == MODE_EXCLUSIVE);
}

/* Is the row's last event before number @at a grant, so that it holds the lock for sure? */
static bool holds_at(const struct history *h, int row, int at)
{
	int last = last_of(h, row, at);

	return last >= 0 && h->event[last].what == HISTORY_GRANT;
}

/* By the row's last event before number @at: is no call under way? And is no lock held? */
static bool idles_at(const struct history *h, int row, int at)
{
	int last = last_of(h, row, at);

	return last < 0 || h->event[last].what == HISTORY_RETURN ||
	       h->event[last].what == HISTORY_GRANT || h->event[last].what == HISTORY_REFUSE;
}

static bool has_nothing_at(const struct history *h, int row, int at)
{
	int last = last_of(h, row, at);

	return last < 0 || h->event[last].what == HISTORY_RETURN;
}

/* Did it hold nothing when it asked for that? */
static bool is_all_it_holds(const struct history *h, int row, int granted)
{
	int asked = last_of(h, row, granted);

	return asked >= 0 && has_nothing_at(h, row, asked);
}

/* Find a release, and the first grant after it that conflicts with what was released. */
static bool find_handover(const struct history *h, int from, int *release, int *granted)
{
	for (int at = from; at < history_length(h); at++) {
		int row = h->event[at].row, held = last_of(h, row, at), again;

		if (h->event[at].what != HISTORY_RELEASE || !holds_at(h, row, at) ||
		    !is_all_it_holds(h, row, held))
			continue;
		again = next_of(h, row, at + 1);
		if (again >= 0)
			again = next_of(h, row, again + 1);
		for (int to = at + 1; to != again && to < history_length(h); to++) {
			const struct history_event *e = &h->event[to];

			if (e->what == HISTORY_GRANT && e->row != row &&
			    conflict(e, &h->event[held])) {
				*release = at;
				*granted = to;
				return true;
			}
		}
	}
	return false;
}

static int grant_before_the_release(struct history *h, int from)
{
	int release, granted;
	struct history_event e;

	if (!find_handover(h, from, &release, &granted) ||
	    last_of(h, h->event[granted].row, granted) > release)
		return -1;
	e = h->event[granted];
	take_out(h, granted);
	put_in(h, release, e);
	return release;
}

static int lose_the_release(struct history *h, int from)
{
	int release, granted, returned;

	if (!find_handover(h, from, &release, &granted))
		return -1;
	returned = next_of(h, h->event[release].row, release + 1);
	if (returned >= 0)
		take_out(h, returned);
	take_out(h, release);
	return granted - 1 - (returned >= 0 && returned < granted);
}

/* Insert a try by an actor that does nothing, and its answer. */
static int insert_try(struct history *h, int at, int row, enum lock_mode mode, int result)
{
	struct history_event e = { .what = HISTORY_REQUEST, .row = row, .mode = mode };

	put_in(h, at, e);
	e.what = result ? HISTORY_REFUSE : HISTORY_GRANT;
	e.result = result;
	put_in(h, at + 1, e);
	return at + 1;
}

static int grant_beside_a_holder(struct history *h, int from, enum lock_mode mode)
{
	for (int at = from; at < history_length(h); at++) {
		for (int holder = 0; holder < h->rows; holder++) {
			int other = (holder + 1) % h->rows;

			if (holds_at(h, holder, at) && idles_at(h, other, at) &&
			    h->event[last_of(h, holder, at)].mode == MODE_EXCLUSIVE)
				return insert_try(h, at, other, mode, 0);
		}
	}
	return -1;
}

static int writer_beside_a_writer(struct history *h, int from)
{
	return grant_beside_a_holder(h, from, MODE_EXCLUSIVE);
}

static int reader_beside_a_writer(struct history *h, int from)
{
	return grant_beside_a_holder(h, from, MODE_SHARED);
}

static int refusal_of_a_free_lock(struct history *h, int from)
{
	for (int at = from; at < history_length(h); at++) {
		bool all_free = true;

		for (int row = 0; row < h->rows; row++)
			all_free &= has_nothing_at(h, row, at);
		if (all_free)
			return insert_try(h, at, 0, MODE_EXCLUSIVE, -EAGAIN);
	}
	return -1;
}

static const struct {
	int (*damage)(struct history *h, int from);
	bool may_show_before;	/* another answer depends on the one that has become impossible */
} damages[] = {
	{ grant_before_the_release, false }, { lose_the_release, true },
	{ writer_beside_a_writer, false }, { reader_beside_a_writer, false },
	{ refusal_of_a_free_lock, false },
};

TEST_F(random, each_damage_is_noticed_where_it_is)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(damages); i++) {
		int done = 0;

		for (int seed = 0; seed < SEEDS; seed++) {
			struct linearize_verdict found;
			int at;

			make_up(self->h, seed, kinds[seed % 3], UNDISTURBED, EVENTS);
			at = damages[i].damage(self->h, seed % 20);
			if (at < 0)
				continue;
			done++;
			found = verdict_of(self->judge, self->h);
			EXPECT_EQ(LINEARIZE_IMPOSSIBLE, found.answer);
			if (damages[i].may_show_before && found.at.event < at)
				continue;
			ASSERT_EQ(at, found.at.event) {
				TH_LOG("seed %d, damage %u: %s", seed, i, found.why);
			}
			EXPECT_EQ(self->h->event[at].row, found.at.row);
		}
		EXPECT_LT(SEEDS / 10, done);
	}
}

/* ---- any damage ---- */

/* Two events change places, an answer or a mode is another, or nothing is changed. */
static void damage(struct history *h, unsigned long long *seed)
{
	struct history_event *e = &h->event[below(seed, history_length(h) - 1)], swap = *e;

	switch (below(seed, 3)) {
	case 0:
		if (e[0].row == e[1].row)
			break;
		e[0] = e[1];
		e[1] = swap;
		break;
	case 1:
		if (e->what != HISTORY_GRANT && e->what != HISTORY_REFUSE)
			break;
		e->result = e->what == HISTORY_GRANT ? -EAGAIN : 0;
		e->what = e->what == HISTORY_GRANT ? HISTORY_REFUSE : HISTORY_GRANT;
		break;
	case 2:
		e->mode = e->mode == MODE_SHARED ? MODE_EXCLUSIVE : MODE_SHARED;
		break;
	}
}

TEST_F(random, the_judgement_is_that_of_trying_every_order)
{
	int explained = 0, all = 6 * SEEDS;

	for (int i = 0; i < all; i++) {
		unsigned long long seed = i;
		bool some;

		make_up(self->h, i, kinds[1 + i % 2], UNDISTURBED, EVENTS_OF_FEW);
		for (int n = 1 + i % 3; n; n--)
			damage(self->h, &seed);
		some = some_order_explains(self->h);
		ASSERT_EQ(some ? LINEARIZE_ALLOWED : LINEARIZE_IMPOSSIBLE,
			  verdict_of(self->judge, self->h).answer) {
			TH_LOG("seed %d", i);
		}
		explained += some;
	}
	/* Both must have been tried. */
	EXPECT_LT(all / 10, explained);
	EXPECT_GT(all - all / 10, explained);
}

TEST_HARNESS_MAIN
