# SPDX-License-Identifier: GPL-2.0
#
# The results of several kernels, side by side: in full only the claims whose results differ. First
# file: "NAME SPEC shown|counts" a line; second: what matrix_results.awk writes. form: text;
# markdown; or verdict, which says what was not expected and exits with 1 for it.

BEGIN { FS = "[ \t]"; first = 1 }

FNR == 1 && NR > 1 { first = 0; FS = "\t"; next }

first {
	name[++kernels] = $1
	number[$1] = kernels
	counts[kernels] = $3 == "counts"
	next
}

{
	k = number[$1]
	id = $2 SUBSEP $3 SUBSEP $5 SUBSEP $4
	if (!(id in seen)) {
		seen[id] = 1
		order[++ids] = id
	}
	verdict[id, k] = $6
	if ($2 == "machine")
		dead[k] = 1
	total[k, $6]++
	if ($6 ~ /^[A-Z]/ && (counts[k] || $2 == "machine" || $4 ~ /^(eventfd|futex)$/))
		unexpected[++bad] = $1 "\t" ($2 == "machine" ? "the machine" : $2 ":" $3 "." $4 "." $5)
}

# A row with each kernel's result of test @id.
function row_of(id,    k, row) {
	row = ""
	for (k = 1; k <= kernels; k++)
		row = row " " ((id, k) in verdict ? verdict[id, k] : id ~ /^machine/ ? "yes" : "-")
	return substr(row, 2)
}

# Is the result the same on all kernels? Tests that a dead machine did not run are not a difference.
# Skips on a kernel that is only shown are counted, but not shown.
function is_uniform(row,    k, cell, other, shown_skips) {
	split(row, cell, " ")
	other = ""
	for (k = 1; k <= kernels; k++) {
		if (cell[k] == "-" && dead[k])
			continue
		if (!counts[k] && cell[k] == "skip") {
			shown_skips++
			continue
		}
		if (other != "" && cell[k] != other)
			return 0
		other = cell[k]
	}
	if (shown_skips && other != "skip" && other != "")
		skipped++
	return 1
}

function put(left, row,    k, cell, line) {
	split(row, cell, " ")
	line = sprintf(form == "markdown" ? "| %s |" : "%-30s", left)
	for (k = 1; k <= kernels; k++) {
		if (form != "markdown")
			line = line sprintf(" %" width[k] "s", cell[k])
		else
			line = line " " (cell[k] ~ /^[A-Z]/ ? "**" cell[k] "**" : cell[k]) " |"
	}
	print line
}

function head(    k, line) {
	line = ""
	for (k = 1; k <= kernels; k++)
		line = line " " name[k]
	put("", substr(line, 2))
	if (form != "markdown")
		return
	line = "|---|"
	for (k = 1; k <= kernels; k++)
		line = line "---|"
	print line
}

function sums(    w, k, words, word, line, any) {
	words = split("yes no skip FAIL BROKE", word, " ")
	for (w = 1; w <= words; w++) {
		line = ""
		any = 0
		for (k = 1; k <= kernels; k++) {
			line = line " " total[k, word[w]] + 0
			any += total[k, word[w]]
		}
		if (any)
			put(word[w], substr(line, 2))
	}
}

# The kinds of a claim that go together are one row.
function differences(    i, part, claim, row, last, c, r) {
	for (i = 1; i <= ids; i++) {
		split(order[i], part, SUBSEP)
		row = row_of(order[i])
		if (is_uniform(row)) {
			same++
			continue
		}
		different++
		claim = part[1] SUBSEP part[2] SUBSEP part[3]
		if (!(claim in rows)) {
			claim_order[++claims] = claim
			rows[claim] = 0
		}
		for (r = 1; r <= rows[claim]; r++)
			if (row_text[claim, r] == row)
				break
		if (r > rows[claim])
			rows[claim] = r
		row_text[claim, r] = row
		row_kinds[claim, r] = row_kinds[claim, r] (row_kinds[claim, r] == "" ? "" : " ") part[4]
	}
	for (c = 1; c <= claims; c++) {
		split(claim_order[c], part, SUBSEP)
		if (form != "markdown")
			printf "\n%s: %s%s\n", part[1], part[2] == "" ? "" : part[2] ": ", part[3]
		for (r = 1; r <= rows[claim_order[c]]; r++) {
			last = row_kinds[claim_order[c], r]
			if (form == "markdown")
				last = part[1] ": " part[2] ": " part[3] (last == "" ? "" : ", " last)
			put(form == "markdown" ? last : "  " last, row_text[claim_order[c], r])
		}
	}
}

function verdict_line(    i, part, k, list, of) {
	for (i = 1; i <= bad; i++) {
		split(unexpected[i], part, "\t")
		of[part[1]]++
		if (of[part[1]] <= 10)
			list[part[1]] = list[part[1]] "\n  " part[2]
	}
	for (k = 1; k <= kernels; k++)
		if (of[name[k]])
			print name[k] ": " of[name[k]] " unexpected:" list[name[k]] \
				(of[name[k]] > 10 ? "\n  and " of[name[k]] - 10 " more" : "")
	if (!bad)
		print kernels (kernels == 1 ? " kernel" : " kernels") ", all as expected where it counts"
}

END {
	for (k = 1; k <= kernels; k++)
		width[k] = length(name[k]) > 5 ? length(name[k]) : 5
	if (form == "verdict") {
		verdict_line()
		exit bad > 0
	}
	if (form == "markdown") {
		print "Where kernels differ; a claim that is not here is the same on all of them.\n"
	}
	head()
	sums()
	differences()
	text = sprintf("%d tests differ, %d are the same on all", different, same - skipped)
	if (skipped)
		text = text sprintf(", %d except for a skip on a kernel that is only shown", skipped)
	print "\n" text "."
}
