// SPDX-License-Identifier: GPL-2.0
/* The judges and the drawing, on histories made by hand. */
#include <string.h>

#include "kselftest_harness.h"

#include "history/draw.h"
#include "history/history.h"
#include "history/judge.h"
#include "history/save.h"

FIXTURE(history) {
	struct history *h;
	int first, second, third;
};

FIXTURE_SETUP(history)
{
	self->h = history_new();
	ASSERT_NE(NULL, self->h);
	self->first = history_row(self->h, "first");
	self->second = history_row(self->h, "second");
	self->third = history_row(self->h, "third");
	ASSERT_EQ(2, self->third);
}

FIXTURE_TEARDOWN(history)
{
	history_free(self->h);
}

static void add(struct history *h, int row, enum history_what what, struct lock_request request)
{
	history_add(h, row, what, &request);
}

static void wait_for(struct history *h, int row, struct lock_request request)
{
	add(h, row, HISTORY_REQUEST, request);
	add(h, row, HISTORY_QUEUED, request);
}

static void grant(struct history *h, int row, struct lock_request request)
{
	add(h, row, HISTORY_REQUEST, request);
	add(h, row, HISTORY_GRANT, request);
}

/* ---- overlap ---- */

TEST_F(history, an_empty_one_has_no_fault)
{
	EXPECT_EQ(0, history_overlap(self->h).count);
	EXPECT_EQ(0, history_overtaking(self->h).count);
	EXPECT_EQ(-1, history_overlap(self->h).event);
}

TEST_F(history, two_writers_overlap)
{
	struct history_verdict verdict;

	grant(self->h, self->first, EXCLUSIVE);
	grant(self->h, self->second, EXCLUSIVE);
	verdict = history_overlap(self->h);
	EXPECT_EQ(1, verdict.count);
	EXPECT_EQ(3, verdict.event);
	EXPECT_EQ(self->second, verdict.row);
	EXPECT_EQ(self->first, verdict.other);
}

TEST_F(history, a_release_ends_a_hold)
{
	grant(self->h, self->first, EXCLUSIVE);
	add(self->h, self->first, HISTORY_RELEASE, EXCLUSIVE);
	grant(self->h, self->second, EXCLUSIVE);
	EXPECT_EQ(0, history_overlap(self->h).count);
}

TEST_F(history, readers_do_not_overlap_with_each_other_but_with_a_writer)
{
	grant(self->h, self->first, SHARED);
	grant(self->h, self->second, SHARED);
	EXPECT_EQ(0, history_overlap(self->h).count);
	grant(self->h, self->third, EXCLUSIVE);
	EXPECT_EQ(2, history_overlap(self->h).count);
}

TEST_F(history, only_ranges_that_touch_overlap)
{
	grant(self->h, self->first, EXCLUSIVE_ON(0, 10));
	grant(self->h, self->second, EXCLUSIVE_ON(10, 10));
	EXPECT_EQ(0, history_overlap(self->h).count);
	grant(self->h, self->third, EXCLUSIVE_ON(19, 0));
	EXPECT_EQ(1, history_overlap(self->h).count);
}

TEST_F(history, the_last_possible_byte_is_one_of_a_range_without_end)
{
	off_t last = (off_t)((1ull << (sizeof(off_t) * 8 - 1)) - 1);

	grant(self->h, self->first, EXCLUSIVE_ON(last, 1));
	grant(self->h, self->second, EXCLUSIVE_ON(last - 1, 1));
	EXPECT_EQ(0, history_overlap(self->h).count);
	grant(self->h, self->third, EXCLUSIVE_ON(10, 0));
	EXPECT_EQ(2, history_overlap(self->h).count);
}

TEST_F(history, one_lane_does_not_overlap_with_itself)
{
	grant(self->h, self->first, SHARED);
	grant(self->h, self->first, EXCLUSIVE);
	EXPECT_EQ(0, history_overlap(self->h).count);
}

TEST_F(history, what_is_being_converted_is_held_unless_it_is_dropped)
{
	grant(self->h, self->first, SHARED);
	add(self->h, self->first, HISTORY_REQUEST, EXCLUSIVE);
	grant(self->h, self->second, EXCLUSIVE);
	EXPECT_EQ(1, history_overlap(self->h).count);
	history_add_site(self->h, KIND_FLOCK, 0);
	EXPECT_EQ(0, history_overlap(self->h).count);
}

TEST_F(history, a_refused_conversion_loses_the_lock_only_where_it_drops_it)
{
	grant(self->h, self->first, SHARED);
	add(self->h, self->first, HISTORY_REQUEST, EXCLUSIVE);
	add(self->h, self->first, HISTORY_REFUSE, EXCLUSIVE);
	grant(self->h, self->second, EXCLUSIVE);
	EXPECT_EQ(1, history_overlap(self->h).count);
	history_add_site(self->h, KIND_FLOCK, 0);
	EXPECT_EQ(0, history_overlap(self->h).count);
}

TEST_F(history, a_reader_may_be_in_before_the_downgrade_that_let_it_in_has_returned)
{
	grant(self->h, self->first, EXCLUSIVE);
	add(self->h, self->first, HISTORY_REQUEST, SHARED);
	grant(self->h, self->second, SHARED);
	EXPECT_EQ(0, history_overlap(self->h).count);
	add(self->h, self->second, HISTORY_RELEASE, SHARED);
	grant(self->h, self->second, EXCLUSIVE);
	EXPECT_EQ(1, history_overlap(self->h).count);
}

/* ---- who is in the way ---- */

TEST_F(history, a_holder_is_in_the_way_until_it_releases)
{
	struct history_way way;

	EXPECT_EQ(HISTORY_NOTHING_ASKED, history_in_the_way(self->h, self->second).row);
	grant(self->h, self->first, SHARED_ON(0, 10));
	add(self->h, self->second, HISTORY_REQUEST, EXCLUSIVE_ON(5, 10));
	way = history_in_the_way(self->h, self->second);
	EXPECT_EQ(self->first, way.row);
	EXPECT_EQ(5, way.asks.start);
	EXPECT_EQ(MODE_EXCLUSIVE, way.asks.mode);
	EXPECT_FALSE(way.converts);
	add(self->h, self->first, HISTORY_RELEASE, SHARED_ON(0, 10));
	EXPECT_EQ(HISTORY_NOBODY, history_in_the_way(self->h, self->second).row);
	add(self->h, self->second, HISTORY_GRANT, EXCLUSIVE_ON(5, 10));
	EXPECT_EQ(HISTORY_NOTHING_ASKED, history_in_the_way(self->h, self->second).row);
}

TEST_F(history, who_waits_or_reads_beside_a_reader_is_in_nobodys_way)
{
	wait_for(self->h, self->first, EXCLUSIVE);
	grant(self->h, self->third, SHARED);
	add(self->h, self->second, HISTORY_REQUEST, SHARED);
	EXPECT_EQ(HISTORY_NOBODY, history_in_the_way(self->h, self->second).row);
	EXPECT_EQ(self->third, history_in_the_way(self->h, self->first).row);
}

TEST_F(history, its_own_lock_is_in_nobodys_way_but_makes_it_a_conversion)
{
	struct history_way way;

	grant(self->h, self->first, SHARED);
	add(self->h, self->first, HISTORY_REQUEST, EXCLUSIVE);
	way = history_in_the_way(self->h, self->first);
	EXPECT_EQ(HISTORY_NOBODY, way.row);
	EXPECT_TRUE(way.converts);
}

/* ---- overtaking ---- */

TEST_F(history, a_later_request_overtakes_one_that_was_seen_waiting)
{
	struct history_verdict verdict;

	wait_for(self->h, self->first, EXCLUSIVE);
	grant(self->h, self->second, EXCLUSIVE);
	verdict = history_overtaking(self->h);
	EXPECT_EQ(1, verdict.count);
	EXPECT_EQ(self->second, verdict.row);
	EXPECT_EQ(self->first, verdict.other);
	EXPECT_EQ(3, verdict.event);
}

TEST_F(history, nobody_overtakes_one_that_was_not_seen_waiting)
{
	add(self->h, self->first, HISTORY_REQUEST, EXCLUSIVE);
	grant(self->h, self->second, EXCLUSIVE);
	add(self->h, self->first, HISTORY_QUEUED, EXCLUSIVE);
	EXPECT_EQ(0, history_overtaking(self->h).count);
}

TEST_F(history, who_asked_first_may_be_granted_first)
{
	wait_for(self->h, self->first, EXCLUSIVE);
	wait_for(self->h, self->second, EXCLUSIVE);
	add(self->h, self->first, HISTORY_GRANT, EXCLUSIVE);
	add(self->h, self->first, HISTORY_RELEASE, EXCLUSIVE);
	add(self->h, self->second, HISTORY_GRANT, EXCLUSIVE);
	EXPECT_EQ(0, history_overtaking(self->h).count);
}

TEST_F(history, who_was_refused_waits_no_more)
{
	wait_for(self->h, self->first, EXCLUSIVE);
	add(self->h, self->first, HISTORY_REFUSE, EXCLUSIVE);
	grant(self->h, self->second, EXCLUSIVE);
	EXPECT_EQ(0, history_overtaking(self->h).count);
}

TEST_F(history, only_what_conflicts_overtakes)
{
	wait_for(self->h, self->first, SHARED);
	grant(self->h, self->second, SHARED);
	EXPECT_EQ(0, history_overtaking(self->h).count);
	grant(self->h, self->third, EXCLUSIVE);
	EXPECT_EQ(1, history_overtaking(self->h).count);
}

TEST_F(history, only_what_touches_overtakes)
{
	wait_for(self->h, self->first, EXCLUSIVE_ON(0, 2));
	grant(self->h, self->second, EXCLUSIVE_ON(2, 1));
	EXPECT_EQ(0, history_overtaking(self->h).count);
	grant(self->h, self->third, EXCLUSIVE_ON(1, 1));
	EXPECT_EQ(1, history_overtaking(self->h).count);
}

/* ---- keeping ---- */

TEST_F(history, a_full_one_keeps_the_beginning)
{
	for (int i = 0; i < HISTORY_EVENTS + 10; i++)
		history_mark(self->h, self->first, i < HISTORY_EVENTS ? 'a' : 'b');
	EXPECT_EQ(HISTORY_EVENTS, history_length(self->h));
	EXPECT_EQ(HISTORY_EVENTS, history_marked(self->h, 'a').count);
	EXPECT_EQ(0, history_marked(self->h, 'b').count);
}

TEST_F(history, forgetting_keeps_the_lanes_and_clearing_does_not)
{
	history_mark(self->h, self->first, 'a');
	history_forget(self->h);
	EXPECT_EQ(0, history_length(self->h));
	EXPECT_EQ(3, self->h->rows);
	history_clear(self->h);
	EXPECT_EQ(0, self->h->rows);
}

TEST_F(history, there_is_an_end_to_lanes)
{
	int row = 0;

	for (int i = 0; i < HISTORY_ROWS; i++)
		row = history_row(self->h, "more");
	EXPECT_EQ(-ENOSPC, row);
}

TEST_F(history, who_may_be_killed_or_closes_holds_nothing_for_sure)
{
	grant(self->h, self->first, EXCLUSIVE);
	add(self->h, self->first, HISTORY_END, EXCLUSIVE);
	grant(self->h, self->second, EXCLUSIVE);
	add(self->h, self->second, HISTORY_CLOSE, EXCLUSIVE);
	grant(self->h, self->third, EXCLUSIVE);
	EXPECT_EQ(0, history_overlap(self->h).count);
}

TEST_F(history, who_shares_a_descriptor_closes_it_for_the_others)
{
	grant(self->h, self->first, EXCLUSIVE);
	add(self->h, self->second, HISTORY_CLOSE, EXCLUSIVE);
	grant(self->h, self->third, EXCLUSIVE);
	EXPECT_EQ(1, history_overlap(self->h).count);
	self->h->owner[self->second] = self->first;
	EXPECT_EQ(0, history_overlap(self->h).count);
	grant(self->h, self->third, EXCLUSIVE);
	EXPECT_EQ(0, history_overlap(self->h).count);
}

/* ---- drawing ---- */

static char drawn[4096];

static void draw_to_text(const char *line)
{
	size_t used = strlen(drawn);

	snprintf(drawn + used, sizeof(drawn) - used, "%s\n", line);
}

static const char *draw(const struct history *h, const struct history_verdict *verdict)
{
	drawn[0] = '\0';
	history_draw(h, verdict, draw_to_text);
	return drawn;
}

TEST_F(history, a_drawing_shows_who_overtook_whom)
{
	struct history_verdict verdict;

	grant(self->h, self->first, EXCLUSIVE);
	wait_for(self->h, self->second, SHARED);
	add(self->h, self->first, HISTORY_RELEASE, EXCLUSIVE);
	grant(self->h, self->third, EXCLUSIVE);
	add(self->h, self->third, HISTORY_RELEASE, EXCLUSIVE);
	add(self->h, self->second, HISTORY_GRANT, SHARED);
	verdict = history_overtaking(self->h);
	EXPECT_NE(NULL, strstr(draw(self->h, &verdict),
			       "  first  |wHHH.    |\n"
			       "  second |  wwwwwwS|\n"
			       "  third  |     wH. |   before second\n"
			       "  events 1 to 9 of 9;"));
}

TEST_F(history, a_long_drawing_shows_the_event_that_decided)
{
	struct history_verdict verdict;
	const char *third;

	for (int i = 0; i < 500; i++)
		history_mark(self->h, self->first, '-');
	wait_for(self->h, self->second, EXCLUSIVE);
	grant(self->h, self->third, EXCLUSIVE);
	for (int i = 0; i < 500; i++)
		history_mark(self->h, self->first, '+');
	verdict = history_overtaking(self->h);
	EXPECT_EQ(1, verdict.count);
	third = strstr(draw(self->h, &verdict), "third");
	ASSERT_NE(NULL, third);
	EXPECT_NE(NULL, strstr(third, "wH"));
	EXPECT_NE(NULL, strstr(third, "before second"));
	/* as wide as a drawing can be */
	EXPECT_EQ(64, (int)(strchr(strchr(third, '|') + 1, '|') - strchr(third, '|')) - 1);
}

TEST_F(history, a_drawing_of_nothing_says_so)
{
	EXPECT_STREQ("  (nothing happened)\n", draw(self->h, NULL));
}

/* ---- saving ---- */

TEST_F(history, what_is_saved_and_loaded_is_judged_and_drawn_alike)
{
	struct history *again = history_new();
	char before[sizeof(drawn)];
	FILE *stream = tmpfile();

	ASSERT_NE(NULL, again);
	ASSERT_NE(NULL, stream);
	history_add_site(self->h, KIND_FLOCK, 0);
	history_add_site(self->h, KIND_POSIX, 1);
	history_add_site(self->h, KIND_OFD, 1);
	self->h->owner[self->second] = self->first;
	grant(self->h, self->first, EXCLUSIVE_ON(10, 5));
	wait_for(self->h, self->second, at_site(2, SHARED));
	history_mark(self->h, self->second, '!');
	grant(self->h, self->third, at_site(2, EXCLUSIVE));
	add(self->h, self->third, HISTORY_RELEASE, at_site(2, EXCLUSIVE));
	history_answer(self->h, self->second, &SHARED, -EINTR);
	history_ask(self->h, self->second, &SHARED, true);
	for (int what = HISTORY_RETURN; what <= HISTORY_GONE; what++)
		add(self->h, self->first, what, EXCLUSIVE);
	memcpy(before, draw(self->h, NULL), sizeof(before));
	EXPECT_EQ(0, history_save(self->h, stream));
	rewind(stream);
	EXPECT_EQ(0, history_load(again, stream));
	EXPECT_EQ(history_length(self->h), history_length(again));
	EXPECT_EQ(0, memcmp(self->h, again, sizeof(*again)));
	EXPECT_STREQ(before, draw(again, NULL));
	EXPECT_EQ(1, history_overtaking(again).count);
	fclose(stream);
	history_free(again);
}

#define HEAD	"lockfair history 2\nsite\t0\t0\tflock\nrow\t0\t0\tone\n"

TEST_F(history, what_is_no_history_is_refused_with_its_line)
{
	static const char * const wrong[] = {
		"something else\n",
		"lockfair history 2\nrow\t1\t1\tsecond before the first\n",
		"lockfair history 2\nrow\t0\t1\towned by one to come\n",
		"lockfair history 2\nsite\t0\t0\tmutex\n",
		HEAD "event\tgrant\t1\tshared\t0\t0\t0\t-\t0\t0\n",
		HEAD "event\tgranted\t0\tshared\t0\t0\t0\t-\t0\t0\n",
		HEAD "event\tgrant\t0\tshared\t0\t0\t9\t-\t0\t0\n",
	};
	static const int line[] = { 1, 2, 2, 2, 4, 4, 4 };

	for (unsigned int i = 0; i < ARRAY_SIZE(wrong); i++) {
		FILE *stream = tmpfile();

		ASSERT_NE(NULL, stream);
		fputs(wrong[i], stream);
		rewind(stream);
		EXPECT_EQ(line[i], history_load(self->h, stream));
		fclose(stream);
	}
}

TEST_HARNESS_MAIN
