#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Tests of the awk programs of report/, each by itself and by every awk that there is: what they make
# of their input. gawk --lint finds nothing in any awk program of the project.

set -u
export LC_ALL=C
unset CDPATH

here=$(cd -- "$(dirname -- "$0")/.." && pwd)
report=$here/../report
top=$(mktemp -d "${TMPDIR:-/tmp}/awk.XXXXXX") || exit 1
trap 'rm -rf -- "$top"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# shellcheck source-path=SCRIPTDIR source=../tap
. "$here/tap"

have() {
	command -v "$1" >/dev/null 2>&1
}

# TAP of stdin to KTAP in out, and its lines for summary.awk to record; the ids that were asked for
# are $*.
to_ktap() {
	cat >"$top/tap"
	printf '%s\n' "$@" >"$top/want"
	: >"$top/record"
	L_NAME=a L_TITLE=a.2 L_RUN=2 L_NUMBER=7 L_WANT=$top/want L_RECORD=$top/record L_KTAP='' \
		L_STATUS=$status L_HUNG=$hung L_CUT=0 L_STRICT='' L_LIMIT=9 \
		$awk -f "$report/ktap.awk" "$top/tap" >"$top/out" 2>"$top/err"
	rc=$?
}

# The answer to lines "FILE CLASS KIND CLAIM STATE" on stdin.
answer() {
	awk '{ print 1 "\t" $1 "\t" $2 "\t" $3 "\t" $4 "\t" $5 "\t\t" }' >"$top/record"
	L_SUMMARY=/dev/null L_REPEAT=1 L_AGAIN=x L_SKIPS=$top/skips L_ANSWERS=$top/answers \
		L_MEDIUM=memfd L_RELEASE=6.1 L_MACHINE=m L_CAPABILITIES='' L_FACTS='' L_COLOUR=0 \
		L_VERBOSE=0 $awk -f "$report/summary.awk" -f "$report/answer.awk" \
		-f "$report/expected_skips.awk" "$top/record" >"$top/out" 2>"$top/err"
	rc=$?
}

mount_of() {
	L_PATH=$1 $awk -f "$report/file_system.awk" "$top/mountinfo"
}

printf 'one:promise.*\texclusion\n# two:*\torder\ntw*:practice.posix.*\torder\n' >"$top/answers"
printf 'none such\tnever\tx\n' >"$top/skips"
cat >"$top/mountinfo" <<'END'
1 0 8:1 / / rw - ext4 /dev/a rw
2 1 0:2 / /mnt rw shared:1 master:2 - tmpfs none rw
3 2 0:3 / /mnt/a\040b rw - nfs4 server:/x rw
4 2 0:4 / /mnt/a\040b rw - xfs /dev/b rw
END

tests_of() {
	ran=$awk
	status=0 hung=0
	to_ktap a:promise.ofd.x a:folklore.ofd.y a:practice.ofd.z <<-'END'
	TAP version 13
	1..3
	#  RUN           promise.ofd.x ...
	#            OK  promise.ofd.x
	ok 1 promise.ofd.x
	# seen: it was overtaken
	ok 2 folklore.ofd.y # XFAIL not in order
	ok 3 - practice.ofd.z # SKIP none such
	END
	is "$awk: results, numbers and reasons" "$(cat "$top/out")" "  ok 1 promise.ofd.x
  # seen: it was overtaken
  ok 2 folklore.ofd.y # XFAIL not in order
  ok 3 practice.ofd.z # SKIP none such
ok 7 a.2"
	is "$awk: the state of each" "$(cut -f 2-6 "$top/record" | tr '\t\n' ' ,')" \
		"a promise ofd x hold,a folklore ofd y xfail,a practice ofd z skip,"
	is "$awk: all as expected: exit status" $rc 0
	status=143 hung=1
	to_ktap a:promise.ofd.x a:promise.ofd.y </dev/null
	has "$awk: a program that was ended" out '^  # no result: the time limit of 9 s ended it$'
	is "$awk: who is to blame" "$(cut -f 6 "$top/record" | tr '\n' ' ')" "hung lost "
	is "$awk: a failure: exit status" $rc 1

	answer <<-'END'
	one promise posix a hold
	one promise posix b fail
	two practice ofd a hold
	two practice posix a hold
	one practice flock a hold
	END
	has "$awk: the answer is derived from what the list names" out \
		'^In short: posix does not exclude and queues in order\.$'

	is "$awk: the mount that a path is on" "$(mount_of /mnt/x) $(mount_of /mntx)" "tmpfs ext4"
	is "$awk: a mount over another, with a blank" "$(mount_of '/mnt/a b/c')" xfs
}

for awk in mawk gawk "gawk --posix" "busybox awk" original-awk; do
	if have "${awk%% *}" && $awk 'BEGIN { exit 0 }' 2>/dev/null; then
		tests_of
	fi
done

# awk has no other way to have a local variable, and all variables begin empty.
lint() {
	gawk --lint "$@" /dev/null </dev/null 2>&1 >/dev/null |
		grep -v 'shadows global variable$\|reference to uninitialized \|null string value$'
}
if have gawk; then
	for program in "$report"/ktap.awk "$report"/file_system.awk "$here"/../figures/*.awk; do
		is "gawk --lint: ${program##*/}" "$(lint -f "$program")" ""
	done
	is "gawk --lint: summary.awk with its parts" "$(lint -f "$report/summary.awk" \
		-f "$report/answer.awk" -f "$report/expected_skips.awk")" ""
else
	skip "gawk --lint" "no gawk"
fi

finish
