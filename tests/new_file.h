/* SPDX-License-Identifier: GPL-2.0 */
/* A file that was never locked: the scene's own has been, by its set-up. */
#ifndef LOCKFAIR_NEW_FILE_H
#define LOCKFAIR_NEW_FILE_H

#include "claim/claim.h"

struct new_file {
	struct lock_site site;
	struct lock lock;
};

/* Make one as the scene's file was made, and open it. 0 or -errno. */
static inline int new_file_open(struct new_file *file, const struct scene *scene)
{
	int err = lock_site_open(&file->site, scene->site[0].kind, scene->dir, scene->size);

	if (err)
		return err;
	err = lock_open(&file->lock, &file->site, DESCRIPTION_OWN);
	if (err)
		lock_site_close(&file->site);
	return err;
}

static inline void new_file_close(struct new_file *file)
{
	lock_close(&file->lock);
	lock_site_close(&file->site);
}

#endif /* LOCKFAIR_NEW_FILE_H */
