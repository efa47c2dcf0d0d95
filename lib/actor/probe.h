/* SPDX-License-Identifier: GPL-2.0 */
/* probe: another actor finds out which bytes are locked, by trying them. */
#ifndef LOCKFAIR_PROBE_H
#define LOCKFAIR_PROBE_H

#include "actor/scene.h"

/*
 * Have the actor try and release each of the @count bytes from @start on, at the first site. It
 * must hold none of them. A kind without ranges has one byte, number 0. Return a character for
 * each byte, '.' free, 'S' locked by readers, 'X' locked by a writer, or locked at all if the kind
 * has no shared mode, '?' another error. The string is the scene's, and valid until the next probe.
 */
const char *actor_probe(struct actor *actor, off_t start, int count);

#endif /* LOCKFAIR_PROBE_H */
