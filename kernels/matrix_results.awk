# SPDX-License-Identifier: GPL-2.0
#
# The KTAP of several kernels, DIR/NAME/results.ktap each, to a table: a line for each result.
# yes: it holds; no: it does not, as expected; skip; FAIL; BROKE: it could not be looked at.

BEGIN { OFS = "\t"; print "kernel", "file", "class", "kind", "claim", "verdict", "reason" }

FNR == 1 {
	parts = split(FILENAME, part, "/")
	kernel = part[parts - 1]
	file = ""
	broke = 0
}

/^  # Subtest: / { file = $3; next }

/^  # (broken|no result|not run, or no result|ended by signal)/ { broke = 1; next }

/^  (not )?ok [0-9]+ / {
	text = $0
	sub(/^  (not )?ok [0-9]+ /, "", text)
	reason = ""
	if (at = index(text, " # ")) {
		reason = substr(text, at + 3)
		text = substr(text, 1, at - 1)
	}
	if ($1 == "ok")
		verdict = reason ~ /^SKIP/ ? "skip" : reason ~ /^XFAIL/ ? "no" : "yes"
	else
		verdict = broke ? "BROKE" : "FAIL"
	sub(/^[A-Z]+ */, "", reason)
	broke = 0
	if (split(text, id, ".") == 3)
		print kernel, file, id[1], id[2], id[3], verdict, reason
	next
}

/^not ok [0-9]+ machine/ { print kernel, "machine", "", "", "the_machine_lives", "FAIL", "" }
