/* SPDX-License-Identifier: GPL-2.0 */
/*
 * judge: keep the possible states that agree with what was seen. If none does, model and kernel
 * differ.
 */
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
 * The answers to the actor's queries before its step may rule out earlier states. Then work out the
 * next states again. 0 or -E2BIG.
 */
int judge_before(struct judgement *judgement);

/* Of the next states, those that agree are possible now. */
void judge_after(struct judgement *judgement);

#endif /* LOCKFAIR_MODEL_JUDGE_H */
