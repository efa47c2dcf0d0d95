# SPDX-License-Identifier: GPL-2.0
#
# Print a page with all results of several kernels. First file: "NAME SPEC shown|counts" a line;
# second: what matrix_results.awk writes; then the KTAP of each kernel, of which the page quotes the
# header. To be used with report/one_line.awk.
#
# A cell whose result has notes opens them, over the rows below; opening another cell closes it. A bar
# marks a difference to the left, so that it can be seen without colours. Where kernels differ, the
# kinds of a claim with the same results share a row.

BEGIN { FS = "[ \t]" }

FNR == 1 { input++; FS = "\t" }

input == 1 {
	split($0, word, " ")
	name[++kernels] = word[1]
	number[word[1]] = kernels
	counts[kernels] = word[3] == "counts"
	next
}

input == 2 {
	if (FNR == 1)
		next
	k = number[$1]
	id = $2 SUBSEP $3 SUBSEP $5 SUBSEP $4
	if (!(id in seen)) {
		seen[id] = 1
		order[++ids] = id
	}
	verdict[id, k] = $6
	reason[id, k] = $7
	said[id, k] = $9 == "" ? "" : several_lines($9) "\n"
	total[k, $6]++
	if ($2 == "machine")
		dead[k] = 1
	next
}

FNR == 1 {
	parts = split(FILENAME, part, "/")
	kernel = number[part[parts - 1]]
	is_head = 1
}
/^  / { is_head = 0 }
is_head && /^# / { about[kernel] = about[kernel] substr($0, 3) "\n" }

function html(s) {
	gsub(/&/, "\\&amp;", s)
	gsub(/</, "\\&lt;", s)
	gsub(/>/, "\\&gt;", s)
	gsub(/"/, "\\&quot;", s)
	return s
}

# Let a long id break at the ends of its words.
function breakable(id) {
	id = html(id)
	gsub(/[_.]/, "&<wbr>", id)
	return id
}

function cell_of(id, k) {
	if ((id, k) in verdict)
		return verdict[id, k]
	return id ~ /^machine/ ? "yes" : "-"
}

function put_head(first,    k) {
	printf "<table><thead><tr><th scope=col>%s", first
	for (k = 1; k <= kernels; k++)
		printf "<th scope=col%s>%s", counts[k] ? "" : " class=shown", html(name[k])
	print "<tbody>"
}

# What kernel @k has to say about test @id.
function notes_of(id, k,    notes) {
	notes = (reason[id, k] == "" ? "" : reason[id, k] "\n") said[id, k]
	if (notes == "")
		return ""
	return "<b>" html(name[k] ", " title_of(id, 1)) "</b>\n" html(notes)
}

# Print a row for the @count tests in list[], which have the same results.
function put_row(list, count, title,    i, k, word, before, more, class) {
	printf "<tr><th scope=row>%s", title
	before = ""
	for (k = 1; k <= kernels; k++) {
		word = cell_of(list[1], k)
		class = word == "-" ? "none" : tolower(word)
		if (before != "" && word != before && !(word == "-" && dead[k]))
			class = class " d"
		more = ""
		for (i = 1; i <= count; i++)
			more = more notes_of(list[i], k)
		if (more == "")
			printf "<td class=\"%s\">%s", class, word
		else
			printf "<td class=\"%s\"><details name=cell><summary>%s</summary>" \
				"<pre>%s</pre></details>", class, word, more
		if (counts[k] && !(word == "-" && dead[k]))
			before = word
	}
	print ""
}

# Return 3 if a result that counts is not as expected, 2 if kernels that count differ, 1 if only a
# "shown" kernel differs, 0 if none does. Tests that a dead machine did not run are no difference.
function differs(id,    k, word, among, all) {
	among = all = ""
	for (k = 1; k <= kernels; k++) {
		word = cell_of(id, k)
		if (word ~ /^[A-Z]/ && does_count(id, k))
			return 3
		if (word == "-" && dead[k])
			continue
		if (index(all, word " ") == 0)
			all = all word " "
		if (counts[k] && index(among, word " ") == 0)
			among = among word " "
	}
	return split(among, part, " ") > 1 ? 2 : split(all, part, " ") > 1
}

# Of a kernel that is only shown, the controls count, and that its machine finishes.
function does_count(id, k,    part) {
	split(id, part, SUBSEP)
	return counts[k] || part[1] == "machine" || part[4] ~ /^(eventfd|futex)$/
}

function is_same_claim(one, other,    a, b) {
	split(one, a, SUBSEP)
	split(other, b, SUBSEP)
	return a[1] == b[1] && a[2] == b[2] && a[3] == b[3]
}

# Collect in list[] the test order[@first] and its other kinds with the same results. Return how many
# there are.
function same_results(first, much, list,    i, k, count) {
	split("", list)
	for (i = first; i <= ids; i++) {
		if (!is_same_claim(order[first], order[i]) || is_different[i] != much)
			continue
		for (k = 1; k <= kernels; k++)
			if (cell_of(order[i], k) != cell_of(order[first], k))
				break
		if (k > kernels) {
			list[++count] = order[i]
			is_put[i] = 1
		}
	}
	return count
}

# Print a row for the test order[@first] and its other kinds with the same results.
function put_claim(first, much,    i, list, part, count, kinds) {
	count = same_results(first, much, list)
	for (i = 1; i <= count; i++) {
		split(list[i], part, SUBSEP)
		kinds = kinds " " part[4]
	}
	if (part[1] == "machine")
		put_row(list, count, title_of(list[1], 1))
	else
		put_row(list, count, html(part[1] ": " part[2]) ": " breakable(part[3]) \
			"<br><small>" html(substr(kinds, 2)) "</small>")
}

function put_differences(much, heading,    i, j, n) {
	for (i = 1; i <= ids; i++)
		n += is_different[i] == much
	printf "<h2>%s: %d of %d tests</h2>\n", heading, n, ids
	if (!n)
		return
	print "<div class=wide>"
	put_head("test")
	# Keep the rows of a claim together.
	for (i = 1; i <= ids; i++)
		for (j = i; j <= ids && is_different[i] == much; j++)
			if (is_different[j] == much && !is_put[j] && is_same_claim(order[i], order[j]))
				put_claim(j, much)
	print "</table></div>"
}

function title_of(id, with_file,    part) {
	split(id, part, SUBSEP)
	if (part[1] == "machine")
		return "the machine finishes"
	return (with_file ? part[1] ": " : "") part[2] "." part[4] "." part[3]
}

function put_sum(word,    k, any) {
	any = 0
	for (k = 1; k <= kernels; k++)
		any += total[k, word]
	if (!any)
		return
	printf "<tr><th scope=row>%s", word
	for (k = 1; k <= kernels; k++)
		printf "<td class=\"%s\">%d", total[k, word] ? tolower(word) : "none", total[k, word]
	print ""
}

END {
	compared = compared == "" ? "kernel" : compared
	print "<!DOCTYPE html>\n<html lang=en><meta charset=utf-8>"
	print "<meta name=viewport content=\"width=device-width, initial-scale=1\">"
	print "<meta name=color-scheme content=\"light dark\"><title>lockfair: " compared "s compared</title>"
	while ((getline line < style) > 0)
		css = css line "\n"
	print "<style>\n" css "</style>"
	print "<h1>lockfair: " compared "s compared</h1>"
	print "<p>What may a program rely on when it takes a file lock? A row is a test, a column a " compared "."
	print "<p><b class=yes>yes</b>: it holds. <b class=no>no</b>: it does not, as expected."
	print "<b class=skip>skip</b>: not available there. <b class=fail>FAIL</b>: it does not hold, but"
	print "should. <b class=broke>BROKE</b>: the test itself went wrong. -: not run."
	for (k = 1; k <= kernels; k++)
		shown += !counts[k]
	print "<p>A bar marks where a " compared " differs from the last one to the left" \
		(shown ? " that counts (<i>slanted</i>: does not count)." : ".")
	print "An underlined word opens what was seen, and its history."
	print "<div class=wide>"
	put_head("results")
	words = split("yes no skip FAIL BROKE", word, " ")
	for (w = 1; w <= words; w++)
		put_sum(word[w])
	print "</table></div>"

	for (i = 1; i <= ids; i++)
		is_different[i] = differs(order[i])
	put_differences(3, "Not as expected")
	put_differences(2, "As expected, but different")
	if (shown)
		put_differences(1, "Different only on " compared "s that do not count")

	print "<h2>Everything</h2>"
	file = ""
	for (i = 1; i <= ids; i++) {
		split(order[i], part, SUBSEP)
		if (part[1] != file) {
			if (file != "")
				print "</table></div></details>"
			file = part[1]
			count = n_different = 0
			for (j = i; j <= ids && index(order[j], file SUBSEP) == 1; j++) {
				count++
				n_different += is_different[j] > 0
			}
			printf "<details class=file><summary>%s: %d tests, %s</summary><div class=wide>\n", \
				html(file), count, n_different ? n_different " differ" : "the same on all"
			put_head("test")
		}
		list[1] = order[i]
		put_row(list, 1, breakable(title_of(order[i], 0)))
	}
	if (file != "")
		print "</table></div></details>"

	print "<h2>The machines</h2>"
	for (k = 1; k <= kernels; k++)
		printf "<details class=file><summary>%s</summary><pre class=flat>%s</pre></details>\n", \
			html(name[k]), html(about[k])
	print "</html>"
}
