// SPDX-License-Identifier: GPL-2.0
/*
 * Which bytes does a struct flock name: from where on, how far, and in which direction?
 *
 * An owner sets locks with whence, start and length, and a peer tries each byte, as in
 * ranges.c. For lockf, which has no whence, see lockf.c.
 */
#include <fcntl.h>

#include "claim/expectation.h"

CLASS(promise);

/* It has the site's descriptor, and so the file position that the test sets. */
static struct actor *start_owner(struct scene *scene)
{
	return actor_start_with(scene, ACTOR_PROCESS, DESCRIPTION_INHERITED, "owner", 0);
}

enum { TYPE, WHENCE, START, LEN, RESULT };

static int set_as_told(struct actor *self, void *arg)
{
	unsigned long long *number = self->scene->board->number;
	struct flock flock = {
		.l_type = number[TYPE],
		.l_whence = number[WHENCE],
		.l_start = number[START],
		.l_len = number[LEN],
	};
	bool ofd = self->lock->site->kind == LOCK_OFD, wait = arg;
	int command = ofd ? wait ? F_OFD_SETLKW : F_OFD_SETLK : wait ? F_SETLKW : F_SETLK;

	if (wait)
		act_sleeps_in(self, lock_sleeps_in(self->lock, MODE_EXCLUSIVE));
	number[RESULT] = fcntl(self->lock->fd, command, &flock) < 0 ? errno : 0;
	act_sleeps_in(self, ASLEEP_NOWHERE);
	return 0;
}

static void tell(struct actor *owner, short type, short whence, off_t start, off_t len)
{
	unsigned long long *number = owner->scene->board->number;

	number[TYPE] = type;
	number[WHENCE] = whence;
	number[START] = start;
	number[LEN] = len;
}

/* 0 or an errno. */
static int set(struct actor *owner, short type, short whence, off_t start, off_t len)
{
	tell(owner, type, whence, start, len);
	actor_do(owner, set_as_told, NULL);
	return owner->scene->board->number[RESULT];
}

#define SETS(type, whence, start, len) do { \
	int err = set(owner, type, whence, start, len); \
	HOLDS(!err, "a range is refused", "the owner's %s(%s, %lld, %lld): %s", \
	      #type, #whence, (long long)(start), (long long)(len), strerror(err)); \
} while (0)

#define IS_REFUSED(whence, start, len) do { \
	int err = set(owner, F_WRLCK, whence, start, len); \
	HOLDS(err == EINVAL, "a range before byte 0 is accepted", \
	      "the owner's F_WRLCK(%s, %lld, %lld): %s", #whence, (long long)(start), \
	      (long long)(len), err ? strerror(err) : "granted"); \
} while (0)

#define END	SCENE_FILE_SIZE
#define LAST	((off_t)((1ull << (sizeof(off_t) * 8 - 1)) - 1))

/* ---- from where on ---- */

/*
 * fcntl(2): l_start "is interpreted relative to either: the start of the file (if l_whence is
 * SEEK_SET); the current file offset (if l_whence is SEEK_CUR); or the end of the file (if
 * l_whence is SEEK_END). In the final two cases, l_start can be a negative number".
 */
CLAIM(promise, TRAIT_QUERIES, a_range_can_begin_at_the_file_position)
{
	struct actor *owner = start_owner(&self->scene);
	struct actor *peer = actor_start(&self->scene, "peer");

	SETS_UP(lseek(self->scene.site->fd, 8, SEEK_SET));
	SETS(F_WRLCK, SEEK_CUR, 2, 4);
	BYTES_ARE(peer, 0, "..........XXXX..");
	SETS(F_WRLCK, SEEK_CUR, -4, 2);
	BYTES_ARE(peer, 0, "....XX....XXXX..");
	SETS(F_UNLCK, SEEK_CUR, 4, 0);
	BYTES_ARE(peer, 0, "....XX....XX....");
}

CLAIM(promise, TRAIT_QUERIES, a_range_can_begin_at_the_end_of_the_file)
{
	struct actor *owner = start_owner(&self->scene);
	struct actor *peer = actor_start(&self->scene, "peer");

	SETS(F_WRLCK, SEEK_END, 0, 2);
	BYTES_ARE(peer, END - 8, "........XX......");
	SETS(F_WRLCK, SEEK_END, -4, 2);
	BYTES_ARE(peer, END - 8, "....XX..XX......");
	SETS(F_WRLCK, SEEK_END, 4, 0);
	BYTES_ARE(peer, END - 8, "....XX..XX..XXXX");
	SETS(F_UNLCK, SEEK_END, -3, 4);
	BYTES_ARE(peer, END - 8, "....X....X..XXXX");
}

/* POSIX.1-2024 fcntl(): locks "shall not extend before the beginning of the file". */
CLAIM(promise, TRAIT_QUERIES, a_range_before_byte_0_is_refused)
{
	struct actor *owner = start_owner(&self->scene);
	struct actor *peer = actor_start(&self->scene, "peer");

	SETS_UP(lseek(self->scene.site->fd, 8, SEEK_SET));
	IS_REFUSED(SEEK_SET, -1, 1);
	IS_REFUSED(SEEK_SET, -1, 0);
	IS_REFUSED(SEEK_SET, 4, -5);
	IS_REFUSED(SEEK_CUR, -9, 2);
	IS_REFUSED(SEEK_CUR, 0, -9);
	IS_REFUSED(SEEK_END, -END - 1, 0);
	BYTES_ARE(peer, 0, "............");
	SETS(F_WRLCK, SEEK_CUR, -8, 2);
	BYTES_ARE(peer, 0, "XX..........");
}

/*
 * POSIX.1-2024 fcntl(), of one who waits: "If the file size or file descriptor seek offset
 * change while fcntl() is blocked, this shall not affect the range of bytes locked."
 */
CLAIM(promise, TRAIT_QUERIES, who_waits_keeps_the_range_when_the_position_moves)
{
	struct actor *owner = start_owner(&self->scene);
	struct actor *peer = actor_start(&self->scene, "peer");

	actor_lock(peer, EXCLUSIVE);
	SETS_UP(lseek(self->scene.site->fd, 2, SEEK_SET));
	tell(owner, F_WRLCK, SEEK_CUR, 0, 4);
	actor_begin(owner, set_as_told, "wait");
	actor_settle(&self->scene);
	REQUIRES(actor_waits(owner), "the owner was to wait for the peer");
	SETS_UP(lseek(self->scene.site->fd, 10, SEEK_SET));
	actor_unlock(peer);
	actor_await(owner);
	BYTES_ARE(peer, 0, "..XXXX..........");
}

CLAIM(promise, TRAIT_QUERIES, who_waits_keeps_the_range_when_the_file_grows)
{
	struct actor *owner = start_owner(&self->scene);
	struct actor *peer = actor_start(&self->scene, "peer");

	actor_lock(peer, EXCLUSIVE);
	tell(owner, F_WRLCK, SEEK_END, -2, 4);
	actor_begin(owner, set_as_told, "wait");
	actor_settle(&self->scene);
	REQUIRES(actor_waits(owner), "the owner was to wait for the peer");
	SETS_UP(ftruncate(self->scene.site->fd, 2 * END));
	actor_unlock(peer);
	actor_await(owner);
	BYTES_ARE(peer, END - 4, "..XXXX..");
	BYTES_ARE(peer, 2 * END - 4, "........");
}

/* ---- backwards ---- */

/*
 * POSIX.1-2024 fcntl(): "If l_len is negative, the area affected shall start at l_start+l_len
 * and end at l_start-1"; allowed since POSIX.1-2001.
 */
CLAIM(promise, TRAIT_QUERIES, a_negative_length_reaches_backwards)
{
	struct actor *owner = start_owner(&self->scene);
	struct actor *peer = actor_start(&self->scene, "peer");

	SETS(F_WRLCK, SEEK_SET, 8, -4);
	BYTES_ARE(peer, 0, "....XXXX........");
	SETS(F_UNLCK, SEEK_SET, 7, -2);
	BYTES_ARE(peer, 0, "....X..X........");
	SETS(F_WRLCK, SEEK_SET, 2, -2);
	BYTES_ARE(peer, 0, "XX..X..X........");
	SETS(F_WRLCK, SEEK_END, 0, -1);
	BYTES_ARE(peer, END - 4, "...X....");
}

/* ---- as far as it goes ---- */

/*
 * POSIX.1-2024 fcntl(): an error only where "the smallest or, if l_len is non-zero, the largest
 * offset of any byte in the requested segment cannot be represented correctly".
 */
CLAIM(promise, TRAIT_QUERIES, the_last_possible_byte_can_be_locked)
{
	struct actor *owner = start_owner(&self->scene);
	struct actor *peer = actor_start(&self->scene, "peer");

	SETS(F_WRLCK, SEEK_SET, LAST, 1);
	BYTES_ARE(peer, LAST - 7, ".......X");
	SETS(F_WRLCK, SEEK_SET, LAST, -2);
	BYTES_ARE(peer, LAST - 7, ".....XXX");
	SETS(F_UNLCK, SEEK_SET, LAST, 0);
	BYTES_ARE(peer, LAST - 7, ".....XX.");
	SETS(F_WRLCK, SEEK_SET, 1, LAST);
	BYTES_ARE(peer, 0, ".XXX");
	BYTES_ARE(peer, LAST - 7, "XXXXXXXX");
}

/* POSIX.1-2024 fcntl(): length 0 is "to the largest possible value of the file offset". */
CLAIM(promise, TRAIT_QUERIES, a_lock_to_the_end_covers_the_last_possible_byte)
{
	struct actor *owner = start_owner(&self->scene);
	struct actor *peer = actor_start(&self->scene, "peer");

	SETS(F_WRLCK, SEEK_SET, 8, 0);
	BYTES_ARE(peer, LAST - 7, "XXXXXXXX");
	SETS(F_UNLCK, SEEK_SET, 12, LAST - 12);
	BYTES_ARE(peer, 0, "........XXXX....");
	BYTES_ARE(peer, LAST - 7, ".......X");
}

/*
 * POSIX.1-2024 fcntl(): an unlock that ends with the last possible byte of a lock with length 0
 * "shall be treated as a request to unlock from the start of the requested segment with an
 * l_len equal to 0". Where off_t has 32 bits, Linux leaves a lock behind that byte all the
 * same, out of the sight of a peer with such an off_t.
 */
CLAIM(promise, TRAIT_QUERIES, a_release_up_to_the_last_byte_is_to_the_end)
{
	struct actor *owner = start_owner(&self->scene);
	struct actor *peer = actor_start(&self->scene, "peer");

	SETS(F_WRLCK, SEEK_SET, 4, 0);
	SETS(F_UNLCK, SEEK_SET, 8, LAST - 8 + 1);
	BYTES_ARE(peer, 0, "....XXXX........");
	BYTES_ARE(peer, LAST - 7, "........");
}

EXPECTATION_MAIN
