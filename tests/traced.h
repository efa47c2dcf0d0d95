/* SPDX-License-Identifier: GPL-2.0 */
/* traced: an actor that is traced by the test, its parent (ptrace(2)). */
#ifndef LOCKFAIR_TRACED_H
#define LOCKFAIR_TRACED_H

#include <sys/ptrace.h>
#include <sys/wait.h>

#include "claim/claim.h"
#include "sysctl.h"

/*
 * Yama lets a parent trace its children up to ptrace_scope 1,
 * Documentation/admin-guide/LSM/Yama.rst.
 */
static inline bool may_not_trace(void)
{
	return privilege_is_confined() || sysctl_of("kernel/yama/ptrace_scope") > 1;
}

/* PTRACE_ATTACH, PTRACE_SEIZE or PTRACE_INTERRUPT. */
static inline void trace(struct actor *actor, int how)
{
	int err;

	if (!scene_goes_on(actor->scene) || ptrace(how, actor->pid, NULL, NULL) >= 0)
		return;
	err = errno;
	if ((err == EPERM || err == EACCES) && may_not_trace())
		scene_lacks(actor->scene, "needs ptrace of a child");
	else
		scene_broken_by(actor->scene, -err, "ptrace: %s", strerror(err));
}

#endif /* LOCKFAIR_TRACED_H */
