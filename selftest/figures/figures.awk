# SPDX-License-Identifier: GPL-2.0
#
# Is figures.tsv complete and well-formed? It must have every kind and figure, with a unit and finite
# numbers in order; their values do not matter. Print what is wrong, and exit with 1. -v cpus=1: there
# is no second CPU, and no handoff to it.

function wrong(text) {
	print "figures.tsv: " text
	bad = 1
}

function need(figure, parameter, who,    i, count, kind) {
	count = split(who, kind, " ")
	for (i = 1; i <= count; i++)
		if (!((figure, kind[i], parameter) in seen))
			wrong("no " figure " of " kind[i] ", parameter " parameter)
}

function three(figure, who) {
	need(figure "_median", "-", who)
	need(figure "_p99", "-", who)
	need(figure "_worst", "-", who)
}

function unit_of(figure) {
	if (figure ~ /_exponent$/)
		return "exponent"
	if (figure ~ /^(uncontended|handoff|growth)_/)
		return "ns"
	if (figure ~ /^overtaken_/)
		return "times"
	return units[figure]
}

function finite(text) {
	return text ~ /^-?[0-9]+(\.[0-9]+)?(e[-+]?[0-9]+)?$/
}

BEGIN {
	FS = "\t"
	all = "posix ofd flock lockf eventfd futex"
	ranged = "posix ofd lockf"
	units["grants"] = "1/s"; units["streak"] = "grants"; units["jain"] = "index"
	units["share"] = "%"; units["barging"] = "per 1000 unlocks"
}

/^# units:/ { header = $0; next }

$1 == "figure" { named = NF == 14; next }

{
	where = $1 " of " $2 ", parameter " $3
	if (NF != 14) {
		wrong(NF " columns: " where)
		next
	}
	if (seen[$1, $2, $3]++)
		wrong("twice: " where)
	if ($4 == "" || $4 != unit_of($1))
		wrong("the unit is \"" $4 "\": " where)
	if (!index(header, " " $1 " in " $4))
		wrong("the header does not name the unit: " where)
	if ($5 + 0 < 1)
		wrong("no round: " where)
	for (i = 6; i <= 10; i++)
		if (!finite($i))
			wrong("\"" $i "\" is no number: " where)
	if ($9 + 0 > $7 + 0 || $7 + 0 > $6 + 0 || $6 + 0 > $8 + 0 || $8 + 0 > $10 + 0)
		wrong("least, quartiles, median and most are not in order: " where)
	if ($1 ~ /^(uncontended|handoff|grants)/ && !finite($11))
		wrong("no ratio to the futex control: " where)
	if ($1 ~ /_exponent$/ && $14 !~ /^[a-z]+(-[a-z]+)?$/)
		wrong("the exponent has no name: " where)
}

END {
	if (!named)
		wrong("no line names the columns")
	three("uncontended", all " mutex")
	three("handoff_one_cpu", all)
	if (cpus != 1)
		three("handoff_two_cpus", all)
	split("2 8 64", crowd, " ")
	split("grants streak jain barging overtaken_median overtaken_p90 overtaken_p99 " \
	      "overtaken_p99.9 overtaken_worst", figure, " ")
	for (c = 1; c <= 3; c++) {
		for (f = 1; f <= 9; f++)
			need(figure[f], crowd[c], all)
		for (rank = 1; rank <= crowd[c] + 0; rank++)
			need("share", crowd[c] ":" rank, all)
	}
	# The eventfd control has no room for 100 waiters, and slow machines have no time for more
	# ranges.
	split("1 10 100 1000", many, " ")
	for (m = 1; m <= 4; m++) {
		need("growth_grant", many[m], m <= 2 ? all : "posix ofd flock lockf futex")
		need("growth_lock_own", many[m], ranged)
		need("growth_lock_others", many[m], ranged)
	}
	need("growth_lock_none", "0", all)
	need("growth_grant_exponent", "-", "posix ofd flock lockf futex")
	need("growth_lock_own_exponent", "-", ranged)
	need("growth_lock_others_exponent", "-", ranged)
	exit bad
}
