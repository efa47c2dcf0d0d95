// SPDX-License-Identifier: GPL-2.0
/*
 * Errors: what does an invalid call return, and does it leave the locks unchanged?
 *
 * There is a table for each sort of mistake. The caller holds locks and makes the calls of
 * a table one after another, each with all commands that are possible with it. After
 * each call, an outsider must find the locks as they were.
 */
#include "bad_call.h"
#include "file_system.h"
#include "system/emulator.h"

/*
 * fcntl(2), flock(2), lockf(3): "EBADF fd is not an open file descriptor"; open(2) on O_PATH:
 * "other file operations … fail with the error EBADF".
 */
PROMISE(FILE_LOCKS, a_bad_descriptor_is_ebadf)
{
	static const struct call bad[] = {
		{ "the descriptor -1", EBADF, .through = MINUS_ONE },
		{ "a closed descriptor", EBADF, .through = CLOSED },
		{ "an O_PATH descriptor", EBADF, .through = PATH },
	};

	each_gets_its_error(scene, bad, ARRAY_SIZE(bad));
}

/*
 * POSIX.1-2024 fcntl(): "A request for a shared lock shall fail if the file descriptor is
 * not open for reading", "for an exclusive lock … for writing", with EBADF.
 */
PROMISE(POSIX | OFD, a_descriptor_not_open_for_it_is_ebadf)
{
	static const struct call bad[] = {
		{ "F_WRLCK and a read-only descriptor", EBADF, .through = READ_ONLY,
		  .len = 10, .to_lock = true },
		{ "F_RDLCK and a write-only descriptor", EBADF, .through = WRITE_ONLY,
		  .len = 10, .to_lock = true, .odd_type = true, .odd = F_RDLCK },
		{ "F_WRLCK and a write-only descriptor", 0, .through = WRITE_ONLY,
		  .len = 10, .to_lock = true },
		{ "F_RDLCK and a read-only descriptor", 0, .through = READ_ONLY,
		  .len = 10, .to_lock = true, .odd_type = true, .odd = F_RDLCK },
	};

	each_gets_its_error(scene, bad, ARRAY_SIZE(bad));
}

/* lockf(3): "EBADF … cmd is F_LOCK or F_TLOCK and fd is not a writable file descriptor". */
PROMISE(LOCKF, a_descriptor_not_writable_is_ebadf)
{
	static const struct call bad[] = {
		{ "a read-only descriptor", EBADF, .through = READ_ONLY, .len = 10,
		  .to_lock = true },
		{ "a write-only descriptor", 0, .through = WRITE_ONLY, .len = 10, .to_lock = true },
	};

	each_gets_its_error(scene, bad, ARRAY_SIZE(bad));
}

/*
 * fcntl(2): "EINVAL The value specified in cmd is not recognized by this kernel"; flock(2):
 * "EINVAL operation is invalid"; lockf(3): "EINVAL An invalid operation was specified in cmd".
 */
PROMISE(FILE_LOCKS, a_bad_command_is_einval)
{
	/* None has the bit LOCK_MAND (32), which only some kernels refuse in flock(). */
	static const struct call bad[] = {
		{ "the command 20", EINVAL, .odd_command = true, .odd = 20 },
		{ "the command 9999", EINVAL, .odd_command = true, .odd = 9999 },
		{ "the command -33", EINVAL, .odd_command = true, .odd = -33 },
	};

	each_gets_its_error(scene, bad, ARRAY_SIZE(bad));
}

/* flock(2): the operation "is one of the following" three. */
PROMISE(FLOCK, no_mode_or_two_at_once_are_einval)
{
	static const struct call bad[] = {
		{ "no mode", EINVAL, .odd_command = true, .odd = 0 },
		{ "LOCK_NB alone", EINVAL, .odd_command = true, .odd = LOCK_NB },
		{ "LOCK_SH and LOCK_EX", EINVAL, .odd_command = true, .odd = LOCK_SH | LOCK_EX },
		{ "LOCK_EX and LOCK_UN", EINVAL, .odd_command = true, .odd = LOCK_EX | LOCK_UN },
	};

	each_gets_its_error(scene, bad, ARRAY_SIZE(bad));
}

/*
 * POSIX.1-2024 fcntl(): "[EINVAL] … the cmd argument is F_GETLK, F_SETLK, F_SETLKW … and the
 * data pointed to by arg is not valid". OFD locks are "in most respects identical" to these,
 * fcntl(2), here and below.
 */
PROMISE(POSIX | OFD, a_bad_type_is_einval)
{
	static const struct call bad[] = {
		{ "the type 3", EINVAL, .odd_type = true, .odd = 3 },
		{ "the type 4, F_EXLCK of old,", EINVAL, .odd_type = true, .odd = 4 },
		{ "the type 8, F_SHLCK of old,", EINVAL, .odd_type = true, .odd = 8 },
		{ "the type -1", EINVAL, .odd_type = true, .odd = -1 },
	};

	each_gets_its_error(scene, bad, ARRAY_SIZE(bad));
}

PROMISE(POSIX | OFD, a_bad_whence_is_einval)
{
	static const struct call bad[] = {
		{ "the whence SEEK_DATA", EINVAL, .whence = SEEK_DATA },
		{ "the whence 99", EINVAL, .whence = 99 },
		{ "the whence -1", EINVAL, .whence = -1 },
	};

	each_gets_its_error(scene, bad, ARRAY_SIZE(bad));
}

/* fcntl(2), of OFD locks: "the l_pid field of that structure must be set to zero". */
PROMISE(OFD, an_ofd_lock_with_a_pid_is_einval)
{
	static const struct call bad[] = {
		{ "the pid 1", EINVAL, .start = 50, .len = 1, .pid = 1 },
		{ "the pid -1 of OFD locks", EINVAL, .start = 50, .len = 1, .pid = -1 },
	};

	each_gets_its_error(scene, bad, ARRAY_SIZE(bad));
}

/*
 * fcntl(2): "Bytes past the end of the file may be locked, but not bytes before the start of
 * the file". Which error: as above.
 */
PROMISE(POSIX | OFD, a_byte_before_the_first_is_einval)
{
	const struct call bad[] = {
		{ "start -1", EINVAL, .start = -1 },
		{ "start 5 and length -6", EINVAL, .start = 5, .len = -6 },
		{ "start 5 and length -5", 0, .start = 5, .len = -5 },
		{ "start -6 from position 5", EINVAL, .whence = SEEK_CUR, .position = 5,
		  .start = -6 },
		{ "start -5 from position 5", 0, .whence = SEEK_CUR, .position = 5,
		  .start = -5, .len = 5 },
		{ "a byte before the first, from the end", EINVAL, .whence = SEEK_END,
		  .start = -scene->size - 1 },
		{ "the least start", EINVAL, .start = -LARGEST - 1 },
		{ "the least length", EINVAL, .len = -LARGEST - 1 },
	};

	each_gets_its_error(scene, bad, ARRAY_SIZE(bad));
}

/* POSIX.1-2024 lockf(): "[EINVAL] … size plus the current file offset is less than 0". */
PROMISE(LOCKF, a_section_before_the_first_byte_is_einval)
{
	static const struct call bad[] = {
		{ "length -1 at position 0", EINVAL, .len = -1 },
		{ "length -6 at position 5", EINVAL, .position = 5, .len = -6 },
		{ "length -5 at position 5", 0, .position = 5, .len = -5 },
	};

	each_gets_its_error(scene, bad, ARRAY_SIZE(bad));
}

/*
 * POSIX.1-2024 fcntl(): "[EOVERFLOW] … the smallest or, if l_len is non-zero, the largest
 * offset of any byte in the requested segment cannot be represented correctly".
 */
PROMISE(POSIX | OFD, a_byte_after_the_last_offset_is_eoverflow)
{
	const struct call bad[] = {
		{ "the last byte", 0, .start = LARGEST, .len = 1 },
		{ "the last byte and one more", EOVERFLOW, .start = LARGEST, .len = 2 },
		{ "all bytes but one, and one more", EOVERFLOW, .start = 2, .len = LARGEST },
		{ "the last byte, from position 8", 0, .whence = SEEK_CUR, .position = 8,
		  .start = LARGEST - 8, .len = 1 },
		{ "one more, from position 8", EOVERFLOW, .whence = SEEK_CUR, .position = 8,
		  .start = LARGEST - 7, .len = 1 },
		{ "the last byte, from the end", 0, .whence = SEEK_END,
		  .start = LARGEST - scene->size, .len = 1 },
		{ "one more, from the end", EOVERFLOW, .whence = SEEK_END,
		  .start = LARGEST - scene->size + 1, .len = 1 },
		{ "the largest start, from the end", EOVERFLOW, .whence = SEEK_END,
		  .start = LARGEST },
	};

	each_gets_its_error(scene, bad, ARRAY_SIZE(bad));
}

/*
 * POSIX.1-2024 lockf(): "[EOVERFLOW] The offset of the first, or if size is not 0 then the
 * last, byte in the requested section cannot be represented correctly".
 */
PROMISE(LOCKF, a_section_after_the_last_offset_is_eoverflow)
{
	static const struct call bad[] = {
		{ "the largest length at position 2", EOVERFLOW, .position = 2, .len = LARGEST },
		{ "a length up to the last byte", 0, .position = 140, .len = LARGEST - 139 },
		{ "a length of one more", EOVERFLOW, .position = 140, .len = LARGEST - 138 },
	};

	each_gets_its_error(scene, bad, ARRAY_SIZE(bad));
}

/* fcntl(2): "EFAULT lock is outside your accessible address space". */
PROMISE(POSIX | OFD, a_bad_address_is_efault)
{
	static const struct call bad[] = {
		{ "no address", EFAULT, .memory = NOWHERE },
		{ "an address that may not be read", EFAULT, .memory = FORBIDDEN },
		{ "an address that may be read in part", EFAULT, .memory = HALF_FORBIDDEN },
	};

	each_gets_its_error(scene, bad, ARRAY_SIZE(bad));
}

/*
 * The caller asks for what the holder has. With ranges it holds byte 50 itself, and asks for that
 * as well. Return the error.
 */
static int refused(struct scene *scene, struct outsider *outsider)
{
	bool ranges = is_kind(scene, RECORD_LOCKS);
	struct actor *holder, *caller;

	/* Check which of EACCES and EAGAIN it is. */
	unsetenv("LOCKFAIR_CONFLICT");
	holder = actor_start(scene, "holder");
	caller = actor_start(scene, "caller");
	actor_do(holder, prepare, NULL);
	if (ranges)
		actor_lock(caller, EXCLUSIVE_ON(50, 1));
	outsider_watch(outsider, holder, scene->shared->number[NUMBER_FD]);
	return -actor_try(caller, ranges ? EXCLUSIVE_ON(40, 100) : EXCLUSIVE);
}

/*
 * POSIX.1-2024 fcntl() and lockf(): "[EACCES] or [EAGAIN]"; flock(2): "EWOULDBLOCK The file
 * is locked and the LOCK_NB flag was selected". For F_OFD_SETLK there is EAGAIN alone. A flock
 * that is made of fcntl locks has their error.
 */
PROMISE(FILE_LOCKS, a_conflict_is_eagain_or_eacces)
{
	bool by_fcntl = is_kind(scene, OWNED_BY_PROCESS) ||
			(is_kind(scene, FLOCK) && emulates_flock(scene));
	bool by_eacces = lock_conflict(scene->site->kind) == -EACCES;
	struct outsider outsider;
	int error = refused(scene, &outsider);

	/* On SMB: "Remote and mandatory locking semantics may vary", flock(2). */
	if (!skip_unless(scene, error != EACCES || by_fcntl || !by_eacces || !is_smb(scene),
			 "a conflict is EACCES here"))
		return;
	if (!holds(scene, error == EAGAIN || (error == EACCES && by_fcntl),
		   "the caller tried, and got: %s", outcome(error)))
		return;
	holds(scene, outsider_sees_no_change(&outsider),
	      "the locks are not what they were after the caller was refused");
}

/*
 * open(2): mode 3 yields "a file descriptor that can't be used for reading or writing". By
 * flock(2) a lock is placed "regardless of the mode in which the file was opened"; not here.
 */
PRACTICE(FILE_LOCKS, a_descriptor_of_mode_3_is_ebadf)
{
	static const struct call bad[] = {
		{ "a descriptor of mode 3", EBADF, .through = MODE_3, .len = 10, .to_lock = true },
	};
	int fd = open_again(scene->site->fd, 3);

	skip_unless(scene, fd >= 0 || is_well_known(scene), "no descriptors of mode 3 here");
	if (!sets_up(scene, fd, "open"))
		return;
	/* An emulator may have opened it with another mode. */
	skip_unless(scene, (fcntl(fd, F_GETFL) & O_ACCMODE) == 3 || !emulator_is_there(),
		    BEYOND_AN_EMULATOR);
	each_gets_its_error(scene, bad, ARRAY_SIZE(bad));
}

/*
 * Programs check for EAGAIN only. This is about F_SETLK and F_TLOCK: for F_TEST, which libc makes
 * of F_GETLK, libc itself returns EACCES.
 */
PRACTICE(OWNED_BY_PROCESS, a_conflict_is_eagain_and_not_eacces)
{
	int conflict = lock_conflict(scene->site->kind), error;
	struct outsider outsider;

	/* A file system of Linux itself has EAGAIN, whatever was measured. */
	if (!skip_unless(scene, conflict == -EAGAIN || is_well_known(scene),
			 "a conflict is EACCES here"))
		return;
	error = refused(scene, &outsider);
	holds(scene, error == EAGAIN, "the caller tried, and got: %s", outcome(error));
}

CLAIM_MAIN
