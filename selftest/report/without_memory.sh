#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Tests of the programs tests/no_memory*, which few kernels can run, with a fake of such a kernel
# (fake/without_memory.c). With one that does right, each claim holds. With one that does wrong,
# each fails for all its kinds, except that about a death, which a library cannot outlive.
#
# LOCKFAIR_BUILD is the folder with the built programs; make check sets it.

# shellcheck source-path=SCRIPTDIR source=../tap
. "$(dirname -- "$0")/../tap"

unset LOCKFAIR_STRICT LOCKFAIR_STOP LOCKFAIR_DIR
LOCKFAIR_DEADLINE=5
export LOCKFAIR_DEADLINE
programs=${LOCKFAIR_BUILD:-$here/..}/tests
library=$top/without_memory.so

# Run program $2 with the fake $1; $3 is a glob of claims.
play() {
	LD_PRELOAD=$library FAKE_MEMORY=$1 \
		"$programs/$2" -t "*.$3" >"$top/out" 2>"$top/err" </dev/null
	rc=$?
}

if [ -e /proc/self/fail-nth ] ||
   ! ${CC:-cc} -shared -fPIC -o "$library" "$here/fake/without_memory.c" -ldl 2>"$top/err" ||
   ! { play right no_memory_listing 'ofd.a_query*' && grep -q '^ok 1 .*answer$' "$top/out"; }; then
	skip "programs without memory" "no library can be put before these programs"
	finish
fi

for program in no_memory no_memory_wait no_memory_ends no_memory_listing; do
	play right $program '*'
	is "$program, a kernel that does right: the exit status" $rc 0
	has_not "$program, a kernel that does right: nothing is skipped" out '^ok .* # SKIP'
done

play usercopy no_memory '*'
is "a kernel that refuses copies, too: nothing is judged" \
	"$(grep -c '^ok' "$top/out") $(grep -c '^not ok' "$top/out")" \
	"$(grep -c '# SKIP this kernel refuses no memory on demand$' "$top/out") 0"
has "a kernel that refuses copies, too: a skip" out \
	'# SKIP this kernel refuses no memory on demand$'

# With the fake $1, claims of program $2 fail: the rest, each for all kinds that it is about.
fail() {
	fake=$1
	program=$2
	shift 2
	for claim in "$@"; do
		play "$fake" "$program" "$claim"
		is "$claim, $fake: it fails" "$(grep -c '^ok' "$top/out")" 0
		has_not "$claim, $fake: it is not broken" out '^# broken'
	done
}

fail there no_memory '*.a_first_lock*' '*.another_lock*' '*.a_merge*' '*.a_change_of_several*' \
	'*.an_upgrade_in_the_middle*' '*.a_downgrade_in_the_middle*' '*.a_release_in_the_middle*' \
	'*.a_release_that_fails*' '*.an_upgrade_that_fails*' '*.a_downgrade_that_fails*' \
	'*.a_section_that_fails*'
fail unlock no_memory '*.a_release_needs_no_memory'
fail enomem no_memory '*.no_memory_for_a_lock_is_enolck'
play enolck no_memory '*.no_memory_for_an_flock_is_enolck'
has "no_memory_for_an_flock_is_enolck, enolck: it holds" out '^# unexpected pass: '
fail there no_memory_wait '*.a_waiter*' '*.who_is_behind*' '*.a_release_that_fails*' \
	'*.an_upgrade_that_waited*'
fail granted no_memory_wait '*.a_waiter*'
fail kept no_memory_wait '*.an_upgrade_that_waited_and_fails_has_lost*'
fail cycle no_memory_wait '*.who_was_refused*'
fail close no_memory_ends '*.a_close*'
fail fork no_memory_ends '*.a_fork*'
fail query no_memory_listing '*.a_query*'
fail listing no_memory_listing '*.proc_locks*'
finish
