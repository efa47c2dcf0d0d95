# SPDX-License-Identifier: GPL-2.0
#
# Print a line for each run in a results.tsv: see selftest/steadiness. A test that was run several
# times has as many lines there.
#
# Variables: date, kernel, regime, others, revision: columns as they are; seconds: of all runs;
# status: the exit status; said: the last line of stderr; wanted: results of a run; runs: how many.

function unexpected(run, id, text) {
	gsub(/[\t;]/, ",", text)
	what[run] = what[run] (count[run]++ ? "; " : "") id ": " text
}

# A line about the machine, or about a program as a whole, is about the run it was written in.
$1 !~ /^[a-z0-9_]+:/ {
	unexpected(last ? last : 1, $1, $2 ": " $3)
	next
}

{
	run = ++seen[$1]
	last = run
	results[run]++
	if ($2 == "skip")
		skipped[run]++
	else if ($2 != "hold" && $2 != "xfail")
		unexpected(run, $1, $2 ": " ($4 != "" ? $4 : $3))
}

END {
	for (run = 1; run <= runs; run++) {
		any += count[run]
		if (results[run] != wanted)
			unexpected(run, "run", results[run] + 0 " of " wanted " results, exit status " \
				status (said != "" ? ": " said : ""))
		short += results[run] != wanted
	}
	# What run_tests.sh alone has seen: a kind of lock that is missing, a file system that hangs.
	if (status + 0 != 0 && !any && !short)
		unexpected(runs, "run", "exit status " status (said != "" ? ": " said : ""))
	for (run = 1; run <= runs; run++)
		printf "%s\t%s\t%s\t%d\t%d\t%d\t%d\t%d\t%s\t%s\n", date, kernel, regime, \
			results[run], skipped[run], count[run], seconds / runs + 0.5, others, \
			revision, what[run]
}
