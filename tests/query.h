/* SPDX-License-Identifier: GPL-2.0 */
/*
 * query: the test's own process asks F_GETLK or F_OFD_GETLK through a description of its own, and
 * compares the answer with the expected one.
 */
#ifndef LOCKFAIR_QUERY_H
#define LOCKFAIR_QUERY_H

#include <fcntl.h>

#include "claim/claim.h"
#include "network.h"

static inline struct lock asker(struct scene *scene)
{
	struct lock lock;
	int err = lock_open(&lock, scene->site, DESCRIPTION_OWN);

	if (err)
		scene_broken(scene, "opening the file: %s", strerror(-err));
	return lock;
}

static inline struct flock wish(enum lock_mode mode, off_t start, off_t len)
{
	return (struct flock){
		.l_type = mode == MODE_SHARED ? F_RDLCK : F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = start,
		.l_len = len,
	};
}

/* The answer if this lock of the actor is in the way. */
static inline struct flock described(const struct actor *holder, struct lock_request request)
{
	struct flock lock = wish(request.mode, request.start, request.len);
	enum lock_kind kind = holder->scene->site[request.site].kind;

	lock.l_pid = kind == KIND_OFD ? -1 : holder->pid;
	return lock;
}

/* The answer if nobody is in the way. */
static inline struct flock nobody(struct flock asked)
{
	asked.l_type = F_UNLCK;
	return asked;
}

static inline bool same(const struct flock *a, const struct flock *b)
{
	return a->l_type == b->l_type && a->l_whence == b->l_whence &&
	       a->l_start == b->l_start && a->l_len == b->l_len && a->l_pid == b->l_pid;
}

static inline const char *words(const struct flock *lock)
{
	static char text[3][80];
	static int turn;
	char *to = text[turn++ % 3];
	const char *type = lock->l_type == F_RDLCK ? "F_RDLCK" :
			   lock->l_type == F_WRLCK ? "F_WRLCK" :
			   lock->l_type == F_UNLCK ? "F_UNLCK" : "an unknown type";

	snprintf(to, sizeof(*text), "%s whence %d start %lld len %lld pid %d", type,
		 lock->l_whence, (long long)lock->l_start, (long long)lock->l_len,
		 (int)lock->l_pid);
	return to;
}

/* For the end of a scenario, as holds(): ask whether @asked could be placed. */
static inline bool answer_is(struct scene *scene, const struct lock *lock, struct flock asked,
			     struct flock right)
{
	struct flock got = asked;
	int err = lock_query(lock, &got);

	scene_needs(scene, LACKS_QUERY);
	/*
	 * An NFS 4 client does not learn the pid: decode_lock_denied() in fs/nfs/nfs4xdr.c. One of
	 * NFS 3 makes it negative: nlmclnt_test() in fs/lockd/clntproc.c.
	 */
	skip_unless(scene, err || (got.l_pid && got.l_pid != -right.l_pid) || right.l_pid <= 0 ||
		    !is_across_a_server(scene),
		    "a server does not name the process of another path");
	return holds(scene, !err && same(&got, &right), "asked for (%s), not (%s) but %s",
		     words(&asked), words(&right), err ? strerror(-err) : words(&got));
}

#endif /* LOCKFAIR_QUERY_H */
