# SPDX-License-Identifier: GPL-2.0
#
# Convert results.tsv to a line with five numbers, how often a test passed, failed, was skipped,
# broke and hung, and then a line "SORT WHY" for each of these that happened. An expected failure
# counts as failed. Variable: id.

BEGIN {
	FS = "\t"
	sort["hold"] = sort["xpass"] = "passed"
	sort["fail"] = sort["late"] = sort["unfair"] = sort["xfail"] = "failed"
	sort["skip"] = "skipped"
	sort["broke"] = sort["lost"] = "broke"
	sort["hung"] = "hung"
}

$1 == id && !count[sort[$2]]++ {
	why[sort[$2]] = sort[$2] != "failed" ? $3 : $4 != "" ? "seen: " $4 : ""
}

END {
	print count["passed"] + 0, count["failed"] + 0, count["skipped"] + 0, count["broke"] + 0, \
		count["hung"] + 0
	sorts = split("passed failed skipped broke hung", list, " ")
	for (i = 1; i <= sorts; i++)
		if (count[list[i]])
			print list[i], why[list[i]]
}
