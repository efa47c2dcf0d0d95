// SPDX-License-Identifier: GPL-2.0
#include <string.h>
#include <unistd.h>

#include "actor/listed.h"
#include "system/proc_locks.h"

#define LINES	64	/* with more, nothing is known */

/* A waiter by an OFD lock has no pid, and no other process asks for the locks of a scene. */
static bool is_actors(const struct scene *scene, const struct proc_lock *line)
{
	for (int i = 0; i < scene->actors; i++) {
		const struct actor *actor = &scene->actor[i];

		if (actor->busy && (line->pid == -1 || line->pid == actor->pid ||
				    (!actor->pid && line->pid == getpid())))
			return true;
	}
	return false;
}

/* A caller has one request at a time: with as many waiters as callers, each waits. */
static bool all_wait(const struct scene *scene)
{
	struct proc_lock lines[LINES];
	int callers = 0, waiters = 0;

	for (int i = 0; i < scene->actors; i++)
		callers += scene->actor[i].busy;
	for (int i = 0; i < scene->sites; i++) {
		int count = proc_locks_read(scene->site[i].fd, lines, LINES);

		if (count < 0 || count > LINES)
			return false;
		for (int line = 0; line < count; line++)
			waiters += lines[line].depth && is_actors(scene, &lines[line]);
	}
	return waiters >= callers;
}

bool listed_asleep(struct scene *scene, const struct asleep_task *tasks, int count)
{
	struct asleep_proof before[SCENE_ACTORS], proof[SCENE_ACTORS] = { 0 };
	struct asleep_task task[SCENE_ACTORS];
	unsigned long switches = 1;
	int which;

	for (int i = 0; i < count; i++) {
		task[i] = tasks[i];
		task[i].proof = &proof[i];
		task[i].quiet = (struct asleep_quiet){ 0 };
	}
	if (asleep_all(task, count, &which) != 1)
		return false;
	for (int i = 0; i < count; i++) {
		if (proof[i].weak)
			return false;
		switches = switches * 31 + proof[i].switches;
	}
	/* A sleeper that is not listed will not be before it has been awake. */
	if (switches == scene->unlisted)
		return false;
	memcpy(before, proof, sizeof(before));
	scene->unlisted = switches;
	if (!all_wait(scene) || asleep_all(task, count, &which) != 1)
		return false;
	for (int i = 0; i < count; i++) {
		if (!asleep_throughout(&before[i], &proof[i]))
			return false;
	}
	scene->unlisted = 0;
	return true;
}
