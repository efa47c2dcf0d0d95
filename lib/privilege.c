// SPDX-License-Identifier: GPL-2.0
#include <errno.h>

#include "privilege.h"

#ifdef HAVE_LIBCAP
#include <sys/capability.h>

int privilege_keep_only(int capability)
{
	cap_value_t value = capability;
	cap_flag_value_t had = CAP_CLEAR;
	cap_t caps = cap_get_proc();
	int err = 0;

	if (!caps)
		return -errno;
	if (capability >= 0 && cap_get_flag(caps, value, CAP_PERMITTED, &had))
		err = -errno;
	if (!err && cap_clear(caps))
		err = -errno;
	if (!err && had == CAP_SET && cap_set_flag(caps, CAP_PERMITTED, 1, &value, CAP_SET))
		err = -errno;
	if (!err && cap_set_proc(caps))
		err = -errno;
	cap_free(caps);
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

int privilege_keep_only(int capability)
{
	(void)capability;
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
