// SPDX-License-Identifier: GPL-2.0
#include <errno.h>

#include "privilege.h"

#ifdef HAVE_LIBCAP
#include <sys/capability.h>

/* Permit in @kept what is permitted in @had. */
static int keep(cap_t kept, cap_t had, cap_value_t value)
{
	cap_flag_value_t permitted;

	if (cap_get_flag(had, value, CAP_PERMITTED, &permitted))
		return -errno;
	if (permitted == CAP_SET && cap_set_flag(kept, CAP_PERMITTED, 1, &value, CAP_SET))
		return -errno;
	return 0;
}

int privilege_keep(unsigned long long set)
{
	cap_t had = cap_get_proc(), kept = cap_init();
	int err = had && kept ? 0 : -errno;

	for (int i = 0; !err && i < 64; i++) {
		if (set & PRIVILEGE(i))
			err = keep(kept, had, i);
	}
	if (!err && cap_set_proc(kept))
		err = -errno;
	cap_free(kept);
	cap_free(had);
	return err;
}

static int set_effective(int capability, cap_flag_value_t to)
{
	cap_value_t value = capability;
	cap_t caps = cap_get_proc();
	int err = 0;

	if (!caps)
		return -errno;
	if (cap_set_flag(caps, CAP_EFFECTIVE, 1, &value, to) || cap_set_proc(caps))
		err = -errno;
	cap_free(caps);
	return err;
}

int privilege_raise(int capability)
{
	return set_effective(capability, CAP_SET);
}

int privilege_lower(int capability)
{
	return set_effective(capability, CAP_CLEAR);
}

#else /* without libcap */

int privilege_keep(unsigned long long set)
{
	(void)set;
	return -EOPNOTSUPP;
}

int privilege_raise(int capability)
{
	(void)capability;
	return -EOPNOTSUPP;
}

int privilege_lower(int capability)
{
	(void)capability;
	return -EOPNOTSUPP;
}

#endif
