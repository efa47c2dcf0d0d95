// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "descriptor.h"
#include "lock.h"

#if !defined(SYS_futex) && defined(SYS_futex_time64)
#define SYS_futex SYS_futex_time64
#endif

static const struct {
	const char *name;
	unsigned int traits;
} kinds[LOCK_KINDS] = {
	[LOCK_POSIX] = {
		"posix",
		TRAIT_FILE | TRAIT_SHARED | TRAIT_RANGES | TRAIT_OWNED_BY_PROCESS |
		TRAIT_CONVERTS | TRAIT_CONVERTS_IN_PLACE,
	},
	[LOCK_OFD] = {
		"ofd",
		TRAIT_FILE | TRAIT_SHARED | TRAIT_RANGES | TRAIT_OWNED_BY_DESCRIPTION |
		TRAIT_EXCLUDES_THREADS | TRAIT_CONVERTS | TRAIT_CONVERTS_IN_PLACE,
	},
	[LOCK_FLOCK] = {
		"flock",
		TRAIT_FILE | TRAIT_SHARED | TRAIT_OWNED_BY_DESCRIPTION |
		TRAIT_EXCLUDES_THREADS | TRAIT_CONVERTS | TRAIT_CONVERTS_BY_DROPPING,
	},
	[LOCK_LOCKF] = {
		"lockf",
		TRAIT_FILE | TRAIT_RANGES | TRAIT_OWNED_BY_PROCESS,
	},
	[LOCK_EVENTFD] = { "eventfd", TRAIT_EXCLUDES_THREADS },
	[LOCK_FUTEX] = { "futex", TRAIT_SHARED | TRAIT_EXCLUDES_THREADS },
};

const char *lock_kind_name(enum lock_kind kind)
{
	return kinds[kind].name;
}

unsigned int lock_kind_traits(enum lock_kind kind)
{
	return kinds[kind].traits;
}

static int raw(int ret)
{
	return ret < 0 ? -errno : 0;
}

/* ---- the file locks ---- */

static int fcntl_set(const struct lock *lock, short type, off_t start, off_t len, bool wait)
{
	struct flock range = {
		.l_type = type,
		.l_whence = SEEK_SET,
		.l_start = start,
		.l_len = len,
		.l_pid = 0,	/* fcntl(2): must be zero for an OFD lock */
	};

	if (lock->site->kind == LOCK_OFD)
		return raw(fcntl(lock->fd, wait ? F_OFD_SETLKW : F_OFD_SETLK, &range));
	return raw(fcntl(lock->fd, wait ? F_SETLKW : F_SETLK, &range));
}

/* lockf(3) counts from the file position. */
static int lockf_set(const struct lock *lock, int command, off_t start, off_t len)
{
	if (lseek(lock->fd, start, SEEK_SET) < 0)
		return -errno;
	return raw(lockf(lock->fd, command, len));
}

static int file_acquire(const struct lock *lock, const struct lock_request *request, bool wait)
{
	bool exclusive = request->mode == MODE_EXCLUSIVE;

	switch (lock->site->kind) {
	case LOCK_FLOCK:
		return raw(flock(lock->fd,
				 (exclusive ? LOCK_EX : LOCK_SH) | (wait ? 0 : LOCK_NB)));
	case LOCK_LOCKF:
		return lockf_set(lock, wait ? F_LOCK : F_TLOCK, request->start, request->len);
	default:
		return fcntl_set(lock, exclusive ? F_WRLCK : F_RDLCK, request->start,
				 request->len, wait);
	}
}

static int file_release(const struct lock *lock, off_t start, off_t len)
{
	switch (lock->site->kind) {
	case LOCK_FLOCK:
		return raw(flock(lock->fd, LOCK_UN));
	case LOCK_LOCKF:
		return lockf_set(lock, F_ULOCK, start, len);
	default:
		return fcntl_set(lock, F_UNLCK, start, len, false);
	}
}

/*
 * ---- the controls ----
 *
 * Both are ticket locks: whoever draws the next number is next, whatever the
 * scheduler does, for nobody else's number is ever called.
 *
 * The futex control also has a shared mode: a reader waits for all writers
 * before it (read), a writer for everybody before it (write), and a reader
 * that has been let in lets the next reader in.
 */

static unsigned int load(const unsigned int *word)
{
	return __atomic_load_n(word, __ATOMIC_SEQ_CST);
}

static unsigned int draw(struct lock_words *words)
{
	return __atomic_fetch_add(&words->users, 1, __ATOMIC_SEQ_CST);
}

/* Draw a ticket only if it is called already: @called is the word that calls it. */
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

static int futex_await(unsigned int *word, unsigned int ticket)
{
	unsigned int seen;

	while ((seen = load(word)) != ticket) {
		if (syscall(SYS_futex, word, FUTEX_WAIT_BITSET, seen, NULL, NULL,
			    ticket_bit(ticket)) < 0 &&
		    errno != EAGAIN && errno != EINTR)
			return -errno;
	}
	return 0;
}

/* Call the next ticket. Tickets 32 apart share a bit; the wrong one looks and sleeps on. */
static int futex_call_next(unsigned int *word)
{
	unsigned int next = __atomic_add_fetch(word, 1, __ATOMIC_SEQ_CST);

	if (syscall(SYS_futex, word, FUTEX_WAKE_BITSET, INT_MAX, NULL, NULL,
		    ticket_bit(next)) < 0)
		return -errno;
	return 0;
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
	int err = futex_await(futex_word(lock->site->words, mode), ticket);

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
	/* Only now may a try draw the next ticket, so that it never waits for the baton. */
	__atomic_add_fetch(&lock->site->words->write, 1, __ATOMIC_SEQ_CST);
	return 0;
}

static int control_enter(struct lock *lock, enum lock_mode mode, unsigned int ticket)
{
	if (lock->site->kind == LOCK_EVENTFD)
		return baton_take(lock, ticket);
	return futex_enter(lock, mode, ticket);
}

static int control_acquire(struct lock *lock, const struct lock_request *request, bool wait)
{
	struct lock_words *words = lock->site->words;
	unsigned int ticket;

	if (wait)
		ticket = draw(words);
	else if (!draw_if_called(words, futex_word(words, request->mode), &ticket))
		return -EAGAIN;
	return control_enter(lock, request->mode, ticket);
}

static int control_release(const struct lock *lock)
{
	return lock->site->kind == LOCK_EVENTFD ? baton_pass(lock) : futex_release(lock);
}

/* ---- the interface ---- */

static bool is_control(const struct lock_site *site)
{
	return !(kinds[site->kind].traits & TRAIT_FILE);
}

static bool possible(const struct lock *lock, const struct lock_request *request)
{
	unsigned int traits = kinds[lock->site->kind].traits;

	if (request->mode == MODE_SHARED && !(traits & TRAIT_SHARED))
		return false;
	return (traits & TRAIT_RANGES) || (!request->start && !request->len);
}

int lock_acquire(struct lock *lock, const struct lock_request *request, bool wait)
{
	if (!possible(lock, request))
		return -EINVAL;
	if (is_control(lock->site))
		return control_acquire(lock, request, wait);
	return file_acquire(lock, request, wait);
}

int lock_release(struct lock *lock, off_t start, off_t len)
{
	return is_control(lock->site) ? control_release(lock) : file_release(lock, start, len);
}

int lock_rotate(struct lock *lock, const struct lock_request *request)
{
	unsigned int ticket;
	int err;

	if (!possible(lock, request))
		return -EINVAL;
	if (!is_control(lock->site)) {
		err = file_release(lock, request->start, request->len);
		return err ? err : file_acquire(lock, request, true);
	}
	ticket = draw(lock->site->words);
	err = control_release(lock);
	return err ? err : control_enter(lock, request->mode, ticket);
}

struct asleep_call lock_sleeps_in(const struct lock *lock, enum lock_mode mode)
{
	struct asleep_call call = { .nr = SYS_flock, .arg = lock->fd };

	switch (lock->site->kind) {
	case LOCK_FLOCK:
		break;
	case LOCK_EVENTFD:
		/* Which eventfd depends on the ticket; asleep accepts a read of any. */
		call.nr = SYS_read;
		call.arg = ASLEEP_ANY;
		break;
	case LOCK_FUTEX:
		call.nr = SYS_futex;
		call.arg = (unsigned long)futex_word(lock->site->words, mode);
		break;
	default:
#ifdef SYS_fcntl64
		call.nr = SYS_fcntl64;
#else
		call.nr = SYS_fcntl;
#endif
	}
	return call;
}

/*
 * Nobody else has this lock, and the arguments are right. These errors are a fault, in
 * whatever; any other says that there is no such lock.
 */
static int not_offered(int err)
{
	switch (err) {
	case 0:
	case -EACCES:
	case -EAGAIN:
	case -EBADF:
	case -EDEADLK:
	case -EFAULT:
	case -EINTR:
	case -EIO:
	case -EMFILE:
	case -ENFILE:
	case -ENOMEM:
	case -EPERM:
		return err;
	}
	return -EOPNOTSUPP;
}

int lock_site_open(struct lock_site *site, enum lock_kind kind, const char *dir, off_t size)
{
	int err = 0;

	*site = (struct lock_site){ .kind = kind, .fd = -1 };
	memset(site->baton, -1, sizeof(site->baton));

	if (!is_control(site)) {
		site->fd = dir ? descriptor_file(dir, size) : descriptor_memfd(size, 0);
		return site->fd < 0 ? site->fd : 0;
	}

	site->words = mmap(NULL, sizeof(*site->words), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (site->words == MAP_FAILED) {
		site->words = NULL;
		return -errno;
	}
	for (int i = 0; kind == LOCK_EVENTFD && i < LOCK_BATONS; i++) {
		/* The baton starts with the first ticket. */
		site->baton[i] = eventfd(i == 0, EFD_CLOEXEC);
		if (site->baton[i] < 0) {
			err = not_offered(-errno);
			lock_site_close(site);
			break;
		}
	}
	return err;
}

void lock_site_close(struct lock_site *site)
{
	if (site->fd >= 0)
		close(site->fd);
	for (int i = 0; i < LOCK_BATONS; i++) {
		if (site->baton[i] >= 0)
			close(site->baton[i]);
	}
	if (site->words)
		munmap(site->words, sizeof(*site->words));
	*site = (struct lock_site){ .kind = site->kind, .fd = -1 };
	memset(site->baton, -1, sizeof(site->baton));
}

/* Through a socket and back: what arrives is the same description, whoever sent it. */
static int pass_to_oneself(int fd)
{
	int pair[2], err, passed;

	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	err = descriptor_send(pair[0], fd);
	passed = err ? err : descriptor_receive(pair[1]);
	close(pair[0]);
	close(pair[1]);
	return passed;
}

int lock_open(struct lock *lock, const struct lock_site *site, enum lock_description how)
{
	*lock = (struct lock){ .site = site, .fd = -1 };
	if (is_control(site))
		return 0;

	switch (how) {
	case DESCRIPTION_OWN:
		lock->fd = descriptor_reopen(site->fd);
		break;
	case DESCRIPTION_DUPLICATED:
		lock->fd = fcntl(site->fd, F_DUPFD_CLOEXEC, 0);
		if (lock->fd < 0)
			return -errno;
		break;
	case DESCRIPTION_PASSED:
		lock->fd = pass_to_oneself(site->fd);
		break;
	case DESCRIPTION_INHERITED:
		lock->fd = site->fd;
		break;
	}
	return lock->fd < 0 ? lock->fd : 0;
}

int lock_probe(const struct lock_site *site)
{
	struct lock lock;
	int err = lock_open(&lock, site, DESCRIPTION_OWN);

	if (err)
		return err;
	err = lock_acquire(&lock, &EXCLUSIVE, false);
	if (!err)
		err = lock_release(&lock, 0, 0);
	lock_close(&lock);
	return not_offered(err);
}

void lock_close(struct lock *lock)
{
	if (lock->fd >= 0 && lock->fd != lock->site->fd)
		close(lock->fd);
	lock->fd = -1;
}
