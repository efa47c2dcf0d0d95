#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Tests of run_tests.sh --matrix, with kernels that are pretended and differ: see fake/machine.

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

# The names of the kernels are those of the files.
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
is "two that are alike: exit status 0" $rc 0
has "all as expected" err '^2 kernels, all as expected where it counts$'
has "how many results there are" out '^yes  *5  *5$'
has "nothing differs" out '^0 tests differ, 5 are the same on all\.$'
is "no claim is shown" "$(grep -c : "$top/out")" 0
has "a line for each that ended" err '^same  *[0-9]* s  5 results: all as expected$'
clean_after "two that are alike"

# ---- differences ----

kernels old new newer
run --matrix --kernels "$top/list" --jobs 3 -o "$top/kept" -t 'access:*' -t 'whence:*'
is "three that differ: exit status 1" $rc 1
is "in the order of the list" "$(head -n 1 "$top/out" | tr -s ' ')" " old new newer"
has "a claim that differs" out '^access: promise: another$'
is "what each says, kinds together" "$(row 'access: promise: another' 'posix ofd')" "posix ofd skip yes FAIL"
has_not "a kind that does not differ is not among them" out 'flock'
has_not "nor a claim" out 'a_claim'
has "how many" out '^2 tests differ, 4 are the same on all\.$'
has "what was not expected" err '^newer: 2 unexpected:$'
has "by its id" err '^  access:promise.ofd.another$'
is "-o keeps what there is" "$(cd "$top/kept" && echo *)" \
	"index.html ${junit:+$junit }matrix.md new newer old results.tsv"
has "Markdown" kept/matrix.md '^| access: promise: another, posix ofd | skip | yes | \*\*FAIL\*\* |$'
has "results as a table" kept/results.tsv '^newer	access	promise	posix	another	FAIL	'
has "the page has the difference" kept/index.html '^.*<td class="yes d">yes<td class="fail d"><details name=cell>'
has "and what was seen" kept/index.html '<pre><b>newer, access: promise.posix.another</b>'
clean_after "three that differ"

run --matrix --kernels "$top/list" -o "$top/kept" -t 'barging:*'
has "a page is harmless" kept/index.html '^seen: &lt;b&gt;&amp;amp;$'
has "with the drawing" kept/index.html '^  holder |w&quot;H|$'
has "that of an expected failure as well" kept/index.html '^  waiter |   wwwwww|   overtaken$'
if [ -n "$junit" ]; then
	is "JUnit is XML with each result of each kernel" \
		"$(perl -0ne 'print scalar(() = /<testcase /g)' "$top/kept/junit.xml")" 9
	has "and has the failures" kept/junit.xml 'failures="1"'
else
	skip "JUnit is XML with each result of each kernel" "$no_junit"
	skip "and has the failures" "$no_junit"
fi

# All programs of this machine, of which some can be taken away.
ln -s /bin/* /usr/bin/* "$top/bin/" 2>/dev/null
for without in "no prove" "a prove without the formatter"; do
	rm -f "$top/bin/prove"
	[ "$without" = "no prove" ] || ln -s "$(command -v false)" "$top/bin/prove"
	: >"$top/kept/junit.xml"
	PATH=$here/fake/machine:$top/bin run --matrix --kernels "$top/list" -o "$top/kept" -t 'whence:*'
	is "$without: exit status 0" $rc 0
	is "$without: no junit.xml, not even an old one" "$(cd "$top/kept" && echo *)" \
		"index.html matrix.md new newer old results.tsv"
	has "$without: which package brings it" err \
		'^run_tests.sh: without junit.xml: apt-get install libtap-formatter-junit-perl$'
done

# ---- those that are only shown ----

kernels new
echo "$top/newer shown" >>"$top/list"
run --matrix --kernels "$top/list" -t 'access:*'
is "one that is only shown: exit status 0" $rc 0
is "is shown" "$(row 'access: promise: another' 'posix ofd')" "posix ofd yes FAIL"
echo "promise.futex.a_claim kernel" | program readers
run --matrix --kernels "$top/list" -t 'readers:*'
is "but its controls count: exit status 1" $rc 1
rm "$top/programs/readers" "$top/programs/readers.table"
printf '%s\n' "$top/new" "$top/newer shown" "$top/same" >"$top/list"
run --matrix --kernels "$top/list" -o "$top/kept" -t 'access:*'
has "its neighbour on the page is compared with one that counts" kept/index.html \
	'</pre></details><td class="yes">yes$'
if [ -n "$junit" ]; then
	has_not "what is only shown is no failure in JUnit" kept/junit.xml \
		'\(failures\|errors\)="[1-9]"\|<failure\|<error'
else
	skip "what is only shown is no failure in JUnit" "$no_junit"
fi
printf '%s\n' new same >"$top/list"
(cd "$top" && run --matrix --kernels list -t 'access:*' && echo $rc >rc)
is "kernels by relative names: exit status 0" "$(cat "$top/rc")" 0
kernels new
echo "$top/dead shown" >>"$top/list"
run --matrix --kernels "$top/list" -t 'access:*'
is "and its life: exit status 1" $rc 1

# ---- one that dies ----

kernels dead new
run --matrix --kernels "$top/list" --jobs 1 -o "$top/kept" -t 'access:*'
is "one that panics: exit status 1" $rc 1
is "is told" "$(row machine: '')" "FAIL yes"
has "with its end" err '^dead  *[0-9]* s  the guest (.*dead) panicked while barging:'
has "what it did not come to is no difference" out '^2 tests differ, 5 are the same'
has "and the next one runs" err '^new  *[0-9]* s  5 results'
has "the page has its last words" kept/index.html 'Kernel panic - not syncing: Fatal exception'
has "nor a bar on the page" kept/index.html '<td class="none">-<td class="yes">yes$'
clean_after "one that panics"

# ---- lists ----

FAKE_DEBIAN=ok
cp "$top/new" "$top/image"
printf '%s\n' '# a comment' '' debian:6.12 debian:9.9 >"$top/list"
run --matrix --kernels "$top/list" -t 'access:*'
is "a kernel that Debian has not, in a list of one's own: exit status 2" $rc 2
has "is named" err "Debian has no cloud kernel 9.9"
run --matrix -t 'access:*' --jobs 3
has "in the default list it is left out" err '^run_tests.sh: without debian:7.0: Debian has no'
has "and the others run" err '^6.12  *[0-9]* s  5 results: all as expected$'
rm -rf "$top/cache"
FAKE_DEBIAN=offline run --matrix -t 'access:*'
is "a network that is down leaves nothing out: exit status 1" $rc 1
has "and is named" err "cannot be fetched"
rm -f "$top/bin/qemu-system-x86_64"
rm -rf "$top/cache"
PATH=$top/bin run --matrix -t 'access:*'
is "without QEMU the default list is not made shorter: exit status 2" $rc 2
has "but it is named" err '^run_tests.sh: missing: apt-get install .*qemu-system-x86'

# $1: what is said on stderr; the rest: arguments.
refused() {
	said=$1
	shift
	run "$@"
	is "$*: exit status 2" $rc 2
	has "$*: is explained" err "^run_tests.sh: .*$said"
	is "$*: nothing on stdout" "$(cat "$top/out")" ""
}
printf '%s\n' "$top/new maybe" >"$top/list"
refused "'maybe' behind .* is not 'shown'" --matrix --kernels "$top/list"
printf '%s\n' "$top/new" "$top/new" >"$top/list"
refused "two kernels are called new" --matrix --kernels "$top/list"
: >"$top/list"
refused "names no kernel" --matrix --kernels "$top/list"
refused "cannot be read" --matrix --kernels "$top/none"
refused "'0' is not a number from 1 to 99" --matrix --jobs 0
refused "belong to --matrix" --jobs 2
refused "belong to --matrix" --kernels "$top/list"
refused "does not go with --matrix" --matrix -k host

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
is "ended by TERM while guests run: exit status 143" $rc 143
clean_after "TERM while guests run"

finish
