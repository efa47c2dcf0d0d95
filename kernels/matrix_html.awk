# SPDX-License-Identifier: GPL-2.0
#
# Print a page with all results of several kernels. First file: "NAME SPEC shown|counts" a line;
# second: what matrix_results.awk writes; then the KTAP of each kernel, of which the page quotes the
# header. A cell whose result has notes opens them. To be used with report/one_line.awk. A bar marks
# a difference between neighbours, so that it can be seen without colours. An open cell lies over
# the rows below: the next one closes it.

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

function cell_of(id, k) {
	if ((id, k) in verdict)
		return verdict[id, k]
	return id ~ /^machine/ ? "yes" : "-"
}

function put_head(first,    k) {
	printf "<table><thead><tr><th scope=col>%s", first
	for (k = 1; k <= kernels; k++)
		printf "<th scope=col>%s", html(name[k])
	print "<tbody>"
}

function put_row(id, title,    k, word, before, more, class) {
	printf "<tr><th scope=row>%s", html(title)
	before = ""
	for (k = 1; k <= kernels; k++) {
		word = cell_of(id, k)
		class = word == "-" ? "none" : tolower(word)
		if (before != "" && word != before && !(word == "-" && dead[k]))
			class = class " d"
		more = reason[id, k] == "" ? "" : reason[id, k] "\n"
		more = more said[id, k]
		if (more == "")
			printf "<td class=\"%s\">%s", class, word
		else
			printf "<td class=\"%s\"><details name=cell><summary>%s</summary><pre><b>%s</b>\n%s</pre></details>", \
				class, word, html(name[k] ", " title), html(more)
		if (counts[k] && !(word == "-" && dead[k]))
			before = word
	}
	print ""
}

# Return 2 if kernels that count differ, 1 if only a "shown" kernel differs, 0 if none does. Tests
# that a dead machine did not run are not a difference.
function differs(id,    k, word, among, all) {
	among = all = ""
	for (k = 1; k <= kernels; k++) {
		word = cell_of(id, k)
		if (word == "-" && dead[k])
			continue
		if (index(all, word " ") == 0)
			all = all word " "
		if (counts[k] && index(among, word " ") == 0)
			among = among word " "
	}
	return split(among, part, " ") > 1 ? 2 : split(all, part, " ") > 1
}

function put_differences(much, heading,    i, n) {
	for (i = 1; i <= ids; i++)
		n += is_different[i] == much
	printf "<h2>%s: %d of %d tests</h2>\n", heading, n, ids
	if (!n)
		return
	print "<div class=wide>"
	put_head("test")
	for (i = 1; i <= ids; i++)
		if (is_different[i] == much)
			put_row(order[i], title_of(order[i], 1))
	print "</table></div>"
}

function title_of(id, with_file,    part) {
	split(id, part, SUBSEP)
	if (part[1] == "machine")
		return "the machine lives"
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
	print "<!DOCTYPE html>\n<html lang=en><meta charset=utf-8>"
	print "<meta name=viewport content=\"width=device-width, initial-scale=1\">"
	print "<meta name=color-scheme content=\"light dark\"><title>lockfair: kernels compared</title>"
	while ((getline line < style) > 0)
		css = css line "\n"
	print "<style>\n" css "</style>"
	print "<h1>lockfair: kernels compared</h1>"
	print "<p>What may a program rely on when it takes a file lock? A row is a test, a column a kernel."
	print "<b class=yes>yes</b>: it holds; <b class=no>no</b>: it does not, as expected;"
	print "<b class=skip>skip</b>: not available there; <b class=fail>FAIL</b>: it does not hold;"
	print "<b class=broke>BROKE</b>: it could not be looked at; -: not run. A bar stands where a kernel"
	print "differs from the last one before it that counts. A word that is underlined opens what was seen, and the history."
	print "<div class=wide>"
	put_head("results")
	words = split("yes no skip FAIL BROKE", word, " ")
	for (w = 1; w <= words; w++)
		put_sum(word[w])
	print "</table></div>"

	for (i = 1; i <= ids; i++)
		is_different[i] = differs(order[i])
	for (k = 1; k <= kernels; k++)
		shown += !counts[k]
	put_differences(2, "What differs")
	if (shown)
		put_differences(1, "What differs only on kernels that are shown, and do not count")

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
		put_row(order[i], title_of(order[i], 0))
	}
	if (file != "")
		print "</table></div></details>"

	print "<h2>The machines</h2>"
	for (k = 1; k <= kernels; k++)
		printf "<details class=file><summary>%s</summary><pre class=flat>%s</pre></details>\n", \
			html(name[k]), html(about[k])
	print "</html>"
}
