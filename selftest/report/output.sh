#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Tests of run_tests.sh: the KTAP and the table of a healthy machine, a long table, and a terminal.

# shellcheck source-path=SCRIPTDIR source=../front_door
. "$(dirname -- "$0")/../front_door"

# ---- a healthy machine ----

healthy_suite
answer="posix, ofd, flock and lockf queue in order and then let others barge in; eventfd and"
answer="$answer futex alternate strictly."

run
is "a healthy machine: the exit status is 0" $rc 0
well_formed "a healthy machine"
is "a healthy machine: every test has its result" "$(results_of)" "$((12 + 10 + 10 + 6))"
is "a healthy machine: programs run in alphabetical order" \
	"$(sed -n 's/^[a-z ]*ok [0-9] \([a-z_]*\)$/\1/p' "$top/out" | tr '\n' ' ')" \
	"alternation barging exclusion queue_order "
has "the header names the kernel" out "^# kernel: .*$(uname -r)"
has "the header names the CPUs" out '^# CPUs: [0-9,-]* online, [0-9,-]* allowed$'
has "the header says where the lock files are" out '^# lock files: memfd (tmpfs)$'
has "the header says who runs it" out '^# user: uid [0-9]*, with.* CAP_SYS_NICE$'
has "the header says how it is scheduled" out '^# scheduler: preemption [a-z]'
has "an expected failure has its reason" out '^  ok 1 folklore.posix.sides.* # XFAIL a side had two'
has "a drawing is kept as it is" out '^  #   waiter |   wwwwww|   overtaken$'
is "a diagnostic comes before its result" \
	"$(grep -A 1 'wwwwww|' "$top/out" | sed -n 2p)" \
	"  ok 1 folklore.posix.sides_alternate_strictly # XFAIL a side had two turns"
has_not "lines of the harness are left out" out 'RUN \|  OK '
said=$(tr '\n' ' ' <"$top/err" | sed 's/  */ /g')
case $said in
*"In short: $answer "*) got=0 ;;
*) got=1 ;;
esac
result $got "the answer says what was found" "$said"
has "the head of the table has the kinds" err '^ *posix  ofd  flock  lockf | eventfd  futex$'
is "the table has the classes in order" \
	"$(grep -o '^p[a-z]*:\|^folklore:' "$top/err" | tr -d '\n')" "promise:practice:folklore:"
has "the table shows yes and no" err \
	'a queued waiter beats the releaser  *no  *no  *no  *no  *|  *yes  *yes'
has "the table shows . where a kind has no test" err 'all are granted.*yes  *yes.*|  *\.  *\.$'
has "the table shows skip" err 'a counter is right .*yes *skip$'
has "skips are counted by their reason" err '^skipped, 1: needs CAP_SYS_NICE$'
# With CAP_SYS_NICE the skip is not expected, and the totals say so.
has "the totals count the results" err '^38 results: all \(that ran \)*as expected'
is "the table has at most 100 columns" "$(awk 'length($0) > 100' "$top/err")" ""
is "no colour without a terminal" "$(tr -dc '\033' <"$top/err")" ""
has_not "the legend has only marks that occur" err 'FAIL\|BROKE\|UNFAIR\|HUNG\|lost'
clean_after "a whole run"
COLUMNS=70 run -v
is "COLUMNS=70: the table and the answer have at most 70 columns" \
	"$(awk 'length($0) > 70' "$top/err")" ""
has "COLUMNS=70: the table has every kind" err '^ *posix  ofd  flock  lockf | eventfd  futex$'

# ---- a long table ----

# More claims than the default table shows, and one whose results differ.
new_suite long
numbers="1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16"
for number in $numbers; do
	echo "promise.posix.claim_$number ok"
	echo "promise.flock.claim_$number ok"
done | program lifetime
{
	echo "promise.posix.the_only_one ok"
	for number in $numbers; do
		echo "practice.posix.claim_$number ok"
	done
	echo "practice.flock.claim_1 fail"
	echo "practice.flock.claim_2 ok"
	echo "practice.futex.claim_3 skip no such call"
	echo "practice.futex.claim_4 ok"
	echo "folklore.flock.claim_1 xfail it broke"
	echo "folklore.futex.claim_1 ok"
} | program query
run
is "a long table: the exit status is 1" $rc 1
said=$(sed -n '/^promise:/,/^$/s/  */ /gp' "$top/err")
is "a long table: a row for each file of a class" "$said" "$(
	cat <<-'END'
	promise: documented in POSIX or a manual page
	 lifetime 16 claims yes yes | .
	 query 1 claim yes . | .
	practice: not documented, but so on every kernel since 5.10
	 query 16 claims yes FAIL 1/2 | yes 1/2
	folklore: widely believed, but file locks break it
	 query 1 claim . no | yes
	END
)"
has "a long table: the summary lists a failure" err '^FAIL .*query:practice.flock.claim_1$'
has "a long table: the summary names -v" err '^a row for every claim: -v$'
cp "$top/err" "$top/long.err"
for option in -v --verbose -vx; do
	run $option
	is "$option: a row for each claim" "$(grep -c '^    claim ' "$top/err")" 33
	has "$option: the files are headings" err '^  lifetime$'
	has_not "$option: the summary does not name -v" err 'a row for every claim'
done
run -t 'query:*'
is "a short table has a row for each claim" "$(grep -c '^    claim ' "$top/err")" 17
run -n 3 -t 'lifetime:*' -t 'query:practice.*'
has "a long table of several runs counts claims" err \
	'^  lifetime  *16 claims  *yes  *yes '

# ---- a terminal ----

if have script && script -qec true /dev/null >/dev/null 2>&1 </dev/null; then
	on_terminal() {
		ran="on a terminal: $*"
		LOCKFAIR_PROGRAMS=$top/healthy TERM=xterm script -qec \
			"$* $SH '$front_door' -t 'queue_order:*' >'$top/out'" /dev/null \
			>"$top/err" 2>&1 </dev/null
		rc=$?
	}
	escape=$(printf '\033')
	on_terminal
	is "a terminal: the exit status is 0" $rc 0
	has "a terminal: gets colours" err "${escape}\[32m"
	has "a terminal: shows progress" err '\[1/1\] queue_order'
	has "a terminal: erases the progress" err "queue_order.*${escape}\[K"
	well_formed "a terminal"
	on_terminal env NO_COLOR=1
	has_not "NO_COLOR: prints no colours" err "${escape}\[[0-9;]*m"
	on_terminal env NO_COLOR=
	has "NO_COLOR, empty: prints colours" err "${escape}\[32m"
	on_terminal env TERM=dumb
	has_not "TERM=dumb: prints no escape sequence" err "$escape"
	on_terminal env -u TERM
	has_not "no TERM: prints no escape sequence" err "$escape"
	is "a terminal: at most 100 columns" "$(tr -d '\r' <"$top/err" | awk 'length($0) > 100')" ""
else
	skip "a terminal" "no script (bsdutils)"
fi

finish
