/* SPDX-License-Identifier: GPL-2.0 */
/* command: tests/model by hand: other seeds, other options, a scenario from a file. */
#ifndef LOCKFAIR_COMMAND_H
#define LOCKFAIR_COMMAND_H

/* main() for the options of --help. @emit prints a line as a comment. Return the exit status. */
int command(int argc, char **argv, void (*emit)(const char *line));

#endif /* LOCKFAIR_COMMAND_H */
