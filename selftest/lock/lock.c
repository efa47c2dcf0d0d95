// SPDX-License-Identifier: GPL-2.0
/* The six kinds of lock behind their interface, in one process. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>

#include "kselftest_harness.h"

#include "lock/descriptor.h"
#include "lock/lock.h"
#include "selftest/refuse.h"
#include "system/release.h"

FIXTURE(lock) {
	struct lock_site site;
	struct lock one, other;
	unsigned int traits;
};

FIXTURE_VARIANT(lock) {
	enum lock_kind kind;
};

FIXTURE_VARIANT_ADD(lock, posix) { .kind = KIND_POSIX };
FIXTURE_VARIANT_ADD(lock, ofd) { .kind = KIND_OFD };
FIXTURE_VARIANT_ADD(lock, flock) { .kind = KIND_FLOCK };
FIXTURE_VARIANT_ADD(lock, lockf) { .kind = KIND_LOCKF };
FIXTURE_VARIANT_ADD(lock, eventfd) { .kind = KIND_EVENTFD };
FIXTURE_VARIANT_ADD(lock, futex) { .kind = KIND_FUTEX };

FIXTURE_SETUP(lock)
{
	ASSERT_EQ(0, lock_site_open(&self->site, variant->kind, NULL, 100));
	ASSERT_EQ(0, lock_open(&self->one, &self->site, DESCRIPTION_OWN));
	ASSERT_EQ(0, lock_open(&self->other, &self->site, DESCRIPTION_OWN));
	self->traits = lock_kind_traits(variant->kind);
}

FIXTURE_TEARDOWN(lock)
{
	lock_close(&self->one);
	lock_close(&self->other);
	lock_site_close(&self->site);
}

TEST_F(lock, a_lock_is_taken_and_released)
{
	EXPECT_EQ(0, lock_acquire(&self->one, &EXCLUSIVE, true));
	EXPECT_EQ(0, lock_release(&self->one, 0, 0));
	EXPECT_EQ(0, lock_acquire(&self->one, &EXCLUSIVE, false));
	EXPECT_EQ(0, lock_release(&self->one, 0, 0));
}

/* In one process, only kinds that do not belong to the process exclude. */
TEST_F(lock, traits_tell_whether_threads_are_excluded)
{
	int expected = self->traits & TRAIT_EXCLUDES_THREADS ? -EAGAIN : 0;

	ASSERT_EQ(0, lock_acquire(&self->one, &EXCLUSIVE, true));
	EXPECT_EQ(expected, lock_acquire(&self->other, &EXCLUSIVE, false));
	if (self->traits & TRAIT_SHARED)
		EXPECT_EQ(expected, lock_acquire(&self->other, &SHARED, false));
}

TEST_F(lock, traits_tell_whether_there_is_a_shared_mode)
{
	int expected = self->traits & TRAIT_SHARED ? 0 : -EINVAL;

	EXPECT_EQ(expected, lock_acquire(&self->one, &SHARED, false));
	EXPECT_EQ(expected, lock_acquire(&self->other, &SHARED, false));
}

TEST_F(lock, traits_tell_whether_there_are_ranges)
{
	int expected = self->traits & TRAIT_RANGES ? 0 : -EINVAL;

	EXPECT_EQ(expected, lock_acquire(&self->one, &EXCLUSIVE_ON(0, 10), false));
	EXPECT_EQ(expected, lock_acquire(&self->other, &EXCLUSIVE_ON(10, 10), false));
}

TEST_F(lock, a_rotation_with_nobody_else_keeps_the_lock)
{
	ASSERT_EQ(0, lock_acquire(&self->one, &EXCLUSIVE, true));
	for (int i = 0; i < 3 * LOCK_BATONS; i++)
		ASSERT_EQ(0, lock_rotate(&self->one, &EXCLUSIVE));
	if (self->traits & TRAIT_EXCLUDES_THREADS)
		EXPECT_EQ(-EAGAIN, lock_acquire(&self->other, &EXCLUSIVE, false));
	EXPECT_EQ(0, lock_release(&self->one, 0, 0));
}

TEST_F(lock, readers_of_the_futex_come_and_go_in_any_order)
{
	if (variant->kind != KIND_FUTEX)
		return;
	ASSERT_EQ(0, lock_acquire(&self->one, &SHARED, true));
	ASSERT_EQ(0, lock_acquire(&self->other, &SHARED, true));
	EXPECT_EQ(0, lock_release(&self->one, 0, 0));
	EXPECT_EQ(-EAGAIN, lock_acquire(&self->one, &EXCLUSIVE, false));
	EXPECT_EQ(0, lock_release(&self->other, 0, 0));
	EXPECT_EQ(0, lock_acquire(&self->one, &EXCLUSIVE, false));
	EXPECT_EQ(-EAGAIN, lock_acquire(&self->other, &SHARED, false));
}

/* Descriptors of one description share its file offset; a second description has its own. */
TEST_F(lock, descriptions_are_shared_as_they_are_named)
{
	const enum lock_description shared[] = {
		DESCRIPTION_INHERITED, DESCRIPTION_DUPLICATED, DESCRIPTION_PASSED,
	};

	if (!(self->traits & TRAIT_FILE))
		return;
	ASSERT_EQ(7, lseek(self->site.fd, 7, SEEK_SET));
	EXPECT_EQ(0, lseek(self->one.fd, 0, SEEK_CUR));
	for (unsigned int i = 0; i < ARRAY_SIZE(shared); i++) {
		struct lock alias;

		ASSERT_EQ(0, lock_open(&alias, &self->site, shared[i]));
		EXPECT_EQ(7, lseek(alias.fd, 0, SEEK_CUR));
		lock_close(&alias);
	}
	EXPECT_EQ(7, lseek(self->site.fd, 0, SEEK_CUR));
}

TEST_F(lock, what_has_no_position_is_locked)
{
	int end[2];

	if (!(self->traits & TRAIT_FILE))
		return;
	ASSERT_EQ(0, pipe(end));
	ASSERT_EQ(self->site.fd, dup2(end[1], self->site.fd));
	lock_close(&self->one);
	ASSERT_EQ(0, lock_open(&self->one, &self->site, DESCRIPTION_INHERITED));
	EXPECT_EQ(0, lock_acquire(&self->one, &EXCLUSIVE, true));
	EXPECT_EQ(0, lock_release(&self->one, 0, 0));
	if (self->traits & TRAIT_FROM_POSITION)
		EXPECT_EQ(-ESPIPE, lock_acquire(&self->one, &EXCLUSIVE_ON(1, 1), true));
	close(end[0]);
	close(end[1]);
}

TEST(a_directory_that_is_missing_is_an_error)
{
	struct lock_site site;

	EXPECT_EQ(-ENOENT, lock_site_open(&site, KIND_OFD, "/proc/self/no/such", 100));
	/* Then nothing is known about locks. */
	EXPECT_FALSE(lock_may_be_missing(&site, -ENOENT));
	lock_site_close(&site);
}

static int probe(enum lock_kind kind, bool *missing)
{
	enum lock_probe_call call;
	struct lock_site site;
	struct lock lock;
	int err = lock_site_open(&site, kind, NULL, 100);

	if (!err)
		err = lock_open(&lock, &site, DESCRIPTION_OWN);
	if (err)
		return 1;
	err = lock_probe(&lock, &call);
	*missing = lock_may_be_missing(&site, err);
	lock_close(&lock);
	lock_site_close(&site);
	return err;
}

/* On a memfd, whatever the errno: a kernel that refuses a lock has not lost the kind. */
TEST(a_refused_lock_is_not_a_missing_one)
{
	static const int errors[] = { EACCES, EINVAL, ENOLCK, ENOSYS, EOPNOTSUPP, EOVERFLOW };
	bool missing;

	for (unsigned int i = 0; i < ARRAY_SIZE(errors); i++) {
		/* The newest of several filters with the same action decides. */
		if (refuse(__NR_fcntl64, F_SETLK, errors[i]) ||
		    refuse(__NR_fcntl64, F_OFD_SETLK, errors[i]))
			SKIP(return, "no seccomp here");
		EXPECT_EQ(-errors[i], probe(KIND_POSIX, &missing));
		EXPECT_FALSE(missing);
		EXPECT_EQ(-errors[i], probe(KIND_LOCKF, &missing));
		EXPECT_FALSE(missing);
		EXPECT_EQ(-errors[i], probe(KIND_OFD, &missing));
		EXPECT_EQ(errors[i] == EINVAL && (!release_is_since(3, 15) || release_is_gvisor()),
			  missing);
		EXPECT_EQ(0, probe(KIND_FLOCK, &missing));
	}
}

static int try_on_a_memfd(enum lock_kind kind, bool wait)
{
	struct lock_site site;
	struct lock lock;
	int ret = lock_site_open(&site, kind, NULL, 100);

	if (!ret)
		ret = lock_open(&lock, &site, DESCRIPTION_OWN);
	if (ret)
		return ret;
	ret = lock_acquire(&lock, &EXCLUSIVE, wait);
	lock_close(&lock);
	lock_site_close(&site);
	return ret;
}

TEST(eacces_is_a_conflict_only_where_it_was_found_to_be)
{
	if (refuse(__NR_fcntl64, F_SETLK, EACCES) || refuse(__NR_fcntl64, F_OFD_SETLK, EACCES) ||
	    refuse(__NR_fcntl64, F_SETLKW, EACCES))
		SKIP(return, "no seccomp here");
	EXPECT_EQ(-EAGAIN, lock_conflict(KIND_POSIX));
	EXPECT_EQ(-EACCES, try_on_a_memfd(KIND_POSIX, false));
	setenv("LOCKFAIR_CONFLICT", "lockf=EACCES;posix=EACCES;", 1);
	EXPECT_EQ(-EACCES, lock_conflict(KIND_POSIX));
	EXPECT_EQ(-EAGAIN, try_on_a_memfd(KIND_POSIX, false));
	EXPECT_EQ(-EAGAIN, try_on_a_memfd(KIND_LOCKF, false));
	EXPECT_EQ(-EACCES, try_on_a_memfd(KIND_OFD, false));
	/* A request that waits never fails with a conflict. */
	EXPECT_EQ(-EACCES, try_on_a_memfd(KIND_POSIX, true));
	unsetenv("LOCKFAIR_CONFLICT");
}

/* Make a file and a directory in @dir, with or without lasting names. */
static void make_both(struct __test_metadata *_metadata, const char *dir, bool named)
{
	struct lock_site site;
	struct lock lock;
	char *name;
	int fd;

	ASSERT_EQ(0, lock_site_open(&site, KIND_FLOCK, dir, 100));
	EXPECT_EQ(named, site.name && !access(site.name, F_OK));
	EXPECT_EQ(0, lock_open(&lock, &site, DESCRIPTION_OWN));
	lock_close(&lock);
	fd = descriptor_directory(dir);
	ASSERT_GE(fd, 0);
	EXPECT_EQ(0, close(descriptor_reopen_as(fd, O_RDONLY)));
	EXPECT_EQ(NULL, descriptor_name(fd));
	close(fd);
	/* A test may put another file in the place of the first. */
	fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	ASSERT_EQ(site.fd, dup2(fd, site.fd));
	close(fd);
	name = site.name ? strdup(site.name) : NULL;
	lock_site_close(&site);
	EXPECT_EQ(NULL, site.name);
	if (name)
		EXPECT_EQ(-1, access(name, F_OK));
	free(name);
}

TEST(no_file_in_a_directory_keeps_a_name)
{
	static const char * const ways[] = { "nameless", "removed", "named" };
	char dir[] = P_tmpdir "/lockfair-selftest-XXXXXX";

	ASSERT_NE(NULL, mkdtemp(dir));
	for (unsigned int i = 0; i < ARRAY_SIZE(ways); i++) {
		setenv("LOCKFAIR_FILES", ways[i], 1);
		EXPECT_STREQ(ways[i], descriptor_way(dir));
		/* Not every file system has O_TMPFILE. */
		if (i || descriptor_file(dir, 0) >= 0)
			make_both(_metadata, dir, i == 2);
	}
	unsetenv("LOCKFAIR_FILES");
	EXPECT_STRNE("named", descriptor_way(dir));
	make_both(_metadata, dir, false);
	EXPECT_EQ(0, rmdir(dir));
}

TEST(a_sealed_memfd_does_not_grow)
{
	int fd = descriptor_memfd(64, F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL);

	ASSERT_GE(fd, 0);
	EXPECT_EQ(-1, ftruncate(fd, 65));
	EXPECT_EQ(EPERM, errno);
	EXPECT_EQ(-1, fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	close(fd);
}

TEST(a_socket_without_a_sender_is_an_error)
{
	int pair[2];

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair));
	close(pair[0]);
	EXPECT_EQ(-EPIPE, descriptor_receive(pair[1]));
	close(pair[1]);
}

TEST_HARNESS_MAIN
