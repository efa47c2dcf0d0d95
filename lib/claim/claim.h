/* SPDX-License-Identifier: GPL-2.0 */
/*
 * claim: three classes of claims, on kselftest_harness.h.
 *
 * A test is written as
 *
 *	FOLKLORE(SHARED_MODE, a_new_reader_does_not_pass_a_waiting_writer, "a waiter was overtaken")
 *	{
 *		…the scenario, with scene…
 *		nobody_is_overtaken(scene);
 *	}
 *
 *	CLAIM_MAIN
 *
 * and runs once for each kind of lock that it names. Its id is FILE:CLASS.KIND.CLAIM. What
 * happens when a claim does not hold depends on the class: a promise or a practice fails; folklore
 * is an expected failure (XFAIL) of a file lock, for the reason given, and a failure of a control.
 *
 * A claim's body is a function that gets its scene. Judging is a call that returns: a missed
 * claim ends the scene, like an error, and later steps do nothing. A failed claim, a set-up that
 * broke and a missing feature are three different things: "not ok", "not ok" after a line
 * "broken: …", and SKIP.
 *
 * A file that needs other capabilities than CAP_SYS_NICE names them in CLAIM_KEEPS before it
 * includes this header, and raises them around the calls that need them. A file that must do
 * something before each scene is set names a function in CLAIM_BEFORE, likewise; it returns 0 or
 * -errno.
 *
 * The room may use all of lib/. Only the process of the test may judge: older harnesses do not
 * see what fails in a child.
 */
#ifndef LOCKFAIR_CLAIM_H
#define LOCKFAIR_CLAIM_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "actor/actor.h"
#include "actor/disturb.h"
#include "actor/probe.h"
#include "actor/rest.h"
#include "claim/judge.h"
#include "claim/kinds.h"
#include "system/privilege.h"

#ifndef CLAIM_KEEPS
#define CLAIM_KEEPS	PRIVILEGE(CAP_SYS_NICE)
#endif
#ifndef CLAIM_BEFORE
#define CLAIM_BEFORE()	0
#endif

#include "claim/claim_main.h"

/* A claim of each class about these kinds, a mask of kinds.h; its body follows. */
#define PROMISE(kinds, claim)		CLAIM(promise, kinds, claim, "")
#define PRACTICE(kinds, claim)		CLAIM(practice, kinds, claim, "")

/* @reason is a constant: what happens instead, for the XFAIL line. */
#define FOLKLORE(kinds, claim, reason)	CLAIM(folklore, kinds, claim, reason)

#define CLAIM_MAIN \
	int main(int argc, char **argv) \
	{ \
		exit(claim_main(argc, argv)); \
	}

#endif /* LOCKFAIR_CLAIM_H */
