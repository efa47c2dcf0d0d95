// SPDX-License-Identifier: GPL-2.0
#include <fcntl.h>
#include <unistd.h>

#include "model/question.h"

struct question question_number(int number)
{
	if (number < MODEL_CELLS)
		return (struct question){ MODE_EXCLUSIVE, number, number };
	if (number == MODEL_CELLS)
		return (struct question){ MODE_EXCLUSIVE, 0, MODEL_CELLS - 1 };
	number -= MODEL_CELLS + 1;
	return (struct question){ MODE_SHARED, number, number };
}

struct question_reply question_ask(const struct lock *lock, const struct scenario *scenario,
				   struct question question)
{
	struct flock range = {
		.l_type = question.mode == MODE_SHARED ? F_RDLCK : F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = scenario->cell[question.first],
		.l_len = scenario_length(scenario, question.first, question.last),
	};
	int err = lock_query(lock, &range);

	return (struct question_reply){ err, range.l_type, range.l_whence, range.l_start,
		range.l_len, range.l_pid };
}

void question_ask_all(const struct lock *lock, const struct scenario *scenario, int count,
		      struct question_reply *replies)
{
	for (int i = 0; i < count; i++)
		replies[i] = question_ask(lock, scenario, question_number(i));
}
