/* SPDX-License-Identifier: GPL-2.0 */
/*
 * emulator: is this program run by an emulator of system calls (qemu-user)? It makes the calls for
 * the program, those that it knows:
 *
 *	a call that it does not know is ENOSYS: ptrace(2), fsopen(2), io_uring_setup(2)
 *	clone(2) is a thread, or else a fork without sharing; other flags are EINVAL
 *	an option of prctl(2) that it does not know is EINVAL
 *	vfork(2) is a fork: the child has a copy of the memory
 *	execve(2) of a program like this one is ENOEXEC, unless binfmt_misc starts the emulator
 *	open(2) knows the modes 0 to 2, and takes 3 for 0
 *	each process has a second thread, which is the emulator's
 */
#ifndef LOCKFAIR_EMULATOR_H
#define LOCKFAIR_EMULATOR_H

#include <stdbool.h>

/* By what /proc/PID/syscall shows of a process that is known to sleep: see asleep_evidence(). */
bool emulator_is_there(void);

/*
 * @err, -errno, is from clone(2) or prctl(2). Return -ENOSYS if it is EINVAL and an emulator is
 * there: then it is the one that does not know the flag or the option. Otherwise return @err.
 */
int emulator_error(int err);

#endif /* LOCKFAIR_EMULATOR_H */
