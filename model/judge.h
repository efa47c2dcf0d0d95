/* SPDX-License-Identifier: GPL-2.0 */
/* judge: which of the possible states agree with what was seen; if none does, they differ. */
#ifndef LOCKFAIR_MODEL_JUDGE_H
#define LOCKFAIR_MODEL_JUDGE_H

#include "model/agree.h"
#include "model/listing.h"
#include "model/possible.h"

struct judgement {
	struct agreement with;
	const struct scenario *scenario;
	struct possible *possible;
	int step;
	struct outcome *outcome;
};

/*
 * By what the actor was answered before its step, fewer states may have been possible: then the
 * next states are worked out again. 0 or -E2BIG.
 */
int judge_before(struct judgement *judgement);

/* Of the next states, those that agree are possible now. */
void judge_after(struct judgement *judgement);

#endif /* LOCKFAIR_MODEL_JUDGE_H */
