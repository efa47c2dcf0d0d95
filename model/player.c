// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "actor/actor.h"
#include "lock/descriptor.h"
#include "model/player.h"
#include "system/privilege.h"

#if !defined(SYS_futex) && defined(SYS_futex_time64)
#define SYS_futex SYS_futex_time64
#endif

#define SIGNAL_INTERRUPT	SIGUSR1
#define STACK			(128 * 1024)

/* A player as it is created: its own way to what all share. */
struct part {
	const struct players *players;
	struct player_board *board;
};

static void await_change(unsigned int *word, unsigned int seen)
{
	while (__atomic_load_n(word, __ATOMIC_ACQUIRE) == seen)
		syscall(SYS_futex, word, FUTEX_WAIT, seen, NULL, NULL, 0);
}

static void post(unsigned int *word, unsigned int value)
{
	__atomic_store_n(word, value, __ATOMIC_RELEASE);
	syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

/* ---- steps, in the player's own task ---- */

static struct flock range_of(const struct players *players, int type, int first, int last)
{
	struct flock range = { .l_type = type, .l_whence = SEEK_SET,
		.l_start = players->cell[first] };

	if (last + 1 < MODEL_CELLS)
		range.l_len = players->cell[last + 1] - range.l_start;
	return range;
}

static int type_of(enum lock_mode mode)
{
	return mode == MODE_SHARED ? F_RDLCK : F_WRLCK;
}

static struct player_answer query(const struct players *players, int fd, int command,
				  enum lock_mode mode, int first, int last)
{
	struct flock range = range_of(players, type_of(mode), first, last);
	int err = fcntl(fd, command, &range) < 0 ? -errno : 0;

	return (struct player_answer){ err, range.l_type, range.l_whence, range.l_start,
		range.l_len, range.l_pid };
}

struct player_question player_question(int number)
{
	if (number == MODEL_CELLS)
		return (struct player_question){ MODE_EXCLUSIVE, 0, MODEL_CELLS - 1 };
	if (number < MODEL_CELLS)
		return (struct player_question){ MODE_EXCLUSIVE, number, number };
	number -= MODEL_CELLS + 1;
	return (struct player_question){ MODE_SHARED, number, number };
}

void player_look(const struct players *players, int fd, int command, int count,
		 struct player_view *view)
{
	for (int i = 0; i < count; i++) {
		struct player_question question = player_question(i);

		view->answer[i] = query(players, fd, command, question.mode, question.first,
					question.last);
	}
	view->taken = true;
}

static void look_around(const struct part *part, const struct model_step *step)
{
	struct player_board *board = part->board;

	board->view.taken = false;
	if (part->players->site || step->what > STEP_QUERY || step->kind == LOCK_FLOCK)
		return;
	player_look(part->players, board->fd[step->slot],
		    step->kind == LOCK_OFD ? F_OFD_GETLK : F_GETLK, PLAYER_OWN_QUERIES,
		    &board->view);
}

static int fcntl_step(const struct part *part, const struct model_step *step, int type)
{
	struct flock range = range_of(part->players, type, step->first, step->last);
	bool wait = step->what == STEP_LOCK && step->wait;
	int fd = part->board->fd[step->slot], command;

	if (step->kind == LOCK_OFD)
		command = wait ? F_OFD_SETLKW : F_OFD_SETLK;
	else
		command = wait ? F_SETLKW : F_SETLK;
	return fcntl(fd, command, &range);
}

/* lockf(3) counts from the file position. */
static int lockf_step(const struct part *part, const struct model_step *step)
{
	struct flock range = range_of(part->players, F_WRLCK, step->first, step->last);
	int fd = part->board->fd[step->slot];

	if (lseek(fd, range.l_start, SEEK_SET) < 0)
		return -1;
	return lockf(fd, step->what == STEP_UNLOCK ? F_ULOCK : step->wait ? F_LOCK : F_TLOCK,
		     range.l_len);
}

static int lock_step(const struct part *part, const struct model_step *step)
{
	bool unlock = step->what == STEP_UNLOCK;
	int how = step->mode == MODE_SHARED ? LOCK_SH : LOCK_EX;

	switch (step->kind) {
	case LOCK_FLOCK:
		return flock(part->board->fd[step->slot],
			     unlock ? LOCK_UN : step->wait ? how : how | LOCK_NB);
	case LOCK_LOCKF:
		return lockf_step(part, step);
	default:
		return fcntl_step(part, step, unlock ? F_UNLCK : type_of(step->mode));
	}
}

static int control_step(struct lock *lock, const struct model_step *step)
{
	struct lock_request request = { .mode = step->mode };

	if (step->what == STEP_UNLOCK)
		return lock_release(lock, 0, 0);
	return lock_acquire(lock, &request, step->wait);
}

static int start(const struct players *players, int number, bool forked);

static int descriptor_step(const struct part *part, const struct model_step *step)
{
	struct player_board *board = part->board;
	int *fd = board->fd, copy;

	switch (step->what) {
	case STEP_OPEN:
		fd[step->slot] = descriptor_reopen(part->players->file[step->other]);
		return fd[step->slot] < 0 ? fd[step->slot] : 0;
	case STEP_DUP:
		copy = fd[step->other] < 0 ? fcntl(fd[step->slot], F_DUPFD_CLOEXEC, 0) :
			dup3(fd[step->slot], fd[step->other], O_CLOEXEC);
		if (copy < 0)
			return -errno;
		fd[step->other] = copy;
		return 0;
	case STEP_CLOSE:
		copy = fd[step->slot];
		fd[step->slot] = -1;
		return close(copy) < 0 ? -errno : 0;
	case STEP_FORK:
		memcpy(part->players->board[step->other].fd, fd, sizeof(board->fd));
		return start(part->players, step->other, true);
	default:
		return -EINVAL;
	}
}

static int make_step(const struct part *part, struct lock *lock, const struct model_step *step)
{
	struct player_board *board = part->board;
	int ret;

	if (step->what == STEP_QUERY) {
		board->answer = query(part->players, board->fd[step->slot],
				      step->kind == LOCK_OFD ? F_OFD_GETLK : F_GETLK,
				      step->mode, step->first, step->last);
		return board->answer.err;
	}
	if (step->what != STEP_LOCK && step->what != STEP_UNLOCK)
		return descriptor_step(part, step);
	if (step->what == STEP_LOCK && step->wait) {
		struct lock_site site = { .kind = step->kind };
		struct lock here = { .site = &site, .fd = board->fd[step->slot] };
		struct asleep_call call = lock_sleeps_in(lock ? lock : &here, step->mode);

		board->call.arg = call.arg;
		__atomic_store_n(&board->call.nr, call.nr, __ATOMIC_RELEASE);
	}
	if (lock) {
		ret = control_step(lock, step);
	} else {
		ret = lock_step(part, step);
		if (ret < 0)
			ret = -errno;
	}
	__atomic_store_n(&board->call.nr, -1, __ATOMIC_RELEASE);
	return ret;
}

static void play(struct part *part)
{
	struct player_board *board = part->board;
	struct lock own, *lock = NULL;

	board->tid = syscall(SYS_gettid);
	board->call = ASLEEP_NOWHERE;
	board->result = 0;
	if (part->players->site) {
		lock = &own;
		board->result = lock_open(lock, part->players->site, DESCRIPTION_OWN);
	}
	for (unsigned int turn = 1; ; turn++) {
		post(&board->done, turn);
		await_change(&board->go, turn);
		if (board->step.what == STEP_EXIT)
			break;
		look_around(part, &board->step);
		board->result = make_step(part, lock, &board->step);
	}
}

/* ---- players come ---- */

static void *play_as_thread(void *arg)
{
	struct part part = *(struct part *)arg;

	free(arg);
	if (unshare(CLONE_FILES) < 0) {
		part.board->result = -errno;
		post(&part.board->done, 1);
		return NULL;
	}
	play(&part);
	return NULL;
}

static int play_as_process(void *arg)
{
	struct part *part = arg;

	actor_die_with_parent(part->players->pid);
	/* /proc/PID/syscall is closed to whoever has fewer capabilities than PID. */
	privilege_keep(0);
	play(part);
	_exit(0);
}

static int start_thread(struct part *part)
{
	pthread_attr_t attributes;
	pthread_t thread;
	int err;

	err = pthread_attr_init(&attributes);
	if (err)
		return -err;
	pthread_attr_setstacksize(&attributes, STACK);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	err = pthread_create(&thread, &attributes, play_as_thread, part);
	pthread_attr_destroy(&attributes);
	return -err;
}

/* The child of a player is the sibling of the player, so that it does not die with it. */
static int start_process(struct part *part, bool forked)
{
	char *stack = malloc(STACK);
	int ret;

	if (!stack)
		return -ENOMEM;
	ret = clone(play_as_process, stack + STACK / 2, SIGCHLD | (forked ? CLONE_PARENT : 0),
		    part);
	ret = ret < 0 ? -errno : 0;
	free(stack);
	free(part);
	return ret;
}

static int is_there(void *arg)
{
	struct player_board *board = arg;

	return __atomic_load_n(&board->done, __ATOMIC_ACQUIRE) != 0;
}

static int start(const struct players *players, int number, bool forked)
{
	struct player_board *board = &players->board[number];
	struct part *part = malloc(sizeof(*part));
	int err;

	if (!part)
		return -ENOMEM;
	*part = (struct part){ players, board };
	board->go = 1;
	board->done = 0;
	err = players->processes ? start_process(part, forked) : start_thread(part);
	if (err)
		return err;
	/* Before it has a table of descriptors of its own, it shares that of its creator. */
	if (!players->processes || forked)
		await_change(&board->done, 0);
	else
		err = asleep_poll(is_there, board, ASLEEP_DEADLINE);
	return err < 0 ? err : board->result;
}

int players_enter(struct players *players, int count)
{
	int err = 0;

	memset(players->player, 0, sizeof(players->player));
	for (int i = 0; i < count && !err; i++) {
		memset(players->board[i].fd, -1, sizeof(players->board[i].fd));
		players->player[i].there = true;
		err = start(players, i, false);
	}
	return err;
}

static void nothing(int signal_number)
{
	(void)signal_number;
}

int players_renew(struct players *players)
{
	for (int i = 0; i < MODEL_FILES; i++) {
		if (players->file[i] >= 0)
			close(players->file[i]);
		players->file[i] = players->dir ? descriptor_file(players->dir, 0) :
			descriptor_memfd(0, 0);
		if (players->file[i] < 0)
			return players->file[i];
	}
	return 0;
}

int players_open(struct players *players, const char *dir)
{
	/* Without SA_RESTART: the wait ends with EINTR. */
	struct sigaction interrupt = { .sa_handler = nothing };

	*players = (struct players){ .pid = getpid(), .dir = dir };
	memset(players->file, -1, sizeof(players->file));
	players->board = mmap(NULL, MODEL_ACTORS * sizeof(*players->board), PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (players->board == MAP_FAILED) {
		players->board = NULL;
		return -errno;
	}
	if (sigaction(SIGNAL_INTERRUPT, &interrupt, NULL) < 0)
		return -errno;
	return players_renew(players);
}

void players_close(struct players *players)
{
	for (int i = 0; i < MODEL_FILES; i++) {
		if (players->file[i] >= 0)
			close(players->file[i]);
	}
	if (players->board)
		munmap(players->board, MODEL_ACTORS * sizeof(*players->board));
	players->board = NULL;
}

/* ---- steps, and when everybody has come to rest ---- */

static int interrupt(const struct players *players, int number)
{
	pid_t tid = players->board[number].tid;

	if (syscall(SYS_tgkill, players->processes ? tid : players->pid, tid, SIGNAL_INTERRUPT) < 0)
		return -errno;
	return 0;
}

int player_begin(struct players *players, const struct model_step *step)
{
	struct player *player = &players->player[step->actor];
	struct player_board *board = &players->board[step->actor];

	if (step->what == STEP_INTERRUPT) {
		player->steady = false;
		return interrupt(players, step->actor);
	}
	player->busy = true;
	player->steady = false;
	player->proof = (struct asleep_proof){ 0 };
	if (step->what == STEP_FORK)
		players->player[step->other] = (struct player){ .there = true };
	board->step = *step;
	post(&board->go, board->go + 1);
	return 0;
}

/* ESRCH comes when the task has let go of its files; pthread_join(3) would return before. */
static int is_gone(void *arg)
{
	const pid_t *ids = arg;

	return syscall(SYS_tgkill, ids[0], ids[1], 0) < 0 && errno == ESRCH;
}

static int see_gone(struct players *players, int number)
{
	struct player *player = &players->player[number];
	pid_t tid = players->board[number].tid, ids[] = { players->pid, tid };
	int ret = 1;

	asleep_close(&player->files);
	*player = (struct player){ 0 };
	if (!players->processes)
		ret = asleep_poll(is_gone, ids, ASLEEP_DEADLINE);
	else
		while (waitpid(tid, NULL, 0) < 0 && errno == EINTR)
			;
	return ret < 0 ? ret : 0;
}

static bool has_returned(struct players *players, int number)
{
	struct player_board *board = &players->board[number];

	return __atomic_load_n(&board->done, __ATOMIC_ACQUIRE) == board->go;
}

/* The set of those who have not returned. */
static unsigned int still_busy(struct players *players)
{
	unsigned int busy = 0;

	for (int i = 0; i < MODEL_ACTORS; i++) {
		struct player *player = &players->player[i];

		if (player->busy && has_returned(players, i))
			player->busy = false;
		busy |= player->busy << i;
	}
	return busy;
}

/* As asleep_look(). */
static int look(struct players *players, int number)
{
	struct player *player = &players->player[number];
	struct player_board *board = &players->board[number];
	struct asleep_call call;

	call.nr = __atomic_load_n(&board->call.nr, __ATOMIC_ACQUIRE);
	call.arg = board->call.arg;
	return asleep_look_at(&player->files, board->tid, &call, &player->proof);
}

/*
 * Whoever sleeps, and has not been awake since they all slept last, has been moved by nobody,
 * so that only those who are not so steady can have moved anybody. If there is one at most,
 * and it was asleep before all the others were found steady, they all slept at that moment.
 * If there are more, it takes a second round, as in scene.c.
 */
static int prove_rest(struct players *players, unsigned int busy)
{
	int moving = 0;
	bool all = true;

	for (int steady = 0; steady < 2; steady++) {
		for (int i = 0; i < MODEL_ACTORS; i++) {
			struct player *player = &players->player[i];
			struct asleep_proof before = player->proof;
			int ret;

			if (!(busy & 1u << i) || player->steady != steady)
				continue;
			moving += !steady;
			ret = look(players, i);
			if (ret < 0)
				return ret;
			if (!ret || (steady && !asleep_throughout(&before, &player->proof))) {
				player->steady = false;
				all = false;
			}
		}
	}
	for (int i = 0; all && moving > 1 && i < MODEL_ACTORS; i++) {
		struct asleep_proof before = players->player[i].proof;
		int ret;

		if (!(busy & 1u << i))
			continue;
		ret = look(players, i);
		if (ret < 0)
			return ret;
		all &= ret && asleep_throughout(&before, &players->player[i].proof);
	}
	if (!all || still_busy(players) != busy)
		return 0;
	for (int i = 0; i < MODEL_ACTORS; i++)
		players->player[i].steady = busy & 1u << i;
	return 1;
}

struct settling {
	struct players *players;
	bool (*expected)(void *arg, unsigned int busy);
	void *arg;
	int looks;
};

/* Proof takes time, and is not sought while somebody is to return yet; unless that takes long. */
#define LOOKS_FOR_THE_EXPECTED	30

static int has_settled(void *arg)
{
	struct settling *settling = arg;
	unsigned int busy = still_busy(settling->players);

	if (settling->looks++ < LOOKS_FOR_THE_EXPECTED && !settling->expected(settling->arg, busy))
		return 0;
	return prove_rest(settling->players, busy);
}

int players_settle(struct players *players, bool (*expected)(void *arg, unsigned int busy),
		   void *arg)
{
	struct settling settling = { players, expected, arg, 0 };
	int ret;

	for (int i = 0; i < MODEL_ACTORS; i++) {
		struct player *player = &players->player[i];

		if (player->busy && players->board[i].step.what == STEP_EXIT) {
			ret = see_gone(players, i);
			if (ret < 0)
				return ret;
		}
	}
	ret = asleep_poll(has_settled, &settling, ASLEEP_DEADLINE);
	return ret < 0 ? ret : 0;
}

/* ---- players go ---- */

static int is_idle(void *arg)
{
	struct players *players = arg;
	unsigned int busy = still_busy(players);

	/* One who was interrupted may leave another waiting, who was on its way. */
	for (int i = 0; i < MODEL_ACTORS; i++) {
		if (busy & 1u << i)
			interrupt(players, i);
	}
	return !busy;
}

static int dismiss(struct players *players)
{
	int err = asleep_poll(is_idle, players, ASLEEP_DEADLINE);

	for (int i = 0; i < MODEL_ACTORS && err >= 0; i++) {
		struct model_step step = { .what = STEP_EXIT, .actor = i };

		if (players->player[i].there)
			player_begin(players, &step);
	}
	return err;
}

int players_leave(struct players *players)
{
	int err = 0, ret;

	if (players->processes) {
		for (int i = 0; i < MODEL_ACTORS; i++) {
			if (players->player[i].there)
				kill(players->board[i].tid, SIGKILL);
		}
	} else {
		err = dismiss(players);
	}
	for (int i = 0; i < MODEL_ACTORS; i++) {
		if (!players->player[i].there)
			continue;
		ret = see_gone(players, i);
		if (ret < 0)
			err = ret;
	}
	return err < 0 ? err : 0;
}
