#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Tests of run_tests.sh: results that are not as expected, the exit status and the answer.

# shellcheck source-path=SCRIPTDIR source=../front_door
. "$(dirname -- "$0")/../front_door"

# ---- failures ----

failing_suite
run
is "a failure: the exit status is 1" $rc 1
well_formed "a failure"
has "a failure: the test is not ok" out '^  not ok 2 practice.ofd.eight$'
has "a failure: the program is not ok" out '^not ok 1 queue_order$'
has "a failure: what was seen comes before the result" out \
	'^  # seen: the fifth came before the fourth$'
has "a failure: the table shows FAIL" err 'eight  *yes  *FAIL  *yes$'
has "a failure: the summary lists it" err '^FAIL  *queue_order:practice.ofd.eight$'
has "a failure: the summary has the command that runs it alone" err \
	"^run one alone: ./run_tests.sh -t 'queue_order:practice.ofd.eight'$"
has "a failure: the totals count it" err '^4 results: 1 unexpected$'
has "a failure: the answer changes" err \
	'^In short: posix and flock queue in order; ofd does not queue in order\.$'
run -d "$top/locks"
has "-d: the command that runs it alone has the same directory" err \
	"^run one alone: ./run_tests.sh -d .*/locks -t 'queue"
run -x
is "-x: the exit status is 1" $rc 1
well_formed "-x"
has "-x: the rest is not run" out '^ok 2 zebra # SKIP stopped at the first unexpected result$'
run -x -n 2
is "-x -n: nothing runs after the first failure" "$(grep -c '# SKIP stopped' "$top/out")" 3
well_formed "-x -n"
run -xn2 -t 'zebra:*'
is "-x without a failure: everything runs" "$(grep -c '^ok' "$top/out")" 2

new_suite excluding
program exclusion <<'END'
promise.posix.a ok
promise.flock.a fail two held it at the same time: one and another
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
is "the answer: a kind that does not exclude, and one that nobody barges in on" \
	"$said" "In short: posix queues in \
order and lets nobody barge in; flock does not exclude, queues in order and then lets others \
barge in. "
has "an unexpected pass: the summary lists it" err \
	'^yes!  *unexpected pass: barging:folklore.posix.a$'
has "an unexpected pass: the KTAP has a diagnostic" out '^  # unexpected pass: '
has "an unexpected pass: the table shows yes!" err ' yes! '

new_suite passing
program barging <<'END'
folklore.posix.a ok
folklore.futex.a ok
folklore.ofd.a raw # unexpected pass: already printed@ok %n %i
END
run
is "an unexpected pass is no failure" $rc 0
well_formed "an unexpected pass"
is "an unexpected pass has one diagnostic" "$(grep -c '# unexpected pass' "$top/out")" 2
has "an unexpected pass: the totals count it" err \
	'^3 results: all as expected, 2 unexpected passes$'

unfair_suite
run
is "an unfair control: the exit status is 1" $rc 1
well_formed "an unfair control"
is "an unfair control: the table shows UNFAIR" \
	"$(grep -c '^    strictly  *UNFAIR  *UNFAIR$' "$top/err")" 1
has "an unfair control: the summary lists it" err '^UNFAIR  alternation:folklore.eventfd.strictly$'
has "a control that breaks a practice is a failure" err '^FAIL  *alternation:practice.futex.other$'
has "an unfair control: the answer says so" err \
	'^In short: eventfd and futex do not alternate strictly\.$'

new_suite late
program grant <<'END'
promise.flock.a raw # late: waiter sleeps on, 1000 ms after another process@not ok %n %i
promise.ofd.a raw # late, and granted: waiter had the lock 20 ms after another@ok %n %i
END
run
is "a late waiter: the exit status is 1" $rc 1
well_formed "a late waiter"
has "a late waiter: the table shows LATE" err "^    a  *yes  *LATE"
has "a late waiter: the summary lists it" err '^LATE  *grant:promise.flock.a$'
has_not "a late waiter that was granted the lock is no failure" err '^[A-Z]* *grant:promise.ofd.a$'

new_suite broken
program conversion <<'END'
promise.flock.a broken no memory
promise.flock.b ok
practice.ofd.c raw ok %n %i # XFAIL only folklore may
END
run
is "a broken set-up: the exit status is 1" $rc 1
well_formed "a broken set-up"
has "a broken set-up: the KTAP has the diagnostic" out '^  # broken: no memory$'
has "a broken set-up: the table shows BROKE" err 'a  *\.  *BROKE$'
has "a broken set-up: the summary lists it" err '^BROKE  *conversion:promise.flock.a$'
has "an expected failure outside of folklore is a failure" out '^  not ok 3 practice.ofd.c$'

new_suite skipping
program readers <<'END'
folklore.posix.a skip needs CAP_SYS_NICE
folklore.ofd.a skip needs CAP_SYS_NICE
promise.ofd.b skip needs a # in its reason
END
run
is "nothing but skips: the exit status is 4" $rc 4
well_formed "nothing but skips"
has "skips are counted by their reason" err '^skipped, 2: needs CAP_SYS_NICE$'
has "nothing but skips: the summary says that nothing ran" err 'nothing ran'
has "a skip: a # in the reason does not end it" out \
	'^  ok 3 promise.ofd.b # SKIP needs a  *in its reason$'
has "nothing but skips: the program is skipped" out '^ok 1 readers # SKIP '
program aliasing <<'END'
promise.ofd.a ok
END
run
is "one result beside skips is enough for exit status 0" $rc 0

new_suite plan_skip
program aliasing <<'END'
promise.ofd.a raw 1..0 # SKIP no memfd
promise.ofd.b raw # none
END
run
well_formed "a plan of none with SKIP"
is "a plan of none with SKIP: all tests are skipped" \
	"$(grep -c 'promise.ofd.* # SKIP no memfd$' "$top/out")" 2
is "a plan of none with SKIP: the exit status is 4" $rc 4

new_suite flaky
program queue_order <<'END'
practice.posix.a flaky
practice.futex.a ok
END
run -n 5
is "-n with a flaky test: the exit status is 1" $rc 1
well_formed "-n with a flaky test"
has "the table counts the worst" err '^    a  *FAIL 3/5 | *yes$'
is "a test is listed once" "$(grep -c '^FAIL ' "$top/err")" 1

# ---- what the kernel logs ----

# Each call of dmesg logs one more complaint.
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
is "a kernel that complains: the exit status is 0" $rc 0
well_formed "a kernel that complains"
has "a kernel that complains: the KTAP names the program that ran" out \
	'^  # kernel, while readers ran: .* WARNING: CPU: 0'
has "a kernel that complains: so does the summary" err \
	'^kernel, while readers ran: .* WARNING: CPU: 0'
has_not "a kernel that complains: earlier complaints are not reported" out 'long ago'
rm "$top/bin/dmesg"

finish
