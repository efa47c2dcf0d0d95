# SPDX-License-Identifier: GPL-2.0
#
# Print the type of the file system that a path is on. Input: /proc/self/mountinfo. Output: the
# type. Environment: L_PATH is the path, absolute and without symbolic links.

BEGIN { path = ENVIRON["L_PATH"]; best = -1 }
{
	at = $5
	gsub(/\\040/, " ", at); gsub(/\\011/, "\t", at)
	gsub(/\\012/, "\n", at); gsub(/\\134/, "\\", at)
	if (at != "/" && path != at && index(path, at "/") != 1)
		next
	if (length(at) < best)
		next
	best = length(at)
	for (i = 7; i < NF; i++)
		if ($i == "-") { type = $(i + 1); break }
}
END { print type }
