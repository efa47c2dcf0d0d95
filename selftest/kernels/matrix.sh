#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Tests of run_tests.sh --matrix, with fake kernels that differ, see fake/machine.

# shellcheck source-path=SCRIPTDIR source=../machine
. "$(dirname -- "$0")/../machine"

# Can junit.xml be written here?
printf '1..1\nok 1\n' >"$top/good.tap"
junit=
! prove --formatter TAP::Formatter::JUnit -e cat "$top/good.tap" >/dev/null 2>&1 || junit=junit.xml
no_junit="no prove with TAP::Formatter::JUnit (libtap-formatter-junit-perl)"

# ---- a suite and some kernels ----

printf '%s\n' "promise.posix.a_claim ok" "promise.ofd.a_claim ok" "promise.posix.another kernel" \
	"promise.ofd.another kernel" "promise.flock.another ok" | program access
printf '%s\n' "practice.posix.odd raw # seen: <b>&amp;@#   holder |w\"H|@not ok %n %i" \
	"folklore.ofd.a_belief xfail somebody was overtaken" | program barging
printf '%s\n' "practice.posix.last ok" | program whence

image() {
	an_image 1 >"$top/$1"
	echo "${2:-ok}" >"$top/$1.claim"
	[ -z "${3-}" ] || echo "$3" >"$top/$1.guest"
}
image old skip
image new
image newer fail
image dead ok panic

# List the kernels $*. Each is named as its file.
kernels() {
	for kernel in "$@"; do
		echo "$top/$kernel"
	done | sed 's| shown$|&|' >"$top/list"
}

row() {
	tr -s ' ' <"$top/out" | grep -A 3 "^$1" | grep "^ *$2 [a-zA-Z-]" | head -n 1 | sed 's/^ *//'
}

# ---- the same everywhere ----

kernels new
cp "$top/new" "$top/same"
echo ok >"$top/same.claim"
echo "$top/same" >>"$top/list"
run --matrix --kernels "$top/list" -t 'access:*'
is "equal kernels: the exit status is 0" $rc 0
has "equal kernels: the verdict is that all is as expected" err \
	'^2 kernels, all as expected where it counts$'
has "equal kernels: the table counts the results" out '^yes  *5  *5$'
has "equal kernels: no test differs" out '^0 tests differ, 5 are the same on all\.$'
is "equal kernels: the table shows no claim" "$(grep -c : "$top/out")" 0
has "equal kernels: stderr has a line for each kernel that ended" err \
	'^same  *[0-9]* s  5 results: all as expected$'
clean_after "equal kernels"

# ---- differences ----

kernels old new newer
run --matrix --kernels "$top/list" --jobs 3 -o "$top/kept" -t 'access:*' -t 'whence:*'
is "kernels that differ: the exit status is 1" $rc 1
is "kernels that differ: the columns have the order of the list" \
	"$(head -n 1 "$top/out" | tr -s ' ')" " old new newer"
has "kernels that differ: the table shows the claim" out '^access: promise: another$'
is "kernels that differ: equal kinds share a row" \
	"$(row 'access: promise: another' 'posix ofd')" "posix ofd skip yes FAIL"
has_not "kernels that differ: a kind without a difference is not shown" out 'flock'
has_not "kernels that differ: a claim without a difference is not shown" out 'a_claim'
has "kernels that differ: the table counts the tests that differ" out \
	'^2 tests differ, 4 are the same on all\.$'
has "kernels that differ: the verdict counts the unexpected results" err '^newer: 2 unexpected:$'
has "kernels that differ: the verdict names them" err '^  access:promise.ofd.another$'
is "-o keeps every file" "$(cd "$top/kept" && echo *)" \
	"index.html ${junit:+$junit }matrix.md new newer old results.tsv"
has "-o: matrix.md has the difference" kept/matrix.md \
	'^| access: promise: another, posix ofd | skip | yes | \*\*FAIL\*\* |$'
has "-o: results.tsv has each result" kept/results.tsv \
	'^newer	access	promise	posix	another	FAIL	'
has "-o: the page marks the difference" kept/index.html \
	'^.*<td class="yes d">yes<td class="fail d"><details name=cell>'
has "-o: the page has what was seen" kept/index.html \
	'<pre><b>newer, access: promise.posix.another</b>'
clean_after "kernels that differ"

run --matrix --kernels "$top/list" -o "$top/kept" -t 'barging:*'
has "the page escapes what a test prints" kept/index.html '^seen: &lt;b&gt;&amp;amp;$'
has "the page has the drawing" kept/index.html '^  holder |w&quot;H|$'
has "the page has the drawing of an expected failure" kept/index.html \
	'^  waiter |   wwwwww|   overtaken$'
if [ -n "$junit" ]; then
	is "JUnit is XML with each result of each kernel" \
		"$(perl -0ne 'print scalar(() = /<testcase /g)' "$top/kept/junit.xml")" 9
	has "JUnit has the failures" kept/junit.xml 'failures="1"'
else
	skip "JUnit is XML with each result of each kernel" "$no_junit"
	skip "JUnit has the failures" "$no_junit"
fi

printf 'a:promise.posix.b\t%b\n' 'lost\tits program had ended\t\t' 'fail\t\tx\tseen: x' |
	awk -f "$here/../kernels/matrix_results.awk" >"$top/out"
has "a test without diagnostics has its reason" out 'BROKE	its program had ended		$'
has "a test with diagnostics has these" out 'FAIL		x	seen: x$'

# Links to all commands of this machine, of which some can be removed.
ln -s /bin/* /usr/bin/* "$top/bin/" 2>/dev/null
for without in "no prove" "a prove without the formatter"; do
	rm -f "$top/bin/prove"
	[ "$without" = "no prove" ] || ln -s "$(command -v false)" "$top/bin/prove"
	: >"$top/kept/junit.xml"
	PATH=$here/fake/machine:$top/bin run --matrix --kernels "$top/list" -o "$top/kept" -t 'whence:*'
	is "$without: the exit status is 0" $rc 0
	is "$without: junit.xml is not written, and an old one is removed" \
		"$(cd "$top/kept" && echo *)" \
		"index.html matrix.md new newer old results.tsv"
	has "$without: the message names the package" err \
		'^run_tests.sh: without junit.xml: apt-get install libtap-formatter-junit-perl$'
done

# ---- a narrow terminal ----

for kernel in a_kernel_whose_name_is_very_long a_kernel_whose_name_is_longer_still; do
	cp "$top/new" "$top/$kernel"
	echo "$kernel" >>"$top/long_names"
	echo "$top/$kernel"
done >"$top/list"
echo fail >"$top/a_kernel_whose_name_is_longer_still.claim"
COLUMNS=60 run --matrix --kernels "$top/list" -t 'access:*'
is "COLUMNS=60: the tables have at most 60 columns" "$(awk 'length($0) > 60' "$top/out")" ""
is "COLUMNS=60: each kernel has its column" "$(grep '^ *a_kernel' "$top/out" | tr -d ' ')" \
	"$(cat "$top/long_names")"
is "COLUMNS=60: each table has the difference" "$(grep -c '^  posix ofd  *[yF][a-zA-Z]*$' "$top/out")" 2

# ---- kernels that are only shown ----

kernels new
echo "$top/newer shown" >>"$top/list"
run --matrix --kernels "$top/list" -t 'access:*'
is "a kernel that is only shown: the exit status is 0" $rc 0
is "a kernel that is only shown: the table has it" \
	"$(row 'access: promise: another' 'posix ofd')" "posix ofd yes FAIL"
echo "promise.futex.a_claim kernel" | program readers
run --matrix --kernels "$top/list" -t 'readers:*'
is "a kernel that is only shown: its controls count, and the exit status is 1" $rc 1
rm "$top/programs/readers" "$top/programs/readers.table"
printf '%s\n' "$top/new" "$top/newer shown" "$top/same" >"$top/list"
run --matrix --kernels "$top/list" -o "$top/kept" -t 'access:*'
has "the page compares a kernel with the last one that counts" kept/index.html \
	'</pre></details><td class="yes">yes$'
if [ -n "$junit" ]; then
	has_not "a kernel that is only shown: JUnit has no failure" kept/junit.xml \
		'\(failures\|errors\)="[1-9]"\|<failure\|<error'
else
	skip "a kernel that is only shown: JUnit has no failure" "$no_junit"
fi
printf '%s\n' new same >"$top/list"
(cd "$top" && run --matrix --kernels list -t 'access:*' && echo $rc >rc)
is "kernels by relative names: the exit status is 0" "$(cat "$top/rc")" 0
kernels new
echo "$top/dead shown" >>"$top/list"
run --matrix --kernels "$top/list" -t 'access:*'
is "a kernel that is only shown: it must finish, or the exit status is 1" $rc 1

# ---- a kernel that panics ----

kernels dead new
run --matrix --kernels "$top/list" --jobs 1 -o "$top/kept" -t 'access:*'
is "a kernel that panics: the exit status is 1" $rc 1
is "a kernel that panics: the table shows it" "$(row machine: '')" "FAIL yes"
has "a kernel that panics: stderr says how it ended" err \
	'^dead  *[0-9]* s  the guest (.*dead) panicked while barging:'
has "a kernel that panics: tests that it did not run are no difference" out \
	'^2 tests differ, 5 are the same'
has "a kernel that panics: the next kernel runs" err '^new  *[0-9]* s  5 results'
has "a kernel that panics: the page has the end of its console" kept/index.html \
	'Kernel panic - not syncing: Fatal exception'
has "a kernel that panics: the page marks no difference for tests that it did not run" kept/index.html \
	'<td class="none">-<td class="yes">yes$'
clean_after "a kernel that panics"

# ---- lists ----

FAKE_DEBIAN=ok
cp "$top/new" "$top/image"
printf '%s\n' '# a comment' '' debian:6.12 debian:9.9 >"$top/list"
run --matrix --kernels "$top/list" -t 'access:*'
is "a kernel that Debian does not have, in FILE: the exit status is 2" $rc 2
has "a kernel that Debian does not have, in FILE: the message names it" err \
	"Debian has no cloud-amd64 kernel 9.9"
run --matrix -t 'access:*' --jobs 3
has "a kernel that Debian does not have, in the default list: it is left out" err \
	'^run_tests.sh: without debian:7.0: Debian has no'
has "a kernel that Debian does not have, in the default list: the others run" err \
	'^6.12  *[0-9]* s  5 results: all as expected$'
rm -rf "$top/cache"
FAKE_DEBIAN=offline run --matrix -t 'access:*'
is "a network that is down: no kernel is left out, and the exit status is 1" $rc 1
has "a network that is down: the message says so" err "cannot be fetched"
rm -f "$top/bin/qemu-system-x86_64"
rm -rf "$top/cache"
PATH=$top/bin run --matrix -t 'access:*'
is "without QEMU: no kernel is left out, and the exit status is 2" $rc 2
has "without QEMU: the message names it" err \
	'^run_tests.sh: missing: apt-get install .*qemu-system-x86'

printf '%s\n' "$top/new maybe" >"$top/list"
refused 2 "'maybe' after .* is not 'shown'" --matrix --kernels "$top/list"
printf '%s\n' "$top/new" "$top/new" >"$top/list"
refused 2 "two kernels are called new" --matrix --kernels "$top/list"
: >"$top/list"
refused 2 "names no kernel" --matrix --kernels "$top/list"
refused 2 "cannot be read" --matrix --kernels "$top/none"
refused 2 "'0' is not a number from 1 to 99" --matrix --jobs 0
refused 2 "belong to --matrix" --jobs 2
refused 2 "belong to --matrix" --kernels "$top/list"
refused 2 "cannot be combined with --matrix" --matrix -k host

# ---- signals ----

image hangs ok hang
kernels hangs new
MARKER=$marker LOCKFAIR_PATIENCE=9999 "$front_door" --matrix --kernels "$top/list" >"$top/out" 2>"$top/err" </dev/null &
pid=$!
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30; do
	set +f
	! grep -q -s another_claim "$top"/tmp/lockfair.*/console || break
	PATH=$real_path sleep 0.1
done
kill -s TERM $pid
wait $pid
rc=$?
ran="--matrix, ended by TERM"
is "ended by TERM while guests run: the exit status is 143" $rc 143
clean_after "TERM while guests run"

finish
