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

static bool is_offered(struct scene *scene, const char *name)
{
	return scene_goes_on(scene) &&
	       skip_unless(scene, scene->site->other_name, NO_SUCH_FAULT) &&
	       needs_fault(scene, name);
}

#define CALLS	100	/* while the client connects again, each may fail as below */

/* Write as a program does that asks again. A job's result is the errno of its last write. */
static int go_on(struct actor *self, void *arg)
{
	unsigned long long *number = self->scene->shared->number;
	int again = 0;

	do
		write_it(self, arg);
	while ((number[WRITTEN] == EAGAIN || number[WRITTEN] == EHOSTDOWN) && ++again < CALLS);
	number[TRIED] = again;
	return 0;
}

/* Return 0, or an errno; say how often it had to ask again. */
static int goes_on(struct actor *holder)
{
	int ret;

	actor_do(holder, go_on, NULL);
	ret = result_of(holder->scene, WRITTEN);
	if (scene_goes_on(holder->scene))
		claim_say("the holder's write: %s, after EAGAIN or EHOSTDOWN by %d calls",
			  ret ? strerror(ret) : "done", result_of(holder->scene, TRIED));
	return ret;
}

/* The newcomer's client has to connect again, too. */
static int newcomer_asks_again(struct actor *newcomer)
{
	int again = 0, ret;

	do
		ret = newcomer_tries(newcomer);
	while (ret == EHOSTDOWN && ++again < CALLS);
	return ret;
}

/* The server has closed the connection of the second client, which does not know. */
static struct actor *cut_off(struct scene *scene, struct actor *other)
{
	struct actor *holder = actor_start(scene, "holder");
	int ret;

	actor_lock(holder, EXCLUSIVE);
	fault(scene, "cut");
	ret = actor_try(other, EXCLUSIVE);
	holds(scene, !ret, "beside a client that is cut off: %s", strerror(-ret));
	actor_unlock(other);
	return holder;
}

PRACTICE(FILE_LOCKS, another_is_granted_what_a_client_had_that_is_cut_off)
{
	if (!is_offered(scene, "cut"))
		return;
	cut_off(scene, actor_start(scene, "other"));
	undo(scene);
}

/*
 * fcntl(2) promises that of NFSv4 alone. Another has had the lock, and may have changed the file.
 *
 *	other       !H.
 *	holder  HHHH!   write
 */
FOLKLORE(FILE_LOCKS, a_holder_that_was_cut_off_is_told_that_it_has_lost_its_lock,
	 "its client locks again, and says nothing")
{
	struct actor *holder;

	if (!is_offered(scene, "cut"))
		return;
	holder = cut_off(scene, actor_start(scene, "other"));
	undo(scene);
	holds(scene, goes_on(holder), "the write, and fsync(2): done");
}

/*
 * Its write has the client connect, and lock again. A lock call of another on a file that it had open
 * before may say EBADF: so a newcomer opens it now.
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
