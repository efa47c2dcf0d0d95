# SPDX-License-Identifier: GPL-2.0
#
# Make results.tsv, without reasons and notes, of the cases of a job of LAVA's, as its API has them in
# CSV: see for_lava/cases.awk for their names and results. The first line names the columns.

# Split a line of CSV, in which a quote within quotes is doubled, into field[1], field[2]...
function split_csv(line,    n, at) {
	n = 0
	while (line != "") {
		n++
		if (line !~ /^"/) {
			at = index(line ",", ",")
			field[n] = substr(line, 1, at - 1)
			line = substr(line, at + 1)
			continue
		}
		match(line, /^"([^"]|"")*"/)
		field[n] = substr(line, 2, RLENGTH - 2)
		gsub(/""/, "\"", field[n])
		line = substr(line, RLENGTH + 2)
	}
	return n
}

{
	sub(/\r$/, "")
	fields = split_csv($0)
}

NR == 1 {
	for (i = 1; i <= fields; i++)
		column[field[i]] = i
	next
}

# The steps of the job itself are cases of a suite named lava.
field[column["suite"]] == "lava" { next }

{
	id = field[column["name"]]
	sub(/\./, ":", id)
	state = field[column["result"]]
	if (state == "pass")
		state = "hold"
	else if (state == "unknown")
		state = "broke"
	if (field[column["unit"]] != "")
		state = field[column["unit"]]
	print id "\t" state "\t\t\t"
}
