# SPDX-License-Identifier: GPL-2.0
#
# Of the output of matrix_results.awk, the plain kernel's results first, the claims that come out
# otherwise in a fair kernel: a line for each claim and its kinds, a column for each kernel. What
# depends on chance is left out: alternation and model; and a claim about two threads, of which one
# or the other comes back first (doc/fair.md).

BEGIN { FS = "\t" }

FNR == 1 || $2 ~ /^(alternation|model|machine)$/ { next }
$5 == "a_waiter_in_between_does_not_part_them" { next }

$1 != last {
	last = $1
	kernel[++kernels] = $1
}

{
	claim = $3 " " $2 ": " $5
	if (!(claim in class)) {
		class[claim] = $3
		claims[++count] = claim
	}
	if (!((claim, $4) in seen)) {
		seen[claim, $4]
		kinds[claim] = kinds[claim] " " $4
	}
	verdict[kernels, claim, $4] = $6 == "FAIL" ? "no" : $6
}

function width(k) {
	return length(kernel[k]) < 8 ? 9 : length(kernel[k]) + 2
}

# What the claim is in each fair kernel, if that is not what it is in the plain one.
function pattern(claim, kind,	text, cell, k, differs) {
	for (k = 2; k <= kernels; k++) {
		cell = verdict[k, claim, kind]
		if (cell == verdict[1, claim, kind])
			cell = "."
		else
			differs = 1
		text = text sprintf("%-*s", width(k), cell == "" ? "lost" : cell)
	}
	return differs ? text : ""
}

function print_claims(of,	c, i, k, one, text, group, groups) {
	print ""
	print of ":"
	for (c = 1; c <= count; c++) {
		if (class[claims[c]] != of)
			continue
		k = split(kinds[claims[c]], one, " ")
		groups = 0
		for (i = 1; i <= k; i++) {
			text = pattern(claims[c], one[i])
			if (text == "")
				continue
			if (!((c, text) in with))
				group[++groups] = text
			with[c, text] = with[c, text] " " one[i]
		}
		for (i = 1; i <= groups; i++) {
			text = group[i]
			sub(/ +$/, "", text)
			print "  " substr(claims[c], index(claims[c], " ") + 1)
			printf "    %-25s%s\n", with[c, group[i]], text
		}
	}
}

END {
	print "Linux " version ": what comes out otherwise with edits of kernels/fair"
	printf "\n    %-25s", " kinds"
	for (k = 2; k <= kernels; k++)
		printf "%-*s", k < kernels ? width(k) : 1, kernel[k]
	print ""
	print_claims("promise")
	print_claims("practice")
	print_claims("folklore")
}
