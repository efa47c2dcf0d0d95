// SPDX-License-Identifier: GPL-2.0
/*
 * The rules. "Promise" names the sentence that a rule stands on; "practice" is what Linux
 * does beyond that, found by tests and by reading fs/locks.c, and laid down nowhere.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/model.h"

/* One step being worked out: states on their way to rest, and those that have come there. */
struct working {
	enum model_level level;
	struct model_set *seen, *to;
};

/* ---- who owns, and what conflicts ---- */

/*
 * Promise, fcntl(2): record locks "are associated with the process", OFD locks "with the open
 * file description on which they are acquired"; flock(2): "with an open file description".
 */
static int owner_of(const struct model_request *request, int actor)
{
	bool description = request->kind == LOCK_OFD || request->kind == LOCK_FLOCK;

	return description ? MODEL_ACTORS + request->description : actor;
}

/*
 * Promise, fcntl(2): "Conflicting lock combinations […] where one lock is an open file
 * description lock and the other is a traditional record lock conflict"; flock(2): "there is
 * no interaction between the types of lock placed by flock() and fcntl(2)".
 */
static bool same_domain(const struct model_request *a, const struct model_request *b)
{
	return a->file == b->file && (a->kind == LOCK_FLOCK) == (b->kind == LOCK_FLOCK);
}

/* What @owner holds of the file and the sort of lock that @in is about. */
static struct model_cells *held(struct model_state *state, const struct model_request *in,
				int owner)
{
	static struct model_cells nothing;
	int description = owner - MODEL_ACTORS;

	nothing = (struct model_cells){ 0 };
	if (description >= 0 && state->file[description] != in->file)
		return &nothing;
	if (in->kind == LOCK_FLOCK)
		return description < 0 ? &nothing : &state->flock[description];
	return description < 0 ? &state->posix[in->file][owner] : &state->ofd[description];
}

/*
 * Promise, fcntl(2): "Any number of processes may hold a read lock (shared lock) […], but only
 * one process may hold a write lock"; flock(2) of LOCK_SH and LOCK_EX: the same.
 */
static unsigned int contested(const struct model_cells *cells, enum lock_mode mode)
{
	return mode == MODE_SHARED ? cells->exclusive : cells->exclusive | cells->shared;
}

/* The cells in which a lock of @owner is in the way of the actor's request. */
static unsigned int in_the_way(struct model_state *state, int actor, int owner)
{
	const struct model_request *request = &state->request[actor];

	/* Promise, fcntl(2): "the existing lock is converted to the new lock type". */
	if (owner == owner_of(request, actor))
		return 0;
	return contested(held(state, request, owner), request->mode) & request->cells;
}

static bool requests_conflict(const struct model_state *state, int a, int b)
{
	const struct model_request *one = &state->request[a], *other = &state->request[b];

	return same_domain(one, other) && owner_of(one, a) != owner_of(other, b) &&
	       (one->cells & other->cells) &&
	       (one->mode == MODE_EXCLUSIVE || other->mode == MODE_EXCLUSIVE);
}

static bool waits(const struct model_request *request)
{
	return request->status == REQUEST_ASLEEP;
}

static bool pending(const struct model_request *request)
{
	return request->status == REQUEST_ASLEEP || request->status == REQUEST_AWAKE;
}

/*
 * Folklore: whoever came first is served first, so that one who waits is in the way too; but
 * not of what the requester has already, in whatever mode.
 */
static bool is_passed_over(struct model_state *state, int actor, int other)
{
	const struct model_request *request = &state->request[actor];
	const struct model_cells *own = held(state, request, owner_of(request, actor));
	unsigned int wanted = request->cells & ~(own->shared | own->exclusive);

	return pending(&state->request[other]) && requests_conflict(state, actor, other) &&
	       state->request[other].place < request->place &&
	       (state->request[other].cells & wanted);
}

static bool is_blocked(const struct working *work, struct model_state *state, int actor)
{
	for (int owner = 0; owner < MODEL_OWNERS; owner++) {
		if (in_the_way(state, actor, owner))
			return true;
	}
	for (int other = 0; other < MODEL_ACTORS && work->level == MODEL_FOLKLORE; other++) {
		if (other != actor && is_passed_over(state, actor, other))
			return true;
	}
	return false;
}

/* ---- who waits behind whom ---- */

/* Practice: cells side by side that an owner has locked alike are one lock. */
static unsigned int run_at(unsigned int cells, int cell)
{
	int first = cell, last = cell;

	while (first > 0 && (cells & 1u << (first - 1)))
		first--;
	while (cells & 1u << (last + 1))
		last++;
	return model_range(first, last);
}

static int lowest(unsigned int cells)
{
	return __builtin_ctz(cells);
}

/* The lock of these that the cell is in; 0 if none. */
static unsigned int lock_at(const struct model_cells *cells, int cell)
{
	if (cells->shared & 1u << cell)
		return run_at(cells->shared, cell);
	return cells->exclusive & 1u << cell ? run_at(cells->exclusive, cell) : 0;
}

static void wake(struct model_request *request)
{
	request->status = REQUEST_AWAKE;
	request->behind = MODEL_NOBODY;
	request->cell = 0;
}

/*
 * A lock has gone, or is not what it was. Promise, fcntl(2), F_SETLKW: "wait for that lock to
 * be released": all who wait try again, in whatever order. Practice: those who stand directly
 * behind it do, and those behind them stay where they are.
 */
static void wake_behind(const struct working *work, struct model_state *state,
			const struct model_request *in, int owner, unsigned int lock)
{
	for (int i = 0; i < MODEL_ACTORS; i++) {
		struct model_request *waiter = &state->request[i];

		if (!waits(waiter) || !same_domain(waiter, in))
			continue;
		if (work->level != MODEL_PRACTICE) {
			wake(waiter);
		} else if (waiter->behind == owner && (lock & 1u << waiter->cell)) {
			wake(waiter);
			waiter->place = 0;
		}
	}
}

/* The same of one who waited, and does not any more. */
static void wake_followers(struct model_state *state, int actor)
{
	for (int i = 0; i < MODEL_ACTORS; i++) {
		if (waits(&state->request[i]) && state->request[i].behind == MODEL_WAITER + actor)
			wake(&state->request[i]);
	}
}

static bool is_behind(const struct model_state *state, int actor, int whom, int cell, int file,
		      bool flock)
{
	const struct model_request *request = &state->request[actor];

	return waits(request) && request->behind == whom && request->cell == cell &&
	       request->file == file && (request->kind == LOCK_FLOCK) == flock;
}

/*
 * Practice: a request stands behind a lock in its way, and there behind the first of those
 * already behind it that conflicts with it, and so on; as the last.
 */
static void stand_behind(struct model_state *state, int actor, int owner, int cell)
{
	struct model_request *request = &state->request[actor];
	int whom = owner, at = cell, first, others;

	for (;;) {
		first = -1;
		others = 0;
		for (int i = 0; i < MODEL_ACTORS; i++) {
			if (i == actor || !is_behind(state, i, whom, at, request->file,
						     request->kind == LOCK_FLOCK))
				continue;
			others++;
			if (requests_conflict(state, i, actor) &&
			    (first < 0 || state->request[i].place < state->request[first].place))
				first = i;
		}
		if (first < 0)
			break;
		whom = MODEL_WAITER + first;
		at = 0;
	}
	request->status = REQUEST_ASLEEP;
	request->behind = whom;
	request->cell = at;
	request->place = others;
}

/* It leaves; whoever stood at the same place after it moves up. */
static void leave(const struct working *work, struct model_state *state, int actor)
{
	const struct model_request left = state->request[actor];

	for (int i = 0; i < MODEL_ACTORS && work->level == MODEL_PRACTICE; i++) {
		if (i != actor && state->request[i].place > left.place &&
		    is_behind(state, i, left.behind, left.cell, left.file,
			      left.kind == LOCK_FLOCK))
			state->request[i].place--;
	}
	wake(&state->request[actor]);
}

static void finish(struct model_state *state, int actor, int result)
{
	state->request[actor] = (struct model_request){
		.status = REQUEST_DONE, .result = result, .kind = state->request[actor].kind,
	};
}

/* ---- locks are set and cleared ---- */

/* A lock goes by its first cell. */
static void name_locks(struct model_state *state, const struct model_request *in, int owner)
{
	const struct model_cells *own = held(state, in, owner);

	for (int i = 0; i < MODEL_ACTORS; i++) {
		struct model_request *waiter = &state->request[i];

		if (waits(waiter) && waiter->behind == owner && same_domain(waiter, in))
			waiter->cell = lowest(lock_at(own, waiter->cell));
	}
}

/*
 * Promise, fcntl(2): "the existing lock is converted", which "may involve splitting, shrinking,
 * or coalescing with an existing lock". Practice: of the owner's locks, from the first byte on,
 * the first that is of the same mode and touches grows into the new one, unless another was
 * covered whole before it. Those behind the one that grows stay; those behind all the others
 * try again.
 */
static void grant(const struct working *work, struct model_state *state, int actor)
{
	const struct model_request request = state->request[actor];
	int owner = owner_of(&request, actor);
	struct model_cells *own = held(state, &request, owner);
	unsigned int near = request.cells | request.cells << 1 | request.cells >> 1, lock;
	bool placed = false, grown = false;

	for (int cell = 0; cell < MODEL_CELLS; cell += lock ? __builtin_popcount(lock) : 1) {
		bool alike;

		lock = lock_at(own, cell);
		alike = lock & (request.mode == MODE_SHARED ? own->shared : own->exclusive);
		if (alike && (lock & near) && !placed) {
			placed = true;
			grown = true;
		} else if (lock & (alike ? near : request.cells)) {
			wake_behind(work, state, &request, owner, lock);
			placed |= !alike && !(lock & ~request.cells);
		}
	}
	/* Those behind the request now stand behind the lock, if it is a new one. */
	for (int i = 0; i < MODEL_ACTORS && !grown; i++) {
		if (waits(&state->request[i]) && state->request[i].behind == MODEL_WAITER + actor) {
			state->request[i].behind = owner;
			state->request[i].cell = lowest(request.cells);
		}
	}
	if (grown)
		wake_followers(state, actor);
	own->shared &= ~request.cells;
	own->exclusive &= ~request.cells;
	*(request.mode == MODE_SHARED ? &own->shared : &own->exclusive) |= request.cells;
	name_locks(state, &request, owner);
	finish(state, actor, 0);
}

/*
 * Promise, fcntl(2): F_UNLCK releases "the bytes specified"; flock(2), LOCK_UN: "Remove an
 * existing lock". Practice: for those who wait behind it, a lock that is trimmed has gone.
 */
static void release(const struct working *work, struct model_state *state,
		    const struct model_request *in, int owner, unsigned int cells)
{
	struct model_cells *own = held(state, in, owner);

	for (int cell = 0; cell < MODEL_CELLS; cell++) {
		unsigned int lock = cells & 1u << cell ? lock_at(own, cell) : 0;

		if (lock)
			wake_behind(work, state, in, owner, lock);
	}
	own->shared &= ~cells;
	own->exclusive &= ~cells;
}

/* ---- deadlock ---- */

/*
 * Promise, POSIX.1-2024 fcntl(), EDEADLK: waiting "would cause a deadlock": there is a cycle,
 * from owner to owner, from each request to all that is in its way. It need not be seen:
 * fcntl(2), BUGS, speaks of "failures to detect deadlocks". (It speaks of the opposite as well,
 * but POSIX does not.)
 */
static bool leads_to(struct model_state *state, int owner, int target, unsigned int *seen)
{
	*seen |= 1u << owner;
	for (int i = 0; i < MODEL_ACTORS; i++) {
		const struct model_request *request = &state->request[i];

		if (!pending(request) || request->kind == LOCK_FLOCK ||
		    owner_of(request, i) != owner)
			continue;
		for (int next = 0; next < MODEL_OWNERS; next++) {
			if (!in_the_way(state, i, next))
				continue;
			if (next == target ||
			    (!(*seen & 1u << next) && leads_to(state, next, target, seen)))
				return true;
		}
	}
	return false;
}

static_assert(MODEL_OWNERS <= 32, "a bit for each owner");

enum chain { CHAIN_OPEN, CHAIN_MIXED, CHAIN_CLOSED };

/*
 * Practice: from the owner of the lock in the way to the lock at the root of what that one
 * waits behind, to its owner, and so on back to the requester. Where OFD locks or those who
 * wait for them are on this way, some cycles are seen and some are not; HISTORY has a recipe.
 */
static enum chain chain_to(const struct model_state *state, int owner, int target,
			   unsigned int *seen)
{
	enum chain best = CHAIN_OPEN;

	*seen |= 1u << owner;
	for (int i = 0; i < MODEL_ACTORS; i++) {
		const struct model_request *at = &state->request[i];
		int root = i, next;
		bool mixed = owner >= MODEL_ACTORS;
		enum chain rest = CHAIN_OPEN;

		if (!waits(at) || at->kind == LOCK_FLOCK || owner_of(at, i) != owner)
			continue;
		while (waits(at) && at->behind >= MODEL_WAITER) {
			mixed |= at->kind == LOCK_OFD;
			root = at->behind - MODEL_WAITER;
			at = &state->request[root];
		}
		mixed |= at->kind == LOCK_OFD;
		next = waits(at) ? at->behind : owner_of(at, root);
		mixed |= next >= MODEL_ACTORS;
		if (next == target)
			rest = CHAIN_CLOSED;
		else if (!(*seen & 1u << next))
			rest = chain_to(state, next, target, seen);
		if (rest == CHAIN_CLOSED && mixed)
			rest = CHAIN_MIXED;
		if (rest > best)
			best = rest;
	}
	return best;
}

/*
 * Promise, fcntl(2): "no deadlock detection is performed for open file description locks";
 * flock(2): it "does not detect deadlock"; lockf(3) has EDEADLK.
 */
static bool detects_deadlock(const struct model_request *request)
{
	return lock_kind_traits(request->kind) & TRAIT_DETECTS_DEADLOCK;
}

/* ---- a request tries, for the first time or again ---- */

static void goes_on(struct working *work, const struct model_state *state)
{
	model_set_add(work->seen, state);
}

static void goes_on_waiting(struct working *work, struct model_state *state, int actor)
{
	if (detects_deadlock(&state->request[actor])) {
		unsigned int seen = 0;
		struct model_state refused = *state;

		if (leads_to(&refused, actor, actor, &seen)) {
			finish(&refused, actor, -EDEADLK);
			goes_on(work, &refused);
		}
	}
	state->request[actor].status = REQUEST_ASLEEP;
	goes_on(work, state);
}

static void goes_on_behind(struct working *work, const struct model_state *state, int actor,
			   int owner, int cell)
{
	struct model_state stands = *state, refused = *state;
	enum chain chain = CHAIN_OPEN;
	unsigned int seen = 0;

	if (detects_deadlock(&state->request[actor]))
		chain = chain_to(state, owner, actor, &seen);
	if (chain != CHAIN_OPEN) {
		finish(&refused, actor, -EDEADLK);
		goes_on(work, &refused);
	}
	if (chain != CHAIN_CLOSED) {
		stand_behind(&stands, actor, owner, cell);
		goes_on(work, &stands);
	}
}

static void try(struct working *work, const struct model_state *from, int actor)
{
	struct model_state state = *from;
	struct model_request *request = &state.request[actor];
	int owner = owner_of(request, actor);
	struct model_cells *own = held(&state, request, owner);

	/*
	 * flock(2): "the existing lock is first removed, and then a new lock is established.
	 * Between these two steps, a pending lock request by another process may be granted".
	 * Promise: that, or it is converted like the others. Practice: removed, but nobody
	 * gets in between if nobody conflicts.
	 */
	if (request->kind == LOCK_FLOCK &&
	    (request->mode == MODE_SHARED ? own->exclusive : own->shared)) {
		release(work, &state, request, owner, MODEL_WHOLE);
		if (work->level != MODEL_PRACTICE) {
			goes_on(work, &state);
			state = *from;
		}
	}
	if (!is_blocked(work, &state, actor)) {
		grant(work, &state, actor);
		goes_on(work, &state);
		return;
	}
	/*
	 * Promise, fcntl(2), F_SETLK: "If a conflicting lock is held by another process, this
	 * call returns -1 and sets errno to EACCES or EAGAIN"; F_OFD_SETLK: to EAGAIN;
	 * flock(2): EWOULDBLOCK.
	 */
	if (!request->wait) {
		finish(&state, actor, -EAGAIN);
		goes_on(work, &state);
		return;
	}
	if (work->level != MODEL_PRACTICE) {
		goes_on_waiting(work, &state, actor);
		return;
	}
	/* Practice: who stood behind it comes no further by it, and tries again too. */
	wake_followers(&state, actor);
	/* Which of several owners' locks it stands behind is a matter of storage. */
	for (int other = 0; other < MODEL_OWNERS; other++) {
		unsigned int cells = in_the_way(&state, actor, other);

		if (cells)
			goes_on_behind(work, &state, actor, other,
				       lowest(lock_at(held(&state, request, other),
						      lowest(cells))));
	}
}

/* ---- descriptors ---- */

static bool is_open(const struct model_state *state, int description)
{
	for (int actor = 0; actor < MODEL_ACTORS; actor++) {
		if (memchr(state->slot[actor], description, MODEL_SLOTS))
			return true;
	}
	return memchr(state->closing, description, MODEL_SLOTS);
}

/*
 * Promise, fcntl(2): "If a process closes any file descriptor referring to a file, then all of
 * the process's locks on that file are released".
 */
static void forget(struct working *work, const struct model_state *from, int file)
{
	struct model_request in = { .kind = LOCK_POSIX, .file = file };
	struct model_state state = *from;

	release(work, &state, &in, state.closer, MODEL_WHOLE);
	state.forgets &= ~(1u << file);
	goes_on(work, &state);
}

/*
 * Promise, fcntl(2): OFD locks go "on the last close of the open file description"; flock(2):
 * "when all such file descriptors have been closed".
 */
static void give_up(struct working *work, const struct model_state *from, int number)
{
	struct model_state state = *from;
	int description = state.closing[number];

	state.closing[number] = -1;
	if (!is_open(&state, description)) {
		struct model_request in = { .kind = LOCK_OFD, .file = state.file[description] };

		release(work, &state, &in, MODEL_ACTORS + description, MODEL_WHOLE);
		in.kind = LOCK_FLOCK;
		release(work, &state, &in, MODEL_ACTORS + description, MODEL_WHOLE);
		state.file[description] = -1;
	}
	goes_on(work, &state);
}

static void close_slot(struct model_state *state, int actor, int slot)
{
	int description = state->slot[actor][slot];

	if (description < 0)
		return;
	state->closer = actor;
	state->forgets |= 1u << state->file[description];
	state->closing[slot] = description;
	state->slot[actor][slot] = -1;
}

/* open(2): "a new open file description". */
static void open_slot(struct model_state *state, int actor, int slot, int file)
{
	int description = 0;

	while (state->file[description] >= 0)
		description++;
	state->file[description] = file;
	state->slot[actor][slot] = description;
}

/* ---- a step ---- */

static void ask(const struct working *work, struct model_state *state,
		const struct model_step *step)
{
	struct model_request request = {
		.status = REQUEST_AWAKE, .kind = step->kind, .mode = step->mode,
		.wait = step->wait, .cells = model_range(step->first, step->last),
		.behind = MODEL_NOBODY,
	};

	if (lock_kind_traits(step->kind) & TRAIT_FILE) {
		request.description = state->slot[step->actor][step->slot];
		request.file = state->file[request.description];
	}
	if (step->what == STEP_UNLOCK) {
		release(work, state, &request, owner_of(&request, step->actor), request.cells);
		finish(state, step->actor, 0);
		return;
	}
	for (int i = 0; i < MODEL_ACTORS && work->level == MODEL_FOLKLORE; i++) {
		if (pending(&state->request[i]) && state->request[i].place >= request.place)
			request.place = state->request[i].place + 1;
	}
	state->request[step->actor] = request;
}

static void begin(struct working *work, struct model_state *state, const struct model_step *step)
{
	int actor = step->actor;
	signed char *slot = state->slot[actor];

	finish(state, actor, 0);
	switch (step->what) {
	case STEP_LOCK:
	case STEP_UNLOCK:
		ask(work, state, step);
		break;
	case STEP_OPEN:
		open_slot(state, actor, step->slot, step->other);
		break;
	case STEP_DUP:
		/* dup(2): it "refers to the same open file description" */
		close_slot(state, actor, step->other);
		slot[step->other] = slot[step->slot];
		break;
	case STEP_CLOSE:
		close_slot(state, actor, step->slot);
		break;
	case STEP_FORK:
		/*
		 * fork(2): each copy "refers to the same open file description"; fcntl(2):
		 * "Record locks are not inherited by a child".
		 */
		memcpy(state->slot[step->other], slot, MODEL_SLOTS);
		state->alive |= 1u << step->other;
		break;
	case STEP_EXIT:
		/* fcntl(2): "automatically released when the process terminates" */
		for (int i = 0; i < MODEL_SLOTS; i++)
			close_slot(state, actor, i);
		state->alive &= ~(1u << actor);
		break;
	}
}

/* Promise, fcntl(2) and flock(2), EINTR: the wait "was interrupted by a signal". */
static void interrupt(const struct working *work, struct model_state *state, int actor)
{
	leave(work, state, actor);
	wake_followers(state, actor);
	/*
	 * Promise: a deadlock that was there already may be seen now as well as before, or
	 * never. Folklore: nobody is behind it any more.
	 */
	for (int i = 0; i < MODEL_ACTORS && work->level != MODEL_PRACTICE; i++) {
		if (waits(&state->request[i]))
			wake(&state->request[i]);
	}
	finish(state, actor, -EINTR);
}

/* Nobody notices what lets go of nothing: when it happens does not matter. */
static bool goes_unnoticed(const struct model_state *state, int file, int description)
{
	const struct model_cells *cells = &state->posix[file][state->closer];

	if (description >= 0) {
		cells = &state->ofd[description];
		if (state->flock[description].shared || state->flock[description].exclusive)
			return false;
	}
	return !cells->shared && !cells->exclusive;
}

static bool something_goes_unnoticed(struct working *work, const struct model_state *state)
{
	for (int file = 0; file < MODEL_FILES; file++) {
		if ((state->forgets & 1u << file) && goes_unnoticed(state, file, -1)) {
			forget(work, state, file);
			return true;
		}
	}
	for (int i = 0; i < MODEL_SLOTS; i++) {
		int description = state->closing[i];

		if (description >= 0 && !(state->forgets & 1u << state->file[description]) &&
		    goes_unnoticed(state, 0, description)) {
			give_up(work, state, i);
			return true;
		}
	}
	return false;
}

/* Whoever can go on does, one of them and the others after it; false if all are at rest. */
static bool somebody_goes_on(struct working *work, const struct model_state *state)
{
	bool any = false;
	int first = -1;

	if (something_goes_unnoticed(work, state))
		return true;
	for (int file = 0; file < MODEL_FILES; file++) {
		if (!(state->forgets & 1u << file))
			continue;
		any = true;
		forget(work, state, file);
	}
	for (int i = 0; i < MODEL_SLOTS; i++) {
		int description = state->closing[i];

		if (description < 0 || (state->forgets & 1u << state->file[description]))
			continue;
		any = true;
		give_up(work, state, i);
	}
	for (int i = 0; i < MODEL_ACTORS; i++) {
		if (state->request[i].status != REQUEST_AWAKE)
			continue;
		if (work->level != MODEL_FOLKLORE) {
			any = true;
			try(work, state, i);
		} else if (first < 0 || state->request[i].place < state->request[first].place) {
			first = i;
		}
	}
	if (first >= 0)
		try(work, state, first);
	return any || first >= 0;
}

void model_step(enum model_level level, const struct model_state *from,
		const struct model_step *step, struct model_set *to, struct model_set *scratch)
{
	struct working work = { .level = level, .seen = scratch, .to = to };
	struct model_state state = *from;

	for (int i = 0; i < MODEL_ACTORS; i++) {
		if (state.request[i].status == REQUEST_DONE)
			memset(&state.request[i], 0, sizeof(state.request[i]));
	}
	model_set_clear(scratch);
	if (step->what == STEP_INTERRUPT)
		interrupt(&work, &state, step->actor);
	else
		begin(&work, &state, step);
	goes_on(&work, &state);
	for (int i = 0; i < scratch->count; i++) {
		state = scratch->state[i];
		if (somebody_goes_on(&work, &state))
			continue;
		state.closer = 0;
		model_set_add(to, &state);
	}
	to->full |= scratch->full;
}

void model_begin(struct model_state *state, int actors)
{
	memset(state, 0, sizeof(*state));
	memset(state->slot, -1, sizeof(state->slot));
	memset(state->file, -1, sizeof(state->file));
	memset(state->closing, -1, sizeof(state->closing));
	state->alive = model_range(0, actors - 1);
}

static bool holds_any(const struct model_state *state, int actor)
{
	return state->posix[0][actor].shared || state->posix[0][actor].exclusive;
}

bool model_applies(const struct model_state *state, const struct model_step *step)
{
	const signed char *slot = state->slot[step->actor];

	if (!(state->alive & 1u << step->actor))
		return false;
	if (step->what == STEP_INTERRUPT)
		return waits(&state->request[step->actor]);
	if (waits(&state->request[step->actor]))
		return false;
	switch (step->what) {
	case STEP_OPEN:
		return slot[step->slot] < 0;
	case STEP_FORK:
		return !(state->alive & 1u << step->other);
	case STEP_EXIT:
		return true;
	case STEP_LOCK:
	case STEP_UNLOCK:
		/* The controls cannot be taken twice. */
		if (!(lock_kind_traits(step->kind) & TRAIT_FILE))
			return holds_any(state, step->actor) == (step->what == STEP_UNLOCK);
	}
	if (step->what == STEP_DUP && step->slot == step->other)
		return false;
	return slot[step->slot] >= 0;
}
