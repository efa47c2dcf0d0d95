# SPDX-License-Identifier: GPL-2.0
#
# Put each claim of a table of run_tests.sh -v on one line: a long one is broken before its cells.

held != "" {
	sub(/^ +/, " ")
	$0 = held $0
	held = ""
}

/^    [^ ]/ && !/  +(yes|no|skip|\.)( |$)/ {
	held = $0
	next
}

{ print }
