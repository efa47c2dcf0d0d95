#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Tests of --shard and of report/merge.

# shellcheck source-path=SCRIPTDIR source=../front_door
. "$(dirname -- "$0")/../front_door"

report=$here/../report

# ---- how programs are cut ----

# The programs of shard $1 of @programs, by the table @times.
shard() {
	awk -v shard="${1%/*}" -v shards="${1#*/}" -f "$report/shard.awk" "$top/times" \
		"$top/names" | tr '\n' ' '
}

printf '%s\n' '# a table' 'long	60' 'middle	40' 'short	30' >"$top/times"
printf '%s\n' long middle other short short_across >"$top/names"
is "the longest program is alone with what balances it" "$(shard 1/2)" "long short_across "
is "the other shard has the rest, in their order" "$(shard 2/2)" "middle other short "
is "one shard has all" "$(shard 1/1)" "long middle other short short_across "
is "each of five has one" "$(for i in 1 2 3 4 5; do shard $i/5; done)" \
	"long middle short short_across other "

(cd "$here/.." && set +f && basename -s .c -a tests/*.c) >"$top/known"
is "report/times names only programs that exist" \
	"$(sed "/^#/d; s/	.*//" "$report/times" | grep -vxF -f "$top/known")" ""

# ---- running one ----

healthy_suite
run -l
cp "$top/out" "$top/all"
for i in 1 2 3; do
	run -l --shard $i/3
	cat "$top/out"
done >"$top/parts"
is "-l: each test is in exactly one of three shards" "$(sort "$top/parts")" "$(sort "$top/all")"

# Keep in $top/$1 what the run with the other arguments keeps.
keep() {
	folder=$top/$1
	shift
	run -o "$folder" "$@"
}

keep whole
keep first --shard 1/2
is "a shard: the exit status is 0" $rc 0
well_formed "a shard"
has "a shard: the plan has its programs" out '^1\.\.1$'
has "a shard: the header says so" out '^# lockfair: 12 tests of shard 1/2$'
has "a shard: the totals are its own" err '^12 results: all as expected$'
keep second --shard=2/2
has "the other shard has the rest" out '^1\.\.3$'
clean_after "a shard"

refused "--shard without a value" 'needs a value' --shard
for value in '' 1 0/2 3/2 1/0 a/2 1/b 1/2/3 01/2 -1/2 1/ /2 1/12345678; do
	refused "--shard '$value'" 'is not I/N' --shard "$value"
done
refused "more parts than programs" '4 programs cannot be cut into 5' --shard 1/5
refused "--shard with --figures" 'can only be combined' --figures --shard 1/2

# ---- putting them together ----

# Run report/merge with the arguments, folders of $top.
merge() {
	ran="report/merge $*"
	(cd "$top" && $SH "$report/merge" "$@") >"$top/out" 2>"$top/err"
	rc=$?
}

merge second first
is "merge: the exit status is 0" $rc 0
cmp -s "$top/out" "$top/whole/results.tsv"
result $? "merge: the same as one run, in whatever order the shards come"
is "merge: says what it comes to" "$(cat "$top/err")" \
	"report/merge: 38 results of 2 shards: 29 hold, 8 xfail, 1 skip"
merge -o merged.tsv first/results.tsv second/results.tsv
cmp -s "$top/merged.tsv" "$top/whole/results.tsv"
result $? "merge -o FILE: writes it"

# Merging the other arguments is refused: a line matches $2. $1 says why.
unmerged() {
	what=$1
	pattern=$2
	shift 2
	rm -f "$top/merged.tsv"
	merge -o merged.tsv "$@"
	got=0
	[ $rc = 2 ] && [ ! -e "$top/merged.tsv" ] && [ ! -s "$top/out" ] || got=1
	grep -q "^report/merge: .*$pattern" "$top/err" || got=1
	result $got "merge refuses: $what"
}

keep again --shard 2/2
keep thirds --shard 1/3
keep fewer --shard 2/2 -t 'barging:*' -t 'queue_order:*'
mkdir "$top/cut" "$top/beheaded" "$top/empty" "$top/short" "$top/other"
sed '/^barging/d' "$top/second/results.tsv" >"$top/cut/results.tsv"
sed 1d "$top/second/results.tsv" >"$top/beheaded/results.tsv"
sed '$d' "$top/second/results.tsv" >"$top/short/results.tsv"
: >"$top/empty/results.tsv"
sed '1s/queue_order/barging &/' "$top/first/results.tsv" >"$top/other/results.tsv"
unmerged "no argument" 'usage:'
unmerged "a folder without results" 'no results' first empty
unmerged "a shard is missing" 'shard 2/2 is missing' first
unmerged "a shard is there twice" 'shard 2/2 is there twice' first second again
unmerged "a shard that is one of three" 'others are of 2' first second thirds
unmerged "a shard of another choice of tests" 'and others are of 38 tests' first fewer
unmerged "a run without --shard" 'not of a run with --shard' first second whole
unmerged "the line of the shard is lost" 'not of a run with --shard' first beheaded
unmerged "a program of two shards" 'barging is also in' other second
unmerged "a program has no results" 'nothing of barging' first cut
unmerged "a result is lost" '37 tests of 4 programs' first short

failing_suite
keep bad1 --shard 1/2
keep bad2 --shard 2/2
merge bad1 bad2
is "merge, a result is not as expected: the exit status is 1" $rc 1
has "merge, a result is not as expected: says so" err ': 3 hold, 1 fail$'

finish
