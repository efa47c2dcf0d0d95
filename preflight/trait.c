// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "actor/actor.h"
#include "lock/descriptor.h"
#include "preflight/trait.h"
#include "system/many_locks.h"
#include "system/proc_locks.h"

static void say(enum lock_kind kind, const char *trait, const char *value)
{
	if (value)
		printf("%s\ttrait\t%s\t%s\n", lock_kind_name(kind), trait, value);
}

/* ---- in one process ---- */

const char *trait_owner(const struct lock_site *site)
{
	struct lock second;
	int ret;

	if (lock_open(&second, site, DESCRIPTION_OWN))
		return NULL;
	ret = lock_acquire(&second, &EXCLUSIVE, false);
	lock_close(&second);
	return !ret ? "process" : ret == -EAGAIN ? "description" : NULL;
}

/* The numbers of the file: what fdinfo has for the lock, otherwise what stat(2) has. */
static bool is_of_the_file(const struct proc_lock *line, const struct proc_lock *own,
			   const struct stat *file)
{
	if (own)
		return line->inode == own->inode && line->major == own->major &&
		       line->minor == own->minor;
	return line->inode == file->st_ino && line->major == major(file->st_dev) &&
	       line->minor == minor(file->st_dev);
}

/* Is it in /proc/locks? "elsewhere": under other numbers than those of stat(2). */
static const char *listing_of(const struct lock *held)
{
	struct proc_lock line, own[1];
	const char *listed = "no";
	char text[256];
	struct stat file;
	bool known;
	FILE *list;

	if (fstat(held->fd, &file) < 0 || proc_locks_can_be_read())
		return NULL;
	known = proc_locks_fdinfo(getpid(), held->fd, own, 1) == 1;
	many_locks_await_end();
	list = fopen("/proc/locks", "re");
	if (!list)
		return NULL;
	while (fgets(text, sizeof(text), list)) {
		if (proc_locks_parse(text, &line) &&
		    is_of_the_file(&line, known ? own : NULL, &file))
			listed = is_of_the_file(&line, NULL, &file) ? "yes" : "elsewhere";
	}
	fclose(list);
	return listed;
}

static void ask_alone(const struct lock_site *site)
{
	struct lock lock;

	if (lock_open(&lock, site, DESCRIPTION_OWN))
		return;
	if (!lock_acquire(&lock, &EXCLUSIVE, false)) {
		say(site->kind, "listed", listing_of(&lock));
		/* Last: if the process owns the lock, closing the second descriptor ends it. */
		say(site->kind, "owner", trait_owner(site));
	}
	lock_close(&lock);
}

/* ---- another process holds the lock ---- */

/* F_GETLK: fcntl(2) has the holder's pid, and -1 for an OFD lock. */
static const char *pid_in_the_answer(const struct lock *mine, pid_t holder)
{
	struct flock answer = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	if (lock_query(mine, &answer))
		return NULL;
	if (answer.l_type == F_UNLCK)
		return "unseen";
	if (answer.l_pid == holder)
		return "holder";
	return !answer.l_pid ? "0" : answer.l_pid == -1 ? "-1" : "another";
}

/* Does the lock stop a read or a write by another description? mount.cifs(8): EACCES. */
static const char *effect_on_files(const struct lock *mine)
{
	char byte;

	if ((pread(mine->fd, &byte, 1, 0) < 0 && errno == EACCES) ||
	    (pwrite(mine->fd, "", 1, 0) < 0 && errno == EACCES))
		return "mandatory";
	return "advisory";
}

static void ask_beside(struct scene *scene, const struct actor *holder)
{
	enum lock_kind kind = scene->site->kind;
	struct lock mine;

	if (!scene_goes_on(scene) || lock_open(&mine, scene->site, DESCRIPTION_OWN))
		return;
	if (lock_kind_traits(kind) & TRAIT_QUERIES)
		say(kind, "pid", pid_in_the_answer(&mine, holder->pid));
	say(kind, "locks", effect_on_files(&mine));
	lock_close(&mine);
}

/* ---- flock and fcntl locks on one file ---- */

/* Is the peer refused the lock at one site while the holder has that at the other? */
static bool excludes(struct actor *holder, int held, struct actor *peer, int wanted)
{
	int ret;

	actor_lock(holder, at_site(held, EXCLUSIVE));
	ret = actor_try(peer, at_site(wanted, EXCLUSIVE));
	if (!ret)
		actor_unlock_site(peer, wanted);
	actor_unlock_site(holder, held);
	return ret == -EAGAIN;
}

const char *trait_flock_read_only(const struct lock_site *site)
{
	int fd = descriptor_reopen_as(site->fd, O_RDONLY), ret;

	if (fd < 0)
		return NULL;
	ret = flock(fd, LOCK_EX | LOCK_NB) < 0 ? errno : 0;
	close(fd);
	return !ret ? "granted" : ret == EBADF ? "EBADF" : NULL;
}

static void ask_beside_fcntl(const char *dir, struct history *history)
{
	struct actor *holder, *peer;
	bool either, other;
	struct scene scene;
	int by_fcntl;

	scene_open(&scene, KIND_FLOCK, dir, history);
	if (scene_goes_on(&scene))
		say(KIND_FLOCK, "read-only", trait_flock_read_only(scene.site));
	by_fcntl = scene_add_kind(&scene, KIND_POSIX);
	holder = actor_start(&scene, "holder");
	peer = actor_start(&scene, "peer");
	either = excludes(holder, 0, peer, by_fcntl);
	other = excludes(holder, by_fcntl, peer, 0);
	if (scene_goes_on(&scene))
		say(KIND_FLOCK, "fcntl",
		    either && other ? "one" : either || other ? "one way" : "apart");
	scene_close(&scene);
}

void trait_ask(enum lock_kind kind, const char *dir)
{
	struct history *history = history_new();
	struct actor *holder;
	struct scene scene;

	if (!history)
		return;
	scene_open(&scene, kind, dir, history);
	if (scene_goes_on(&scene))
		ask_alone(scene.site);
	holder = actor_start(&scene, "holder");
	actor_lock(holder, EXCLUSIVE);
	ask_beside(&scene, holder);
	scene_close(&scene);
	if (kind == KIND_FLOCK)
		ask_beside_fcntl(dir, history);
	history_free(history);
}
