// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lock/control.h"
#include "system/futex.h"

/*
 * Both are ticket locks: an actor draws a number, and enters when its number is called, whatever
 * the scheduler does.
 *
 * The futex control also has a shared mode: a reader waits for the writers before it (the word
 * "read"), a writer for everybody before it (the word "write"), and a reader that has entered
 * calls the next reader.
 *
 * selftest/lock/control.pml has the same steps for a model checker: change both.
 */

static unsigned int load(const unsigned int *word)
{
	return __atomic_load_n(word, __ATOMIC_SEQ_CST);
}

static unsigned int draw(struct lock_words *words)
{
	return __atomic_fetch_add(&words->users, 1, __ATOMIC_SEQ_CST);
}

/* Draw a ticket only if it is already called; @called is the word that calls it. */
static bool draw_if_called(struct lock_words *words, const unsigned int *called,
			   unsigned int *ticket)
{
	*ticket = load(called);
	return __atomic_compare_exchange_n(&words->users, ticket, *ticket + 1, false,
					   __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

static unsigned int ticket_bit(unsigned int ticket)
{
	return 1u << ticket % 32;
}

static int await_ticket(unsigned int *word, unsigned int ticket)
{
	unsigned int seen;

	while ((seen = load(word)) != ticket) {
		int err = futex_wait(word, seen, ticket_bit(ticket));

		if (err && err != -EAGAIN && err != -EINTR)
			return err;
	}
	return 0;
}

/*
 * Call the next ticket. Tickets 32 apart share a bit: a waiter with another ticket looks and sleeps
 * again.
 */
static int futex_call_next(unsigned int *word)
{
	unsigned int next = __atomic_add_fetch(word, 1, __ATOMIC_SEQ_CST);

	return futex_wake(word, INT_MAX, ticket_bit(next));
}

static int futex_admitted(struct lock *lock, enum lock_mode mode, unsigned int ticket)
{
	lock->mode = mode;
	lock->ticket = ticket;
	return mode == MODE_SHARED ? futex_call_next(&lock->site->words->read) : 0;
}

static unsigned int *futex_word(struct lock_words *words, enum lock_mode mode)
{
	return mode == MODE_SHARED ? &words->read : &words->write;
}

static int futex_enter(struct lock *lock, enum lock_mode mode, unsigned int ticket)
{
	int err = await_ticket(futex_word(lock->site->words, mode), ticket);

	return err ? err : futex_admitted(lock, mode, ticket);
}

static int futex_release(const struct lock *lock)
{
	int err = 0;

	if (lock->mode == MODE_EXCLUSIVE)
		err = futex_call_next(&lock->site->words->read);
	return err ? err : futex_call_next(&lock->site->words->write);
}

static int baton_fd(const struct lock *lock, unsigned int ticket)
{
	return lock->site->baton[ticket % LOCK_BATONS];
}

static int baton_take(struct lock *lock, unsigned int ticket)
{
	unsigned long long baton;

	while (read(baton_fd(lock, ticket), &baton, sizeof(baton)) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	lock->ticket = ticket;
	return 0;
}

static int baton_pass(const struct lock *lock)
{
	unsigned long long baton = 1;

	if (write(baton_fd(lock, lock->ticket + 1), &baton, sizeof(baton)) < 0)
		return -errno;
	/*
	 * A try may draw the next ticket only from here on, so that it never waits for the baton.
	 */
	__atomic_add_fetch(&lock->site->words->write, 1, __ATOMIC_SEQ_CST);
	return 0;
}

static int control_enter(struct lock *lock, enum lock_mode mode, unsigned int ticket)
{
	if (lock->site->kind == KIND_EVENTFD)
		return baton_take(lock, ticket);
	return futex_enter(lock, mode, ticket);
}

int control_acquire(struct lock *lock, const struct lock_request *request, bool wait)
{
	struct lock_words *words = lock->site->words;
	unsigned int ticket;

	if (wait)
		ticket = draw(words);
	else if (!draw_if_called(words, futex_word(words, request->mode), &ticket))
		return -EAGAIN;
	return control_enter(lock, request->mode, ticket);
}

int control_release(const struct lock *lock)
{
	return lock->site->kind == KIND_EVENTFD ? baton_pass(lock) : futex_release(lock);
}

int control_rotate(struct lock *lock, const struct lock_request *request)
{
	unsigned int ticket = draw(lock->site->words);
	int err = control_release(lock);

	return err ? err : control_enter(lock, request->mode, ticket);
}

struct asleep_call control_sleeps_in(const struct lock *lock, enum lock_mode mode)
{
	struct asleep_call call = { .nr = SYS_read, .arg = ASLEEP_ANY };

	/* The address of the futex is known. The eventfd depends on the ticket: accept any. */
	if (lock->site->kind == KIND_FUTEX) {
		call.nr = SYS_futex;
		call.arg = (unsigned long)futex_word(lock->site->words, mode);
	}
	return call;
}

void control_close(struct lock_site *site)
{
	for (int i = 0; i < LOCK_BATONS; i++) {
		if (site->baton[i] >= 0)
			close(site->baton[i]);
		site->baton[i] = -1;
	}
	if (site->words)
		munmap(site->words, sizeof(*site->words));
	site->words = NULL;
}

int control_open(struct lock_site *site)
{
	site->words = mmap(NULL, sizeof(*site->words), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (site->words == MAP_FAILED) {
		site->words = NULL;
		return -errno;
	}
	for (int i = 0; site->kind == KIND_EVENTFD && i < LOCK_BATONS; i++) {
		/* The baton starts with the first ticket. */
		site->baton[i] = eventfd(i == 0, EFD_CLOEXEC);
		if (site->baton[i] < 0) {
			int err = -errno;

			control_close(site);
			return err;
		}
	}
	return 0;
}
