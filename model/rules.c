// SPDX-License-Identifier: GPL-2.0
#include "model/rules.h"

static const struct model_rules levels[MODEL_LEVELS] = {
	[MODEL_PROMISE] = {
		.conflict_may_be_eacces = true,
	},
	[MODEL_PRACTICE] = {
		.queues = true,
		.flock_drops_and_tries_at_once = true,
		.ebadf_at_the_grant = true,
		.reports_all_of_a_lock = true,
		.lists_waiters = true,
	},
	[MODEL_FOLKLORE] = {
		.in_order = true,
		.reports_all_of_a_lock = true,
	},
};

const struct model_rules *model_rules(enum model_level level)
{
	return &levels[level];
}
