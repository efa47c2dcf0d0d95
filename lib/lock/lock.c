// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "lock/control.h"
#include "lock/descriptor.h"
#include "lock/lock.h"
#include "system/entry.h"
#include "system/mounted.h"
#include "system/release.h"

static const struct {
	const char *name;
	unsigned int traits;
} kinds[KINDS] = {
	[KIND_POSIX] = {
		"posix",
		TRAIT_FILE | TRAIT_SHARED | TRAIT_RANGES | TRAIT_OWNED_BY_PROCESS |
		TRAIT_DETECTS_DEADLOCK | TRAIT_QUERIES,
	},
	[KIND_OFD] = {
		"ofd",
		TRAIT_FILE | TRAIT_SHARED | TRAIT_RANGES | TRAIT_EXCLUDES_THREADS | TRAIT_QUERIES,
	},
	[KIND_FLOCK] = {
		"flock",
		TRAIT_FILE | TRAIT_SHARED | TRAIT_EXCLUDES_THREADS | TRAIT_CONVERTS_BY_DROPPING,
	},
	[KIND_LOCKF] = {
		"lockf",
		TRAIT_FILE | TRAIT_RANGES | TRAIT_OWNED_BY_PROCESS | TRAIT_DETECTS_DEADLOCK |
		TRAIT_FROM_POSITION,
	},
	[KIND_EVENTFD] = { "eventfd", TRAIT_EXCLUDES_THREADS },
	[KIND_FUTEX] = { "futex", TRAIT_SHARED | TRAIT_EXCLUDES_THREADS },
};

const char *lock_kind_name(enum lock_kind kind)
{
	return kinds[kind].name;
}

const char *lock_mode_name(enum lock_mode mode)
{
	return mode == MODE_SHARED ? "shared" : "exclusive";
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

	if (lock->site->kind == KIND_OFD)
		return raw(fcntl(lock->fd, wait ? F_OFD_SETLKW : F_OFD_SETLK, &range));
	return raw(fcntl(lock->fd, wait ? F_SETLKW : F_SETLK, &range));
}

/* lockf(3) counts from the file position. A pipe has none, and is locked from byte 0. */
static int lockf_set(const struct lock *lock, int command, off_t start, off_t len)
{
	if (lseek(lock->fd, start, SEEK_SET) < 0 && !(errno == ESPIPE && !start))
		return -errno;
	return raw(lockf(lock->fd, command, len));
}

static int file_acquire(const struct lock *lock, const struct lock_request *request, bool wait)
{
	bool exclusive = request->mode == MODE_EXCLUSIVE;

	switch (lock->site->kind) {
	case KIND_FLOCK:
		return raw(flock(lock->fd,
				 (exclusive ? LOCK_EX : LOCK_SH) | (wait ? 0 : LOCK_NB)));
	case KIND_LOCKF:
		return lockf_set(lock, wait ? F_LOCK : F_TLOCK, request->start, request->len);
	default:
		return fcntl_set(lock, exclusive ? F_WRLCK : F_RDLCK, request->start,
				 request->len, wait);
	}
}

static int file_release(const struct lock *lock, off_t start, off_t len)
{
	switch (lock->site->kind) {
	case KIND_FLOCK:
		return raw(flock(lock->fd, LOCK_UN));
	case KIND_LOCKF:
		return lockf_set(lock, F_ULOCK, start, len);
	default:
		return fcntl_set(lock, F_UNLCK, start, len, false);
	}
}

int lock_query(const struct lock *lock, struct flock *flock)
{
	switch (lock->site->kind) {
	case KIND_POSIX:
		return raw(fcntl(lock->fd, F_GETLK, flock));
	case KIND_OFD:
		return raw(fcntl(lock->fd, F_OFD_GETLK, flock));
	default:
		return -EINVAL;
	}
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

static int acquire(struct lock *lock, const struct lock_request *request, bool wait)
{
	if (is_control(lock->site))
		return control_acquire(lock, request, wait);
	return file_acquire(lock, request, wait);
}

int lock_conflict(enum lock_kind kind)
{
	int length;
	const char *error = entry_of("LOCKFAIR_CONFLICT", kinds[kind].name, &length);

	return error && !strncmp(error, "EACCES", length) ? -EACCES : -EAGAIN;
}

int lock_acquire(struct lock *lock, const struct lock_request *request, bool wait)
{
	bool tries = wait && lock->site->no_wait[request->mode];
	int ret;

	if (!possible(lock, request))
		return -EINVAL;
	ret = acquire(lock, request, wait && !tries);
	/* Read the environment only if it matters. */
	if (ret == -EACCES && (!wait || tries))
		ret = lock_conflict(lock->site->kind) == ret ? -EAGAIN : ret;
	return tries && ret == -EAGAIN ? LOCK_CANNOT_WAIT : ret;
}

int lock_release(struct lock *lock, off_t start, off_t len)
{
	return is_control(lock->site) ? control_release(lock) : file_release(lock, start, len);
}

int lock_rotate(struct lock *lock, const struct lock_request *request)
{
	int err;

	if (!possible(lock, request))
		return -EINVAL;
	if (is_control(lock->site))
		return control_rotate(lock, request);
	err = file_release(lock, request->start, request->len);
	return err ? err : lock_acquire(lock, request, true);
}

struct asleep_call lock_sleeps_in(const struct lock *lock, enum lock_mode mode)
{
	struct asleep_call call = { .nr = SYS_flock, .arg = lock->fd };

	if (is_control(lock->site))
		return control_sleeps_in(lock, mode);
	if (lock->site->kind != KIND_FLOCK) {
#ifdef SYS_fcntl64
		call.nr = SYS_fcntl64;
#else
		call.nr = SYS_fcntl;
#endif
	}
	return call;
}

int lock_site_open(struct lock_site *site, enum lock_kind kind, const char *dir, off_t size)
{
	*site = (struct lock_site){ .kind = kind, .fd = -1 };
	memset(site->baton, -1, sizeof(site->baton));

	if (!is_control(site)) {
		site->fd = dir ? descriptor_file(dir, size) : descriptor_memfd(size, 0);
		if (dir && site->fd >= 0) {
			site->name = descriptor_name(site->fd);
			site->other_name = descriptor_other_name(site->name);
		}
		return site->fd < 0 ? site->fd : 0;
	}

	return control_open(site);
}

int lock_site_share(struct lock_site *share, enum lock_kind kind, const struct lock_site *site)
{
	*share = (struct lock_site){ .kind = kind, .fd = -1 };
	memset(share->baton, -1, sizeof(share->baton));

	if (is_control(share) || is_control(site))
		return -EINVAL;
	if (site->other_name)
		share->other_name = strdup(site->other_name);
	share->fd = fcntl(site->fd, F_DUPFD_CLOEXEC, 0);
	return share->fd < 0 ? -errno : 0;
}

/* A test may have put another file in the place of the first one. */
void lock_site_remove_names(struct lock_site *site)
{
	if (site->fd >= 0)
		descriptor_remove_name(site->fd);
	if (site->name)
		unlink(site->name);
	free(site->name);
	site->name = NULL;
}

void lock_site_close(struct lock_site *site)
{
	lock_site_remove_names(site);
	if (site->fd >= 0)
		close(site->fd);
	free(site->other_name);
	control_close(site);
	*site = (struct lock_site){ .kind = site->kind, .fd = -1 };
	memset(site->baton, -1, sizeof(site->baton));
}

/* Send the descriptor through a socket to this process: it refers to the same description. */
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
	case DESCRIPTION_OTHER_PATH:
		lock->fd = descriptor_open(site->other_name);
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

/* ---- is there such a lock? ---- */

int lock_probe(struct lock *lock, enum lock_probe_call *call)
{
	static const enum lock_probe_call calls[] = {
		PROBE_TRY, PROBE_RELEASE, PROBE_WAIT, PROBE_RELEASE,
	};
	int err = 0;

	for (unsigned int i = 0; !err && i < sizeof(calls) / sizeof(*calls); i++) {
		*call = calls[i];
		if (*call == PROBE_RELEASE)
			err = lock_release(lock, 0, 0);
		else
			err = lock_acquire(lock, &EXCLUSIVE, *call == PROBE_WAIT);
	}
	return err;
}

bool lock_kernel_has_none(void)
{
	struct flock range = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = descriptor_memfd(1, 0);
	bool none;

	if (fd < 0)
		return false;
	none = raw(flock(fd, LOCK_EX | LOCK_NB)) == -ENOSYS &&
	       raw(fcntl(fd, F_SETLK, &range)) == -EACCES &&
	       raw(fcntl(fd, F_GETLK, &range)) == -EINVAL &&
	       raw(access("/proc/locks", F_OK)) == -ENOENT && !access("/proc/self", F_OK);
	close(fd);
	return none;
}

bool lock_is_local(const struct lock_site *site)
{
	static const unsigned int types[] = {
		TMPFS_MAGIC, RAMFS_MAGIC, EXT4_SUPER_MAGIC, XFS_SUPER_MAGIC, BTRFS_SUPER_MAGIC,
		F2FS_SUPER_MAGIC, OVERLAYFS_SUPER_MAGIC,
	};
	struct statfs fs;
	char type[16];

	if (is_control(site))
		return true;
	if (fstatfs(site->fd, &fs) < 0)
		return false;
	/* statfs(2) on 9p has the type that the server sent: that of its own file system. */
	if (!mounted_type(site->fd, type, sizeof(type)) && !strcmp(type, "9p"))
		return false;
	for (unsigned int i = 0; i < sizeof(types) / sizeof(*types); i++) {
		if ((unsigned int)fs.f_type == types[i])
			return true;
	}
	return false;
}

/* A file system or server without locks of this kind may return any error except these. */
static bool is_fault(int err)
{
	switch (err) {
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
		return true;
	}
	return false;
}

bool lock_may_be_missing(const struct lock_site *site, int err)
{
	if (is_control(site))
		return err == -ENOSYS;
	/* A file that could not be made says nothing about locks. */
	if (site->fd < 0)
		return false;
	if (lock_kernel_has_none())
		return true;
	if (lock_is_local(site))
		return site->kind == KIND_OFD && err == -EINVAL &&
		       (!release_is_since(3, 15) || release_is_gvisor());
	return !is_fault(err);
}

void lock_close(struct lock *lock)
{
	if (lock->fd >= 0 && lock->fd != lock->site->fd)
		close(lock->fd);
	lock->fd = -1;
}
