/* SPDX-License-Identifier: GPL-2.0 */
/*
 * privilege: capabilities, so that a test run as root proves the same as one run by an ordinary
 * user: it drops all capabilities except those it names, and raises these only around the call that
 * needs them (capabilities(7), cap_set_proc(3)).
 *
 * Built without libcap, functions that change a capability return -EOPNOTSUPP.
 */
#ifndef LOCKFAIR_PRIVILEGE_H
#define LOCKFAIR_PRIVILEGE_H

#include <stdbool.h>

#include <linux/capability.h>

/* A set of capabilities: PRIVILEGE(CAP_SYS_NICE) | PRIVILEGE(CAP_SETUID). */
#define PRIVILEGE(capability)	(1ull << (capability))

/*
 * Drop every capability except those in @set, for good. Those stay permitted if they were, but are
 * not in effect. 0 or -errno.
 */
int privilege_keep(unsigned long long set);

/* Put a permitted capability into effect, and out of it. 0 or -errno: -EPERM if not permitted. */
int privilege_raise(int capability);
int privilege_lower(int capability);

/* Return the name of a capability that a test may need: "CAP_SYS_NICE". */
const char *privilege_name(int capability);

/* Is the capability permitted to this process? 1, 0 or -errno. */
int privilege_has(int capability);

/*
 * Can something refuse this process a call that it has the capability for? A user namespace
 * other than the first, a seccomp filter, or the policy of a security module.
 */
bool privilege_is_confined(void);

#endif /* LOCKFAIR_PRIVILEGE_H */
