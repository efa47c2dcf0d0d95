// SPDX-License-Identifier: GPL-2.0
/*
 * What becomes of locks if an SMB server restarts, or loses the connection to a client?
 *
 * [MS-SMB2], 3.3.7.1: when a connection is lost, the server closes what was opened by it, with its
 * locks, unless the handle is durable, resilient or persistent; mount.cifs(8) has options for the
 * latter two. The client connects again at its next call, opens its files again and asks for its
 * locks: cifs_reopen_file() in fs/smb/client/file.c. Nobody keeps them for it meanwhile.
 *
 * A waiter that the server has made wait is not seen asleep in its lock call (state S), so all are
 * tries.
 */
#include "fault.h"

/* While a client connects again, a call may fail with one of these: then it is made again. */
static bool is_connecting(int err)
{
	return err == EAGAIN || err == EHOSTDOWN;
}

/* A call of an actor that is made until its client has connected: it returns 0 or an errno. */
struct attempts {
	struct actor *actor;
	int (*make)(struct actor *actor);
	bool (*is_connecting)(int err);
	int result, again;
};

static int is_over(void *arg)
{
	struct attempts *attempts = arg;

	attempts->result = attempts->make(attempts->actor);
	if (!scene_goes_on(attempts->actor->scene) || !attempts->is_connecting(attempts->result))
		return 1;
	attempts->again++;
	return 0;
}

/* A client that never connects says nothing about locks. */
static void make_until_connected(struct attempts *attempts)
{
	struct actor *actor = attempts->actor;

	if (asleep_poll(is_over, attempts, ASLEEP_DEADLINE) < 0)
		scene_broken(actor->scene, "the client of %s is not connected after %d ms: %s",
			     actor_name(actor), ASLEEP_DEADLINE,
			     strerror(attempts->result));
}

static int writes(struct actor *holder)
{
	actor_do(holder, write_it, NULL);
	return result_of(holder->scene, WRITTEN);
}

/* Return 0, or an errno; say how often it had to ask again. */
static int goes_on(struct actor *holder)
{
	struct attempts attempts = {
		.actor = holder, .make = writes, .is_connecting = is_connecting,
	};

	make_until_connected(&attempts);
	if (scene_goes_on(holder->scene))
		claim_say("the holder's write: %s, after EAGAIN or EHOSTDOWN by %d calls",
			  attempts.result ? strerror(attempts.result) : "done", attempts.again);
	return attempts.result;
}

/* Of a try, EAGAIN is the answer. */
static bool is_down(int err)
{
	return err == EHOSTDOWN;
}

/* The newcomer's client has to connect again, too. */
static int newcomer_asks_again(struct actor *newcomer)
{
	struct attempts attempts = {
		.actor = newcomer, .make = newcomer_tries, .is_connecting = is_down,
	};

	make_until_connected(&attempts);
	return attempts.result;
}

/* The server has closed the connection of the second client, which does not know. */
PRACTICE(FILE_LOCKS, another_is_granted_what_a_client_had_that_is_cut_off)
{
	struct actor *holder;
	int ret;

	if (!is_offered(scene, "cut"))
		return;
	ret = another_takes(scene, "cut", &holder);
	holds(scene, !ret, "beside a client that is cut off: %s", strerror(-ret));
	undo(scene);
}

/*
 * fcntl(2) promises that of NFSv4 alone, whose client says EIO. Another has had the lock, and may
 * have changed the file.
 *
 *	other       !H.
 *	holder  HHHH!   write
 */
#define TOLD	EIO

FOLKLORE(FILE_LOCKS, a_holder_that_was_cut_off_is_told_that_it_has_lost_its_lock,
	 "its client locks again, and says nothing")
{
	struct actor *holder;
	int ret;

	if (!is_offered(scene, "cut"))
		return;
	holder = lose_lock(scene, "cut");
	undo(scene);
	ret = goes_on(holder);
	requires(scene, !ret || ret == TOLD, "the write: %s, which does not mean a lost lock",
		 strerror(ret));
	holds(scene, ret == TOLD, "the write, and fsync(2): done");
}

/*
 * Its write has the client connect, and lock again. A lock call of another on a file that it had
 * open before may say EBADF: so a newcomer opens it now.
 */
PRACTICE(FILE_LOCKS, after_a_restart_a_holder_that_goes_on_holds_again)
{
	struct actor *holder, *newcomer;
	int ret;

	if (!is_offered(scene, "renew"))
		return;
	actor_start(scene, "other");
	holder = actor_start(scene, "holder");
	newcomer = start_newcomer(scene);
	actor_lock(holder, EXCLUSIVE);
	fault(scene, "renew");
	ret = goes_on(holder);
	holds(scene, !ret, "the write: %s", strerror(ret));
	ret = newcomer_asks_again(newcomer);
	holds(scene, ret == EAGAIN, "%sthe newcomer: %s", ret ? "" : TWO_HELD_IT,
	      ret ? strerror(ret) : "granted");
	actor_unlock(holder);
	ret = newcomer_asks_again(newcomer);
	holds(scene, !ret, "after the release, the newcomer: %s", strerror(ret));
}

FAULT_MAIN
