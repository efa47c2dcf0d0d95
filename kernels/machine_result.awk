# SPDX-License-Identifier: GPL-2.0
#
# The line of results.tsv about a machine that failed; its columns are described in report/ktap.awk.
# Input: diagnostics. Variables: word, how it ended; what, the same as a phrase. To be used with
# report/one_line.awk.

{
	sub(/^# ?/, "")
	notes = notes (NR > 1 ? "\n" : "") $0
}

END { print "machine\tfail\t" word "\t" what "\t" one_line(notes) }
