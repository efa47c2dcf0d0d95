#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Tests of run_tests.sh: results that are not as expected, the exit status and the answer.

# shellcheck source-path=SCRIPTDIR source=../front_door
. "$(dirname -- "$0")/../front_door"

# ---- failures ----

failing_suite
run
is "a failure: exit status" $rc 1
well_formed "a failure"
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
well_formed "-x"
has "-x: the rest is not run" out '^ok 2 zebra # SKIP stopped at the first unexpected result$'
run -x -n 2
is "-x -n: nothing after it is run" "$(grep -c '# SKIP stopped' "$top/out")" 3
well_formed "-x -n"
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
well_formed "an unexpected pass"
is "an unexpected pass is told once" "$(grep -c '# unexpected pass' "$top/out")" 2
has "an unexpected pass: in the totals" err '^3 results: all as expected, 2 unexpected passes$'

unfair_suite
run
is "an unfair control: exit status" $rc 1
well_formed "an unfair control"
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
well_formed "a broken set-up"
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
well_formed "nothing but skips"
has "skips are counted by their reason" err '^skipped, 2: needs CAP_SYS_NICE$'
has "nothing but skips: said" err 'nothing ran'
has "a # in a reason" out '^  ok 3 promise.ofd.b # SKIP needs a  *in its reason$'
has "nothing but skips: the program" out '^ok 1 readers # SKIP '
program aliasing <<'END'
promise.ofd.a ok
END
run
is "one that ran is enough" $rc 0

new_suite plan_skip
program aliasing <<'END'
promise.ofd.a raw 1..0 # SKIP no memfd
promise.ofd.b raw # none
END
run
well_formed "a plan of none with SKIP"
is "a plan of none with SKIP: all tests are skipped" \
	"$(grep -c 'promise.ofd.* # SKIP no memfd$' "$top/out")" 2
is "a plan of none with SKIP: exit status" $rc 4

new_suite flaky
program queue_order <<'END'
practice.posix.a flaky
practice.futex.a ok
END
run -n 5
is "-n with a flaky test: exit status" $rc 1
well_formed "-n with a flaky test"
has "the table counts the worst" err '^    a  *FAIL 3/5 | *yes$'
is "a test is listed once" "$(grep -c '^FAIL ' "$top/err")" 1

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
well_formed "a kernel that complains"
has "it says while which program" out '^  # kernel, while readers ran: .* WARNING: CPU: 0'
has "and at the end" err '^kernel, while readers ran: .* WARNING: CPU: 0'
has_not "what it had logged before is not reported" out 'long ago'
rm "$top/bin/dmesg"

finish
