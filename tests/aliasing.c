// SPDX-License-Identifier: GPL-2.0
/*
 * Who is the owner of a lock, and whom does it therefore exclude?
 *
 * An OFD lock or a flock belongs to the open file description, and descriptors
 * that refer to the same one (dup, fork, SCM_RIGHTS) never exclude each other.
 * This is what the published experiment ran into: it passed its memfd over a
 * socket, and the lock that both sides took was one and the same.
 *
 * A POSIX lock belongs to the process, whatever the description.
 */
#include "claim/expectation.h"

CLASS(promise);

/*
 *	holder ---> description <--- alias
 *
 * The holder has the site's own descriptor; the alias comes by it in some way.
 */
static struct actor *hold_and_alias(struct scene *scene, enum actor_sort sort,
				    enum lock_description how)
{
	struct actor *holder = actor_start_with(scene, sort, DESCRIPTION_INHERITED, "holder", 0);
	struct actor *alias = actor_start_with(scene, sort, how, "alias", 0);

	actor_lock(holder, EXCLUSIVE);
	return alias;
}

#define IS_NOT_EXCLUDED(ret) \
	HOLDS(!(ret), "an alias is excluded", "the alias was refused the lock: %s", \
	      strerror(-(ret)))

#define IS_EXCLUDED(ret) \
	HOLDS((ret) == -EAGAIN, "two owners hold the lock", \
	      "the other was to be refused with EAGAIN, and got: %s", \
	      (ret) ? strerror(-(ret)) : "the lock")

/*
 * fcntl(2): "Open file description locks placed via the same open file description (i.e.,
 * via the same file descriptor, or via a duplicate of the file descriptor created by
 * fork(2), dup(2), fcntl() F_DUPFD, and so on) are always compatible"; flock(2): "duplicate
 * file descriptors (created by, for example, fork(2) or dup(2)) refer to the same lock".
 */
CLAIM(promise, TRAIT_OWNED_BY_DESCRIPTION, a_dup_is_not_excluded)
{
	struct actor *alias = hold_and_alias(&self->scene, ACTOR_THREAD, DESCRIPTION_DUPLICATED);
	int ret = actor_try(alias, EXCLUSIVE);

	IS_NOT_EXCLUDED(ret);
}

CLAIM(promise, TRAIT_OWNED_BY_DESCRIPTION, a_descriptor_inherited_over_fork_is_not_excluded)
{
	struct actor *alias = hold_and_alias(&self->scene, ACTOR_PROCESS, DESCRIPTION_INHERITED);
	int ret = actor_try(alias, EXCLUSIVE);

	IS_NOT_EXCLUDED(ret);
}

/* unix(7): a passed descriptor refers to the same description, as if by dup(2). */
CLAIM(promise, TRAIT_OWNED_BY_DESCRIPTION, a_descriptor_passed_over_a_socket_is_not_excluded)
{
	struct actor *alias = hold_and_alias(&self->scene, ACTOR_PROCESS, DESCRIPTION_PASSED);
	int ret = actor_try(alias, EXCLUSIVE);

	IS_NOT_EXCLUDED(ret);
}

/*
 * flock(2): "this lock may be modified or released using any of these file descriptors";
 * for OFD locks it follows from what fcntl(2) calls their owner, the description.
 */
CLAIM(promise, TRAIT_OWNED_BY_DESCRIPTION, a_release_through_a_passed_descriptor_is_a_release)
{
	struct actor *alias = hold_and_alias(&self->scene, ACTOR_PROCESS, DESCRIPTION_PASSED);
	struct actor *other = actor_start(&self->scene, "other");
	int before = actor_try(other, EXCLUSIVE), after;

	IS_EXCLUDED(before);
	actor_unlock(alias);
	after = actor_try(other, EXCLUSIVE);
	HOLDS(!after, "the lock is not released", "the other was still refused: %s",
	      strerror(-after));
}

/* open(2): "A call to open() creates a new open file description". */
CLAIM(promise, TRAIT_OWNED_BY_DESCRIPTION, a_description_opened_anew_is_excluded)
{
	struct actor *other = hold_and_alias(&self->scene, ACTOR_PROCESS, DESCRIPTION_OWN);
	int ret = actor_try(other, EXCLUSIVE);

	IS_EXCLUDED(ret);
}

CLAIM(promise, TRAIT_OWNED_BY_DESCRIPTION, threads_with_descriptions_of_their_own_are_excluded)
{
	struct actor *other = hold_and_alias(&self->scene, ACTOR_THREAD, DESCRIPTION_OWN);
	int ret = actor_try(other, EXCLUSIVE);

	IS_EXCLUDED(ret);
}

/* POSIX.1-2024 fcntl(): the locks are the process's; fork(): the child does not inherit them. */
CLAIM(promise, TRAIT_OWNED_BY_PROCESS, a_child_with_the_same_description_is_excluded)
{
	struct actor *other = hold_and_alias(&self->scene, ACTOR_PROCESS, DESCRIPTION_INHERITED);
	int ret = actor_try(other, EXCLUSIVE);

	IS_EXCLUDED(ret);
}

CLAIM(promise, TRAIT_OWNED_BY_PROCESS, a_process_sent_the_same_description_is_excluded)
{
	struct actor *other = hold_and_alias(&self->scene, ACTOR_PROCESS, DESCRIPTION_PASSED);
	int ret = actor_try(other, EXCLUSIVE);

	IS_EXCLUDED(ret);
}

CLAIM(promise, TRAIT_OWNED_BY_PROCESS, a_process_with_a_description_of_its_own_is_excluded)
{
	struct actor *other = hold_and_alias(&self->scene, ACTOR_PROCESS, DESCRIPTION_OWN);
	int ret = actor_try(other, EXCLUSIVE);

	IS_EXCLUDED(ret);
}

/* fcntl(2): "The threads in a process share locks". */
CLAIM(promise, TRAIT_OWNED_BY_PROCESS, a_second_description_in_one_process_is_not_excluded)
{
	struct actor *alias = hold_and_alias(&self->scene, ACTOR_THREAD, DESCRIPTION_OWN);
	int ret = actor_try(alias, EXCLUSIVE);

	IS_NOT_EXCLUDED(ret);
}

EXPECTATION_MAIN
