// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "system/privilege.h"

/* ---- what /proc says ---- */

/* Read the number, in this base, from the line @name of /proc/self/status. 0 or -errno. */
static int read_status(const char *name, int base, unsigned long long *value)
{
	FILE *status = fopen("/proc/self/status", "re");
	size_t length = strlen(name);
	int err = -ENODATA;
	char line[256];

	if (!status)
		return -errno;
	while (err && fgets(line, sizeof(line), status)) {
		if (strncmp(line, name, length) || line[length] != ':')
			continue;
		*value = strtoull(line + length + 1, NULL, base);
		err = 0;
	}
	fclose(status);
	return err;
}

/* The first user namespace has this number (PROC_USER_INIT_INO). */
static bool in_a_user_namespace(void)
{
	char name[40] = "";

	return readlink("/proc/self/ns/user", name, sizeof(name) - 1) > 0 &&
	       strcmp(name, "user:[4026531837]");
}

/* SELinux calls itself "kernel" until it has a policy. */
static bool has_a_label(void)
{
	FILE *current = fopen("/proc/self/attr/current", "re");
	char label[256] = "";
	bool read;

	if (!current)
		return false;
	read = fgets(label, sizeof(label), current);
	fclose(current);
	return read && !strstr(label, "unconfined") && strncmp(label, "kernel", 6);
}

bool privilege_is_confined(void)
{
	unsigned long long filter = 0;

	return in_a_user_namespace() || has_a_label() ||
	       (!read_status("Seccomp", 10, &filter) && filter);
}

/* ---- capabilities ---- */

const char *privilege_name(int capability)
{
	switch (capability) {
	case CAP_SETUID:
		return "CAP_SETUID";
	case CAP_SYS_ADMIN:
		return "CAP_SYS_ADMIN";
	case CAP_SYS_NICE:
		return "CAP_SYS_NICE";
	}
	return "another capability";
}

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

int privilege_has(int capability)
{
	cap_flag_value_t permitted;
	cap_t caps = cap_get_proc();
	int err = caps && !cap_get_flag(caps, capability, CAP_PERMITTED, &permitted) ? 0 : -errno;

	cap_free(caps);
	return err ? err : permitted == CAP_SET;
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

int privilege_has(int capability)
{
	unsigned long long permitted;
	int err = read_status("CapPrm", 16, &permitted);

	return err ? err : !!(permitted & PRIVILEGE(capability));
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
