/* SPDX-License-Identifier: GPL-2.0 */
/* script: histories written as "A locks X, A granted, B tries S, B EAGAIN". */
#ifndef LOCKFAIR_SCRIPT_H
#define LOCKFAIR_SCRIPT_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "history/history.h"

#define A_HOLDS	"A locks X, A granted, "

/* Which event a word of a script stands for, and the result of an answer. */
static const struct word {
	const char *word;
	enum history_what what;
	int value;
} words[] = {
	{ "locks", HISTORY_REQUEST, true }, { "tries", HISTORY_REQUEST, false },
	{ "granted", HISTORY_GRANT, 0 }, { "EAGAIN", HISTORY_REFUSE, -EAGAIN },
	{ "EACCES", HISTORY_REFUSE, -EACCES }, { "EINTR", HISTORY_REFUSE, -EINTR },
	{ "EBADF", HISTORY_REFUSE, -EBADF }, { "ENOLCK", HISTORY_REFUSE, -ENOLCK },
	{ "asleep", HISTORY_QUEUED, 0 }, { "releases", HISTORY_RELEASE, 0 },
	{ "returns", HISTORY_RETURN, 0 }, { "closes", HISTORY_CLOSE, 0 },
	{ "opens", HISTORY_OPEN, 0 }, { "may_die", HISTORY_END, 0 }, { "gone", HISTORY_GONE, 0 },
};

static inline void add_word(struct history *h, char actor, const char *word, char mode)
{
	struct lock_request request = mode == 'S' ? SHARED : EXCLUSIVE;
	unsigned int i = 0;

	while (strcmp(words[i].word, word)) {
		if (++i == sizeof(words) / sizeof(*words))
			abort();
	}
	if (words[i].what == HISTORY_REQUEST)
		history_ask(h, actor - 'A', &request, words[i].value);
	else if (words[i].what == HISTORY_GRANT || words[i].what == HISTORY_REFUSE)
		history_answer(h, actor - 'A', &request, words[i].value);
	else
		history_add(h, actor - 'A', words[i].what, &request);
}

/* "A locks X, A granted, …": X exclusively, S shared. */
static inline void write_down(struct history *h, enum lock_kind kind, const char *script)
{
	static const char * const names[] = { "A", "B", "C" };

	history_clear(h);
	history_add_site(h, kind, 0);
	for (int i = 0; i < 3; i++)
		history_row(h, names[i]);
	for (const char *at = script; *at; at += strcspn(at, ",\n"), at += strspn(at, "\n, ")) {
		char actor, word[16], mode = 'X';

		if (sscanf(at, "%c %15[a-zA-Z_] %c", &actor, word, &mode) < 2)
			abort();
		add_word(h, actor, word, mode);
	}
}

#endif /* LOCKFAIR_SCRIPT_H */
