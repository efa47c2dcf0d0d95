/* SPDX-License-Identifier: GPL-2.0 */
/*
 * lock: one interface to six kinds of lock.
 *
 * Four are the file locks of Linux. The other two, eventfd and futex, are
 * controls: locks made in user space that hand themselves over in the strict
 * order of the requests. They go through the same test bodies as the file
 * locks, so that a body that finds a file lock unfair has shown that it can see
 * the difference.
 *
 * The room has the kinds behind one interface: lock.h, and for it control.h, the locks made in
 * user space, and descriptor.h, the ways to get a descriptor. It may use lib/system.
 */
#ifndef LOCKFAIR_LOCK_H
#define LOCKFAIR_LOCK_H

#include <stdbool.h>
#include <sys/types.h>

#include "system/asleep.h"

/* Sources: fcntl(2) on locks is fcntl_locking(2) in newer manual pages. */
enum lock_kind {
	KIND_POSIX,	/* fcntl(F_SETLK, F_SETLKW) */
	KIND_OFD,	/* fcntl(F_OFD_SETLK, F_OFD_SETLKW) */
	KIND_FLOCK,	/* flock() */
	KIND_LOCKF,	/* lockf() */
	KIND_EVENTFD,	/* control: a baton passed from eventfd to eventfd */
	KIND_FUTEX,	/* control: a ticket lock on FUTEX_WAIT_BITSET */
	KINDS
};

/* What a kind offers, for the code that asks; tests name kinds (claim/kinds.h). */
enum lock_trait {
	/* A lock of the kernel on a file. The kinds without this trait are the controls. */
	TRAIT_FILE			= 1 << 0,
	/* It has a shared mode. */
	TRAIT_SHARED			= 1 << 1,
	/* It covers a range of bytes. */
	TRAIT_RANGES			= 1 << 2,
	/* Threads of one process can exclude each other with it. */
	TRAIT_EXCLUDES_THREADS		= 1 << 3,
	/*
	 * A conversion drops what is held; flock(2): "the existing lock is first removed, and
	 * then a new lock …".
	 */
	TRAIT_CONVERTS_BY_DROPPING	= 1 << 4,
	/* fcntl(2), lockf(3): a request that would close a cycle of waits gets EDEADLK. */
	TRAIT_DETECTS_DEADLOCK		= 1 << 5,
	/* lockf(3): the range begins at the file position. */
	TRAIT_FROM_POSITION		= 1 << 6,
	/* fcntl(2): a process has at most one lock on a byte, through any of its descriptors. */
	TRAIT_OWNED_BY_PROCESS		= 1 << 7,
	/* A query finds the lock in the way: F_GETLK, F_OFD_GETLK. */
	TRAIT_QUERIES			= 1 << 8,
};

enum lock_mode {
	MODE_SHARED,
	MODE_EXCLUSIVE,
	MODES
};

/*
 * What is asked for. start and len are bytes from the beginning of the file;
 * len 0 reaches to the end, however far it moves, as in fcntl(2).
 * Kinds without TRAIT_RANGES take 0 and 0 alone. site is a number in the scene, 0 the
 * only one in most; lock_…() does not look at it.
 */
struct lock_request {
	enum lock_mode mode;
	off_t start;
	off_t len;
	int site;
};

#define SHARED			((struct lock_request){ .mode = MODE_SHARED })
#define EXCLUSIVE		((struct lock_request){ .mode = MODE_EXCLUSIVE })
#define SHARED_ON(at, n)	((struct lock_request){ MODE_SHARED, (at), (n), 0 })
#define EXCLUSIVE_ON(at, n)	((struct lock_request){ MODE_EXCLUSIVE, (at), (n), 0 })

/* The same on another site of the scene: at_site(second, EXCLUSIVE). */
static inline struct lock_request at_site(int site, struct lock_request request)
{
	request.site = site;
	return request;
}

/* More requests than this cannot be outstanding on one eventfd lock. */
#define LOCK_BATONS	80

/* The state of the controls, in memory that the forks of a test share. */
struct lock_words {
	unsigned int users;		/* the next ticket to be drawn */
	unsigned int read;		/* readers up to this ticket are admitted */
	unsigned int write;		/* the ticket that may write */
};

/* The thing that is locked: a file, or what a control consists of. */
struct lock_site {
	enum lock_kind kind;
	int fd;			/* -1 for the controls */
	char *name;		/* of a file in a directory that has kept it, or NULL */
	char *other_name;	/* of the same file by a second path, or NULL */
	struct lock_words *words;
	int baton[LOCK_BATONS];	/* all -1 except for eventfd */
	bool no_wait[MODES];	/* requests that wait are refused here: see lock_acquire() */
};

/* How a party gets its descriptor of the file. */
enum lock_description {
	DESCRIPTION_OWN,	/* opened again: a description of its own */
	DESCRIPTION_OTHER_PATH,	/* the same, by the name that the file has on a second path */
	DESCRIPTION_INHERITED,	/* the site's descriptor, as fork() left it */
	DESCRIPTION_DUPLICATED,	/* dup() of the site's descriptor */
	DESCRIPTION_PASSED,	/* received over a Unix socket */
};

/* One party's way to the site. */
struct lock {
	const struct lock_site *site;
	int fd;
	unsigned int ticket;	/* of a control: the ticket by which it holds */
	enum lock_mode mode;
};

/* The kind's name as it stands in test ids. */
const char *lock_kind_name(enum lock_kind kind);

/* "shared" or "exclusive". */
const char *lock_mode_name(enum lock_mode mode);

/* The kind's traits, or-ed. */
unsigned int lock_kind_traits(enum lock_kind kind);

/*
 * Make a site. The file is a memfd, or, where @dir is not NULL, a file in that
 * directory (descriptor_file()), @size bytes long. 0 or -errno.
 */
int lock_site_open(struct lock_site *site, enum lock_kind kind, const char *dir, off_t size);

/* Make a site of another kind out of the file of @site. 0 or -errno. */
int lock_site_share(struct lock_site *share, enum lock_kind kind, const struct lock_site *site);
void lock_site_close(struct lock_site *site);

/* Remove the names that the site's file may have; lock_site_close() does so, too. */
void lock_site_remove_names(struct lock_site *site);

/* The calls that lock_probe() makes. */
enum lock_probe_call {
	PROBE_TRY,
	PROBE_WAIT,	/* a request that may wait */
	PROBE_RELEASE,
};

/*
 * Take and release a lock of a site that nobody has locked: by a try, and by a request that may
 * wait. 0, or the -errno of the call that was refused; then @call is set to it.
 */
int lock_probe(struct lock *lock, enum lock_probe_call *call);

/*
 * Does @err, from lock_probe(), mean that the kernel or file system does not have locks of this
 * kind? Any other refusal is a fault. On memfd and the file systems that leave locking to
 * fs/locks.c, each of these counts as "does not have":
 *   - fcntl_locking(2): open file description locks came with Linux 3.15; before, and on gVisor,
 *     their commands are EINVAL;
 *   - a kernel without CONFIG_FILE_LOCKING, see lock_kernel_has_none().
 * Any other file system may refuse with an errno that says nothing about a conflict, a
 * descriptor or a shortage.
 */
bool lock_may_be_missing(const struct lock_site *site, int err);

/*
 * Is the site on a memfd or a file system without a lock operation of its own, where fs/locks.c
 * alone decides? This goes by the type of the file system: it only says whether a deviation can be
 * excused, and a broken kernel's would look the same if it were measured.
 */
bool lock_is_local(const struct lock_site *site);

/*
 * Is this a kernel without CONFIG_FILE_LOCKING? include/linux/filelock.h and kernel/sys_ni.c: then
 * on every file flock() is ENOSYS, F_SETLK EACCES and F_GETLK EINVAL, and there is no /proc/locks.
 * All of this must hold.
 */
bool lock_kernel_has_none(void);

/* Set up @lock for one party's calls on @site, in the party's own process. 0 or -errno. */
int lock_open(struct lock *lock, const struct lock_site *site, enum lock_description how);
void lock_close(struct lock *lock);

/*
 * Return the error of a try that conflicts, -EAGAIN or -EACCES. POSIX allows both, fs/locks.c uses
 * the former, SMB the latter. run_tests.sh measures it while another process holds the lock:
 * LOCKFAIR_CONFLICT is KIND=EACCES;... for the kinds that have EACCES here.
 */
int lock_conflict(enum lock_kind kind);

/*
 * Take the lock, or convert the one that is held. With @wait false a conflict is
 * -EAGAIN at once, also where lock_conflict() is -EACCES. A
 * control's wait cannot be interrupted: its ticket is drawn. Where requests that wait are refused
 * (site->no_wait), this tries instead, and a conflict is LOCK_CANNOT_WAIT.
 * 0 or -errno.
 */
#define LOCK_CANNOT_WAIT	(-4096)	/* below any -errno */
int lock_acquire(struct lock *lock, const struct lock_request *request, bool wait);

/* Release the bytes from @start on, or the whole lock of a kind without ranges. 0 or -errno. */
int lock_release(struct lock *lock, off_t start, off_t len);

/*
 * Release the lock and ask for it again, in this order. A control draws its next ticket before it
 * releases, so that it is in the queue at the moment of the release. File locks have no such call:
 * the actor must unlock first. 0 or -errno.
 */
int lock_rotate(struct lock *lock, const struct lock_request *request);

/*
 * Ask F_GETLK or F_OFD_GETLK which lock conflicts with the one in @flock, which receives the
 * answer. For posix and ofd. 0 or -errno.
 */
struct flock;
int lock_query(const struct lock *lock, struct flock *flock);

/* The call in which a party sleeps while it waits for a lock in @mode. */
struct asleep_call lock_sleeps_in(const struct lock *lock, enum lock_mode mode);

#endif /* LOCKFAIR_LOCK_H */
