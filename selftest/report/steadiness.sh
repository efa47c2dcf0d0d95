#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Tests of selftest/steadiness: what it notes of a run, and what it makes of the notes.

# shellcheck source-path=SCRIPTDIR source=../front_door
. "$(dirname -- "$0")/../front_door"

healthy_suite
failing_suite
crashing_suite

# Run it on the suite $1, with the other arguments; the notes are in $top/notes.
steady() {
	programs=$top/$1
	shift
	rm -f "$top/notes"
	ran="steadiness $*"
	MARKER=$marker LOCKFAIR_PROGRAMS=$programs "$here/steadiness" "$@" "$top/notes" \
		>"$top/out" 2>"$top/err" </dev/null
	rc=$?
}

# Print column $1 of the notes, as words.
column() {
	cut -f "$1" "$top/notes" | tr '\n' ' '
}

steady healthy --runs 3
is "a healthy suite: the exit status is 0" $rc 0
is "a healthy suite: each run has all results" "$(column 4)" "$(for _ in 1 2 3; do
	printf '%s ' "$(LOCKFAIR_PROGRAMS=$programs $SH "$front_door" -l | grep -c .)"; done)"
is "a healthy suite: one skip in each" "$(column 5)" "1 1 1 "
is "a healthy suite: nothing unexpected" "$(column 6)" "0 0 0 "
clean_after "a healthy suite"

steady failing --runs 1
is "a failing suite: the exit status is 1" $rc 1
is "a failing suite: one result is unexpected" "$(column 6)" "1 "
is "a failing suite: it is named, with what was seen" "$(column 10)" \
	"queue_order:practice.ofd.eight: fail: the fifth came before the fourth "

steady crashing --regime two
is "two at once: two notes" "$(column 3)" "two two "
is "a crash: the test and those that it has lost" "$(column 6)" "3 3 "

steady healthy --regime guest_1 --spec "$top/no_kernel"
is "a guest that does not come up: one run is unexpected" "$(column 6)" "1 "
is "a guest that does not come up: the run is named" "$(column 10 | sed "s/,.*//")" \
	"run: 0 of $(LOCKFAIR_PROGRAMS=$programs $SH "$front_door" -l | grep -c .) results"

steady healthy --regime nowhere
is "a regime that does not exist: the exit status is 2" $rc 2

# A run of which results are missing.
printf 'a:promise.posix.x\thold\t\t\t\n' >"$top/results"
is "too few results are unexpected" "$(awk -F '\t' -v wanted=2 -v runs=1 -v status=0 \
	-f "$here/steadiness_runs.awk" "$top/results" | cut -f 6,10)" \
	"1	run: 1 of 2 results, exit status 0"
printf 'a:promise.posix.x\thold\t\t\t\na:promise.posix.x\tfail\t\tseen\t\n' >"$top/results"
is "the second run in one boot is the one that fails" "$(awk -F '\t' -v wanted=1 -v runs=2 \
	-v status=1 -f "$here/steadiness_runs.awk" "$top/results" | cut -f 6,10 | tr '\n' ' ')" \
	"0	 1	a:promise.posix.x: fail: seen "
is "an exit status that no result explains is unexpected" "$(sed 1q "$top/results" |
	awk -F '\t' -v wanted=1 -v runs=1 -v status=5 -v said=why \
	-f "$here/steadiness_runs.awk" | cut -f 6,10)" "1	run: exit status 5: why"

# Print the bound for $1 runs, of which $2 are unexpected.
bound() {
	awk -v runs="$1" -v bad="$2" 'BEGIN {
		for (i = 1; i <= runs; i++)
			print "2026-01-01T00:00Z\tk\tidle\t10\t0\t" (i <= bad) "\t1\t0\tr\t"
	}' >"$top/notes"
	"$here/steadiness" --show "$top/notes" | awk '$1 == "idle" { print $9 }'
}

# The exact bounds are half the 95 % quantile of chi squared with 2k + 2 degrees of freedom.
is "none of 300: the rule of three" "$(bound 300 0)" "1.00%"
is "one of 100: the exact bound" "$(bound 100 1)" "4.74%"
is "two of 100: the exact bound" "$(bound 100 2)" "6.30%"
is "ten of 100: the exact bound" "$(bound 100 10)" "16.96%"
is "two runs bound nothing" "$(bound 2 0)" "-"

# SIGTERM while the suite is stopped.
hanging_suites
programs=$top/hanging
MARKER=$marker FAKE_STARTED=$top/started LOCKFAIR_PROGRAMS=$programs "$here/steadiness" \
	--regime stopped "$top/notes" >"$top/out" 2>"$top/err" </dev/null &
pid=$!
# Print the processes of this script that are stopped.
stopped() {
	for at in $(alive); do
		grep -l '^State:.T' "${at%/environ}/status" 2>/dev/null
	done
}
while kill -0 "$pid" 2>/dev/null && { [ ! -e "$top/started" ] || [ -z "$(stopped)" ]; }; do
	:
done
kill -s TERM "$pid"
clean_after "stopped: SIGTERM while the suite is stopped"
for at in $(alive); do
	at=${at%/environ}
	kill -s KILL "${at#/proc/}" 2>/dev/null
done
wait "$pid"

finish
