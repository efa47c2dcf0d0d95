// SPDX-License-Identifier: GPL-2.0
/*
 * Who owns a lock, and whom does it therefore exclude?
 *
 * An open file description owns its OFD locks and flocks, and descriptors that refer to the
 * same description (dup, fork, SCM_RIGHTS) never exclude each other. The published experiment
 * overlooked this: it passed its memfd over a socket, and both sides took the same lock.
 *
 * A process owns its POSIX locks, through any description.
 */
#include "claim/claim.h"

/*
 *	holder ---> description <--- alias
 *
 * The holder has the site's own descriptor; @how says which one the alias has.
 */
static struct actor *hold_and_alias(struct scene *scene, enum actor_sort sort,
				    enum lock_description how)
{
	struct actor *holder = actor_start_with(scene, sort, DESCRIPTION_INHERITED, "holder", 0);
	struct actor *alias = actor_start_with(scene, sort, how, "alias", 0);

	actor_lock(holder, EXCLUSIVE);
	return alias;
}

/* Both have one owner, so the request of the alias is a conversion. */
static struct actor *hold_and_alias_one_owner(struct scene *scene, enum actor_sort sort,
					      enum lock_description how)
{
	scene_needs(scene, LACKS_CONVERSION);
	return hold_and_alias(scene, sort, how);
}

static bool is_not_excluded(struct actor *alias)
{
	int ret = actor_try(alias, EXCLUSIVE);

	return holds(alias->scene, !ret, "the alias was refused the lock: %s", strerror(-ret));
}

static bool is_excluded(struct actor *other)
{
	int ret = actor_try(other, EXCLUSIVE);

	return holds(other->scene, ret == -EAGAIN,
		     "the other should have been refused with EAGAIN, but got: %s",
		     ret ? strerror(-ret) : "the lock");
}

/*
 * fcntl(2): "Open file description locks placed via the same open file description (i.e.,
 * via the same file descriptor, or via a duplicate of the file descriptor created by
 * fork(2), dup(2), fcntl() F_DUPFD, and so on) are always compatible"; flock(2): "duplicate
 * file descriptors (created by, for example, fork(2) or dup(2)) refer to the same lock".
 */
PROMISE(OWNED_BY_DESCRIPTION, a_dup_is_not_excluded)
{
	struct actor *alias = hold_and_alias_one_owner(scene, ACTOR_THREAD, DESCRIPTION_DUPLICATED);

	is_not_excluded(alias);
}

PROMISE(OWNED_BY_DESCRIPTION, a_descriptor_inherited_over_fork_is_not_excluded)
{
	struct actor *alias = hold_and_alias_one_owner(scene, ACTOR_PROCESS, DESCRIPTION_INHERITED);

	is_not_excluded(alias);
}

/* unix(7): a passed descriptor refers to the same description, as if by dup(2). */
PROMISE(OWNED_BY_DESCRIPTION, a_descriptor_passed_over_a_socket_is_not_excluded)
{
	struct actor *alias = hold_and_alias_one_owner(scene, ACTOR_PROCESS, DESCRIPTION_PASSED);

	is_not_excluded(alias);
}

/*
 * flock(2): "this lock may be modified or released using any of these file descriptors";
 * for OFD locks it follows from what fcntl(2) calls their owner, the description.
 */
PROMISE(OWNED_BY_DESCRIPTION, a_release_through_a_passed_descriptor_is_a_release)
{
	struct actor *alias = hold_and_alias(scene, ACTOR_PROCESS, DESCRIPTION_PASSED);
	struct actor *other = actor_start(scene, "other");
	int after;

	is_excluded(other);
	actor_unlock(alias);
	after = actor_try(other, EXCLUSIVE);
	holds(scene, !after, "the other was still refused: %s", strerror(-after));
}

/* open(2): "A call to open() creates a new open file description". */
PROMISE(OWNED_BY_DESCRIPTION, a_description_opened_anew_is_excluded)
{
	struct actor *other = hold_and_alias(scene, ACTOR_PROCESS, DESCRIPTION_OWN);

	is_excluded(other);
}

PROMISE(OWNED_BY_DESCRIPTION, threads_with_descriptions_of_their_own_are_excluded)
{
	struct actor *other = hold_and_alias(scene, ACTOR_THREAD, DESCRIPTION_OWN);

	is_excluded(other);
}

/* POSIX.1-2024 fcntl(): the locks are the process's; fork(): the child does not inherit them. */
PROMISE(OWNED_BY_PROCESS, a_child_with_the_same_description_is_excluded)
{
	struct actor *other = hold_and_alias(scene, ACTOR_PROCESS, DESCRIPTION_INHERITED);

	is_excluded(other);
}

PROMISE(OWNED_BY_PROCESS, a_process_sent_the_same_description_is_excluded)
{
	struct actor *other = hold_and_alias(scene, ACTOR_PROCESS, DESCRIPTION_PASSED);

	is_excluded(other);
}

PROMISE(OWNED_BY_PROCESS, a_process_with_a_description_of_its_own_is_excluded)
{
	struct actor *other = hold_and_alias(scene, ACTOR_PROCESS, DESCRIPTION_OWN);

	is_excluded(other);
}

/* fcntl(2): "The threads in a process share locks". */
PROMISE(OWNED_BY_PROCESS, a_second_description_in_one_process_is_not_excluded)
{
	struct actor *alias;

	/* Where the process is the owner, the request of the alias is a conversion. */
	scene_judges(scene, LACKS_OWNER);
	scene_judges(scene, LACKS_CONVERSION);
	alias = hold_and_alias(scene, ACTOR_THREAD, DESCRIPTION_OWN);
	is_not_excluded(alias);
}

CLAIM_MAIN
