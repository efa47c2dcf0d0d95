# SPDX-License-Identifier: GPL-2.0
#
# For kernels/check_systematic: put a number in front of each line that depends on its first field
# and on seed, and on nothing else. Sorted by it, they are in a random order.

BEGIN {
	for (i = 1; i < 256; i++)
		code_of[sprintf("%c", i)] = i
}

{
	sum = 0
	for (i = 1; i <= length($1); i++)
		sum = (sum * (65599 + 2 * seed) + code_of[substr($1, i, 1)]) % 4294967291
	# The last letters have hardly been mixed.
	for (i = 0; i < 4; i++)
		sum = (sum * (65599 + 2 * seed)) % 4294967291
	printf "%.0f\t%s\n", sum, $0
}
