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
	int file, question;		/* the last compared */
};

/* Does one sort of observation agree, if it was made? */
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

/* Does /proc/locks agree, taken as read to this extent? */
bool agree_lines_to(struct agreement *with, enum lines_extent extent,
		    const struct model_state *state);

/*
 * Do the answers to the actor's own queries, asked before its step, agree with a state before the
 * step?
 */
bool agree_own(struct agreement *with, const struct model_rules *rules,
	       const struct model_state *state);

#endif /* LOCKFAIR_AGREE_H */
