// SPDX-License-Identifier: GPL-2.0
/*
 * Is a lock granted if nothing is in the way?
 *
 * A file system, a server or a security module may refuse a call for reasons of its own, with any
 * errno. Then nothing can be said about the lock, and the other tests of its kind are skipped:
 * run_tests.sh asks first (preflight/preflight.c). Here it is judged.
 *
 * What is promised: fcntl_locking(2) and flock(2) list the errors; none of them is for a lock
 * that does not conflict, with a valid descriptor, while there is memory and no signal arrives.
 */
#define CLAIM_KEEPS	PRIVILEGE(CAP_SETUID)
#include "claim/claim.h"
#include "query.h"
#include "somebody.h"

#define OTHER_BYTES	EXCLUSIVE_ON(10, 10)

static bool is_granted(struct actor *actor, struct lock_request request, const char *what)
{
	int ret = actor_try(actor, request);

	return holds(actor->scene, !ret, "%s: %s", what, strerror(-ret));
}

PROMISE(EVERY_KIND, a_try_of_a_free_lock_is_granted)
{
	struct actor *first = actor_start(scene, "first");
	struct actor *second = actor_start(scene, "second");

	is_granted(first, EXCLUSIVE, "a try");
	actor_unlock(first);
	is_granted(second, EXCLUSIVE, "a try of another process, after a release");
}

/*
 * Ask for locks that wait, even if run_tests.sh has found that they are refused. Only a local file
 * system has to offer them.
 */
static void ask_to_wait(struct scene *scene)
{
	for (enum lock_mode mode = 0; mode < MODES; mode++) {
		if (!lock_is_local(scene->site))
			scene_needs_wait(scene, (struct lock_request){ .mode = mode });
		scene->site->no_wait[mode] = false;
	}
}

PROMISE(EVERY_KIND, a_request_that_may_wait_for_a_free_lock_is_granted)
{
	struct actor *first, *second;

	ask_to_wait(scene);
	first = actor_start(scene, "first");
	second = actor_start(scene, "second");
	actor_lock(first, EXCLUSIVE);
	actor_unlock(first);
	actor_lock(second, EXCLUSIVE);
}

PROMISE(SHARED_MODE, a_free_shared_lock_is_granted)
{
	struct actor *first = actor_start(scene, "first");
	struct actor *second = actor_start(scene, "second");

	is_granted(first, SHARED, "a try of a shared lock");
	actor_lock(second, SHARED);
}

PROMISE(RECORD_LOCKS, an_owner_is_granted_a_second_lock)
{
	struct actor *owner = actor_start(scene, "owner");

	actor_lock(owner, EXCLUSIVE_ON(0, 1));
	is_granted(owner, OTHER_BYTES, "a second range");
	actor_lock(owner, EXCLUSIVE_ON(30, 1));
}

PROMISE(EVERY_KIND, an_owner_is_granted_a_lock_on_a_second_file)
{
	int second = scene_add_file(scene);
	struct actor *owner = actor_start(scene, "owner");

	actor_lock(owner, EXCLUSIVE);
	is_granted(owner, at_site(second, EXCLUSIVE), "the second file");
}

/* The rules for locks do not speak of users: open(2) has decided who may use the file. */
PROMISE(FILE_LOCKS, another_user_than_root_is_granted_a_free_lock)
{
	int err = scene_goes_on(scene) && !getuid() ? become_somebody(scene) : 0;
	struct actor *actor;

	needs_capability(scene, CAP_SETUID, err);
	requires(scene, !err, "becoming another user: %s", strerror(-err));
	actor = actor_start(scene, "somebody");
	is_granted(actor, EXCLUSIVE, "a try of another user than root");
}

/* fcntl_locking(2), F_SETLKW: "wait for that lock to be released"; flock(2) and lockf(3) alike. */
PROMISE(EVERY_KIND, a_waiter_is_granted_the_lock_when_it_is_released)
{
	struct actor *holder, *waiter;

	ask_to_wait(scene);
	holder = actor_start(scene, "holder");
	waiter = actor_start(scene, "waiter");
	actor_lock(holder, EXCLUSIVE);
	actor_queue(waiter, EXCLUSIVE);
	actor_unlock(holder);
	actor_settle(scene);
	holds(scene, actor_holds(waiter), "waiter %s", waiter->busy ? "sleeps on" :
	      strerror(-waiter->result));
}

/* fcntl_locking(2), F_GETLK: "If the lock could be placed, fcntl() … returns F_UNLCK". */
PROMISE(POSIX | OFD, a_query_about_a_free_lock_is_answered)
{
	struct lock lock = asker(scene);
	struct flock wished = wish(MODE_EXCLUSIVE, 0, 0);

	scene_judges(scene, LACKS_QUERY);
	if (scene_goes_on(scene))
		answer_is(scene, &lock, wished, nobody(wished));
	lock_close(&lock);
}

/* Judge it here, although run_tests.sh skips the other tests if it has found this. */
int main(int argc, char **argv)
{
	unsetenv("LOCKFAIR_REFUSED");
	return claim_main(argc, argv);
}
