// SPDX-License-Identifier: GPL-2.0
/*
 * Which bytes does a struct flock name: from where on, how far, and in which direction?
 *
 * An owner sets locks with whence, start and length, and a peer tries each byte, as in
 * ranges.c. lockf() has no whence: see lockf.c.
 */
#include <fcntl.h>

#include "claim/claim.h"

/* The owner has the site's descriptor, and so the file position that the test sets. */
static struct actor *start_owner(struct scene *scene)
{
	return actor_start_with(scene, ACTOR_PROCESS, DESCRIPTION_INHERITED, "owner", 0);
}

/* The owner's order and its outcome, in the scene's shared numbers. */
enum { TYPE, WHENCE, START, LEN, RESULT };

static int set_as_told(struct actor *self, void *arg)
{
	unsigned long long *number = self->scene->shared->number;
	struct flock flock = {
		.l_type = number[TYPE],
		.l_whence = number[WHENCE],
		.l_start = number[START],
		.l_len = number[LEN],
	};
	bool ofd = self->lock->site->kind == KIND_OFD, wait = arg;
	int command = ofd ? wait ? F_OFD_SETLKW : F_OFD_SETLK : wait ? F_SETLKW : F_SETLK;

	if (wait)
		act_sleeps_in(self, lock_sleeps_in(self->lock, MODE_EXCLUSIVE));
	number[RESULT] = fcntl(self->lock->fd, command, &flock) < 0 ? errno : 0;
	act_sleeps_in(self, ASLEEP_NOWHERE);
	return 0;
}

static void tell(struct actor *owner, short type, short whence, off_t start, off_t len)
{
	unsigned long long *number = owner->scene->shared->number;

	number[TYPE] = type;
	number[WHENCE] = whence;
	number[START] = start;
	number[LEN] = len;
}

/* Return 0 or an errno. */
static int set(struct actor *owner, short type, short whence, off_t start, off_t len)
{
	tell(owner, type, whence, start, len);
	actor_do(owner, set_as_told, NULL);
	return owner->scene->shared->number[RESULT];
}

static const char *whence_name(short whence)
{
	return whence == SEEK_SET ? "SEEK_SET" : whence == SEEK_CUR ? "SEEK_CUR" : "SEEK_END";
}

static bool sets(struct actor *owner, short type, short whence, off_t start, off_t len)
{
	int err = set(owner, type, whence, start, len);

	return holds(owner->scene, !err, "the owner's %s(%s, %lld, %lld): %s",
		     type == F_WRLCK ? "F_WRLCK" : "F_UNLCK", whence_name(whence),
		     (long long)start, (long long)len, strerror(err));
}

/* No range may begin before byte 0. */
static bool is_refused(struct actor *owner, short whence, off_t start, off_t len)
{
	int err = set(owner, F_WRLCK, whence, start, len);

	return holds(owner->scene, err == EINVAL, "the owner's F_WRLCK(%s, %lld, %lld): %s",
		     whence_name(whence), (long long)start, (long long)len,
		     err ? strerror(err) : "granted");
}

#define END	(scene->size)
#define LAST	((off_t)((1ull << (sizeof(off_t) * 8 - 1)) - 1))

/* ---- from where on ---- */

/*
 * fcntl(2): l_start "is interpreted relative to either: the start of the file (if l_whence is
 * SEEK_SET); the current file offset (if l_whence is SEEK_CUR); or the end of the file (if
 * l_whence is SEEK_END). In the final two cases, l_start can be a negative number".
 */
PROMISE(POSIX | OFD, a_range_can_begin_at_the_file_position)
{
	struct actor *owner = start_owner(scene);
	struct actor *peer = actor_start(scene, "peer");

	scene_needs(scene, LACKS_PARTS);
	sets_up(scene, lseek(scene->site->fd, 8, SEEK_SET), "lseek");
	sets(owner, F_WRLCK, SEEK_CUR, 2, 4);
	bytes_are(peer, 0, "..........XXXX..");
	sets(owner, F_WRLCK, SEEK_CUR, -4, 2);
	bytes_are(peer, 0, "....XX....XXXX..");
	sets(owner, F_UNLCK, SEEK_CUR, 4, 0);
	bytes_are(peer, 0, "....XX....XX....");
}

PROMISE(POSIX | OFD, a_range_can_begin_at_the_end_of_the_file)
{
	struct actor *owner = start_owner(scene);
	struct actor *peer = actor_start(scene, "peer");

	scene_needs(scene, LACKS_PARTS);
	sets(owner, F_WRLCK, SEEK_END, 0, 2);
	bytes_are(peer, END - 8, "........XX......");
	sets(owner, F_WRLCK, SEEK_END, -4, 2);
	bytes_are(peer, END - 8, "....XX..XX......");
	sets(owner, F_WRLCK, SEEK_END, 4, 0);
	bytes_are(peer, END - 8, "....XX..XX..XXXX");
	sets(owner, F_UNLCK, SEEK_END, -3, 4);
	bytes_are(peer, END - 8, "....X....X..XXXX");
}

/* POSIX.1-2024 fcntl(): locks "shall not extend before the beginning of the file". */
PROMISE(POSIX | OFD, a_range_before_byte_0_is_refused)
{
	struct actor *owner = start_owner(scene);
	struct actor *peer = actor_start(scene, "peer");

	sets_up(scene, lseek(scene->site->fd, 8, SEEK_SET), "lseek");
	is_refused(owner, SEEK_SET, -1, 1);
	is_refused(owner, SEEK_SET, -1, 0);
	is_refused(owner, SEEK_SET, 4, -5);
	is_refused(owner, SEEK_CUR, -9, 2);
	is_refused(owner, SEEK_CUR, 0, -9);
	is_refused(owner, SEEK_END, -END - 1, 0);
	bytes_are(peer, 0, "............");
	sets(owner, F_WRLCK, SEEK_CUR, -8, 2);
	bytes_are(peer, 0, "XX..........");
}

/*
 * POSIX.1-2024 fcntl(): "If the file size or file descriptor seek offset change while fcntl()
 * is blocked, this shall not affect the range of bytes locked."
 */
PROMISE(POSIX | OFD, who_waits_keeps_the_range_when_the_position_moves)
{
	struct actor *owner = start_owner(scene);
	struct actor *peer = actor_start(scene, "peer");

	scene_needs_wait(scene, EXCLUSIVE);
	actor_lock(peer, EXCLUSIVE);
	sets_up(scene, lseek(scene->site->fd, 2, SEEK_SET), "lseek");
	tell(owner, F_WRLCK, SEEK_CUR, 0, 4);
	actor_begin(owner, set_as_told, "wait");
	actor_settle(scene);
	requires(scene, actor_waits(owner), "the owner should wait for the peer");
	sets_up(scene, lseek(scene->site->fd, 10, SEEK_SET), "lseek");
	actor_unlock(peer);
	actor_await(owner);
	bytes_are(peer, 0, "..XXXX..........");
}

PROMISE(POSIX | OFD, who_waits_keeps_the_range_when_the_file_grows)
{
	struct actor *owner = start_owner(scene);
	struct actor *peer = actor_start(scene, "peer");

	scene_needs_wait(scene, EXCLUSIVE);
	actor_lock(peer, EXCLUSIVE);
	tell(owner, F_WRLCK, SEEK_END, -2, 4);
	actor_begin(owner, set_as_told, "wait");
	actor_settle(scene);
	requires(scene, actor_waits(owner), "the owner should wait for the peer");
	sets_up(scene, ftruncate(scene->site->fd, 2 * END), "ftruncate");
	actor_unlock(peer);
	actor_await(owner);
	bytes_are(peer, END - 4, "..XXXX..");
	bytes_are(peer, 2 * END - 4, "........");
}

/* ---- backwards ---- */

/*
 * POSIX.1-2024 fcntl(): "If l_len is negative, the area affected shall start at l_start+l_len
 * and end at l_start-1"; allowed since POSIX.1-2001.
 */
PROMISE(POSIX | OFD, a_negative_length_reaches_backwards)
{
	struct actor *owner = start_owner(scene);
	struct actor *peer = actor_start(scene, "peer");

	scene_needs(scene, LACKS_PARTS);
	sets(owner, F_WRLCK, SEEK_SET, 8, -4);
	bytes_are(peer, 0, "....XXXX........");
	sets(owner, F_UNLCK, SEEK_SET, 7, -2);
	bytes_are(peer, 0, "....X..X........");
	sets(owner, F_WRLCK, SEEK_SET, 2, -2);
	bytes_are(peer, 0, "XX..X..X........");
	sets(owner, F_WRLCK, SEEK_END, 0, -1);
	bytes_are(peer, END - 4, "...X....");
}

/* ---- as far as it goes ---- */

/*
 * POSIX.1-2024 fcntl(): an error only where "the smallest or, if l_len is non-zero, the largest
 * offset of any byte in the requested segment cannot be represented correctly".
 */
PROMISE(POSIX | OFD, the_last_possible_byte_can_be_locked)
{
	struct actor *owner = start_owner(scene);
	struct actor *peer = actor_start(scene, "peer");

	scene_needs(scene, LACKS_CONVERSION);
	sets(owner, F_WRLCK, SEEK_SET, LAST, 1);
	bytes_are(peer, LAST - 7, ".......X");
	sets(owner, F_WRLCK, SEEK_SET, LAST, -2);
	bytes_are(peer, LAST - 7, ".....XXX");
	sets(owner, F_UNLCK, SEEK_SET, LAST, 0);
	bytes_are(peer, LAST - 7, ".....XX.");
	sets(owner, F_WRLCK, SEEK_SET, 1, LAST);
	bytes_are(peer, 0, ".XXX");
	bytes_are(peer, LAST - 7, "XXXXXXXX");
}

/* POSIX.1-2024 fcntl(): length 0 is "to the largest possible value of the file offset". */
PROMISE(POSIX | OFD, a_lock_to_the_end_covers_the_last_possible_byte)
{
	struct actor *owner = start_owner(scene);
	struct actor *peer = actor_start(scene, "peer");

	scene_needs(scene, LACKS_PARTS);
	sets(owner, F_WRLCK, SEEK_SET, 8, 0);
	bytes_are(peer, LAST - 7, "XXXXXXXX");
	sets(owner, F_UNLCK, SEEK_SET, 12, LAST - 12);
	bytes_are(peer, 0, "........XXXX....");
	bytes_are(peer, LAST - 7, ".......X");
}

/*
 * POSIX.1-2024 fcntl(): an unlock that ends with the last possible byte of a lock with length 0
 * "shall be treated as a request to unlock from the start of the requested segment with an
 * l_len equal to 0". If off_t has 32 bits, Linux nevertheless keeps the lock on the bytes after
 * that one, which a peer with such an off_t cannot try.
 */
PROMISE(POSIX | OFD, a_release_up_to_the_last_byte_is_to_the_end)
{
	struct actor *owner = start_owner(scene);
	struct actor *peer = actor_start(scene, "peer");

	scene_needs(scene, LACKS_PARTS);
	sets(owner, F_WRLCK, SEEK_SET, 4, 0);
	sets(owner, F_UNLCK, SEEK_SET, 8, LAST - 8 + 1);
	bytes_are(peer, 0, "....XXXX........");
	bytes_are(peer, LAST - 7, "........");
}

CLAIM_MAIN
