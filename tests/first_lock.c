// SPDX-License-Identifier: GPL-2.0
/*
 * Do the first two requests for a file exclude each other?
 *
 * The kernel makes what a file's locks are kept in when the first request comes. If two come at the
 * same moment, each may make its own: one of the two must be dropped before a lock is kept in it.
 */
#include <sched.h>

#include "claim/claim.h"
#include "system/cpu.h"

#define FILES	100

/* The numbers that the actors share. */
enum {
	MET,		/* how often an actor has arrived */
	GRANTED,	/* how often one was granted a lock */
	TOGETHER,	/* in how many files both were */
	HOLDERS,	/* of the file that they are at */
};

static struct lock_site file[FILES];
static int files;

/* Wait until the other actor has come as well, for the time number @times. */
static void meet(struct scene *scene, unsigned long long times)
{
	unsigned long long *met = &scene->shared->number[MET];

	__atomic_add_fetch(met, 1, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(met, __ATOMIC_SEQ_CST) < 2 * times)
		sched_yield();
}

/* Try to lock file @i at the same moment as the other actor. 0; -errno, except of a conflict. */
static int ask(struct scene *scene, int i)
{
	unsigned long long *number = scene->shared->number;
	struct lock lock;
	int err = lock_open(&lock, &file[i], DESCRIPTION_OWN), ret;

	meet(scene, 3 * i + 1);
	ret = err ? err : lock_acquire(&lock, &EXCLUSIVE, false);
	if (!ret) {
		__atomic_add_fetch(&number[GRANTED], 1, __ATOMIC_SEQ_CST);
		__atomic_add_fetch(&number[HOLDERS], 1, __ATOMIC_SEQ_CST);
	}
	meet(scene, 3 * i + 2);
	if (!ret && __atomic_exchange_n(&number[HOLDERS], 0, __ATOMIC_SEQ_CST) == 2)
		__atomic_add_fetch(&number[TOGETHER], 1, __ATOMIC_SEQ_CST);
	meet(scene, 3 * i + 3);
	if (!err)
		lock_close(&lock);
	return ret == -EAGAIN ? 0 : ret;
}

/* An actor that fails goes on, because the other one waits for it at each file. */
static int ask_for_all(struct actor *self, void *arg)
{
	int cpus[2], count = cpu_allowed(cpus, 2), failed = 0;

	/* One CPU each, so that they do run at the same moment. */
	if (count == 2)
		cpu_pin(0, cpus[!arg]);
	for (int i = 0; i < files; i++) {
		int err = ask(self->scene, i);

		if (!failed)
			failed = err;
	}
	return failed;
}

static void close_files(void)
{
	while (files)
		lock_site_close(&file[--files]);
}

/*
 *	one  H			of each file: one of them is granted the lock, whichever it is
 *	two  x
 *
 * fcntl(2): "An exclusive lock excludes all other locks, both shared and exclusive"; flock(2):
 * "Only one process may hold an exclusive lock for a given file at a given time"; lockf(3) "is just
 * an interface on top of fcntl(2) locking".
 */
PROMISE(FILE_LOCKS, the_first_two_requests_for_a_file_exclude_each_other)
{
	int wanted = claim_size(FILES, FILES / 5), err = 0;
	unsigned long long *number = scene->shared->number;
	struct actor *one, *two;

	while (!err && files < wanted)
		err = lock_site_open(&file[files++], scene->site[0].kind, scene->dir, 0);
	if (err) {
		files--;
		scene_broken(scene, "making a new file: %s", strerror(-err));
	}
	one = actor_start(scene, "one");
	two = actor_start(scene, "two");
	actor_begin(one, ask_for_all, NULL);
	actor_do(two, ask_for_all, scene);
	actor_await(one);
	holds(scene, !number[TOGETHER], "of %d new files, %llu were locked by both at once",
	      files, number[TOGETHER]);
	holds(scene, number[GRANTED] - number[TOGETHER] == (unsigned int)files,
	      "of %d new files, %llu were locked by none", files,
	      files - number[GRANTED] + number[TOGETHER]);
	close_files();
}

CLAIM_MAIN
