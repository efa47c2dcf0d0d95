#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Tests of run_tests.sh: programs that crash, stop early, print garbage or cannot list their tests.

# shellcheck source-path=SCRIPTDIR source=../front_door
. "$(dirname -- "$0")/../front_door"

# ---- crashes ----

crashing_suite
run
is "a crash: exit status" $rc 1
well_formed "a crash"
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
well_formed "an early end"
has "an early end" out '^  # no result: it ended with exit status 7$'
has "an exit status that fits no result" out \
	'^# barging: it ended with exit status 9 although no test failed$'
has "an exit status that fits no result: not ok" out '^not ok 2 barging$'
has "an exit status that fits no result: listed" err '^BROKE  *barging: it ended with exit status 9'
has "half a line is no result" out '^  not ok 2 promise.ofd.ab$'
has "an early end that looks good" out '^  # no result: it ended with exit status 0$'

# ---- garbage ----

garbage_suite
run
is "garbage: exit status" $rc 1
well_formed "garbage"
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

# ---- programs that list no tests ----

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
well_formed "programs that list nothing"
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

finish
