#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Tests of what the preflight asks in a directory, on media that answer each of its questions
# wrongly: libraries play one whose locks lack something (fake/lacking.c), and two whose waiters are
# late (fake/late_waiters.c), before the real programs.
#
# LOCKFAIR_BUILD is the folder with the built programs; make check sets it.

# shellcheck source-path=SCRIPTDIR source=../tap
. "$(dirname -- "$0")/../tap"

unset LOCKFAIR_DIR LOCKFAIR_STRICT LOCKFAIR_STOP LOCKFAIR_FILES
LOCKFAIR_PROGRAMS=${LOCKFAIR_BUILD:-$here/..}
export LOCKFAIR_PROGRAMS

mkdir "$top/locks" || exit 1
for name in lacking late_waiters; do
	${CC:-cc} -shared -fPIC -o "$top/$name.so" "$here/fake/$name.c" -ldl 2>"$top/err"
	is "fake/$name.c can be compiled" $? 0
done

# Run the preflight on the medium $2 of the library $1; $top/out has its lines about posix.
ask() {
	ran="$1, $2"
	LD_PRELOAD=$top/$1.so MEDIUM=$2 LOCKFAIR_DIR=$top/locks \
		"$LOCKFAIR_PROGRAMS/preflight/preflight" >"$top/said" 2>"$top/err"
	rc=$?
	grep "^posix" "$top/said" >"$top/out"
}

lacking() {
	sed -n 's/^posix	lacks	//p' "$top/out" | tr '\n' ' '
}

# The pid in the answer of F_GETLK is asked elsewhere, too.
ask lacking pid
if [ $rc != 0 ] || [ -s "$top/err" ] || ! grep -q '^posix	trait	pid	0$' "$top/out"; then
	skip "media that answer wrongly" "no library can be put before these programs"
	finish
fi

# ---- locks that lack something ----

while read -r medium lacks; do
	ask lacking "$medium"
	is "$medium: what the preflight finds to be lacking" "$(lacking)" "$lacks${lacks:+ }"
	has "$medium: nothing else is wrong" out '^posix	ok	'
	is "$medium: nothing is said" "$(cat "$top/err")" ""
done <<'END'
nothing
again conversion
reader conversion
stays conversion
upgrade conversion
parts parts
second owner
release owner
nobody query
pid query
own query
turns turns
unlisted waiters
cycle turns deadlock
END

# ---- waiters that are late ----

# A column of the line "delay": 15 has the waiters that were found, 18 for how long one was late.
column() {
	awk -F '\t' -v column="$1" '$2 == "delay" { print $column }' "$top/out"
}

is_late() {
	has "$1: the waiter is late" out "^posix	late	$2	"
	has_not "$1: nothing else is wrong" out \
		"^posix	\(lost\|shared\|unseen\|unwaiting\|refused\|deaf\)"
	is "$1: who decides" "$(column 3)" "$3"
	result "$(column 18 | awk '{ exit !($1 == "late" && $2 > 5000) }'; echo $?)" \
		"$1: for how long is measured" "got '$(column 18)'"
	result "$(column 15 | awk -F / '{ exit !($1 > 0 && $1 == $2) }'; echo $?)" \
		"$1: all waiters are found" "got '$(column 15)'"
	is "$1: nothing is said" "$(cat "$top/err")" ""
}

ask late_waiters late
is_late "a waiter that asks again" "a waiter" polls
ask late_waiters race
is_late "waiters that race" "a waiter that has lost a race" asks

# What the tests make of it: the one that would have to wait for a late waiter is skipped.
ran="run_tests.sh on late waiters"
LD_PRELOAD=$top/late_waiters.so MEDIUM=late "$here/../run_tests.sh" -d "$top/locks" \
	-t 'grant:*.posix.*' >"$top/out" 2>"$top/err" </dev/null
rc=$?
is "late waiters: exit status" $rc 1
has "late waiters: the answer says it" err '^In short: posix: a waiter is late: '
is "late waiters: what is skipped" "$(sed -n 's/^  ok [0-9]* \(.*\) # SKIP .*/\1/p' "$top/out")" \
	promise.posix.a_waiter_is_granted_the_lock_when_it_is_released
has "late waiters: why it is skipped" out '# SKIP no posix waiter is woken by a release here$'
has_not "late waiters: nothing fails" out '^  not ok'
is "nothing is left in the directory" "$(ls -A "$top/locks")" ""

finish
