/* SPDX-License-Identifier: GPL-2.0 */
/* explain: report an observation that no state of the model agrees with, and the model's states. */
#ifndef LOCKFAIR_EXPLAIN_H
#define LOCKFAIR_EXPLAIN_H

#include "model/observe.h"
#include "model/set.h"

/* A text, which is cut if it exceeds its buffer. */
struct explain_text {
	char *text;
	size_t room;
};

void explain_add(const struct explain_text *to, const char *format, ...);

/* "A returns 0, B sleeps" */
void explain_add_calls(const struct explain_text *to, const struct model_call *call);

struct explanation {
	struct explain_text to;
	const struct scenario *scenario;
	const struct model_step *step;
	const struct observation *seen;
	const struct model_subset *states;	/* none of which agrees with what was seen */
	int file, question;			/* what was compared last */
};

void explain_calls(const struct explanation *explanation);
void explain_answer(const struct explanation *explanation);
void explain_own(const struct explanation *explanation);
void explain_query(const struct explanation *explanation);
void explain_flock(const struct explanation *explanation);
void explain_lines(const struct explanation *explanation);

#endif /* LOCKFAIR_EXPLAIN_H */
