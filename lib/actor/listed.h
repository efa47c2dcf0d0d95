/* SPDX-License-Identifier: GPL-2.0 */
/*
 * listed: does /proc/locks list all who sleep in lock calls as waiters? Private to the room.
 *
 * A client of NFS asks its own fs/locks.c first, with FL_ACCESS: _nfs4_proc_setlk() in
 * fs/nfs/nfs4proc.c, nlmclnt_lock() in fs/lockd/clntproc.c. A caller that waits there is listed,
 * and is not on the way to the server or back. So its sleep need not last, as that of others where
 * a server decides (lock/medium.h).
 */
#ifndef LOCKFAIR_LISTED_H
#define LOCKFAIR_LISTED_H

#include "actor/scene.h"

/*
 * Do all @count tasks of actors sleep, and is there a listed waiter for each actor of the scene
 * that has not returned? false also if that cannot be known.
 */
bool listed_asleep(struct scene *scene, const struct asleep_task *tasks, int count);

#endif /* LOCKFAIR_LISTED_H */
