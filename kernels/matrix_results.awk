# SPDX-License-Identifier: GPL-2.0
#
# Merge the results of several kernels, DIR/NAME/results.tsv each, into one table: a line for each
# result. yes: it holds; no: it does not, as expected; skip; FAIL; BROKE: the test itself went wrong.
# The first seven columns are for people, too; what was seen and the notes are as in results.tsv.

BEGIN {
	FS = OFS = "\t"
	print "kernel", "file", "class", "kind", "claim", "verdict", "reason", "seen", "notes"
	verdict["hold"] = verdict["xpass"] = "yes"
	verdict["xfail"] = "no"
	verdict["skip"] = "skip"
	verdict["fail"] = verdict["late"] = verdict["unfair"] = verdict["hung"] = "FAIL"
	verdict["broke"] = verdict["lost"] = "BROKE"
}

FNR == 1 {
	parts = split(FILENAME, part, "/")
	kernel = part[parts - 1]
}

$1 == "machine" { print kernel, "machine", "", "", "the_machine_finishes", "FAIL", $3, $4, $5; next }

split($1, id, /[:.]/) == 4 {
	# A test that was ended before it had a result says nothing about the lock.
	word = $2 == "hung" && $3 !~ /^the time limit/ ? "BROKE" : verdict[$2]
	reason = $2 ~ /^(skip|xfail)$/ || $5 == "" ? $3 : ""
	print kernel, id[1], id[2], id[3], id[4], word, reason, $4, $5
}
