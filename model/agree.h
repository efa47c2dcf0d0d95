/* SPDX-License-Identifier: GPL-2.0 */
/* agree: does a state of the model agree with what was seen? */
#ifndef LOCKFAIR_AGREE_H
#define LOCKFAIR_AGREE_H

#include "model/observe.h"
#include "model/rules.h"

/* What is being compared. */
struct agreement {
	const struct observer *observer;
	bool processes;
	const struct model_step *made;
	const struct observation *seen;
	int file, question;		/* what was looked at last */
};

/* About one sort of what was seen, so far as it was looked at. */
typedef bool (*agree_function)(struct agreement *with, const struct model_rules *rules,
			       const struct model_state *state);

bool agree_calls(struct agreement *with, const struct model_rules *rules,
		 const struct model_state *state);
bool agree_answers(struct agreement *with, const struct model_rules *rules,
		   const struct model_state *state);
bool agree_query(struct agreement *with, const struct model_rules *rules,
		 const struct model_state *state);
bool agree_flock(struct agreement *with, const struct model_rules *rules,
		 const struct model_state *state);
bool agree_lines(struct agreement *with, const struct model_rules *rules,
		 const struct model_state *state);

/* About /proc/locks, if it had been read to this extent. */
bool agree_lines_to(struct agreement *with, enum lines_extent extent,
		    const struct model_state *state);

/* What the actor was answered before its step: for the states before it. */
bool agree_own(struct agreement *with, const struct model_rules *rules,
	       const struct model_state *state);

#endif /* LOCKFAIR_AGREE_H */
