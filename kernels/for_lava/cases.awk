# SPDX-License-Identifier: GPL-2.0
#
# What LAVA is told of each result. Input: what kernels/guest prints, of which the lines "lockfair:
# result" are those of results.tsv. Output: "CASE RESULT [WORD]" a line. LAVA knows four results; WORD
# is ours, where theirs says less. The page of a case in LAVA cannot have a name with a colon, so
# FILE:CLASS.KIND.CLAIM is FILE.CLASS.KIND.CLAIM there; FILE has no dot.

BEGIN {
	FS = "\t"
	result["hold"] = result["xfail"] = result["xpass"] = "pass"
	result["skip"] = "skip"
	result["fail"] = result["late"] = result["unfair"] = result["hung"] = "fail"
	result["broke"] = result["lost"] = "unknown"
}

/^lockfair: result\t/ {
	id = $2
	sub(/:/, ".", id)
	word = $3 ~ /^(hold|skip|fail)$/ ? "" : $3
	print id, ($3 in result) ? result[$3] : "unknown", word
	fflush()
	next
}

# That it goes on, and why there is nothing else.
/^lockfair: / {
	print | "cat >&2"
	fflush("cat >&2")
}
