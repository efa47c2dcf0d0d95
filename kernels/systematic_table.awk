# SPDX-License-Identifier: GPL-2.0
#
# For kernels/check_systematic: the table. Input: the list of all mutants, kernels/systematic.list,
# and the list of those that ran, with what check_systematic.awk has said in fields 7 to 9; or
# "listed" if one was not run because of its line.
# Variables: version; made, how many there are; whole, 1 if all of them ran.

function complain(about) {
	complaints = complaints "\n  " about
}

function of(n, what) {
	return n " " what (n == 1 ? "" : "s")
}

FNR == 1 { input++ }

input == 1 {
	sum_of[$1] = $4
	next
}

# The list may have one line for each text that a statement has in different kernels.
input == 2 {
	if (/^(#|$)/)
		next
	if (NF != 4 || $2 !~ /^[0-9]+$/ || $3 !~ /^(equivalent|out-of-scope|open)$/ || $4 == "") {
		complain("line " FNR " of the list: expected NAME, CHECKSUM, equivalent, " \
			"out-of-scope or open, and the reason")
		next
	}
	if (!($1 in sum_of)) {
		gone = gone "\n  " $1
	} else if (sum_of[$1] == $2) {
		class[$1] = $3
		why[$1] = $4
	} else {
		other[$1]
	}
	next
}

{
	order[++ran] = $1
	if ($7 == "claim") {
		answer[$1] = $8
		n["claim"]++
		split($8, part, ":")
		if (!files[part[1]]++)
			file_order[++file_count] = part[1]
	} else if ($7 == "death") {
		answer[$1] = "death: " $8 ($9 == "" ? "" : " in " $9)
		n["death"]++
	} else if ($7 != "survived" && $7 != "listed") {
		answer[$1] = "DID NOT RUN"
		n["not run"]++
		missing = missing "\n  " $1
		next
	} else if ($1 in class) {
		answer[$1] = class[$1] ": " why[$1]
		n[class[$1]]++
		if ($7 == "survived")
			tried[class[$1]]++
		else
			n["listed"]++
		next
	} else {
		answer[$1] = "SURVIVED"
		n["unknown"]++
		unknown = unknown "\n  " $1 "\t" $4 ($1 in other ? "\tstale: the statement has changed" : "")
		next
	}
	if ($1 in class && class[$1] != "open")
		complain($1 " is listed as " class[$1] ", and was noticed: " answer[$1])
	else if ($1 in class)
		complain($1 " is listed as open, and was noticed: " answer[$1])
}

END {
	for (i = 1; i <= ran; i++)
		printf "%s\n    %s\n", order[i], answer[order[i]]
	for (name in other)
		if (!(name in class))
			stale = stale "\n  " name
	noticed = n["claim"] + n["death"]
	count = noticed + n["open"] + n["unknown"]
	printf "\nLinux %s: %s made of fs/locks.c, %s ran\n", version, of(made, "mutant"),
		ran - n["not run"] - n["listed"]
	printf "  %4d noticed by a claim\n", n["claim"]
	printf "  %4d noticed by the death of the guest\n", n["death"]
	printf "  %4d equivalent, of which %d ran\n", n["equivalent"], tried["equivalent"]
	printf "  %4d out of scope, of which %d ran\n", n["out-of-scope"], tried["out-of-scope"]
	printf "  %4d open\n", n["open"]
	printf "  %4d survived, and not classified\n", n["unknown"]
	if (n["not run"])
		printf "  %4d did not run\n", n["not run"]
	if (count)
		printf "noticed: %.1f %% of those that are neither equivalent nor out of scope\n",
			100 * noticed / count
	if (missing != "")
		print "did not run:" missing
	if (unknown != "")
		print "not classified, with the checksum of the statement:" unknown
	if (stale != "")
		print "stale lines of the list: the statement has changed:" stale
	if (gone != "")
		print "stale lines of the list: no such mutant:" gone
	if (complaints != "")
		print "wrong lines of the list:" complaints
	bad = count && noticed < 0.99 * count
	exit bad || (unknown missing stale gone complaints) != ""
}
