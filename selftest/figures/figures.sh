#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Tests of run_tests.sh --figures: one round is complete and well-formed, figures.awk detects one that
# is not, and known values give known medians and ratios.

# shellcheck disable=SC2016 # awk
# shellcheck source-path=SCRIPTDIR source=../tap
. "$(dirname -- "$0")/../tap"

unset LOCKFAIR_DIR LOCKFAIR_STRICT LOCKFAIR_MACHINE
front_door=$here/../run_tests.sh
programs=${LOCKFAIR_PROGRAMS:-$here/..}
child=
trap '[ -z "$child" ] || kill "$child" 2>/dev/null; rm -rf -- "$top"' EXIT

# ---- one round ----

"$front_door" --figures --rounds 1 -o "$top/out" >"$top/table" 2>"$top/err" </dev/null &
child=$!
wait "$child"
rc=$?
child=
result "$rc" "one round: the exit status is 0" "$(cat "$top/err")"
cpus=2
! grep -q 'there is no second one' "$top/table" || cpus=1
tsv=$top/out/figures.tsv
said=$(awk -v cpus=$cpus -f "$here/figures/figures.awk" "$tsv" 2>&1)
result $? "figures.tsv has every kind and figure, with units and finite numbers" "$said"
said=$(awk 'length > 100' "$top/table")
result "$([ -z "$said" ]; echo $?)" "the table is no wider than 100 columns" "$said"
for word in governor virtualisation 'clock source' 'pinned to' load; do
	grep -q "^# .*$word" "$top/table"
	result $? "the header names: $word"
done
if command -v gnuplot >/dev/null 2>&1; then
	for plot in shares overtakes growth; do
		grep -q '</svg>' "$top/out/$plot.svg"
		result $? "$plot.svg is whole" "$(tail -n 1 "$top/table")"
	done
else
	said=$(grep -c 'no plots: gnuplot is not installed (apt-get install gnuplot-nox)' "$top/table")
	result "$([ "$said" = 1 ]; echo $?)" "without gnuplot, one line names its package"
fi

# ---- what is not well-formed ----

# $1: the error; $2: the awk program that makes it.
refused() {
	awk -F'\t' -v OFS='\t' "$2" "$tsv" >"$top/damaged"
	if cmp -s "$tsv" "$top/damaged"; then
		result 1 "refused: $1" "nothing was changed"
		return
	fi
	awk -v cpus=$cpus -f "$here/figures/figures.awk" "$top/damaged" >"$top/said"
	result "$([ $? = 1 ] && [ -s "$top/said" ]; echo $?)" "refused: $1" "$(cat "$top/said")"
}

refused "no units in the header" '!/^# units/'
refused "no names of the columns" '$1 != "figure"'
refused "a kind is missing" '$2 != "flock"'
refused "one figure of one kind is missing" '!($1 == "jain" && $2 == "ofd" && $3 == 8)'
refused "one share is missing" '!($1 == "share" && $2 == "futex" && $3 == "64:64")'
refused "no value" '$1 == "grants" && $2 == "posix" { $6 = "." } { print }'
refused "an infinite value" '$1 == "streak" && $2 == "lockf" { $10 = "inf" } { print }'
refused "no unit" '$1 == "uncontended_p99" && $2 == "futex" { $4 = "" } { print }'
refused "another unit" '$1 == "share" && $2 == "futex" { $4 = "ns" } { print }'
refused "no ratio" '$1 == "handoff_one_cpu_median" && $2 == "posix" { $11 = "." } { print }'
refused "least above the median" '$1 == "grants" && $2 == "posix" { $9 = $6 + 1 } { print }'
refused "an exponent without a name" '$1 == "growth_grant_exponent" { $14 = "." } { print }'
refused "a line twice" '{ print } $1 == "grants" && $2 == "flock" && $3 == 2 { print }'
refused "a column less" '$1 == "barging" && $2 == "flock" { NF = 13; $1 = $1 } { print }'

# ---- known values ----

summary=$programs/figures/summary
[ -x "$summary" ] || summary=$programs/summary
awk 'BEGIN {
	OFS = "\t"
	# The median of the ratios, 3, is not the ratio of the medians, 2.
	split("10 60 20", flock, " "); split("10 20 5", futex, " ")
	for (i = 1; i <= 3; i++) {
		print "uncontended_median", "flock", "-", i, flock[i], "ns"
		print "uncontended_median", "futex", "-", i, futex[i], "ns"
		print "growth_lock_own_exponent", "posix", "-", i, 0.9 + i / 20, "exponent"
	}
}' | "$summary" >"$top/known"

# The columns $2... of figure and kind $1 are $3.
known() {
	got=$(awk -F'\t' -v who="$1" -v from="$2" -v to="$3" '($1 " " $2) == who {
		for (i = from; i <= to; i++) printf "%s%s", $i, i < to ? " " : "" }' "$top/known")
	result "$([ "$got" = "$4" ]; echo $?)" "known values: $1, columns $2 to $3" "$got, not $4"
}

known "uncontended_median flock" 4 10 "ns 3 20 15 40 10 60"
known "uncontended_median futex" 6 10 "10 7.5 15 5 20"
known "uncontended_median flock" 11 13 "3 2 3.5"
known "uncontended_median futex" 11 13 "1 1 1"
known "growth_lock_own_exponent posix" 6 6 "1"
known "growth_lock_own_exponent posix" 14 14 "linear"

# ---- of two kernels, as kernels/fair_figures compares them ----

# One grants eight times as often, and takes half as long.
awk 'BEGIN {
	OFS = "\t"
	for (i = 1; i <= 3; i++) {
		print "uncontended_median", "plain", "posix -", i, 1000 * i, "ns"
		print "uncontended_median", "fair", "posix -", i, 2000 * i, "ns"
		print "grants", "plain", "flock 8", i, 800 * i, "1/s"
		print "grants", "fair", "flock 8", i, 100 * i, "1/s"
	}
}' | "$summary" plain >"$top/known"
known "uncontended_median fair" 11 13 "2 2 2"
known "grants fair" 11 13 "0.125 0.125 0.125"
awk -v version=7.3 -v machine=none -v pairs=3 -f "$here/../kernels/fair_figures.awk" "$top/known" \
	>"$top/compared"
has "two kernels: the time" compared "^  fair to plain  *x2  *\. "
has "two kernels: how often" compared "^  plain to fair  *\.  *\.  *x8  *\. "

finish
