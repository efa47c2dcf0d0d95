# SPDX-License-Identifier: GPL-2.0
#
# Of DIR/NAME/results.tsv, the plain kernel's first, the claims that come out otherwise in a fair
# kernel: a line for each claim and its kinds, a column for each kernel.

BEGIN {
	FS = "\t"
	split("hold xpass", good, " ")
	for (i in good)
		is_good[good[i]]
	order["posix"] = 1; order["ofd"] = 2; order["flock"] = 3; order["lockf"] = 4
}

FNR == 1 {
	parts = split(FILENAME, part, "/")
	kernel[++kernels] = part[parts - 1]
}

$1 ~ /^(alternation|model):/ { next }

split($1, id, /[:.]/) == 4 {
	claim = id[2] " " id[1] ": " id[4]
	if (!(claim in class)) {
		class[claim] = id[2]
		claims[++count] = claim
	}
	if (!((claim, id[3]) in seen)) {
		seen[claim, id[3]]
		kinds[claim] = kinds[claim] " " id[3]
	}
	word = $2 in is_good ? "yes" : $2 ~ /^(xfail|fail|unfair|late)$/ ? "no" : $2
	verdict[kernels, claim, id[3]] = word
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
