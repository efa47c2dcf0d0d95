// SPDX-License-Identifier: GPL-2.0
/* The drawing of a scenario shows what each actor asked for and holds. */
#define _GNU_SOURCE
#include <string.h>

#include "kselftest_harness.h"

#include "history/draw.h"
#include "model/listing.h"
#include "model/trace.h"

static char drawn[2048];

static void draw_to_text(const char *line)
{
	size_t used = strlen(drawn);

	snprintf(drawn + used, sizeof(drawn) - used, "%s\n", line);
}

static void drop(const char *line, void *arg)
{
	(void)line;
	(void)arg;
}

struct went {
	struct scenario scenario;
	struct outcome outcome;
	struct history *history;
};

FIXTURE(listing) {
	struct went went;
};

FIXTURE_SETUP(listing)
{
	self->went.scenario = (struct scenario){ .kind = KIND_OFD, .actors = 2,
		.cell = { 0, 1, 2, 3, 4, 5 } };
	memset(&self->went.outcome, 0, sizeof(self->went.outcome));
	self->went.history = history_new();
	ASSERT_NE(NULL, self->went.history);
}

FIXTURE_TEARDOWN(listing)
{
	history_free(self->went.history);
}

/* Add a step. Then the calls of A, B, … are: 'd' done, 'f' failed, 's' asleep. */
static void step(struct went *went, const char *line, const char *calls)
{
	int at = went->scenario.count++;

	if (!trace_parse_line(&went->scenario, line, &went->scenario.step[at]))
		abort();
	went->outcome.made[at] = true;
	for (int i = 0; calls[i]; i++) {
		struct model_call *call = &went->outcome.call[at][i];

		call->status = calls[i] == 's' ? REQUEST_ASLEEP :
			       calls[i] == ' ' ? REQUEST_NONE : REQUEST_DONE;
		call->result = calls[i] == 'f' ? -EINTR : 0;
	}
}

static const char *draw(struct went *went)
{
	drawn[0] = '\0';
	listing_emit(&went->scenario, &went->outcome, went->history, drop, NULL);
	history_draw(went->history, NULL, draw_to_text);
	return drawn;
}

TEST_F(listing, a_waiter_is_granted_what_it_asked_for)
{
	step(&self->went, "A: ofd_lock(fd0, SHARED, 0, 1);", "d ");
	step(&self->went, "B: ofd_lock(fd0, EXCLUSIVE, 0, 2);", " s");
	step(&self->went, "A: ofd_unlock(fd0, 0, 1);", "dd");
	step(&self->went, "A: ofd_lock(fd0, SHARED, 4, 1);", "d ");
	EXPECT_EQ(0, strncmp(draw(&self->went),
			     "  A |wSSS. wS|\n"
			     "  B |  wwwHHH|\n", 30));
	/* Not the bytes of the release, either. */
	step(&self->went, "B: ofd_unlock(fd0, 1, 1);", " d");
	EXPECT_NE(NULL, strstr(draw(&self->went), "B |  wwwHHH.|\n"));
}

TEST_F(listing, an_interrupted_wait_leaves_what_was_held)
{
	step(&self->went, "A: ofd_lock(fd0, SHARED, 0, 1);", "d ");
	step(&self->went, "B: ofd_lock(fd0, SHARED, 1, 1);", " d");
	step(&self->went, "A: ofd_lock(fd0, EXCLUSIVE, 1, 1);", "s ");
	step(&self->went, "A: interrupted();", "f ");
	step(&self->went, "B: ofd_unlock(fd0, 1, 1);", " d");
	EXPECT_NE(NULL, strstr(draw(&self->went), "  A |wSSSwwixS|\n"));
}

TEST_F(listing, who_has_exited_holds_nothing)
{
	step(&self->went, "A: ofd_lock(fd0, SHARED, 0, 1);", "d ");
	step(&self->went, "B: ofd_lock(fd0, EXCLUSIVE, 0, 1);", " s");
	step(&self->went, "A: exit();", "dd");
	step(&self->went, "B: exit();", " d");
	EXPECT_EQ(0, strncmp(draw(&self->went),
			     "  A |wSSSx    |\n"
			     "  B |  wwwwHx |\n", 32));
}

TEST_F(listing, locks_of_threads_end_with_the_last_of_them)
{
	step(&self->went, "A: thread(C);", "d");
	step(&self->went, "A: ofd_lock(fd0, SHARED, 0, 1);", "d");
	step(&self->went, "A: exit();", "d");
	step(&self->went, "B: ofd_try(fd0, SHARED, 1, 1);", " d");
	step(&self->went, "C: exit();", "  d");
	step(&self->went, "B: ofd_unlock(fd0, 1, 1);", " d");
	EXPECT_NE(NULL, strstr(draw(&self->went), "  A |twSxSSS   |\n"));
}

TEST_HARNESS_MAIN
