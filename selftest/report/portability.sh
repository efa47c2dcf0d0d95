#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Tests of run_tests.sh with other shells and awks, and of its KTAP with kunit.py: KUNIT_PY=FILE is
# tools/testing/kunit/kunit.py of a kernel tree.

# shellcheck source-path=SCRIPTDIR source=../front_door
. "$(dirname -- "$0")/../front_door"

healthy_suite
crashing_suite
garbage_suite
failing_suite
unfair_suite
hanging_suites

# ---- other shells and awks ----

# Run suite $1 with the other arguments. Awks differ in which bytes they take for letters.
output_of() {
	suite=$1
	shift
	programs=$top/$suite
	run "$@"
	grep -v ' no letters' "$top/out" >"$top/ktap"
}

keep() {
	output_of "$@"
	cp "$top/ktap" "$top/$suite.out"
	cp "$top/err" "$top/$suite.err"
}

same() {
	output_of "$@"
	cmp -s "$top/$suite.out" "$top/ktap" && cmp -s "$top/$suite.err" "$top/err"
	result $? "$with: prints the same: $suite" "$(diff "$top/$suite.out" "$top/ktap")"
}

all_the_same() {
	with=$1
	same healthy
	same garbage
	same crashing -n 2
}

keep healthy
keep garbage
keep crashing -n 2

ours=$SH
path_of() {
	readlink -f "$(command -v "${1%% *}")"
}

for shell in dash "busybox sh" "bash --posix" ksh mksh; do
	if have "${shell%% *}" && [ "$(path_of "$shell")" != "$(path_of "$ours")" ] &&
	   $shell -c true 2>/dev/null; then
		SH=$shell
		all_the_same "$shell"
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
		all_the_same "$awk"
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

shells="$front_door $here/fake/program $here/tap $here/front_door"
shells="$shells $(grep -l '^# shellcheck shell=sh' "$here"/../report/*) $(echo "$here"/report/*.sh)"
awks=$(echo "$here"/../report/*.awk "$here"/report/*.awk)
if have shellcheck; then
	# shellcheck disable=SC2086 # words
	shellcheck -x $shells >"$top/said" 2>&1
	result $? "shellcheck" "$(cat "$top/said")"
else
	skip "shellcheck" "no shellcheck"
fi
# shellcheck disable=SC2086 # words
is "lines of at most 100 columns" "$(expand $shells $awks |
	awk 'length($0) > 100')" ""

if [ -n "${KUNIT_PY-}" ] && have python3; then
	# Programs and their tests, as kunit.py counts them.
	kunit() {
		programs=$top/$1
		run
		python3 "$KUNIT_PY" parse "$top/out" >"$top/said" 2>&1
		grep -q "Testing complete. $2" "$top/said"
		result $? "kunit.py: $1" "$(tail -n 3 "$top/said")"
		! grep -qi 'ERROR' "$top/said"
		result $? "kunit.py reports no error: $1" "$(grep -i ERROR "$top/said")"
	}
	kunit healthy "Ran 38 tests: passed: 37, skipped: 1"
	kunit failing "Ran 4 tests: passed: 3, failed: 1"
	kunit crashing "Ran 5 tests: passed: 2, failed: 3"
	kunit unfair "Ran 3 tests: failed: 3"
else
	skip "kunit.py" "KUNIT_PY is not set"
fi

finish
