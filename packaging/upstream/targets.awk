# SPDX-License-Identifier: GPL-2.0
#
# Add filelock to the targets of the selftests' Makefile, which are sorted.

/^TARGETS \+= filelock$/ { done = 1 }
/^TARGETS \+= / && !done && $3 > "filelock" {
	print "TARGETS += filelock"
	done = 1
}
{ print }
