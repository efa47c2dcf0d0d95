// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "model/play.h"
#include "model/play_text.h"
#include "system/proc_locks.h"

/* ---- seeing ---- */

static bool asked(const struct play *play, enum model_level level)
{
	return play->levels & 1u << level;
}

static unsigned int cells_of(const struct players *players, off_t start, off_t len)
{
	int first = -1, last = len ? -1 : MODEL_CELLS - 1;

	for (int i = 0; i < MODEL_CELLS; i++) {
		if (players->cell[i] == start)
			first = i;
		if (len && i && players->cell[i] - start == len)
			last = i - 1;
	}
	return first >= 0 && last >= first ? model_range(first, last) : 0;
}

/* Whom a process id may mean: all threads of a process have the same. */
static unsigned int actors_of(const struct players *players, pid_t pid)
{
	unsigned int actors = 0;

	if (!players->processes)
		return pid == players->pid ? model_range(0, MODEL_ACTORS - 1) : 0;
	for (int i = 0; i < MODEL_ACTORS; i++)
		actors |= (players->board[i].tid == pid) << i;
	return actors;
}

static struct model_answer understand(const struct players *players, int first, int last,
				      const struct player_answer *answer)
{
	struct model_answer seen = { .locked = answer->err || answer->type != F_UNLCK };

	if (answer->err || answer->whence != SEEK_SET)
		return seen;
	seen.cells = cells_of(players, answer->start, answer->len);
	/* fcntl(2): otherwise "leaves the other fields of the structure unchanged". */
	if (!seen.locked && seen.cells != model_range(first, last))
		return (struct model_answer){ .locked = true };
	if (!seen.locked || (answer->type != F_RDLCK && answer->type != F_WRLCK))
		return seen;
	seen.mode = answer->type == F_RDLCK ? MODE_SHARED : MODE_EXCLUSIVE;
	seen.description = answer->pid == -1;
	seen.actors = actors_of(players, answer->pid);
	return seen;
}

static void understand_view(const struct players *players, const struct player_view *view,
			    int count, struct model_answer *answers)
{
	for (int i = 0; i < count; i++) {
		struct player_question question = player_question(i);

		answers[i] = understand(players, question.first, question.last, &view->answer[i]);
	}
}

/* Nobody waits behind this lock, which is gone again before anybody moves. */
static bool may_flock(int fd, enum lock_mode mode)
{
	if (flock(fd, (mode == MODE_SHARED ? LOCK_SH : LOCK_EX) | LOCK_NB) < 0)
		return false;
	flock(fd, LOCK_UN);
	return true;
}

static bool understand_line(const struct players *players, const char *text,
			    struct model_line *line)
{
	struct proc_lock lock;
	unsigned int actors;

	if (!proc_locks_parse(text, &lock))
		return false;
	*line = (struct model_line){ .depth = lock.depth, .actor = MODEL_ACTORS };
	line->kind = !strcmp(lock.kind, "OFDLCK") ? LOCK_OFD :
		     !strcmp(lock.kind, "FLOCK") ? LOCK_FLOCK : LOCK_POSIX;
	line->mode = strcmp(lock.mode, "READ") ? MODE_EXCLUSIVE : MODE_SHARED;
	/* flock: all of the file, whatever the cells are */
	line->cells = line->kind == LOCK_FLOCK ? MODEL_WHOLE :
		cells_of(players, lock.start, lock.end == PROC_LOCK_END ? 0 :
			 lock.end + 1 - lock.start);
	actors = actors_of(players, lock.pid);
	if (line->kind == LOCK_POSIX && players->processes && actors)
		line->actor = __builtin_ctz(actors);
	return true;
}

/*
 * fs/locks.c, locks_start(): nothing changes while a page is made, but between two pages others
 * may lock and unlock, and what is still to be read moves: lines are missed, or come twice. But
 * a lock comes in one page with all who wait for it. So what a page shows was there, all at
 * once; and that something was not there only a page shows that had room for it.
 */
#define LONGEST_LOCKS	65536	/* to read more after every step would take too long */
#define LONGEST_LOCK	1024	/* with those who wait for it */

#define STEPS_TO_LOOK_AGAIN	100

static void understand_page(const struct play *play, char *text, struct play_lines *page)
{
	char *line, *end;

	memset(page, 0, sizeof(*page));
	for (line = text; (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		for (int file = 0; file < MODEL_FILES; file++) {
			int *count = &page->count[file];

			if (strstr(line, play->tag[file]) && *count < PLAY_LINES &&
			    understand_line(&play->players, line, &page->line[file][*count]))
				++*count;
		}
	}
}

/* How many lines a lock and those below it are. */
static int lines_of_lock(const struct model_line *line, int lines)
{
	int count = 1;

	while (count < lines && line[count].depth)
		count++;
	return count;
}

/* How often a lock and those below it are there. */
static int times_there(const struct model_line *line, int lines, const struct model_line *lock,
		       int length)
{
	int times = 0;

	for (int at = 0, next; at < lines; at += next) {
		next = lines_of_lock(line + at, lines - at);
		times += next == length && !memcmp(line + at, lock, length * sizeof(*lock));
	}
	return times;
}

/* What is there twice in a page are two; what is in two pages may be one. */
static void add_page(const struct play_lines *page, struct play_lines *known)
{
	for (int file = 0; file < MODEL_FILES; file++) {
		const struct model_line *line = page->line[file];
		int *lines = &known->count[file];

		for (int at = 0, next; at < page->count[file]; at += next) {
			next = lines_of_lock(line + at, page->count[file] - at);
			if (times_there(known->line[file], *lines, line + at, next) >=
			    times_there(line, at + next, line + at, next) ||
			    *lines + next > PLAY_LINES)
				continue;
			memcpy(&known->line[file][*lines], line + at, next * sizeof(*line));
			*lines += next;
		}
	}
}

/* Nobody has moved since it was last read for @seen: what was known then is known yet. */
static void read_lines(struct play *play, struct play_seen *seen)
{
	char text[LONGEST_LOCKS + 1];
	struct play_lines page = { 0 };
	off_t at = 0;
	ssize_t got;
	int pages = 0;

	seen->no_lines = play->look_again > 0;
	if (seen->no_lines) {
		play->look_again--;
		return;
	}
	while ((got = pread(play->locks, text, LONGEST_LOCKS - at, at)) > 0) {
		at += got;
		if (at == LONGEST_LOCKS)
			break;
		text[got] = '\0';
		understand_page(play, text, &page);
		add_page(&page, &seen->known);
		pages++;
	}
	seen->read = pages > 1 || at + LONGEST_LOCK > play->page ? READ_IN_PART : READ_WHOLE;
	if (seen->read == READ_WHOLE)
		seen->known = page;
	seen->no_lines = got != 0;
	play->look_again = got ? STEPS_TO_LOOK_AGAIN : 0;
}

static bool is_control(int kind)
{
	return kind < LOCK_KINDS && !(lock_kind_traits(kind) & TRAIT_FILE);
}

/* What nobody has opened yet is looked at when all have left. */
static bool is_used(const struct scenario *scenario, int step, int file)
{
	for (int i = 0; i <= step; i++) {
		if (scenario->step[i].what == STEP_OPEN && scenario->step[i].other == file)
			return true;
	}
	return false;
}

/* It takes time, and /proc/locks tells the same and more. */
static bool tries_flock(const struct play *play, const struct scenario *scenario)
{
	return play->flocks && (play->locks < 0 || !asked(play, MODEL_PRACTICE)) &&
	       (scenario->kind == LOCK_FLOCK || scenario->kind == SCENARIO_MIXED);
}

static void see_files(struct play *play, const struct scenario *scenario, int step,
		      struct play_seen *seen)
{
	bool flocks = tries_flock(play, scenario);
	const struct players *players = &play->players;
	bool ofd = play->queries[1] && (step % 2 || !play->queries[0]);
	struct player_view view;

	for (int file = 0; file < MODEL_FILES; file++) {
		seen->used[file] = is_used(scenario, step, file);
		if (!seen->used[file])
			continue;
		if (ofd || play->queries[0]) {
			player_look(players, players->file[file], ofd ? F_OFD_GETLK : F_GETLK,
				    PLAYER_QUERIES, &view);
			understand_view(players, &view, PLAYER_QUERIES, seen->answer[file]);
		}
		for (int mode = MODE_SHARED; mode <= MODE_EXCLUSIVE && flocks; mode++)
			seen->flock_free[file][mode] = may_flock(players->file[file], mode);
	}
	if (play->locks >= 0 && (asked(play, MODEL_PRACTICE) || play->probing))
		read_lines(play, seen);
}

/* @busy: before the step. */
static void see(struct play *play, const struct scenario *scenario, int step, unsigned int busy,
		struct play_seen *seen)
{
	const struct model_step *made = &scenario->step[step];
	const struct players *players = &play->players;
	const struct player_board *board = &players->board[made->actor];

	seen->no_lines = true;
	memset(&seen->known, 0, sizeof(seen->known));
	for (int i = 0; i < MODEL_ACTORS; i++) {
		bool calls = i == made->actor && made->what != STEP_INTERRUPT;
		bool exits = i == made->actor && made->what == STEP_EXIT;

		seen->sight[i] = (struct model_sight){ .status = REQUEST_NONE };
		if (!calls && !(busy & 1u << i))
			continue;
		seen->sight[i].status = players->player[i].busy ? REQUEST_ASLEEP : REQUEST_DONE;
		if (!players->player[i].busy && !exits)
			seen->sight[i].result = players->board[i].result;
	}
	if (is_control(scenario->kind))
		return;
	see_files(play, scenario, step, seen);
	if (made->what <= STEP_QUERY && board->view.taken)
		understand_view(players, &board->view, PLAYER_OWN_QUERIES, seen->own);
	if (made->what == STEP_QUERY && seen->sight[made->actor].status == REQUEST_DONE)
		seen->query = understand(players, made->first, made->last, &board->answer);
}

#define PATIENCE		2000	/* ms for /proc/locks to be right */
#define PATIENCE_TO_SHRINK	200

/* ---- comparing ---- */

struct comparing {
	struct play *play;
	const struct scenario *scenario;
	int step;
	const struct model_step *made;
	struct play_seen *seen;
	struct play_result *result;
	int file, question;		/* what has been looked at */
};

typedef bool (*comparison)(struct comparing *with, enum model_level level,
			   const struct model_state *state);

static bool sight_agrees(struct comparing *with, enum model_level level,
			 const struct model_state *state)
{
	return model_allows_sight(level, state, with->seen->sight);
}

static bool answer_agrees(struct comparing *with, enum model_level level,
			  const struct model_state *state, int viewer, int file, int count,
			  const struct model_answer *answers)
{
	for (int i = 0; i < count; i++) {
		struct player_question question = player_question(i);

		with->file = file;
		with->question = i;
		if (!model_allows_answer(level, state, viewer, file, question.mode,
					 model_range(question.first, question.last), &answers[i]))
			return false;
	}
	return true;
}

static bool answers_agree(struct comparing *with, enum model_level level,
			  const struct model_state *state)
{
	if (!with->play->queries[0] && !with->play->queries[1])
		return true;
	for (int file = 0; file < MODEL_FILES; file++) {
		if (with->seen->used[file] &&
		    !answer_agrees(with, level, state, -1, file, PLAYER_QUERIES,
				   with->seen->answer[file]))
			return false;
	}
	return true;
}

static int viewer_of(const struct model_state *state, const struct model_step *step)
{
	return step->kind == LOCK_OFD ? MODEL_ACTORS + state->slot[step->actor][step->slot] :
		step->actor;
}

static bool own_answers_agree(struct comparing *with, enum model_level level,
			      const struct model_state *state)
{
	const struct model_step *made = with->made;

	if (made->what > STEP_QUERY || !with->play->players.board[made->actor].view.taken ||
	    !with->play->queries[made->kind == LOCK_OFD])
		return true;
	return answer_agrees(with, level, state, viewer_of(state, made),
			     state->file[state->slot[made->actor][made->slot]],
			     PLAYER_OWN_QUERIES, with->seen->own);
}

static bool query_agrees(struct comparing *with, enum model_level level,
			 const struct model_state *state)
{
	const struct model_step *made = with->made;

	return made->what != STEP_QUERY || !with->play->queries[made->kind == LOCK_OFD] ||
	       with->seen->sight[made->actor].status != REQUEST_DONE ||
	       model_allows_answer(level, state, viewer_of(state, made),
				   state->file[state->slot[made->actor][made->slot]], made->mode,
				   model_range(made->first, made->last), &with->seen->query);
}

static bool flock_agrees(struct comparing *with, enum model_level level,
			 const struct model_state *state)
{
	(void)level;
	if (!tries_flock(with->play, with->scenario))
		return true;
	for (int file = 0; file < MODEL_FILES; file++) {
		with->file = file;
		if (!with->seen->used[file])
			continue;
		for (int mode = MODE_SHARED; mode <= MODE_EXCLUSIVE; mode++) {
			if (with->seen->flock_free[file][mode] !=
			    model_free_for_flock(state, file, mode))
				return false;
		}
	}
	return true;
}

/* A lock and those below it, as a text that sorts. */
struct block {
	char text[4 * (MODEL_ACTORS + 1) + 1];
};

static int order_of_blocks(const void *a, const void *b)
{
	return strcmp(((const struct block *)a)->text, ((const struct block *)b)->text);
}

static int make_blocks(const struct play *play, const struct model_line *line, int lines,
		       struct block *block)
{
	int count = 0, at = 0;

	for (; lines--; line++) {
		if (line->depth > play->shows)
			continue;
		if (!line->depth) {
			at = 0;
			count++;
		}
		if (!count || at + 4 >= (int)sizeof(block->text))
			return -1;
		block[count - 1].text[at++] = 'a' + line->depth;
		block[count - 1].text[at++] = 'a' + line->kind * 2 + line->mode;
		block[count - 1].text[at++] = 1 + line->cells;
		block[count - 1].text[at++] = 'a' + (play->players.processes ?
						     line->actor : MODEL_ACTORS);
		block[count - 1].text[at] = '\0';
	}
	qsort(block, count, sizeof(*block), order_of_blocks);
	return count;
}

/* Are they the lines of the state, as far as lines that were @read like this can tell? */
static bool lines_are_of(struct comparing *with, const struct model_state *state,
			 enum play_reading read)
{
	const struct play_lines *known = &with->seen->known;
	const struct play *play = with->play;

	for (int file = 0; file < MODEL_FILES; file++) {
		struct block seen[PLAY_LINES], have[MODEL_LINES];
		struct model_line line[MODEL_LINES];
		int count, lines, found = 0;

		with->file = file;
		count = make_blocks(play, known->line[file], known->count[file], seen);
		lines = model_lines(state, file, line);
		lines = make_blocks(play, line, lines, have);
		if (count < 0)
			return false;
		for (int i = 0; i < lines; i++) {
			bool twin = found && !strcmp(seen[found - 1].text, have[i].text);

			if (found < count && !strcmp(seen[found].text, have[i].text))
				found++;
			else if (read == READ_WHOLE || (read == READ_ONCE && !twin))
				return false;
		}
		if (found < count)
			return false;
	}
	return true;
}

static bool lines_agree(struct comparing *with, enum model_level level,
			const struct model_state *state)
{
	return level != MODEL_PRACTICE || lines_are_of(with, state, with->seen->read);
}

/* Keep those states that agree. false if there were some, and are none; then nothing changes. */
static bool keep(struct comparing *with, enum model_level level, struct play_states *left,
		 comparison agrees)
{
	int kept = 0;

	for (int i = 0; i < left->count; i++) {
		if (agrees(with, level, play_state(left, i)))
			kept++;
	}
	if (!kept && left->count)
		return false;
	for (int i = 0, at = 0; kept < left->count && i < left->count; i++) {
		if (agrees(with, level, play_state(left, i)))
			left->number[at++] = left->number[i];
	}
	left->count = kept;
	return true;
}

static struct play_states all_of(struct play *play, const struct model_set *set)
{
	struct play_states all = { .set = set, .number = play->number, .count = set->count };

	for (int i = 0; i < set->count; i++)
		all.number[i] = i;
	return all;
}

static void copy_states(struct model_set *to, const struct play_states *from)
{
	model_set_clear(to);
	for (int i = 0; i < from->count; i++)
		model_set_add(to, play_state(from, i));
}

static const struct {
	comparison agrees;
	void (*tell)(const struct play_telling *telling);
} comparisons[] = {
	{ sight_agrees, tell_sight },
	{ answers_agree, tell_answer },
	{ query_agrees, tell_query },
	{ flock_agrees, tell_flock },
	{ lines_agree, tell_lines },
};

static void differs(struct comparing *with, enum model_level level, const struct play_states *left,
		    void (*tell)(const struct play_telling *telling))
{
	struct play_telling telling = {
		.scenario = with->scenario, .seen = with->seen, .step = with->made,
		.level = level, .states = left, .file = with->file,
		.question = with->question, .text = with->result->what,
		.room = sizeof(with->result->what),
	};

	if (with->result->differs && with->result->level <= level)
		return;
	with->result->differs = true;
	with->result->level = level;
	with->result->step = with->step;
	tell(&telling);
}

/* All states that the step may lead to. 0 or -E2BIG. */
static int look_ahead(struct play *play, const struct model_step *step)
{
	for (int level = MODEL_PROMISE; level <= MODEL_FOLKLORE; level++) {
		if (!asked(play, level))
			continue;
		model_set_clear(&play->next[level]);
		for (int i = 0; i < play->now[level].count; i++)
			model_step(level, &play->now[level].state[i], step, &play->next[level],
				   &play->scratch);
		if (play->next[level].full)
			return -E2BIG;
	}
	return 0;
}

static int compare_own(struct comparing *with)
{
	struct play *play = with->play;
	bool fewer = false;

	for (int level = MODEL_PROMISE; level < MODEL_FOLKLORE; level++) {
		struct play_states left = all_of(play, &play->now[level]);

		if (!asked(play, level))
			continue;
		if (!keep(with, level, &left, own_answers_agree))
			differs(with, level, &left, tell_own);
		if (left.count == play->now[level].count)
			continue;
		fewer = true;
		copy_states(&play->scratch, &left);
		left = all_of(play, &play->scratch);
		copy_states(&play->now[level], &left);
	}
	return fewer ? look_ahead(play, with->made) : 0;
}

static void compare(struct comparing *with)
{
	struct play *play = with->play;
	int many = sizeof(comparisons) / sizeof(*comparisons);

	for (int level = MODEL_PROMISE; level <= MODEL_FOLKLORE; level++) {
		struct play_states left = all_of(play, &play->next[level]);

		if (!asked(play, level))
			continue;
		for (int i = 0; i < many; i++) {
			if (comparisons[i].agrees == lines_agree &&
			    (play->probing || with->seen->no_lines))
				continue;
			/* The controls have nothing to be looked at; nor has folklore. */
			if (level == MODEL_FOLKLORE && i)
				break;
			if (!keep(with, level, &left, comparisons[i].agrees)) {
				differs(with, level, &left, comparisons[i].tell);
				break;
			}
		}
		copy_states(&play->now[level], &left);
	}
}

struct reading {
	struct comparing *with;
	int count;
};

/* 1 if there is no more to be learned from /proc/locks. */
static int lines_are_right(void *arg)
{
	struct reading *reading = arg;
	struct comparing *with = reading->with;
	const struct model_set *set = &with->play->next[MODEL_PRACTICE];
	bool seen = false;

	/* Nothing was read, not even in part. */
	if (with->seen->no_lines)
		return 1;
	for (int i = 0; i < set->count; i++) {
		if (!sight_agrees(with, MODEL_PRACTICE, &set->state[i]))
			continue;
		seen = true;
		if (lines_are_of(with, &set->state[i],
				 with->seen->read == READ_WHOLE ? READ_WHOLE : READ_ONCE))
			return 1;
	}
	if (!seen)
		return 1;
	read_lines(with->play, with->seen);
	reading->count++;
	return 0;
}

/*
 * What was not seen may have been missed, and rules no state out; so two may remain where one
 * page would have told them apart. Only what so many readings have not shown, with pauses
 * between them, is not there.
 */
#define READINGS	40

static void read_again(struct comparing *with)
{
	struct play *play = with->play;
	struct reading reading = { .with = with };

	if (play->locks < 0 || play->probing || !asked(play, MODEL_PRACTICE))
		return;
	if (asleep_poll(lines_are_right, &reading, play->patience) < 0 &&
	    with->seen->read == READ_IN_PART && reading.count >= READINGS)
		with->seen->read = READ_ONCE;
	if (!play->census)
		return;
	if (with->seen->no_lines)
		__atomic_add_fetch(&play->census->unread, 1, __ATOMIC_RELAXED);
	else if (with->seen->read != READ_WHOLE)
		__atomic_add_fetch(&play->census->partial, 1, __ATOMIC_RELAXED);
}

static void learn(struct play *play, const struct play_seen *seen)
{
	const struct play_lines *known = &seen->known;

	for (int i = 0; i < known->count[0]; i++) {
		if (known->line[0][i].depth > play->shows)
			play->shows = known->line[0][i].depth;
	}
}

/* ---- playing ---- */

static void count_states(struct play *play)
{
	int level = asked(play, MODEL_PRACTICE) ? MODEL_PRACTICE : __builtin_ctz(play->levels);
	struct play_census *census = play->census;

	if (!census)
		return;
	__atomic_add_fetch(&census->steps, 1, __ATOMIC_RELAXED);
	for (int i = 0; i < play->now[level].count; i++) {
		unsigned long long hash = model_hash(&play->now[level].state[i]) | 1;
		unsigned int at = hash % PLAY_STATES;

		/* Full, or nearly: count no more. */
		for (int tries = 0; tries < 64; tries++, at = (at + 1) % PLAY_STATES) {
			unsigned long long hole = 0;

			if (__atomic_load_n(&census->hash[at], __ATOMIC_RELAXED) == hash)
				break;
			if (__atomic_compare_exchange_n(&census->hash[at], &hole, hash, false,
							__ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
				__atomic_add_fetch(&census->states, 1, __ATOMIC_RELAXED);
				break;
			}
			if (hole == hash)
				break;
		}
	}
}

/* May those who are @busy be all who are, when everybody has come to rest? */
static bool is_expected(void *arg, unsigned int busy)
{
	const struct play *play = arg;

	for (int level = MODEL_FOLKLORE; level >= MODEL_PROMISE; level--) {
		const struct model_set *next = &play->next[level];

		if (!asked(play, level))
			continue;
		for (int i = 0; i < next->count; i++) {
			unsigned int asleep = 0;

			for (int j = 0; j < MODEL_ACTORS; j++)
				asleep |= (next->state[i].request[j].status == REQUEST_ASLEEP) << j;
			if (asleep == busy)
				return true;
		}
	}
	return false;
}

static const struct model_state *any_state(const struct play *play)
{
	return &play->now[__builtin_ctz(play->levels)].state[0];
}

static int play_step(struct play *play, const struct scenario *scenario, int number,
		     struct play_result *result)
{
	struct comparing with = { play, scenario, number, &scenario->step[number], NULL, result,
		0, 0 };
	struct play_seen seen;
	unsigned int busy = 0;
	int err;

	for (int i = 0; i < MODEL_ACTORS; i++)
		busy |= play->players.player[i].busy << i;
	with.seen = &seen;
	err = look_ahead(play, with.made);
	if (!err)
		err = player_begin(&play->players, with.made);
	if (!err)
		err = players_settle(&play->players, is_expected, play);
	if (err)
		return err;
	see(play, scenario, number, busy, &seen);
	if (play->probing)
		learn(play, &seen);
	if (!is_control(scenario->kind))
		read_again(&with);
	if (play->lie)
		play->lie(&seen, any_state(play), with.made, play->arg);
	result->made[number] = true;
	memcpy(result->sight[number], seen.sight, sizeof(seen.sight));
	if (!is_control(scenario->kind)) {
		err = compare_own(&with);
		if (err)
			return err;
	}
	compare(&with);
	count_states(play);
	return 0;
}

/* By what the lines of /proc/locks about a file can be told. */
static int name_files(struct play *play)
{
	for (int i = 0; i < MODEL_FILES; i++) {
		struct stat file;

		if (fstat(play->players.file[i], &file) < 0)
			return -errno;
		snprintf(play->tag[i], sizeof(play->tag[i]), " %02x:%02x:%lu ", major(file.st_dev),
			 minor(file.st_dev), (unsigned long)file.st_ino);
	}
	return 0;
}

/* When all have left, nothing may be left of what they held. */
static bool is_clean(const struct play *play)
{
	const struct players *players = &play->players;
	struct player_view view;
	bool clean = true;

	for (int file = 0; file < MODEL_FILES; file++) {
		if (play->queries[0]) {
			player_look(players, players->file[file], F_GETLK, PLAYER_OWN_QUERIES,
				    &view);
			clean &= view.answer[MODEL_CELLS].type == F_UNLCK;
		}
		if (play->flocks)
			clean &= may_flock(players->file[file], MODE_EXCLUSIVE);
	}
	return clean;
}

static int begin(struct play *play, const struct scenario *scenario)
{
	struct players *players = &play->players;
	struct model_state first;
	int err = 0;

	players->processes = scenario->processes || is_control(scenario->kind);
	memcpy(players->cell, scenario->cell, sizeof(players->cell));
	players->site = NULL;
	if (is_control(scenario->kind)) {
		err = lock_site_open(&play->site, scenario->kind, NULL, 0);
		players->site = &play->site;
	}
	model_begin(&first, scenario->actors);
	for (int level = MODEL_PROMISE; level <= MODEL_FOLKLORE; level++) {
		if (!asked(play, level))
			continue;
		model_set_clear(&play->now[level]);
		model_set_add(&play->now[level], &first);
	}
	return err ? err : players_enter(players, scenario->actors);
}

int play_scenario(struct play *play, const struct scenario *scenario, struct play_result *result)
{
	int err, ret;

	memset(result, 0, sizeof(*result));
	err = begin(play, scenario);
	for (int i = 0; i < scenario->count && !err && !result->differs; i++) {
		if (model_applies(any_state(play), &scenario->step[i]))
			err = play_step(play, scenario, i, result);
	}
	/* Where /proc/locks does not tell them apart, they are soon too many to go on. */
	if (err == -E2BIG) {
		err = 0;
		if (play->census)
			__atomic_add_fetch(&play->census->cut, 1, __ATOMIC_RELAXED);
	}
	ret = players_leave(&play->players);
	if (!err)
		err = ret;
	if (play->players.site)
		lock_site_close(&play->site);
	if (!err && !is_clean(play)) {
		if (!result->differs) {
			result->differs = true;
			result->level = MODEL_PROMISE;
			result->step = scenario->count - 1;
			snprintf(result->what, sizeof(result->what),
				 "all have exited, and something is locked yet");
		}
		err = players_renew(&play->players);
		if (!err)
			err = name_files(play);
	}
	if (play->census)
		__atomic_add_fetch(&play->census->scenarios, 1, __ATOMIC_RELAXED);
	return err;
}

/* ---- its beginning and end ---- */

static bool answers(int fd, int command)
{
	struct flock range = { .l_type = F_WRLCK };

	return fcntl(fd, command, &range) == 0;
}

/* Does /proc/locks show those who wait for one who waits? Three writers tell. */
static int probe_locks(struct play *play)
{
	struct scenario three = { .kind = LOCK_POSIX, .actors = 3, .cell = { 0, 1, 2, 3, 4, 5 } };
	struct play_result *result = malloc(sizeof(*result));
	int err;

	if (!result)
		return -ENOMEM;
	for (int i = 0; i < 3; i++) {
		three.step[i] = (struct model_step){ .what = STEP_OPEN, .actor = i };
		three.step[3 + i] = (struct model_step){ .what = STEP_LOCK, .actor = i,
			.kind = LOCK_POSIX, .mode = MODE_EXCLUSIVE, .wait = true,
			.last = MODEL_CELLS - 1 };
	}
	three.count = 6;
	play->probing = true;
	err = play_scenario(play, &three, result);
	play->probing = false;
	free(result);
	return err;
}

int play_open(struct play *play, const char *dir, unsigned int levels)
{
	int err = players_open(&play->players, dir);

	play->levels = levels;
	play->patience = PATIENCE;
	play->locks = -1;
	play->page = sysconf(_SC_PAGESIZE);
	play->shows = 0;
	if (!err)
		err = name_files(play);
	if (err)
		return err;
	play->queries[0] = answers(play->players.file[0], F_GETLK);
	play->queries[1] = answers(play->players.file[0], F_OFD_GETLK);
	play->ofds = play->queries[1];
	play->flocks = may_flock(play->players.file[0], MODE_EXCLUSIVE);
	for (int level = MODEL_PROMISE; level <= MODEL_FOLKLORE; level++) {
		if (!err)
			err = model_set_open(&play->now[level], PLAY_SET);
		if (!err)
			err = model_set_open(&play->next[level], PLAY_SET);
	}
	if (!err)
		err = model_set_open(&play->scratch, PLAY_SET);
	play->locks = open("/proc/locks", O_RDONLY | O_CLOEXEC);
	if (!err && play->locks >= 0)
		err = probe_locks(play);
	/* Nothing at all about these files: it speaks of other ones. */
	if (play->locks >= 0 && !play->shows) {
		close(play->locks);
		play->locks = -1;
	}
	return err;
}

void play_close(struct play *play)
{
	for (int level = MODEL_PROMISE; level <= MODEL_FOLKLORE; level++) {
		model_set_close(&play->now[level]);
		model_set_close(&play->next[level]);
	}
	model_set_close(&play->scratch);
	if (play->locks >= 0)
		close(play->locks);
	players_close(&play->players);
}

bool play_offers(const struct play *play, int kind)
{
	switch (kind) {
	case LOCK_OFD:
		return play->ofds;
	case LOCK_FLOCK:
		return play->flocks;
	case SCENARIO_MIXED:
		return play->ofds && play->flocks;
	default:
		return true;
	}
}

/* ---- shrinking ---- */

struct still {
	struct play *play;
	struct play_result *result;
	enum model_level level;
};

static bool still_differs(const struct scenario *scenario, void *arg)
{
	struct still *still = arg;

	return !play_scenario(still->play, scenario, still->result) && still->result->differs &&
	       still->result->level == still->level;
}

#define PLAYS_TO_SHRINK	2000

int play_shrink(struct play *play, struct scenario *scenario, struct play_result *result)
{
	struct still still = { play, result, result->level };
	struct play_census *census = play->census;
	int tries, last = 0;

	play->census = NULL;
	play->patience = PATIENCE_TO_SHRINK;
	/* What was not played, and what would have followed. */
	for (int i = 0; i <= result->step && i < scenario->count; i++) {
		if (result->made[i])
			scenario->step[last++] = scenario->step[i];
	}
	scenario->count = last;
	tries = scenario_shrink(scenario, still_differs, &still, PLAYS_TO_SHRINK);
	/* The result that goes with it. */
	play->patience = PATIENCE;
	for (int i = 0; i < 10 && !still_differs(scenario, &still); i++)
		tries++;
	play->census = census;
	return tries;
}
