# SPDX-License-Identifier: GPL-2.0
#
# The report of kernels/check_debug. Input, a line for each run: kernel, run, exit status, seconds,
# "finished" or nothing, and its results.tsv. Variable: complaints, the file that complaints.awk
# has written. The last line says whether there is anything to report.

# Print what occurred, once, with how often it did.
function list(title, kind,	i) {
	if (!count[kind])
		return
	print "\n" title
	for (i = 1; i <= count[kind]; i++)
		print "  " text[kind, i] (times[kind, i] > 1 ? " (" times[kind, i] " times)" : "")
}

function add(kind, what) {
	if (!((kind, what) in place)) {
		place[kind, what] = ++count[kind]
		text[kind, count[kind]] = what
	}
	times[kind, place[kind, what]]++
}

BEGIN {
	FS = "\t"
	while ((getline < complaints) > 0) {
		if ($5 != "") {
			known[$1, $2]++
			add("known", $1 ": " $4 "\n      " $5)
		} else if ($4 ~ /^leak: /) {
			leaks[$1, $2]++
			add("bad", $1 ", " $2 ": " $3 "\n      " $4)
		} else {
			said[$1, $2]++
			add("bad", $1 ", " $2 ": " $3 "\n      " $4)
		}
	}
	form = "%-8s %-7s %9s %11s %11s %6s %6s %8s\n"
	printf form, "kernel", "run", "results", "unexpected", "complaints", "leaks", "known",
		"seconds"
}

{
	results = unexpected = 0
	while ((getline line < $6) > 0) {
		split(line, field, "\t")
		if (field[1] == "machine")
			continue
		results++
		if (field[2] ~ /^(fail|late|unfair|hung|broke|lost)$/) {
			unexpected++
			add("wrong", $1 ", " $2 ": " field[1] ": " field[2] " " field[3])
		}
	}
	# The soak has no results but its exit status.
	if ($2 == "soak") {
		results = "-"
		if ($3 != 0 && $5 != "") {
			unexpected = 1
			add("wrong", $1 ", soak: tests/model ended with status " $3)
		}
	}
	if ($5 == "") {
		unfinished++
		add("wrong", $1 ", " $2 ": the guest did not finish")
	}
	all += unexpected
	kinds += said[$1, $2] + leaks[$1, $2]
	printf form, $1, $2, results, unexpected, said[$1, $2] + 0, leaks[$1, $2] + 0,
		known[$1, $2] + 0, $4
}

END {
	list("Complaints, each with the test that was running:", "bad")
	list("Results that are unexpected:", "wrong")
	list("Known complaints, with the reason why they are none of file locks:", "known")
	print ""
	if (kinds || all || unfinished || !NR)
		printf "check-debug: %d complaints, %d unexpected results, %d unfinished guests\n",
			kinds, all, unfinished
	else
		printf "check-debug: nothing to report of %d runs\n", NR
}
