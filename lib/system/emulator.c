// SPDX-License-Identifier: GPL-2.0
#include <errno.h>

#include "system/asleep.h"
#include "system/emulator.h"

bool emulator_is_there(void)
{
	return asleep_evidence() == ASLEEP_EMULATED;
}

int emulator_error(int err)
{
	return err == -EINVAL && emulator_is_there() ? -ENOSYS : err;
}
