#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Tests of run_tests.sh on programs that only pretend to test, in TAP 13.
#
# SH=SHELL runs it by another shell (SH="busybox sh"); KUNIT_PY=FILE, a kernel tree's
# tools/testing/kunit/kunit.py, has its KTAP read by that as well.

set -u
export LC_ALL=C
unset LOCKFAIR_DIR LOCKFAIR_STRICT LOCKFAIR_TIME_LIMIT LOCKFAIR_PROGRAMS NO_COLOR CDPATH CC KSRC
unset CROSS_COMPILE MAKEFLAGS MAKELEVEL MFLAGS

here=$(cd -- "$(dirname -- "$0")/.." && pwd)
front_door=$here/../run_tests.sh
SH=${SH:-sh}
top=$(mktemp -d "${TMPDIR:-/tmp}/front_door.XXXXXX") || exit 1
trap 'rm -rf -- "$top"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
# What run_tests.sh makes for itself is made here, so that what it leaves is seen.
mkdir "$top/tmp" "$top/bin"
TMPDIR=$top/tmp
export TMPDIR
# What it starts is known by this.
marker=lockfair_selftest_$$

# Two seconds.
tenths="1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20"

have() {
	command -v "$1" >/dev/null 2>&1
}

# shellcheck source-path=SCRIPTDIR source=../tap
. "$here/tap"

# ---- pretended programs ----

# A directory of programs: new_suite NAME, then program NAME <table.
new_suite() {
	programs=$top/$1
	mkdir -p "$programs"
}

program() {
	cp "$here/fake/program" "$programs/$1"
	chmod +x "$programs/$1"
	cat >"$programs/$1.table"
}

# A copy of it in the folder $1, flat, as "make install" has it.
install_flat() {
	mkdir -p "$1"
	(set +f && cp "$front_door" "${front_door%/*}"/report/* "$1/")
}

limit=60

# Run it: the status in $rc, stdout and stderr in $top/out and $top/err.
run() {
	ran="run_tests.sh $*"
	MARKER=$marker LOCKFAIR_TIME_LIMIT=$limit LOCKFAIR_PROGRAMS=$programs \
		$SH "$front_door" "$@" >"$top/out" 2>"$top/err" </dev/null
	rc=$?
}

alive() {
	grep -l "MARKER=$marker" /proc/[0-9]*/environ 2>/dev/null
}

left_over() {
	(cd "$top/tmp" && ls -A)
	alive
	[ ! -d "$top/locks" ] || (cd "$top/locks" && ls -A)
}

# The watcher of busybox's timeout looks once a second.
settle() {
	for _ in $tenths; do
		[ -n "$(left_over)" ] || break
		sleep 0.1
	done
}

clean_after() {
	settle
	is "nothing is left behind: $1" "$(left_over)" ""
}

# ---- the shape of KTAP ----

cat >"$top/shape.awk" <<'EOF'
function bad(what) {
	print FILENAME ":" FNR ": " what ": " $0
	wrong = 1
}
function number_of(line) {
	sub(/^ *(not )?ok /, "", line)
	return line + 0
}
function name_of(line) {
	sub(/^ *(not )?ok [0-9]+ /, "", line)
	sub(/ # .*/, "", line)
	return line
}
/FAIL:|\[FAIL\]|# not ok|# ok |not-?ok.*not ok/ { bad("a diagnostic like a result") }
/[\001-\010\013-\037\177]/ { bad("a control character") }
FNR == 1 { if ($0 != "KTAP version 1") bad("first line"); next }
/^# / { if (inside && inner != inner_plan) bad("a diagnostic of the wrong level"); next }
/^1\.\.[0-9]+$/ { if (plan != "") bad("a second plan"); plan = substr($0, 4) + 0; next }
plan == "" { bad("before the plan"); next }
/^  KTAP version 1$/ {
	if (inside) bad("a subtest in a subtest")
	inside = 1; title = ""; inner_plan = ""; inner = 0; inner_bad = 0
	next
}
/^  # Subtest: / {
	title = $3
	if (!inside || inner_plan != "" || title !~ /^[a-z0-9_.]+$/) bad("title")
	next
}
/^  1\.\.[0-9]+$/ {
	inner_plan = substr($0, 6) + 0
	if (title == "" || inner) bad("plan")
	next
}
/^  # / || /^  #$/ { if (inner_plan == "") bad("a diagnostic before the plan"); next }
/^  (not )?ok [0-9]+ [a-z0-9_.]+( # (SKIP|XFAIL) [^#]+)?$/ {
	if (!inside || inner_plan == "") bad("a result outside of a subtest")
	if (number_of($0) != ++inner) bad("number")
	if (name_of($0) !~ /^(promise|practice|folklore)\.[a-z0-9]+\.[a-z0-9_]+$/) bad("name")
	if ($0 ~ /^  not/) inner_bad++
	if ($0 ~ /^  not.* # /) bad("a directive on a failure")
	results++
	next
}
/^(not )?ok [0-9]+ [a-z0-9_.]+( # SKIP [^#]+)?$/ {
	if (number_of($0) != ++outer) bad("number")
	if (inside && name_of($0) != title) bad("name")
	if (inside && inner != inner_plan) bad("the subtest has " inner " results of " inner_plan)
	if (inside && inner_bad && $0 !~ /^not/) bad("the failure inside is not seen outside")
	inside = 0
	next
}
{ bad("no line of KTAP") }
END {
	if (outer != plan) { print "plan " plan ", results " outer; wrong = 1 }
	if (inside) { print "a subtest without its result"; wrong = 1 }
	exit wrong
}
EOF

shape() {
	said=$(awk -f "$top/shape.awk" "$top/out")
	tell $? "the KTAP has its shape: $1" "$said"
}

results_of() {
	grep -c '^  *\(not \)\{0,1\}ok ' "$top/out"
}

# ---- a healthy machine ----

file_kinds="posix ofd flock lockf"
new_suite healthy
for kind in $file_kinds eventfd futex; do
	echo "practice.$kind.eight_writers_are_granted_in_the_order_they_queued ok"
	echo "practice.$kind.a_name_that_is_long_enough_for_a_second_line_in_the_table ok"
done | program queue_order
for kind in $file_kinds; do
	echo "folklore.$kind.a_queued_waiter_beats_the_releaser xfail the releaser came first"
	echo "practice.$kind.all_are_granted_in_the_end ok"
done >"$top/table"
for kind in eventfd futex; do
	echo "folklore.$kind.a_queued_waiter_beats_the_releaser ok"
done >>"$top/table"
program barging <"$top/table"
for kind in $file_kinds; do
	echo "folklore.$kind.sides_alternate_strictly xfail a side had two turns"
	echo "promise.$kind.no_wrong_number_is_read ok"
done >"$top/table"
for kind in eventfd futex; do
	echo "folklore.$kind.sides_alternate_strictly ok"
done >>"$top/table"
program alternation <"$top/table"
for kind in $file_kinds eventfd; do
	echo "promise.$kind.a_counter_is_right ok"
done >"$top/table"
echo "promise.futex.a_counter_is_right skip needs CAP_SYS_NICE" >>"$top/table"
program exclusion <"$top/table"
answer="posix, ofd, flock and lockf queue in order and then let others barge in; eventfd and"
answer="$answer futex alternate strictly."

run
is "a healthy machine: exit status 0" $rc 0
shape "a healthy machine"
is "a healthy machine: every test has its result" "$(results_of)" "$((12 + 10 + 10 + 6))"
is "programs are found and come in order" \
	"$(sed -n 's/^[a-z ]*ok [0-9] \([a-z_]*\)$/\1/p' "$top/out" | tr '\n' ' ')" \
	"alternation barging exclusion queue_order "
has "the header names the kernel" out "^# kernel: .*$(uname -r)"
has "the header names the CPUs" out '^# CPUs: [0-9,-]* online, [0-9,-]* allowed$'
has "the header says where the lock files are" out '^# lock files: memfd (tmpfs)$'
has "the header says who runs it" out '^# user: uid [0-9]*, with.* CAP_SYS_NICE$'
has "the header says how it is scheduled" out '^# scheduler: preemption [a-z]'
has "an expected failure has its reason" out '^  ok 1 folklore.posix.sides.* # XFAIL a side had two'
has "a timeline is kept as it is" out '^  #   waiter |   wwwwww|   overtaken$'
is "a diagnostic stands before its result" \
	"$(grep -A 1 'wwwwww|' "$top/out" | sed -n 2p)" \
	"  ok 1 folklore.posix.sides_alternate_strictly # XFAIL a side had two turns"
has_not "the noise of the harness is left out" out 'RUN \|  OK '
said=$(tr '\n' ' ' <"$top/err" | sed 's/  */ /g')
case $said in
*"In short: $answer "*) got=0 ;;
*) got=1 ;;
esac
tell $got "the answer says what was found" "$said"
has "the table has the kinds as its head" err '^ *posix  ofd  flock  lockf | eventfd  futex$'
is "the table has the classes in order" \
	"$(grep -o '^p[a-z]*:\|^folklore:' "$top/err" | tr -d '\n')" "promise:practice:folklore:"
has "the table shows what holds and what does not" err \
	'a queued waiter beats the releaser  *no  *no  *no  *no  *|  *yes  *yes'
has "the table marks what there is no test for" err 'all are granted.*yes  *yes.*|  *\.  *\.$'
has "a skipped cell" err 'a counter is right .*yes *skip$'
has "skips are counted by their reason" err '^skipped, 1: needs CAP_SYS_NICE$'
# Who runs this may have the capability that its skip is for: then that is one skip too many.
has "the totals" err '^38 results: all \(that ran \)*as expected'
is "the table is at most 100 wide" "$(awk 'length($0) > 100' "$top/err")" ""
is "no colour without a terminal" "$(tr -dc '\033' <"$top/err")" ""
has_not "marks that do not occur are not explained" err 'FAIL\|BROKE\|UNFAIR\|HUNG\|lost'
clean_after "a whole run"
cp "$top/out" "$top/healthy.out"
cp "$top/err" "$top/healthy.err"

began=$(date +%s)
run -t 'exclusion:*'
ended=$(date +%s)
tell $((ended - began > 2)) "it is quick: $((ended - began)) s"

# ---- options ----

new_suite healthy
run -l
is "-l: exit status" $rc 0
is "-l: all ids" "$(grep -c '^[a-z_]*:[a-z]*\.[a-z]*\.[a-z_]*$' "$top/out")" 38
is "-l: and nothing else" "$(grep -c '' "$top/out")" 38
run --list -t 'barging:*.flock.*'
is "-l -t: those that match" "$(cut -d . -f 1,2 "$top/out" | tr '\n' ' ')" \
	"barging:folklore.flock barging:practice.flock "
run -t 'barging:folklore.ofd.*' -t '*:promise.lockf.[!x]*'
is "-t twice: exit status" $rc 0
is "-t twice: the union" "$(results_of)" 3
has "-t twice: programs without a chosen test are not run" out '^1\.\.3$'
shape "-t"
run --test='queue_order:*.futex.eight*'
is "--test=GLOB" "$(results_of)" 1
run -tqueue_order:*.futex.eight*
is "-tGLOB" "$(results_of)" 1
has "one result is one result" err '^1 result: all as expected$'
has "only kinds that ran have a column" err '^ *futex$'
has "the answer is about what ran" err '^In short: futex queues in order\.$'
run -t 'exclusion:*.ofd.*'
has "nothing told, nothing said" err '^In short: nothing that ran tells of order'
run -t 'alternation:folklore.[pe]*'
has "the answer: alternation alone" err \
	'^In short: posix does not alternate strictly; eventfd alternates strictly\.$'

run -n 3 -t 'exclusion:*' -t 'barging:*.ofd.*'
is "-n: exit status" $rc 0
shape "-n"
is "-n: names" "$(sed -n 's/^ok [0-9] //p' "$top/out" | tr '\n' ' ')" \
	"barging exclusion barging.2 exclusion.2 barging.3 exclusion.3 "
has "-n: the totals" err '^24 results of 3 runs: all \(that ran \)*as expected'
has "-n: agreement is not counted" err 'a counter is right .*yes .*skip$'
run --repeat=2 -t 'exclusion:*.ofd.*'
is "--repeat=N" "$(results_of)" 2

run -s
is "--strict: exit status" $rc 1
shape "--strict"
has "--strict: an expected failure is one" out '^  not ok 1 folklore.posix.sides_alt'
has "--strict: said in the header" out '^# lockfair: .*strict'
has "--strict: how to run one again" err "^one alone: ./run_tests.sh -s -t 'alternation:f"
run -so "$top/strict" -t 'alternation:folklore.posix*'
grep -q '^not ok 1 folklore' "$top/strict/alternation.tap"
tell $? "--strict: the program is told"
run -st '*:p*'
is "--strict, nothing expected to fail: exit status" $rc 0

run -o "$top/kept/here"
is "-o: exit status" $rc 0
cmp -s "$top/out" "$top/kept/here/results.ktap"
tell $? "-o: results.ktap is what was on stdout"
cmp -s "$top/err" "$top/kept/here/summary.txt"
tell $? "-o: summary.txt is what was on stderr"
is "-o: a file for each program" "$(cd "$top/kept/here" && echo *)" \
	"alternation.tap barging.tap exclusion.tap queue_order.tap results.ktap results.tsv \
summary.txt"
is "-o: the raw TAP is raw" "$(head -n 3 "$top/kept/here/barging.tap" | tail -n 1)" \
	"#  RUN           folklore.posix.a_queued_waiter_beats_the_releaser ..."
(cd "$top" && LOCKFAIR_PROGRAMS=$programs $SH "$front_door" -o relative -n 2 \
	-t 'barging:*.ofd.*' >/dev/null 2>&1)
is "-o: a relative name, and -n" "$(cd "$top/relative" && echo *)" \
	"barging.2.tap barging.tap results.ktap results.tsv summary.txt"
if have prove; then
	prove -e cat "$top"/kept/here/*.tap >"$top/prove" 2>&1
	tell $? "prove reads the raw TAP" "$(cat "$top/prove")"
else
	skip "prove reads the raw TAP" "no prove (perl)"
fi

new_suite directory
mkdir -p "$top/locks"
echo "promise.ofd.a_file_in_the_directory files" | program aliasing
run -d "$top/locks"
is "-d: exit status" $rc 0
has "-d: the program is told" out "^  # directory .*/locks/lockfair\.[A-Za-z0-9]*$"
has "-d: the header names the file system" out '^# lock files: [a-z0-9/]*$'
has_not "-d: and not the default one" out 'memfd'
shape "-d"
clean_after "-d"
run
has "no -d: the program is told of none" out '^  # directory none$'
(cd "$top" && LOCKFAIR_PROGRAMS=$programs $SH "$front_door" --directory=locks) >"$top/out" 2>&1
has "-d: a relative name is made absolute" out "^  # directory /.*/locks/"
if [ -d /proc/self/fd ] && run -d /proc/self/task && [ $rc = 2 ]; then
	has "-d: a directory where nothing can be made" err 'not writable: '
else
	skip "-d: a directory where nothing can be made" "no procfs"
fi
[ -d /dev/shm ] && [ -w /dev/shm ] && run -d /dev/shm
has "-d: a tmpfs is called so" out '^# lock files: tmpfs$'
if unshare -m true 2>/dev/null; then
	mkdir -p "$top/a b"
	cat >"$top/mounted.sh" <<-END
	mount -t tmpfs -o size=1m none "$top/a b" || exit 99
	mkdir "$top/a b/in side" || exit 99
	LOCKFAIR_PROGRAMS=$programs $SH "$front_door" -d "$top/a b/in side" 2>/dev/null ||
		exit 98
	mount -o remount,ro none "$top/a b" || exit 99
	LOCKFAIR_PROGRAMS=$programs $SH "$front_door" -d "$top/a b/in side"
	END
	ran="on a mount"
	unshare -m sh "$top/mounted.sh" >"$top/out" 2>"$top/err"
	rc=$?
	has "-d: a mount with a blank in its name" out '^# lock files: tmpfs$'
	is "-d: a read-only mount: exit status" $rc 2
	has "-d: a read-only mount is said to be one" err '^run_tests.sh: .*Read-only file system$'
	is "-d: a read-only mount: one run on stdout only" "$(grep -c '^KTAP' "$top/out")" 1
	rmdir "$top/a b"
else
	skip "-d: a read-only mount, and one with a blank in its name" "needs a mount namespace"
fi

run -h
is "-h: exit status" $rc 0
is "-h: at most 60 lines" "$(awk 'END { print (NR <= 60 && NR > 10) }' "$top/out")" 1
is "-h: at most 79 columns" "$(awk 'length($0) > 79 || /\t/' "$top/out")" ""
is "-h: nothing on stderr" "$(cat "$top/err")" ""
cp "$top/out" "$top/help"
run --help
cmp -s "$top/out" "$top/help"
tell $? "--help is -h"
for option in -l -t -n -x -d -o -s -v -h --list --test --repeat --stop --directory --output \
	--strict --verbose --setup --self-test --help; do
	grep -q -e " ${option}[ ,]" "$top/help"
	tell $? "-h knows $option"
done

# ---- a long table ----

# More claims than are shown by default, and one that needs it in every way.
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
is "a long table: exit status" $rc 1
said=$(sed -n '/^promise:/,/^$/s/  */ /gp' "$top/err")
is "a long table: a row for each file of a class" "$said" "$(
	cat <<-'END'
	promise: written down in POSIX or in a manual page
	 lifetime 16 claims yes yes | .
	 query 1 claim yes . | .
	practice: not written down, but so on every kernel since 5.10
	 query 16 claims yes FAIL 1/2 | yes 1/2
	folklore: believed of file locks, known not to be so; the controls do it
	 query 1 claim . no | yes
	END
)"
has "a long table: what fails is named" err '^FAIL .*query:practice.flock.claim_1$'
has "a long table: it says how to see it all" err '^a row for every claim: -v$'
cp "$top/err" "$top/long.err"
for option in -v --verbose -vx; do
	run $option
	is "$option: a row for each claim" "$(grep -c '^    claim ' "$top/err")" 33
	has "$option: the files are headings" err '^  lifetime$'
	has_not "$option: nothing more to see" err 'a row for every claim'
done
run -t 'query:*'
is "a short table has a row for each claim" "$(grep -c '^    claim ' "$top/err")" 17
run -n 3 -t 'lifetime:*' -t 'query:practice.*'
has "a long table of several runs counts claims" err \
	'^  lifetime  *16 claims  *yes  *yes '

# ---- wrong usage ----

new_suite healthy
: >"$top/plain_file"
mkdir -p "$top/out_dir"
refused() {
	what=$1
	shift
	pattern=$1
	shift
	run "$@"
	got=0
	[ $rc = 2 ] || got=1
	[ ! -s "$top/out" ] || got=1
	[ "$(grep -c '' "$top/err")" = 1 ] || got=1
	grep -q "^run_tests.sh: .*$pattern" "$top/err" || got=1
	settle
	[ -z "$(left_over)" ] || got=1
	tell $got "refused in one line: $what" "$(left_over)"
}
refused "a glob that matches nothing" "no test matches 'nobody:\*'" -t 'nobody:*'
refused "one of two globs that matches nothing" "no test matches 'none'" -t '*' -t none
refused "an empty glob" 'no test matches' -t ''
refused "a glob of two lines" 'no test matches' -t 'a
b'
refused "a glob that matches nothing, to list" 'no test matches' -l -t nothing
refused "an unknown option" 'unknown option -z' -z
refused "an unknown long option" 'unknown option --zap' --zap
refused "an unknown long option with a value" 'unknown option --zap=1' --zap=1
refused "a value where none belongs" 'unknown option --list=1' --list=1
refused "an unknown option in a cluster" 'unknown option -z' -lz
refused "an argument" "unknown argument 'barging'" barging
refused "-n 0" "'0' is not a number" -n 0
refused "-n x" "'x' is not a number" -n x
refused "-n -1" "'-1' is not a number" -n -1
refused "-n 1.5" 'is not a number' -n 1.5
refused "-n ''" "'' is not a number" -n ''
refused "-n too many" 'is not a number' -n 99999999999999999999
for option in -t -n -d -o --test --output; do
	refused "$option without its value" "$option needs a value" $option
done
refused "-d: missing" 'does not exist' -d "$top/missing"
refused "-d: a file" 'is not a directory' -d "$top/plain_file"
refused "-d: empty" 'empty' -d ''
refused "-o: below a file" 'cannot be made: Not a directory' -o "$top/plain_file/x"
refused "-o: a file" 'cannot be made: File exists' -o "$top/plain_file"
refused "-o: in /proc" 'cannot be made' -o /proc/self/lockfair
refused "--self-test with another option" '--self-test takes no other' --self-test -x
refused "a glob that matches nothing makes no -o directory" 'no test matches' \
	-o "$top/never" -t nobody
[ ! -e "$top/never" ]
tell $? "and there is none"
limit=soon
refused "a time limit that is none" "'soon' is not a number"
limit=60
new_suite nothing
refused "no programs" 'no programs in'
programs=$top/missing
refused "no directory of programs" 'no programs in'
real_tmp=$TMPDIR
TMPDIR=$top/missing
new_suite healthy
refused "no temporary directory" 'cannot make a temporary directory in'
TMPDIR=$real_tmp
# The tree may stand where only root comes.
if [ "$(id -u)" = 0 ] && have setpriv && setpriv --reuid 65534 test -r "$front_door" 2>/dev/null
then
	mkdir "$top/closed"
	chmod 755 "$top/closed" "$top"
	chmod 1777 "$top/tmp"
	ordinary="setpriv --reuid 65534 --clear-groups --bounding-set -all"
	# shellcheck disable=SC2086 # words
	LOCKFAIR_PROGRAMS=$programs $ordinary $SH "$front_door" -d "$top/closed" \
		>"$top/out" 2>"$top/err"
	rc=$?
	is "-d: not writable for an ordinary user: exit status" $rc 2
	has "-d: not writable for an ordinary user" err 'not writable: Permission denied$'
	# shellcheck disable=SC2086 # words
	LOCKFAIR_PROGRAMS=$programs $ordinary $SH "$front_door" >"$top/out" 2>"$top/err"
	rc=$?
	is "an ordinary user runs it" $rc 0
	has "an ordinary user has no capability" out '^# user: uid 65534, without CAP_SYS_NICE$'
else
	skip "an ordinary user" "needs root, setpriv, and a path that anybody may enter"
fi

# ---- results that are not as expected ----

new_suite failing
program queue_order <<'END'
practice.posix.eight ok
practice.ofd.eight fail the fifth came before the fourth
practice.flock.eight ok
END
program zebra <<'END'
promise.posix.later ok
END
run
is "a failure: exit status" $rc 1
shape "a failure"
has "a failure is not ok" out '^  not ok 2 practice.ofd.eight$'
has "a failure is seen outside" out '^not ok 1 queue_order$'
has "what was seen stands before it" out '^  # seen: the fifth came before the fourth$'
has "the table has a failure" err 'eight  *yes  *FAIL  *yes$'
has "a failure is listed" err '^FAIL  *queue_order:practice.ofd.eight$'
has "and how to run it alone" err "^one alone: ./run_tests.sh -t 'queue_order:practice.ofd.eight'$"
has "the totals have it" err '^4 results: 1 unexpected$'
has "the answer changes" err \
	'^In short: posix and flock queue in order; ofd does not queue in order\.$'
run -d "$top/locks"
has "to run it alone, in the same place" err "^one alone: ./run_tests.sh -d .*/locks -t 'queue"
run -x
is "-x: exit status" $rc 1
shape "-x"
has "-x: the rest is not run" out '^ok 2 zebra # SKIP stopped at the first unexpected result$'
run -x -n 2
is "-x -n: nothing after it is run" "$(grep -c '# SKIP stopped' "$top/out")" 3
shape "-x -n"
run -xn2 -t 'zebra:*'
is "-x, all as expected: all run" "$(grep -c '^ok' "$top/out")" 2

new_suite excluding
program exclusion <<'END'
promise.posix.a ok
promise.flock.a fail two at a time
promise.flock.b ok
END
program queue_order <<'END'
practice.flock.a ok
practice.posix.a ok
END
program barging <<'END'
folklore.flock.a xfail the releaser came first
folklore.posix.a ok
END
run
said=$(grep -A 1 '^In short' "$top/err" | tr -s '\n ' ' ')
is "the answer: who does not exclude, and who is not passed" "$said" "In short: posix queues in \
order and lets nobody barge in; flock does not exclude, queues in order and then lets others \
barge in. "
has "an unexpected pass: told on stderr" err '^yes!  *unexpected pass: barging:folklore.posix.a$'
has "an unexpected pass: in the KTAP, before its result" out '^  # unexpected pass: '
has "an unexpected pass: in the table" err ' yes! '

new_suite passing
program barging <<'END'
folklore.posix.a ok
folklore.futex.a ok
folklore.ofd.a raw # unexpected pass: told already@ok %n %i
END
run
is "an unexpected pass is no failure" $rc 0
shape "an unexpected pass"
is "an unexpected pass is told once" "$(grep -c '# unexpected pass' "$top/out")" 2
has "an unexpected pass: in the totals" err '^3 results: all as expected, 2 unexpected passes$'

new_suite unfair
program alternation <<'END'
folklore.eventfd.strictly fail a side had two turns
folklore.futex.strictly raw ok %n %i # XFAIL controls have no excuse
practice.futex.other fail this is no question of fairness
END
run
is "an unfair control: exit status" $rc 1
shape "an unfair control"
is "an unfair control: in the table" "$(grep -c '^    strictly  *UNFAIR  *UNFAIR$' "$top/err")" 1
has "an unfair control: listed" err '^UNFAIR  alternation:folklore.eventfd.strictly$'
has "a control that breaks a practice is a failure" err '^FAIL  *alternation:practice.futex.other$'
has "an unfair control: in the answer" err \
	'^In short: eventfd and futex do not alternate strictly\.$'

new_suite broken
program conversion <<'END'
promise.flock.a broken no memory
promise.flock.b ok
practice.ofd.c raw ok %n %i # XFAIL only folklore may
END
run
is "a broken set-up: exit status" $rc 1
shape "a broken set-up"
has "a broken set-up: in the KTAP" out '^  # broken: no memory$'
has "a broken set-up: in the table" err 'a  *\.  *BROKE$'
has "a broken set-up: listed" err '^BROKE  *conversion:promise.flock.a$'
has "an expected failure outside of folklore is a failure" out '^  not ok 3 practice.ofd.c$'

new_suite skipping
program readers <<'END'
folklore.posix.a skip needs CAP_SYS_NICE
folklore.ofd.a skip needs CAP_SYS_NICE
promise.ofd.b skip needs a # in its reason
END
run
is "nothing but skips: exit status" $rc 4
shape "nothing but skips"
has "skips are counted by their reason" err '^skipped, 2: needs CAP_SYS_NICE$'
has "nothing but skips: said" err 'nothing ran'
has "a # in a reason" out '^  ok 3 promise.ofd.b # SKIP needs a  *in its reason$'
has "nothing but skips: the program" out '^ok 1 readers # SKIP '
program aliasing <<'END'
promise.ofd.a ok
END
run
is "one that ran is enough" $rc 0

# ---- skips that a kernel of this release does not have ----

# The list of expected skips is beside run_tests.sh, where it is installed.
real_front_door=$front_door
install_flat "$top/installed"
front_door=$top/installed/run_tests.sh
printf '%s\t%s\n' "no feature of old" "before 1.0" "no feature of tomorrow" "before 999.0" \
	"no such machine" "not pdp11" "no folder" "directory" "no privilege" "without CAP_NONE" \
	"no ofd locks here" "directory" "no posix locks here" "directory" \
	"no flock locks here" "directory" "one of two" "directory or before 999.0" \
	>"$top/installed/skips"

new_suite more_skips
program readers <<'END'
promise.posix.a ok
promise.posix.b skip no feature of tomorrow
promise.posix.c skip no such machine
promise.posix.d skip no privilege
promise.posix.e skip one of two
END
run
is "expected skips: exit status" $rc 0
has_not "expected skips are not remarked upon" err 'more than'
program readers <<'END'
promise.posix.a ok
promise.posix.b skip no feature of old
promise.flock.b skip no feature of old
promise.posix.c skip never heard of
promise.posix.d skip no folder
END
run
is "more skips than expected: exit status" $rc 0
has "more skips than expected are counted" err \
	'^4 skips more than Linux [0-9.]* has: no feature of old (2);'
has "they are not all as expected" err \
	'^5 results: all that ran as expected, more skips than expected$'
has "and each reason is named" err 'never heard of (1); no folder'

new_suite vanished
program readers <<'END'
promise.posix.a ok
promise.ofd.a skip no ofd locks here (EINVAL)
folklore.ofd.b skip no ofd locks here (EINVAL)
END
run
is "a kind that should be there: exit status" $rc 1
has "it is named" err '^ofd should be there$'
mkdir "$top/elsewhere"
run -d "$top/elsewhere"
is "a kind that this file system may lack: exit status" $rc 0
has_not "it is no failure" err 'should be there'
has "the answer names it, the file system and the errno" err \
	'^In short: ofd cannot be had on [a-z0-9]* here (EINVAL)\.$'
program readers <<'END'
promise.posix.a skip no posix locks here (ENOLCK)
promise.flock.a skip no flock locks here (ENOLCK)
promise.futex.a ok
END
run -d "$top/elsewhere"
is "no file lock at all: exit status" $rc 4
has "the answer says so" err 'posix and flock cannot be had on [a-z0-9]* here (ENOLCK)'
program readers <<'END'
promise.posix.a skip no file locks in this kernel
promise.ofd.a skip no file locks in this kernel
promise.eventfd.a ok
END
run
is "a kernel without file locks: exit status" $rc 4
has "the answer says that, too" err 'posix and ofd cannot be had in this kernel, which was built'
program readers <<'END'
promise.posix.a fail nobody holds the lock, yet posix refuses a try: ENOLCK (No locks available)
promise.ofd.a fail nobody holds the lock, yet ofd refuses a try: ENOLCK (No locks available)
promise.flock.a fail nobody holds the lock, yet flock refuses a release: EIO (Input/output error)
END
run
is "refused calls: exit status" $rc 1
has "refused calls are one line" err '^FAIL  *3 results: the lock is refused'
has "the answer says what was refused" err \
	'^In short: posix and ofd refuse a try with ENOLCK, although nobody holds the lock; flock'
rmdir "$top/elsewhere"
front_door=$real_front_door

# ---- what the kernel logs ----

# Each look finds one complaint more.
new_suite logging
program readers <<'END'
promise.posix.a ok
END
cat >"$top/bin/dmesg" <<'END'
#!/bin/sh
cat "$DMESG_LOG"
echo "[    3.000000] WARNING: CPU: 0 PID: 7 at fs/locks.c:1 a_function+0x1/0x2" >>"$DMESG_LOG"
END
chmod +x "$top/bin/dmesg"
echo "[    1.000000] BUG: long ago" >"$top/log"
echo "[    2.000000] all is well" >>"$top/log"
DMESG_LOG=$top/log
export DMESG_LOG
with_log=$PATH
PATH=$top/bin:$PATH
run
PATH=$with_log
is "a kernel that complains: exit status" $rc 0
shape "a kernel that complains"
has "it says while which program" out '^  # kernel, while readers ran: .* WARNING: CPU: 0'
has "and at the end" err '^kernel, while readers ran: .* WARNING: CPU: 0'
has_not "what it had logged before is not reported" out 'long ago'
rm "$top/bin/dmesg"

new_suite plan_skip
program aliasing <<'END'
promise.ofd.a raw 1..0 # SKIP no memfd
promise.ofd.b raw # none
END
run
shape "1..0 # SKIP"
is "1..0 # SKIP: all are skipped" "$(grep -c 'promise.ofd.* # SKIP no memfd$' "$top/out")" 2
is "1..0 # SKIP: exit status" $rc 4

new_suite flaky
program queue_order <<'END'
practice.posix.a flaky
practice.futex.a ok
END
run -n 5
is "-n with a flaky test: exit status" $rc 1
shape "-n with a flaky test"
has "the table counts the worst" err '^    a  *FAIL 3/5 | *yes$'
is "a test is listed once" "$(grep -c '^FAIL ' "$top/err")" 1

# ---- programs that go wrong ----

new_suite crashing
program queue_order <<'END'
practice.posix.a ok
practice.posix.b crash
practice.posix.c ok
practice.posix.d ok
END
program readers <<'END'
promise.posix.a ok
END
run
is "a crash: exit status" $rc 1
shape "a crash"
has "a crash: what went before counts" out '^  ok 1 practice.posix.a$'
has "a crash: who it was" out '^  # no result: signal 9 (SIGKILL) ended it$'
is "a crash: stands before its result" "$(grep -A 1 '# no result' "$top/out" | tail -n 1)" \
	"  not ok 2 practice.posix.b"
has "a crash: the others have no result" out '^  not ok 4 practice.posix.d$'
has "a crash: in the table" err '^    b  *BROKE$'
has "a crash: the others in the table" err '^    d  *lost$'
has "a crash: the others are counted" err '^lost  *2 tests of queue_order$'
has "a crash: the other programs run" out '^ok 2 readers$'

new_suite quitting
program aliasing <<'END'
promise.ofd.a ok
promise.ofd.b quit 7
END
program barging <<'END'
promise.ofd.a ok
! exit 9
END
program conversion <<'END'
promise.ofd.a ok
promise.ofd.ab cut
END
program exclusion <<'END'
promise.ofd.a quit 0
END
run
is "an early end: exit status" $rc 1
shape "an early end"
has "an early end" out '^  # no result: it ended with exit status 7$'
has "an exit status that fits no result" out \
	'^# barging: it ended with exit status 9 although no test failed$'
has "an exit status that fits no result: not ok" out '^not ok 2 barging$'
has "an exit status that fits no result: listed" err '^BROKE  *barging: it ended with exit status 9'
has "half a line is no result" out '^  not ok 2 promise.ofd.ab$'
has "an early end that looks good" out '^  # no result: it ended with exit status 0$'

new_suite garbage
program queue_order <<'END'
! say [   12.345678] BUG: something in the kernel
practice.posix.a raw ok %n practice.pos[ 13.000000] random: crng init done@ix.a
practice.posix.b raw ok %n %i@ok %n %i
practice.posix.c raw ok %n practice.posix.nobody@ok %n %i
practice.posix.d raw # not ok 1 - x FAIL: it [FAIL] ed@ok 99 bogus line@not ok@# ok 3 fine@ok %n %i
practice.posix.e raw ok %n %i # a remark
practice.posix.f raw not ok %n %i # SKIP a failure is no skip
practice.posix.g raw ok %n - %i
practice.posix.h raw # control \007\033[31m characters@ok %n %i
practice.posix.i raw # a # in it, 50% and \\ and "quotes"@ok %n %i
practice.posix.j raw ok %n %i # SKIP
END
printf 'practice.posix.k ok\n! say \200\377 no letters\n' >>"$programs/queue_order.table"
run
is "garbage: exit status" $rc 1
shape "garbage"
has "a message of the kernel is a diagnostic" out '^  # \[   12.345678\] BUG: something in'
has "a result that a message has split is none" out '^  not ok [0-9]* practice.posix.a$'
has "a second result is no good" out '^  not ok [0-9]* practice.posix.b$'
has "a result of a test that is not listed" out \
	'^# queue_order: results of tests that it does not list: 3$'
has "and the test that is" out '^  ok [0-9]* practice.posix.c$'
has "a remark is kept" out '^  # a remark$'
has "a failure with SKIP is a failure" out '^  not ok [0-9]* practice.posix.f$'
has "a dash before the name" out '^  ok [0-9]* practice.posix.g$'
has "a skip without a reason" out '^  ok [0-9]* practice.posix.j # SKIP'
has "a skip without a reason is counted" err '^skipped, 1: no reason given$'
has "after garbage" out '^  ok [0-9]* practice.posix.k$'

new_suite unusable
program aliasing <<'END'
promise.ofd.a ok
END
cat >"$programs/barging" <<'END'
#!/bin/sh
exit 3
END
cat >"$programs/conversion" <<'END'
#!/bin/sh
echo "usage: this is not an id"
END
cat >"$programs/exclusion" <<'END'
#!/bin/sh
END
printf '\177ELF is all it has' >"$programs/queue_order"
chmod +x "$programs"/barging "$programs"/conversion "$programs"/exclusion "$programs"/queue_order
: >"$programs/readme"
: >"$programs/helper.o"
printf 'aliasing\nbarging\nconversion\nexclusion\nmissing\nqueue_order\nreadme\n' \
	>"$programs/programs"
run
is "programs that list nothing: exit status" $rc 1
shape "programs that list nothing"
is "programs that list nothing: not ok" "$(grep -c '^not ok' "$top/out")" 6
has "one that fails to list" out '^# broken: barging -l ended with status 3$'
has "one that lists no ids" out "^# broken: conversion -l says 'usage: this is not an id'"
has "one that lists none" out '^# broken: exclusion -l lists no tests$'
has "one that is not there" out '^# broken: .*missing does not exist$'
has "one that cannot be executed" out '^# broken: .*readme cannot be executed$'
has "and one that does" out '^ok 1 aliasing$'
has "programs that list nothing: on stderr" err '^BROKE  *exclusion: exclusion -l lists no tests$'
run -l
is "-l with such programs: exit status" $rc 1
is "-l with such programs: what there is" "$(tr '\n' , <"$top/out")" "aliasing:promise.ofd.a,"
run -l -t '[bx]arging:*' -t 'aliasing:*'
is "-l with one of them asked for by a bracket: exit status" $rc 1
is "and what there is" "$(tr '\n' , <"$top/out")" "aliasing:promise.ofd.a,"
run -l -t 'aliasing\:promise.*'
is "a colon may be escaped" "$rc $(cat "$top/out")" "0 aliasing:promise.ofd.a"
run -l -t 'aliasing[:]promise.*'
is "or in a bracket" "$rc $(cat "$top/out")" "0 aliasing:promise.ofd.a"
run -t 'aliasing:*'
is "such programs do not matter to those who ask for others" $rc 0
run -t 'barging:*'
is "but to those who ask for them" $rc 1
printf '../evil\n' >"$programs/programs"
refused "a name that leads out of the directory" "is no name of a program"

new_suite flattened
install_flat "$programs/here"
echo "promise.ofd.a ok" >"$programs/here/aliasing.table"
cp "$here/fake/program" "$programs/here/aliasing"
cp "$here/fake/program" "$programs/here/no_program"
echo aliasing >"$programs/here/programs"
$SH "$programs/here/run_tests.sh" >"$top/out" 2>"$top/err"
rc=$?
is "installed flat: exit status" $rc 0
is "installed flat: what the list names" "$(grep '^ok' "$top/out")" "ok 1 aliasing"
mkdir "$programs/here/tests"
mv "$programs"/here/aliasing* "$programs/here/tests"
(cd "$programs/here" && $SH run_tests.sh) >"$top/out" 2>"$top/err"
rc=$?
is "built in the tree: exit status" $rc 0
is "built in the tree: what the list names" "$(grep '^ok' "$top/out")" "ok 1 aliasing"

# ---- time limits and signals ----

new_suite hanging
program queue_order <<'END'
practice.posix.a ok
practice.posix.b hang
practice.posix.c ok
END
program readers <<'END'
promise.ofd.a ok
END
new_suite deaf
program queue_order <<'END'
practice.posix.a ok
practice.posix.b deaf
practice.posix.c ok
END
hang_limits() {
	programs=$top/hanging
	limit=1
	run -d "$top/locks"
	limit=60
	is "$1: a hung test: exit status" $rc 1
	shape "$1: a hung test"
	has "$1: a hung test: not ok" out '^  not ok 2 practice.posix.b$'
	has "$1: a hung test: its history" out '^  #   waiter |   wwwwww|$'
	has "$1: a hung test: why" out '^  # the time limit of 1 s ended it$'
	has "$1: a hung test: in the table" err '^    b  *HUNG'
	has "$1: the next program runs" out '^ok 2 readers$'
	clean_after "$1: a hung test"
}

# Starts it with the words of $2, waits until the test hangs, sends signal $3.
signalled() {
	what=$1
	how=$2
	signal=$3
	expected=$4
	rm -f "$top/started"
	ran="run_tests.sh on SIG$signal"
	# A shell starts what is in the background with SIGINT ignored, timeout does not.
	# shellcheck disable=SC2086 # words
	MARKER=$marker FAKE_STARTED=$top/started LOCKFAIR_PROGRAMS=$programs \
		$how $SH "$front_door" -d "$top/locks" >"$top/out" 2>"$top/err" &
	pid=$!
	for _ in $tenths; do
		[ ! -e "$top/started" ] || break
		kill -0 "$pid" 2>/dev/null || break
		sleep 0.1
	done
	[ -n "$how" ] || kill -s "$signal" "$pid"
	began=$(date +%s)
	wait "$pid"
	rc=$?
	ended=$(date +%s)
	is "$what: exit status" $rc "$expected"
	tell $((ended - began > 3)) "$what: at once ($((ended - began)) s)"
	is "$what: no table" "$(cat "$top/err")" ""
	clean_after "$what"
}

signals() {
	programs=$top/hanging
	signalled "$1: SIGTERM" "" TERM 143
	# What is ignored from the beginning, as by nohup(1), no shell can trap (POSIX, trap).
	if grep -q '^SigIgn:.*[13579bdf]$' /proc/self/status; then
		skip "$1: SIGHUP" "it is ignored here"
	else
		signalled "$1: SIGHUP" "" HUP 129
	fi
	if timeout --preserve-status --foreground -s INT 0.1 true 2>/dev/null; then
		signalled "$1: SIGINT" "timeout --preserve-status --foreground -s INT 0.4" INT 130
		signalled "$1: SIGINT to the group" "timeout --preserve-status -s INT 0.4" INT 130
	else
		skip "$1: SIGINT" "this timeout has no --preserve-status"
	fi
	programs=$top/deaf
	signalled "$1: SIGTERM, and a test that ignores it" "" TERM 143
}

closed_pipe() {
	programs=$top/healthy
	what=$1
	shift
	for lines in "$@"; do
		got=$(MARKER=$marker LOCKFAIR_PROGRAMS=$programs $SH "$front_door" -n 20 \
			2>"$top/err" | head -n "$lines" | grep -c '')
		is "$what: | head -$lines" "$got" "$lines"
		is "$what: | head -$lines: silence" "$(cat "$top/err")" ""
		clean_after "$what: | head -$lines"
	done
	# SIGPIPE ignored, as some start it.
	# shellcheck disable=SC2086 # words
	got=$(trap '' PIPE; LOCKFAIR_PROGRAMS=$programs MARKER=$marker $SH "$front_door" -n 20 \
		2>"$top/err" | head -n 1)
	is "$what: | head, SIGPIPE ignored" "$got" "KTAP version 1"
	clean_after "$what: | head, SIGPIPE ignored"
	LOCKFAIR_PROGRAMS=$programs $SH "$front_door" -l 2>"$top/err" | head -n 1 >/dev/null
	is "$what: -l | head: silence" "$(cat "$top/err")" ""
	if [ -w /dev/full ]; then
		LOCKFAIR_PROGRAMS=$programs $SH "$front_door" >/dev/full 2>"$top/err"
		got=$?
		tell $((got == 0)) "$what: a full disk is no success"
		clean_after "$what: a full disk"
	fi
	LOCKFAIR_PROGRAMS=$programs $SH "$front_door" >"$top/out" 2>&-
	is "$what: no stderr: exit status" $? 0
	shape "$what: no stderr"
}

hang_limits "$SH"
signals "$SH"
closed_pipe "$SH" 1 3 20
programs=$top/deaf
cat >"$top/bin/timeout" <<'END'
#!/bin/sh
# The limit of five seconds until SIGKILL would be long to wait for.
[ "$1 $2" != "-k 5" ] || { shift 2; set -- -k 0.5 "$@"; }
END
echo "exec $(command -v timeout) \"\$@\"" >>"$top/bin/timeout"
chmod +x "$top/bin/timeout"
real_path=$PATH
PATH=$top/bin:$PATH
if timeout -k 0.5 1 true 2>/dev/null; then
	limit=1
	run
	limit=60
	is "a hung test that ignores SIGTERM: exit status" $rc 1
	shape "a hung test that ignores SIGTERM"
	has "a hung test that ignores SIGTERM: why" out \
		'^  # no result: the time limit of 1 s ended it$'
	has "a hung test that ignores SIGTERM: the rest" out '^  not ok 3 practice.posix.c$'
	clean_after "a hung test that ignores SIGTERM"
else
	skip "a hung test that ignores SIGTERM" "this timeout knows only whole seconds"
fi
PATH=$real_path

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
	is "a terminal: exit status" $rc 0
	has "a terminal: colour" err "${escape}\[32m"
	has "a terminal: progress" err '\[1/1\] queue_order'
	has "a terminal: progress is wiped out" err "queue_order.*${escape}\[K"
	shape "a terminal"
	on_terminal env NO_COLOR=1
	has_not "NO_COLOR: no colour" err "${escape}\[[0-9;]*m"
	on_terminal env NO_COLOR=
	has "NO_COLOR, empty: colour" err "${escape}\[32m"
	on_terminal env TERM=dumb
	has_not "TERM=dumb: no escape at all" err "$escape"
	on_terminal env -u TERM
	has_not "no TERM: no escape at all" err "$escape"
	is "a terminal: at most 100 wide" "$(tr -d '\r' <"$top/err" | awk 'length($0) > 100')" ""
else
	skip "a terminal" "no script (bsdutils)"
fi

# ---- setting up ----

# A machine of our own: a tree with a Makefile, a compiler and package managers that pretend.
machine=$top/machine
mkdir "$machine"
tools="awk basename cat cp cut date dirname env grep head id ls mkdir mktemp rm sed sh sleep sort
	stat tail touch tr true uname wc find chmod cmp"
new_machine() {
	rm -rf "$machine"
	mkdir -p "$machine/bin" "$machine/tree" "$machine/include"
	for tool in $tools; do
		ln -s "$(command -v "$tool")" "$machine/bin/$tool" 2>/dev/null
	done
	rm -f "$machine/bin/id"
	cat >"$machine/bin/id" <<-END
	#!/bin/sh
	cat "$machine/uid"
	END
	chmod +x "$machine/bin/id"
	echo "${1:-0}" >"$machine/uid"
	install_flat "$machine/tree"
	: >"$machine/tree/Makefile"
	# What the parts look like once they are there.
	mkdir "$machine/parts"
	cat >"$machine/parts/make" <<-END
	#!/bin/sh
	case \$* in
	*show-harness*)
		[ ! -e "$machine/harness" ] || exit 0
		echo "kselftest_harness.h: nowhere" >&2
		exit 1 ;;
	*check*)
		echo "checked: \$*"
		[ ! -e "$machine/failing" ] || exit 2
		exit 0 ;;
	esac
	if [ -e "$machine/failing" ]; then
		echo "tests/aliasing.c:1: error: no"
		exit 2
	fi
	mkdir -p "$machine/tree/tests"
	cp "$here/fake/program" "$machine/tree/tests/aliasing"
	echo "promise.ofd.a ok" >"$machine/tree/tests/aliasing.table"
	echo aliasing >"$machine/tree/programs"
	echo "built"
	END
	cat >"$machine/parts/gcc" <<-END
	#!/bin/sh
	read -r _ header
	header=\${header#<}
	[ -e "$machine/include/\${header%>}" ]
	END
	ln -s "$(command -v timeout)" "$machine/parts/timeout"
	cat >"$machine/parts/manager" <<-END
	#!/bin/sh
	echo "\${0##*/} \$*" >>"$machine/log"
	[ ! -e "$machine/no_network" ] || exit 100
	for part in "\$@"; do
		case \$part in
		make|gcc)	cp "$machine/parts/\$part" "$machine/bin" ;;
		coreutils)	cp -P "$machine/parts/timeout" "$machine/bin" ;;
		*libc*dev*|glibc*|musl-dev)
			mkdir -p "$machine/include/linux"
			: >"$machine/include/linux/futex.h"
			: >"$machine/include/stdlib.h" ;;
		linux-source*|kernel-source|curl) : >"$machine/harness" ;;
		esac
		case \$part in
		libcap*)	mkdir -p "$machine/include/sys"
				: >"$machine/include/sys/capability.h" ;;
		esac
	done
	exit 0
	END
	# Not timeout, which is a link to the machine's own.
	chmod +x "$machine/parts/make" "$machine/parts/gcc" "$machine/parts/manager"
}

# Part $1 is there.
give() {
	for part in "$@"; do
		case $part in
		libc)	mkdir -p "$machine/include/linux"
			: >"$machine/include/linux/futex.h"
			: >"$machine/include/stdlib.h" ;;
		libcap)	mkdir -p "$machine/include/sys"
			: >"$machine/include/sys/capability.h" ;;
		harness) : >"$machine/harness" ;;
		apt-get|dnf|apk|zypper|pacman) cp "$machine/parts/manager" "$machine/bin/$part" ;;
		apt-cache)
			printf '#!/bin/sh\necho "Package: x"\n' >"$machine/bin/apt-cache"
			chmod +x "$machine/bin/apt-cache" ;;
		*)	cp -P "$machine/parts/$part" "$machine/bin" ;;
		esac
	done
}

on_machine() {
	ran="run_tests.sh $*"
	: >"$machine/log"
	# shellcheck disable=SC2086 # words
	PATH=$machine/bin $machine_shell "$machine/tree/run_tests.sh" "$@" \
		>"$top/out" 2>"$top/err" </dev/null
	rc=$?
}
# busybox sh has what is missing there in itself.
# shellcheck disable=SC2086 # words
case $SH in
busybox*) set -- sh ;;
*) set -- $SH ;;
esac
machine_shell="$(command -v "$1")"
shift
machine_shell="$machine_shell $*"

new_machine
give make gcc libc libcap harness timeout
on_machine
is "not built: it builds, and runs" $rc 0
has "not built: it has run" out '^ok 1 aliasing$'
has_not "not built: it builds quietly" err 'built'
is "not built: nothing is installed" "$(cat "$machine/log")" ""
shape "not built"
give apt-get
on_machine --setup
is "--setup with nothing missing: exit status" $rc 0
is "--setup with nothing missing: nothing is installed" "$(cat "$machine/log")" ""
has_not "--setup with nothing missing: nothing is said of it" err 'missing\|install'
on_machine --setup --self-test
is "--setup --self-test: exit status" $rc 0
has "--setup --self-test: make check" out '^checked: .* check$'
: >"$machine/failing"
on_machine --self-test
is "--self-test that fails: exit status" $rc 1
rm "$machine/tree/Makefile"
on_machine --self-test
is "--self-test without the source: exit status" $rc 2
has "--self-test without the source: why" err '^run_tests.sh: --self-test: no Makefile'

new_machine
give make gcc libc libcap harness timeout
: >"$machine/failing"
on_machine
is "a build that fails: exit status" $rc 2
has "a build that fails: what it said" err '^tests/aliasing.c:1: error: no$'
has "a build that fails: in a line of ours" err '^run_tests.sh: the programs could not be built'
is "a build that fails: no KTAP" "$(cat "$top/out")" ""
clean_after "a build that fails"

lacks() {
	what=$1
	on_machine
	got=0
	[ $rc = 2 ] && [ ! -s "$top/out" ] && [ "$(grep -c '' "$top/err")" = 1 ] || got=1
	grep -q "^run_tests.sh: $2" "$top/err" || got=1
	[ ! -s "$machine/log" ] || got=1
	tell $got "what is missing is named: $what" "expected: $2; log: $(cat "$machine/log")"
}
install='apt-get install -y --no-install-recommends'
new_machine
give apt-get gcc libc libcap harness timeout
lacks make "missing: make.*: $install make"
give make
rm "$machine/bin/timeout"
lacks timeout "missing: timeout; this brings it: $install coreutils (or all at once: .*--setup)"
give timeout
rm "$machine/include/stdlib.h"
lacks "the headers of libc" "missing: the headers of libc and the kernel; .* libc6-dev"
give libc
rm "$machine/harness"
lacks "kselftest_harness.h" "missing: kselftest_harness.h; .* linux-source"
echo 1000 >"$machine/uid"
lacks "to an ordinary user" "missing: kselftest_harness.h; .* \(su -c\|sudo\) .*linux-source"
rm "$machine/bin/apt-get"
lacks "without a package manager" 'kselftest_harness.h: .*nowhere; KSRC=DIR names a kernel tree'
rm "$machine/bin/make"
lacks "make, without a package manager" "missing: make.*; install it with this system"
rm "$machine/bin/gcc"
give apk make libc
lacks "for another manager" "missing: gcc.*apk add gcc"

for manager in apt-get dnf apk zypper pacman; do
	new_machine
	give $manager
	on_machine --setup
	is "--setup from nothing: $manager: exit status" $rc 0
	has "--setup from nothing: $manager: runs the tests" out '^ok 1 aliasing$'
	has "--setup from nothing: $manager: says it first" err \
		"^run_tests.sh: missing: .*; installing: $manager .*make.*gcc.*libcap"
	grep -q "^$manager .*make gcc .*libcap" "$machine/log"
	tell $? "--setup from nothing: $manager: in one command" "$(cat "$machine/log")"
	shape "--setup from nothing: $manager"
	cp "$machine/log" "$machine/log1"
	on_machine --setup
	is "--setup again: $manager: installs nothing" "$(cat "$machine/log")" ""
done
new_machine
give apt-get
on_machine --setup
is "--setup: lists that are empty are fetched first" "$(head -n 1 "$machine/log")" \
	"apt-get -q update"
new_machine
give apt-get apt-cache
on_machine --setup
has "--setup: known packages need no update" err 'installing: apt-get'
[ "$(head -n 1 "$machine/log" | cut -c 1-16)" = "apt-get install " ]
tell $? "--setup: known packages need no update" "$(cat "$machine/log")"
new_machine 1000
give apt-get make gcc libc harness
on_machine --setup
is "--setup, not root: exit status" $rc 2
is "--setup, not root: nothing is installed" "$(cat "$machine/log")" ""
is "--setup, not root: one line" "$(grep -c '' "$top/err")" 1
has "--setup, not root: what to type" err "; type: \(sudo\|su -c\) .*run_tests.sh --setup'*$"
give libcap timeout
on_machine --setup
is "--setup, not root, nothing missing: exit status" $rc 0
new_machine
give apt-get
: >"$machine/no_network"
on_machine --setup
is "--setup that fails: exit status" $rc 2
has "--setup that fails: which command" err '^run_tests.sh: this failed: apt-get install '
is "--setup that fails: no KTAP" "$(cat "$top/out")" ""

# ---- other shells and awks ----

# The same programs, the same bytes.
same() {
	what=$1
	programs=$top/healthy
	run
	grep -v '^# user' "$top/out" >"$top/out.a"
	cmp -s "$top/healthy.out" "$top/out" && cmp -s "$top/healthy.err" "$top/err"
	tell $? "$what: the same, healthy"
	programs=$top/garbage
	run
	grep -v ' no letters' "$top/out" >"$top/out.a"
	cmp -s "$top/garbage.out" "$top/out.a" && cmp -s "$top/garbage.err" "$top/err"
	tell $? "$what: the same, garbage" "$(diff "$top/garbage.out" "$top/out.a")"
	programs=$top/crashing
	run -n 2
	cmp -s "$top/crashing.out" "$top/out" && cmp -s "$top/crashing.err" "$top/err"
	tell $? "$what: the same, a crash" "$(diff "$top/crashing.out" "$top/out")"
}
programs=$top/garbage
run
grep -v ' no letters' "$top/out" >"$top/garbage.out"
cp "$top/err" "$top/garbage.err"
programs=$top/crashing
run -n 2
cp "$top/out" "$top/crashing.out"
cp "$top/err" "$top/crashing.err"

ours=$SH
path_of() {
	readlink -f "$(command -v "${1%% *}")"
}

for shell in dash "busybox sh" "bash --posix" ksh mksh; do
	if have "${shell%% *}" && [ "$(path_of "$shell")" != "$(path_of "$ours")" ] &&
	   $shell -c true 2>/dev/null; then
		SH=$shell
		same "$shell"
		case $shell in
		dash|busybox*)
			programs=$top/hanging
			signalled "$shell: SIGTERM" "" TERM 143
			programs=$top/healthy
			closed_pipe "$shell" 1 ;;
		esac
	fi
done
SH=$ours
for awk in mawk gawk "gawk --posix" "busybox awk" original-awk; do
	if have "${awk%% *}" && $awk 'BEGIN { exit 0 }' 2>/dev/null; then
		mkdir -p "$top/awk"
		printf '#!/bin/sh\nexec %s "$@"\n' "$awk" >"$top/awk/awk"
		chmod +x "$top/awk/awk"
		PATH=$top/awk:$real_path
		same "$awk"
		PATH=$real_path
	fi
done
if have busybox && busybox timeout 1 true 2>/dev/null; then
	printf '#!/bin/sh\nexec busybox timeout "$@"\n' >"$top/awk/timeout"
	chmod +x "$top/awk/timeout"
	rm "$top/awk/awk"
	PATH=$top/awk:$real_path
	hang_limits "busybox timeout"
	programs=$top/hanging
	signalled "busybox timeout: SIGTERM" "" TERM 143
	PATH=$real_path
fi

# ---- other readers ----

# The parts of it that are shell, too, and those that are awk.
set +f
shells=$(grep -l '^# shellcheck shell=sh' "$here"/../report/*)
awks=$(echo "$here"/../report/*.awk)
set -f
if have shellcheck; then
	# shellcheck disable=SC2086 # words
	shellcheck -x "$front_door" "$0" "$here/fake/program" $shells >"$top/said" 2>&1
	tell $? "shellcheck" "$(cat "$top/said")"
else
	skip "shellcheck" "no shellcheck"
fi
# shellcheck disable=SC2086 # words
is "lines of at most 100 columns" "$(expand "$front_door" "$0" "$here/fake/program" $shells $awks |
	awk 'length($0) > 100')" ""

if [ -n "${KUNIT_PY-}" ] && have python3; then
	# Programs and their tests, as kunit.py counts them.
	kunit() {
		programs=$top/$1
		run
		python3 "$KUNIT_PY" parse "$top/out" >"$top/said" 2>&1
		grep -q "Testing complete. $2" "$top/said"
		tell $? "kunit.py: $1" "$(tail -n 3 "$top/said")"
		! grep -qi 'ERROR' "$top/said"
		tell $? "kunit.py has nothing to complain about: $1" "$(grep -i ERROR "$top/said")"
	}
	kunit healthy "Ran 38 tests: passed: 37, skipped: 1"
	kunit failing "Ran 4 tests: passed: 3, failed: 1"
	kunit crashing "Ran 5 tests: passed: 2, failed: 3"
	kunit unfair "Ran 3 tests: failed: 3"
else
	skip "kunit.py" "KUNIT_PY is not set"
fi

finish
