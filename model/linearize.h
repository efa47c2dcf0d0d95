/* SPDX-License-Identifier: GPL-2.0 */
/*
 * linearize: by the rules of the model, can actors that run freely have seen what a history says?
 *
 * Each call takes effect at some moment between the event before it and the event after it: a
 * request before its grant or refusal, a release or a close before its return (or before the
 * actor's next event, if its return is not in the history), and the end of a process before it was
 * reaped. A history is linearizable if the effects can be put into an order that the rules allow.
 *
 * A refusal with EINTR has no effect, except that flock(2) may have dropped what was to be
 * converted. A lock that is granted to a process which is killed before it can say so goes with it.
 */
#ifndef LOCKFAIR_LINEARIZE_H
#define LOCKFAIR_LINEARIZE_H

#include "history/history.h"
#include "model/rules.h"

enum linearize_answer {
	LINEARIZE_ALLOWED,
	/* No order explains the event that the verdict names, and all events before it. */
	LINEARIZE_IMPOSSIBLE,
	/* There are too many possibilities, or calls that the model does not know. */
	LINEARIZE_UNDECIDED,
};

struct linearize_verdict {
	enum linearize_answer answer;
	enum model_level level;		/* by linearize_by(): whose rules gave this answer */
	struct history_verdict at;
	char why[120];
};

struct linearizer;

/* NULL without memory. */
struct linearizer *linearizer_new(void);
void linearizer_free(struct linearizer *judge);

/*
 * Judge a history that begins when nobody holds or requests anything. A judge remembers what it
 * has allowed: rounds that go alike cost little.
 */
struct linearize_verdict linearize(struct linearizer *judge, const struct history *history,
				   const struct model_rules *rules);

/*
 * The same by the rules of a level. What the rules of practice find impossible is judged by the
 * documentation as well: if that does not allow it either, the verdict is by the documentation.
 */
struct linearize_verdict linearize_by(struct linearizer *judge, const struct history *history,
				      enum model_level level);

/* "by the documentation", "by what Linux does" */
const char *linearize_rules_name(enum model_level level);

#endif /* LOCKFAIR_LINEARIZE_H */
