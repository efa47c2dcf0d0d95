#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Tests of what a failing claim is reported as, by class, by kind, and by the way it fails.
# selftest/fake/claims fails in every possible way. The results must be the same
# with every version of the harness.
#
# LOCKFAIR_BUILD is the folder with the built programs; make check sets it.
#
# The functions are called through is():
# shellcheck disable=SC2317

build=${LOCKFAIR_BUILD:-$(cd "$(dirname "$0")/../.." && pwd)}
claims=$build/selftest/fake/claims
out=$(mktemp) || exit 1
trap 'rm -f "$out"' EXIT
trap 'exit 1' INT TERM HUP

count=0
failed=0

# is NAME COMMAND...: a test that passes if the command succeeds
is()
{
	name=$1
	shift
	count=$((count + 1))
	if "$@" >/dev/null 2>&1; then
		echo "ok $count $name"
	else
		failed=1
		sed 's/^/# | /' "$out"
		echo "not ok $count $name"
	fi
}

# run GLOB...: the claims that match, into $out; the exit status into $status
run()
{
	for glob; do
		set -- "$@" -t "$glob"
		shift
	done
	"$claims" "$@" >"$out" 2>&1
	status=$?
}

# has PATTERN: a line of the output matches
has()
{
	grep -Eq "$1" "$out"
}

hasnt()
{
	! has "$1"
}

# results N PATTERN: N result lines match
results()
{
	test "$(grep -E '^(not )?ok ' "$out" | grep -Ec "$2")" = "$1"
}

# before PATTERN PATTERN: the first match of one comes before that of the other
before()
{
	first=$(grep -nE "$1" "$out" | head -n 1)
	then=$(grep -nE "$2" "$out" | head -n 1)
	test -n "$first" && test -n "$then" && test "${first%%:*}" -lt "${then%%:*}"
}

# group_of PID: the processes in the group that its child leads
group_of()
{
	cat /proc/[0-9]*/stat 2>/dev/null | awk -v parent="$1" '{
		pid = $1
		sub(/^.*\) /, "")
		if ($2 == parent && $3 == pid)
			leader = pid
		group[pid] = $3
	} END {
		for (pid in group)
			if (leader != "" && group[pid] == leader)
				print pid
	}'
}

# gone PID...: they have ended; their new parent may reap them later
gone()
{
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		left=
		for child; do
			case $(sed 's/^.*) //' "/proc/$child/stat" 2>/dev/null) in
			''|[ZX]*) ;;
			*) left=$child ;;
			esac
		done
		test -n "$left" || return 0
		sleep 0.2
	done
	return 1
}

echo 'TAP version 13'

run '*:promise.*.one_that_holds'
is 'a claim that holds is ok' results 1 '^ok 1 promise\.flock\.one_that_holds$'
is 'then the exit status is 0' test $status = 0

run '*:promise.*.one_that_fails'
is 'a promise that fails is not ok' results 1 '^not ok 1 promise\.flock\.one_that_fails'
is 'then the exit status is 1' test $status = 1
is 'it says what was expected' has '^# expected: one_that_fails'
is 'it says what was seen' has '^# seen: seen by somebody'
is 'it draws the history' has '^#   somebody \|wH\|'
is 'the drawing comes before the result' before '^#   somebody' '^not ok'

run '*one_that_was_fixed' '*:promise.flock.one_that_fails'
is 'a regression says what fixed it' has '^# fixed by 0123456789ab, Linux 1\.2;'
is 'and how to find what broke it' \
	has "^# git bisect run .*run_tests.sh --bisect 'claims:promise.flock.one_that_was_fixed'$"
is 'no other claim does' test "$(grep -c 'fixed by' "$out")" = 1

run '*one_that_goes_on_after_it_fails'
is 'after a missed claim nothing more is done' has '^#   .nothing happened'
is 'and nothing more is said' test "$(grep -c '^# seen: ' "$out")" = 1
is 'it is the first that counts' results 1 '^not ok 1 promise\.flock\.one_that_goes_on'

run '*:practice.*.one_that_fails'
is 'a practice that fails is not ok for any kind' results 6 '^not ok [0-9]+ practice\.'

run '*:folklore.*.one_that_fails'
is 'folklore that fails is XFAIL for the file locks' \
	results 4 '^ok [0-9]+ folklore\.(posix|ofd|flock|lockf)\.one_that_fails # XFAIL a reason$'
is 'folklore that fails is not ok for the controls' \
	results 2 '^not ok [0-9]+ folklore\.(eventfd|futex)\.one_that_fails'
is 'an unfair control makes the exit status 1' test $status = 1

run '*:folklore.flock.one_that_fails'
is 'an expected failure leaves the exit status 0' test $status = 0

export LOCKFAIR_STRICT=1
run '*:folklore.*.one_that_fails'
unset LOCKFAIR_STRICT
is 'strict: folklore that fails is not ok for any kind' results 6 '^not ok [0-9]+ folklore\.'

run '*:folklore.*.one_that_holds'
is 'folklore that holds is ok for every kind' results 6 '^ok [0-9]+ folklore\.[a-z]+\.[a-z_]*$'
is 'that is an unexpected pass of the file locks alone' \
	test "$(grep -c '^# unexpected pass' "$out")" = 4

run '*:folklore.flock.one_whose_step_goes_wrong'
is 'a step that goes wrong is no expected failure' results 1 '^not ok 1 '
is 'it says which step' \
	has '^# seen: somebody should have waited for an exclusive lock, but did not'

run '*:folklore.flock.one_whose_precondition_fails'
is 'a precondition that fails is no expected failure' results 1 '^not ok 1 '

run '*:folklore.flock.one_whose_job_fails'
is 'what an actor could not do itself is no expected failure' results 1 '^not ok 1 '
is 'it says who could not' has '^# seen: somebody could not go on: '

run '*one_whose_last_step_goes_wrong'
is 'a last step that goes wrong is noticed' results 1 '^not ok 1 '

run '*one_whose_set_up_breaks'
is 'a set-up that breaks is not ok' results 1 '^not ok 1 '
is 'it is called broken' has '^# broken: .*No such file'
is 'it is no failed expectation' hasnt '^# (seen|expected):'

run '*one_that_misses_a_feature'
is 'a missing feature is a SKIP with its name and reason' \
	results 1 '^ok 1 promise\.flock\.one_that_misses_a_feature # SKIP needs a feature$'
is 'when all is skipped the exit status is 4' test $status = 4

run '*one_that_misses_what_it_requires'
is 'what is required is not looked at without the feature' \
	results 1 '^ok 1 promise\.flock\.one_that_misses_what_it_requires # SKIP needs a feature$'

run '*one_that_crashes'
is 'a crash is not ok' results 1 '^not ok 1 promise\.flock\.one_that_crashes'
is 'a crash draws the history' before '^#   somebody \|wH\|' '^not ok'

"$claims" -t '*one_that_hangs' -t '*:folklore.*' >"$out" 2>&1 &
pid=$!
# Wait for the test and its two actors.
tries=0
children=
while test "$(echo "$children" | wc -w)" -lt 3 && test $tries -lt 100; do
	tries=$((tries + 1))
	sleep 0.1
	children=$(group_of "$pid")
done
kill "$pid"
wait "$pid" 2>/dev/null
status=$?
is 'SIGTERM ends a test that hangs, not ok' has '^not ok 1 promise\.flock\.one_that_hangs'
is 'SIGTERM draws the history first' before '^#   holder \|' '^not ok'
is 'SIGTERM ends the program without the rest' results 1 .
is 'then the exit status is 1 too' test $status = 1
is 'the test and its actors were seen' test "$(echo "$children" | wc -w)" -ge 3
# shellcheck disable=SC2086
is 'nobody is left behind' gone $children

export LOCKFAIR_STOP=1
run '*:promise.*.one_that_fails' '*:practice.*.one_that_fails'
unset LOCKFAIR_STOP
is 'with LOCKFAIR_STOP it runs nothing after the first unexpected result' \
	results 6 '^ok [0-9]+ practice\.[a-z]+\.one_that_fails # SKIP stopped at'

run '*nothing*'
is 'a glob that matches nothing runs nothing' results 0 .
"$claims" -x >"$out" 2>&1
is 'an unknown option is an error' has '^usage:'
"$claims" -l >"$out" 2>&1
is 'the list has ids, and nothing else' \
	test "$(grep -Evc '^claims:(promise|practice|folklore)\.[a-z]+\.[a-z_]+$' "$out")" = 0
is 'the list has a kind only where it has the traits' \
	test "$(grep -c 'promise\..*one_that_holds' "$out")" = 1

# ---- histories that are kept ----

kept=$(mktemp -d) || exit 1
trap 'rm -rf "$out" "$kept"' EXIT
export LOCKFAIR_HISTORIES="$kept"
run '*:promise.flock.one_that_fails' '*:promise.flock.one_that_holds'
unset LOCKFAIR_HISTORIES
is 'the history of a test that fails is kept, and no other' \
	test "$(ls "$kept")" = claims.promise.flock.one_that_fails.history
grep '^#   somebody |' "$out" >"$kept/drawn"
"$claims" --judge "$kept/claims.promise.flock.one_that_fails.history" >"$out" 2>&1
status=$?
is 'it can be judged again' test $status = 0
is 'and is drawn as it was' grep -qxFf "$kept/drawn" "$out"
is 'with what the judges say' has '^# nobody was overtaken'
echo 'something else' >"$kept/wrong"
"$claims" --judge "$kept/wrong" >"$out" 2>&1
is 'what is no history is refused' has 'line 1 is not part of a history'

echo "1..$count"
exit $failed
