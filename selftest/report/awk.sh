#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Tests of the awk programs of report/, each alone and with every awk that is installed; and gawk
# --lint of the awk programs of report/, kernels/ and figures/.

# shellcheck source-path=SCRIPTDIR source=../tap
. "$(dirname -- "$0")/../tap"

report=$here/../report
kernels=$here/../kernels

# Convert the TAP of stdin: KTAP to out, lines of results.tsv to results. $*: the chosen ids.
to_ktap() {
	cat >"$top/tap"
	printf '%s\n' "$@" >"$top/want"
	: >"$top/results"
	L_NAME=a L_TITLE=a.2 L_NUMBER=7 L_WANT=$top/want L_RESULTS=$top/results L_KTAP='' \
		L_STATUS=$status L_HUNG=$hung L_CUT=0 L_STRICT='' L_LIMIT=9 \
		LOCKFAIR_LIVE=$live $awk -f "$report/ktap.awk" -f "$report/one_line.awk" \
		"$top/tap" >"$top/out" 2>"$top/err"
	rc=$?
}

# Print the answer to the results of stdin, lines "ID STATE [SEEN]".
answer() {
	sed 's/ /\t/; s/ /\t\t/; s/$/\t\t\t/' >"$top/results"
	summarize
}

summarize() {
	L_SUMMARY=/dev/null L_REPEAT=1 L_AGAIN=x L_SKIPS=$top/skips L_ANSWERS=$top/answers \
		L_MEDIUM=memfd L_RELEASE=6.1 L_MACHINE=m L_CAPABILITIES='' L_FACTS='' L_COLOUR=0 \
		L_FATES=$top/fates LOCKFAIR_MISSING="posix=no posix locks here (ENOLCK);" \
		L_VERBOSE=0 $awk -f "$report/summary.awk" -f "$report/answer.awk" \
		-f "$report/series.awk" \
		-f "$report/expected_skips.awk" "$top/results" >"$top/out" 2>"$top/err"
	rc=$?
}

mount_of() {
	L_PATH=$1 $awk -f "$report/file_system.awk" "$top/mountinfo" | sed -n 1p
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
	status=0 hung=0 live=''
	to_ktap a:promise.ofd.x a:folklore.ofd.y a:practice.ofd.z <<-'END'
	TAP version 13
	1..3
	#  RUN           promise.ofd.x ...
	#            OK  promise.ofd.x
	ok 1 promise.ofd.x
	# seen: it was overtaken
	#   a |\\|
	#
	# end
	ok 2 folklore.ofd.y # XFAIL not in order
	ok 3 - practice.ofd.z # SKIP none such
	END
	is "$awk: results, numbers and reasons" "$(cat "$top/out")" "  ok 1 promise.ofd.x
  # seen: it was overtaken
  #   a |\\\\|
  #
  # end
  ok 2 folklore.ofd.y # XFAIL not in order
  ok 3 practice.ofd.z # SKIP none such
ok 7 a.2"
	is "$awk: a line for each in results.tsv" "$(cat "$top/results")" "$(
		printf '%s\t%s\t%s\t%s\t%s\n' a:promise.ofd.x hold '' '' '' \
			a:folklore.ofd.y xfail 'not in order' 'it was overtaken' \
			'seen: it was overtaken\n  a |\\\\|\n\nend' \
			a:practice.ofd.z skip 'none such' '' ''
	)"
	is "$awk: all as expected: the exit status is 0" $rc 0
	live=1
	to_ktap a:practice.ofd.z <<-'END'
	# broken: no memory
	not ok 1 practice.ofd.z
	END
	is "$awk: the same among the KTAP, where it is the way out" \
		"$(sed -n 's/^lockfair: result	//p' "$top/out")" "$(cat "$top/results")"
	is "$awk: why it is broken" "$(cut -f 2,3 "$top/results" | tr '\t' ' ')" \
		"broke broken: no memory"
	live=''
	to_ktap a:practice.ofd.z <<-'END'
	# practice.ofd.z: Test terminated by timeout
	not ok 1 practice.ofd.z
	END
	is "$awk: one that its own time limit ended" "$(cut -f 2,3 "$top/results" | tr '\t' ' ')" \
		"hung the time limit of the test ended it"
	status=143 hung=1
	to_ktap a:promise.ofd.x a:promise.ofd.y </dev/null
	has "$awk: a program that was ended" out '^  # no result: the time limit of 9 s ended it$'
	is "$awk: who is to blame" "$(cut -f 2 "$top/results" | tr '\n' ' ')" "hung lost "
	is "$awk: a failure: the exit status is 1" $rc 1

	answer <<-'END'
	one:promise.posix.a hold
	one:promise.posix.b fail two held it at the same time: the one and the other
	one:promise.ofd.a fail it was refused
	two:practice.ofd.a hold
	two:practice.posix.a hold
	one:practice.flock.a hold
	END
	has "$awk: the answer is derived from what the list names" out \
		'^In short: posix does not exclude and queues in order\.$'
	printf 'posix\tmissing\tkind\tis missing\tare missing\n' >"$top/fates"
	printf 'one:promise.posix.%s\tskip\tno posix locks here (%s)\t\t\n' a ENOLCK b EIO \
		>"$top/results"
	summarize
	has "$awk: a skip with another errno than was found first is not expected" out \
		'^1 skip more than Linux 6.1 has: no posix locks here (EIO) (1)$'
	rm "$top/fates"

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
		grep -v -e 'shadows global variable$' -e 'reference to uninitialized ' \
			-e 'null string value$' -e 'never called directly$'
}
if have gawk; then
	for program in "$report"/file_system.awk "$here"/../figures/*.awk "$kernels/bisect.awk" \
		"$kernels/matrix_results.awk"; do
		is "gawk --lint: ${program##*/}" "$(lint -f "$program")" ""
	done
	is "gawk --lint: ktap.awk with its part" \
		"$(lint -f "$report/ktap.awk" -f "$report/one_line.awk")" ""
	for program in machine_result matrix_html; do
		is "gawk --lint: $program.awk with its part" \
			"$(lint -f "$kernels/$program.awk" -f "$report/one_line.awk")" ""
	done
	is "gawk --lint: summary.awk with its parts" "$(lint -f "$report/summary.awk" \
		-f "$report/answer.awk" -f "$report/series.awk" -f "$report/expected_skips.awk")" ""
else
	skip "gawk --lint" "no gawk"
fi

finish
