# SPDX-License-Identifier: GPL-2.0
#
# The results of several kernels, side by side: in full only the claims whose results differ. First
# file: "NAME SPEC shown|counts" a line; second: what matrix_results.awk writes. Variables: form, which
# is text, markdown, or verdict, which names the unexpected results, and exits with 1 if there are
# any; compared, what a column is (kernel); columns, how wide the text may be (100).

BEGIN {
	FS = "[ \t]"
	first = 1
	words = split("yes no skip FAIL BROKE", word, " ")
}

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

# Print the columns from @first_column to @last_column of a row.
function put(left, row,    k, cell, line) {
	split(row, cell, " ")
	line = form == "markdown" ? "| " left " |" : sprintf("%-" left_width "s", left)
	for (k = first_column; k <= last_column; k++) {
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

function sums(    w, k, line, any) {
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

# Find the rows of the table: kinds of a claim with the same results share one.
function find_differences(    i, part, claim, row, r) {
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
}

function put_differences(    c, claim, part, r, left) {
	for (c = 1; c <= claims; c++) {
		claim = claim_order[c]
		split(claim, part, SUBSEP)
		if (form != "markdown")
			printf "\n%s: %s%s\n", part[1], part[2] == "" ? "" : part[2] ": ", part[3]
		for (r = 1; r <= rows[claim]; r++) {
			left = row_kinds[claim, r]
			if (form == "markdown")
				left = part[1] ": " part[2] ": " part[3] (left == "" ? "" : ", " left)
			else
				left = "  " left
			put(left, row_text[claim, r])
		}
	}
}

function widen(k, text) {
	if (length(text) > width[k])
		width[k] = length(text)
}

function find_widths(    c, k, r, w, cell) {
	for (k = 1; k <= kernels; k++) {
		width[k] = length(name[k])
		for (w = 1; w <= words; w++)
			widen(k, total[k, word[w]] + 0)
	}
	for (c = 1; c <= claims; c++)
		for (r = 1; r <= rows[claim_order[c]]; r++) {
			split(row_text[claim_order[c], r], cell, " ")
			for (k = 1; k <= kernels; k++)
				widen(k, cell[k])
			if (length(row_kinds[claim_order[c], r]) + 3 > left_width)
				left_width = length(row_kinds[claim_order[c], r]) + 3
		}
}

# Return the last column that fits beside @first.
function last_that_fits(first,    k, room) {
	room = columns - left_width - width[first] - 1
	for (k = first + 1; k <= kernels; k++) {
		room -= width[k] + 1
		if (room < 0 && form != "markdown")
			break
	}
	return k - 1
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
		print kernels " " compared (kernels == 1 ? "" : "s") ", all as expected where it counts"
}

END {
	compared = compared == "" ? "kernel" : compared
	if (form == "verdict") {
		verdict_line()
		exit bad > 0
	}
	if (form == "markdown")
		print "Where " compared "s differ; a claim that is not here is the same on all of them.\n"
	left_width = 12
	columns = columns ? columns : 100
	find_differences()
	find_widths()
	# If the columns do not fit the terminal, print several tables.
	for (first_column = 1; first_column <= kernels; first_column = last_column + 1) {
		last_column = last_that_fits(first_column)
		if (first_column > 1)
			print "\n"
		head()
		sums()
		put_differences()
	}
	text = sprintf("%d tests differ, %d are the same on all", different, same - skipped)
	if (skipped)
		text = text sprintf(",\n%d except for a skip on a " compared " that is only shown", skipped)
	print "\n" text "."
}
