#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Tests of run_tests.sh: programs that crash, stop early, print garbage or cannot list their tests.

# shellcheck source-path=SCRIPTDIR source=../front_door
. "$(dirname -- "$0")/../front_door"

# ---- crashes ----

crashing_suite
run
is "a crash: the exit status is 1" $rc 1
well_formed "a crash"
has "a crash: the results before it count" out '^  ok 1 practice.posix.a$'
has "a crash: the diagnostic names the signal" out '^  # no result: signal 9 (SIGKILL) ended it$'
is "a crash: the diagnostic comes before the result" \
	"$(grep -A 1 '# no result' "$top/out" | tail -n 1)" \
	"  not ok 2 practice.posix.b"
has "a crash: the tests after it are not ok" out '^  not ok 4 practice.posix.d$'
has "a crash: the table shows BROKE" err '^    b  *BROKE$'
has "a crash: the table shows lost for the tests after it" err '^    d  *lost$'
has "a crash: the summary counts the lost tests" err '^lost  *2 tests of queue_order$'
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
is "an early end: the exit status is 1" $rc 1
well_formed "an early end: the diagnostic has the exit status"
has "an early end: the diagnostic has the exit status" out \
	'^  # no result: it ended with exit status 7$'
has "an exit status that no result explains is reported" out \
	'^# barging: it ended with exit status 9 although no test failed$'
has "an exit status that no result explains: not ok" out '^not ok 2 barging$'
has "an exit status that no result explains: the summary lists it" err \
	'^BROKE  *barging: it ended with exit status 9'
has "half a line is not a result" out '^  not ok 2 promise.ofd.ab$'
has "an early end with exit status 0 is not ok" out '^  # no result: it ended with exit status 0$'

# ---- garbage ----

garbage_suite
run
is "garbage: the exit status is 1" $rc 1
well_formed "garbage"
has "a message of the kernel is a diagnostic" out '^  # \[   12.345678\] BUG: something in'
has "a result line split by a kernel message does not count" out \
	'^  not ok [0-9]* practice.posix.a$'
has "a test with two results is not ok" out '^  not ok [0-9]* practice.posix.b$'
has "results of tests that are not listed are reported" out \
	'^# queue_order: results of tests that it does not list: 3$'
has "the listed test beside them keeps its result" out '^  ok [0-9]* practice.posix.c$'
has "a remark is kept" out '^  # a remark$'
has "not ok with SKIP is a failure" out '^  not ok [0-9]* practice.posix.f$'
has "a dash before the name is accepted" out '^  ok [0-9]* practice.posix.g$'
has "a skip without a reason stays a skip" out '^  ok [0-9]* practice.posix.j # SKIP'
has "a skip without a reason is counted" err '^skipped, 1: no reason given$'
has "results after garbage count" out '^  ok [0-9]* practice.posix.k$'

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
is "programs that list nothing: the exit status is 1" $rc 1
well_formed "programs that list nothing"
is "programs that list nothing: each is not ok" "$(grep -c '^not ok' "$top/out")" 6
has "a program whose -l fails is reported" out '^# broken: barging -l ended with status 3$'
has "a program that lists something else than ids is reported" out \
	"^# broken: conversion -l says 'usage: this is not an id'"
has "a program that lists nothing is reported" out '^# broken: exclusion -l lists no tests$'
has "a missing program is reported" out '^# broken: .*missing does not exist$'
has "a program that cannot be executed is reported" out '^# broken: .*readme cannot be executed$'
has "the program that lists its tests runs" out '^ok 1 aliasing$'
has "programs that list nothing: the summary lists them" err \
	'^BROKE  *exclusion: exclusion -l lists no tests$'
run -l
is "-l with such programs: the exit status is 1" $rc 1
is "-l with such programs: prints the ids of the others" \
	"$(tr '\n' , <"$top/out")" "aliasing:promise.ofd.a,"
run -l -t '[bx]arging:*' -t 'aliasing:*'
is "-l, a bracket matches such a program: the exit status is 1" $rc 1
is "-l, a bracket matches such a program: prints the ids of the others" \
	"$(tr '\n' , <"$top/out")" "aliasing:promise.ofd.a,"
run -l -t 'aliasing\:promise.*'
is "a colon may be escaped" "$rc $(cat "$top/out")" "0 aliasing:promise.ofd.a"
run -l -t 'aliasing[:]promise.*'
is "a colon may be in a bracket" "$rc $(cat "$top/out")" "0 aliasing:promise.ofd.a"
run -t 'aliasing:*'
is "such programs do not matter if -t chooses others" $rc 0
run -t 'barging:*'
is "such programs are a failure if -t chooses them" $rc 1
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
is "installed flat: the exit status is 0" $rc 0
is "installed flat: runs the programs of the list" "$(grep '^ok' "$top/out")" "ok 1 aliasing"
mkdir "$programs/here/tests"
mv "$programs"/here/aliasing* "$programs/here/tests"
(cd "$programs/here" && $SH run_tests.sh) >"$top/out" 2>"$top/err"
rc=$?
is "built in the tree: the exit status is 0" $rc 0
is "built in the tree: runs the programs of the list" "$(grep '^ok' "$top/out")" "ok 1 aliasing"

finish
