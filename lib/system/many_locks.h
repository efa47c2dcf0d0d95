/* SPDX-License-Identifier: GPL-2.0 */
/*
 * many_locks: tests that make very many locks, and those that read /proc/locks, take turns, also
 * with other runs of the suite on this machine.
 *
 * Each read(2) of /proc/locks gives a page. The kernel looks for its first entry from the beginning
 * of the list, and nobody takes or releases a record lock meanwhile (fs/locks.c, locks_start():
 * percpu_down_write(&file_rwsem), seq_hlist_start_percpu()). So to read 100,000 locks takes many
 * seconds, and each lock call of others waits for a page.
 */
#ifndef LOCKFAIR_MANY_LOCKS_H
#define LOCKFAIR_MANY_LOCKS_H

/*
 * Say that there will be many locks, until this process and its children have ended; wait until
 * nobody else has said so. An abstract socket has the name that says it (unix(7)). Return 0 or
 * -errno: -ETIMEDOUT after ASLEEP_DEADLINE, or another error where there are no such sockets.
 */
int many_locks_begin(void);

/*
 * Wait until nobody says so, or for ASLEEP_DEADLINE. Another network namespace is not seen.
 *
 * Any user may keep the name for ever. So after a wait in vain both functions look only once, in
 * this process and in all that it forks, or was forked from.
 */
void many_locks_await_end(void);

#endif /* LOCKFAIR_MANY_LOCKS_H */
