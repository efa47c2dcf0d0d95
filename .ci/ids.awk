# SPDX-License-Identifier: GPL-2.0
#
# Report the ids of tests in pages, or globs of them, that match no test. Files: the list of
# ./run_tests.sh -l, then the pages.

FNR == 1 {
	files++
}

files == 1 {
	ids[++count] = $0
	next
}

function is_known(glob,	i) {
	if (!(glob in known)) {
		known[glob] = 0
		pattern = glob
		gsub(/[.]/, "[.]", pattern)
		gsub(/[*]/, ".*", pattern)
		for (i = 1; i <= count && !known[glob]; i++)
			known[glob] = ids[i] ~ "^" pattern "$"
	}
	return known[glob]
}

{
	rest = $0
	while (match(rest, /[a-z_0-9]+:([a-z_]*[*]|promise|practice|folklore)[a-z0-9_.*]*/)) {
		glob = substr(rest, RSTART, RLENGTH)
		sub(/[.]$/, "", glob)
		# The same tests again, by two paths: report/across.
		sub(/_across:/, ":", glob)
		if (!is_known(glob)) {
			print FILENAME ":" FNR ": no test is " glob
			bad = 1
		}
		found++
		rest = substr(rest, RSTART + RLENGTH)
	}
}

END { exit bad || !found }
