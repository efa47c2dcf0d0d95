// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lock/descriptor.h"
#include "model/stage.h"

#define SHARED_SIZE	(MODEL_ACTORS * sizeof(struct stage_actor))

static void close_file(struct stage *stage, int i)
{
	if (stage->file[i] < 0)
		return;
	if (stage->dir)
		descriptor_remove_name(stage->file[i]);
	close(stage->file[i]);
}

int stage_renew(struct stage *stage)
{
	for (int i = 0; i < MODEL_FILES; i++) {
		close_file(stage, i);
		stage->file[i] = stage->dir ? descriptor_file(stage->dir, 0) :
			descriptor_memfd(0, 0);
		if (stage->file[i] < 0)
			return stage->file[i];
	}
	return 0;
}

int stage_open(struct stage *stage, const char *dir)
{
	*stage = (struct stage){ .pid = getpid(), .dir = dir };
	memset(stage->file, -1, sizeof(stage->file));
	for (int kind = 0; kind < KINDS; kind++)
		stage->site[kind] = (struct lock_site){ .kind = kind, .fd = -1 };
	stage->actor = mmap(NULL, SHARED_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			    -1, 0);
	if (stage->actor == MAP_FAILED) {
		stage->actor = NULL;
		return -errno;
	}
	return stage_renew(stage);
}

void stage_close(struct stage *stage)
{
	for (int i = 0; i < MODEL_FILES; i++)
		close_file(stage, i);
	if (stage->actor)
		munmap(stage->actor, SHARED_SIZE);
	stage->actor = NULL;
}

int stage_set(struct stage *stage, const struct scenario *scenario)
{
	stage->scenario = scenario;
	stage->processes = scenario->processes || scenario_is_control(scenario);
	if (!scenario_is_control(scenario))
		return 0;
	return lock_site_open(&stage->site[scenario->kind], scenario->kind, NULL, 0);
}

void stage_clear(struct stage *stage)
{
	if (scenario_is_control(stage->scenario))
		lock_site_close(&stage->site[stage->scenario->kind]);
}

struct lock stage_lock(const struct stage *stage, enum lock_kind kind, int file)
{
	return (struct lock){ .site = &stage->site[kind], .fd = stage->file[file] };
}

unsigned int stage_actors(const struct stage *stage, pid_t pid)
{
	unsigned int actors = 0;

	if (!stage->processes)
		return pid == stage->pid ? model_range(0, MODEL_ACTORS - 1) : 0;
	for (int i = 0; i < MODEL_ACTORS; i++)
		actors |= (stage->actor[i].table == i && stage->actor[i].tid == pid) << i;
	return actors;
}
