# SPDX-License-Identifier: GPL-2.0
#
# Add a folder (-v folder=) to the files of FILE LOCKING in MAINTAINERS, which are sorted.

/^FILE LOCKING/ { within = 1 }
within && $0 == "F:\t" folder { within = 0 }
within && was_file && (!/^F:/ || $2 > folder) {
	print "F:\t" folder
	within = 0
}
{
	was_file = /^F:/
	print
}
