# SPDX-License-Identifier: GPL-2.0
#
# For kernels/check_systematic: what has noticed a mutant? Input: results.tsv of the plain kernel,
# and of each boot of the mutant. Print, separated by tabs,
#
#	claim ID	the first claim whose result differs from the plain kernel's and is wrong
#	death WORD [ID]	the kernel panicked, oopsed (also: complained) or hung, while this test ran
#	broken		nothing, and the last boot has a broken test, after which it may have ended
#	survived	nothing
#
# or nothing if the guest ended in another way, which says nothing.

BEGIN {
	FS = OFS = "\t"
	wrong = "^(fail|late|unfair)$"
}

FNR == 1 {
	boots++
	broken = 0
}

boots == 1 {
	plain[$1] = $2
	next
}

$1 == "machine" {
	phrase = $4
	if ($2 == "fail" && ($3 ~ /^(panicked|oopsed|hung)$/ || phrase ~ /(panicked|hung)/)) {
		death = $3 != "no-boot" ? $3 : phrase ~ /hung/ ? "hung" : "panicked"
		at = phrase
		if (!sub(/^.* while /, "", at) || !sub(/ ran$/, "", at))
			at = ""
	} else if ($2 == "fail") {
		unknown = 1
	}
	next
}

# What the plain kernel skips proves nothing.
plain[$1] !~ /^(hold|xfail)$/ { next }

$2 ~ wrong || ($2 == "hung" && $3 ~ /^the time limit/) ||
($2 ~ /^(hold|xpass)$/ && plain[$1] == "xfail") {
	if (claim == "")
		claim = $1
}

$2 ~ /^(broke|lost)$/ || ($2 == "hung" && $3 !~ /^the time limit/) { broken = 1 }

END {
	if (claim != "")
		print "claim", claim
	else if (death != "")
		print at == "" ? "death" OFS death : "death" OFS death OFS at
	else if (!unknown)
		print broken ? "broken" : "survived"
}
