/* SPDX-License-Identifier: GPL-2.0 */
/* error_name: errno values by the names that manual pages use. */
#ifndef LOCKFAIR_ERROR_NAME_H
#define LOCKFAIR_ERROR_NAME_H

/*
 * Return the name of the error @err, an errno value or its negative: "ENOLCK". A value that no
 * lock call is known to return is "an unknown error". The string is static.
 */
const char *error_name(int err);

#endif /* LOCKFAIR_ERROR_NAME_H */
