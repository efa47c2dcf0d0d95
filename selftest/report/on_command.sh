#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Tests of the programs for faults (tests/fault.h): they are there if LOCKFAIR_FAULTS is, a fault
# that is not offered is a skip, and one that fails is broken. With fakes in place of faults
# (fake/fault), each claim that such a fake can break fails. By flock alone: /proc/locks has its
# pid, and flock(1) takes it.
#
# LOCKFAIR_BUILD is the folder with the built programs; make check sets it.

# shellcheck source-path=SCRIPTDIR source=../tap
. "$(dirname -- "$0")/../tap"

unset LOCKFAIR_STRICT LOCKFAIR_STOP LOCKFAIR_DEADLINE
LOCKFAIR_PROGRAMS=${LOCKFAIR_BUILD:-$here/..}
LOCKFAIR_DIR=$top/locks
export LOCKFAIR_PROGRAMS LOCKFAIR_DIR FAKE_FAULT
mkdir "$LOCKFAIR_DIR"

# Run the claim $2 of program $1 with the fake $3, where the faults $4 are offered.
play() {
	ran="$1, $3: $2"
	FAKE_FAULT=$3 LOCKFAIR_FAULTS="$here/fake/fault $4" \
		"$LOCKFAIR_PROGRAMS/tests/$1" -t "*.flock.$2" >"$top/out" 2>"$top/err" </dev/null
	rc=$?
}

# $1: the program, $2: the claim, $3: its faults. The rest: fakes with which it does not hold.
can_fail() {
	program=$1
	claim=$2
	faults=$3
	shift 3
	for fake in "$@"; do
		play "$program" "$claim" "$fake" "$faults"
		is "$claim, $fake: it fails" "$rc $(grep -c '^not ok' "$top/out")" "1 1"
		has_not "$claim, $fake: it is not broken" out '^# broken'
	done
}

every_fault="detach force busy kill_daemon fill restart expire partition lapse abort cut renew"

# ---- whether it is there ----

"$here/../run_tests.sh" -l >"$top/out" 2>"$top/err"
has_not "without LOCKFAIR_FAULTS: no such program is listed" out '^faults_'
LOCKFAIR_FAULTS="$here/fake/fault $every_fault" "$here/../run_tests.sh" -l >"$top/out" 2>"$top/err"
is "with it: such programs come last" \
	"$(sed 's/_.*//; s/:.*//' "$top/out" | uniq | tail -n 1)" faults
LOCKFAIR_NO_MEMORY=1 "$here/../run_tests.sh" -l >"$top/out" 2>"$top/err"
has "with LOCKFAIR_NO_MEMORY=1: those without memory are listed" out '^no_memory:'
if [ ! -e /proc/self/fail-nth ]; then
	"$here/../run_tests.sh" -l >"$top/out" 2>"$top/err"
	has_not "without it: not where the kernel cannot refuse memory" out '^no_memory'
fi
play faults_mount a_lazy_unmount_ends_no_lock nothing "force busy"
has "a fault that is not offered: a skip" out '^ok 1 .*# SKIP this fault is not offered here$'
play faults_mount a_lazy_unmount_ends_no_lock fail detach
has "a fault that does not happen: broken" out '^# broken: detach did not happen: '
play faults_mount a_lazy_unmount_ends_no_lock stuck detach
has "what an earlier test has left cannot be undone: broken" out '^# broken: before the test: '
play faults_mount a_new_mount_after_a_lazy_unmount_finds_the_lock nothing "detach apart"
has "a new mount with locks of its own: a skip" out \
	'^ok 1 .*# SKIP a new mount has locks of its own here$'
has "a new mount with locks of its own: who had the lock is printed" out '^# by the new mount: '
play faults_mount a_new_mount_after_a_lazy_unmount_finds_the_lock gone detach
has "a newcomer that does not find the file: it fails" out '^# seen: the newcomer: No such file'
has_not "a newcomer that does not find the file: nobody else had the lock" out 'two held it'
play faults_mount a_new_mount_after_a_lazy_unmount_finds_the_lock lose detach
has "a newcomer that is granted it: two had the lock" out \
	'^# seen: two held it at the same time: the newcomer: granted'
play faults_mount '*' nothing "detach force busy"
is "nothing happens: all holds" "$rc $(grep -c '^ok' "$top/out")" "0 5"

# ---- whether each claim can fail ----

# A waiter that hangs need not be waited for for long.
export LOCKFAIR_DEADLINE=2

can_fail faults_mount a_lazy_unmount_ends_no_lock detach lose hang
can_fail faults_mount a_new_mount_after_a_lazy_unmount_finds_the_lock detach lose
can_fail faults_mount a_forced_unmount_of_a_busy_file_system_changes_no_lock \
	"force busy" lose hang
can_fail faults_mount after_a_forced_unmount_a_waiter_is_told_or_granted force hang
can_fail faults_mount a_forced_unmount_leaves_no_lock_behind force block
can_fail faults_daemon after_the_daemons_death_a_waiter_is_told_or_granted kill_daemon hang
can_fail faults_daemon after_the_daemons_death_the_holder_cannot_write kill_daemon nothing
can_fail faults_daemon the_daemons_death_leaves_no_lock_behind kill_daemon block
can_fail faults_server after_a_restart_the_holder_still_holds restart lose
can_fail faults_server after_a_restart_a_waiter_waits_on_and_is_granted restart hang
can_fail faults_server a_full_disk_is_in_nobodys_way fill nothing
can_fail faults_server a_lock_from_before_the_disk_was_full_is_kept fill lose hang
# The holder is on the second path.
export LOCKFAIR_OTHER_DIR="$LOCKFAIR_DIR"
can_fail faults_client a_waiter_is_granted_what_a_lost_client_had expire nothing
can_fail faults_client a_partition_as_long_as_a_lease_costs_the_lock_if_another_waits \
	partition nothing
can_fail faults_client a_forced_unmount_ends_a_try_that_no_server_answers "partition abort" nothing
can_fail faults_client what_a_forced_unmount_ends_fails_with_an_errno_of_user_space \
	"partition abort" nothing
can_fail faults_session another_is_granted_what_a_client_had_that_is_cut_off cut nothing


# ---- whether each claim can fail: a lock that is lost, and what the holder is told ----

LOST=$top/lost
library=$top/lost.so
export LOST
if ${CC:-cc} -shared -fPIC -o "$library" "$here/fake/lost.c" -ldl 2>"$top/err" &&
   LD_PRELOAD=$library play faults_server after_a_restart_the_holder_can_read_and_write \
	write restart && [ $rc = 1 ]; then
	LD_PRELOAD=$library
	export LD_PRELOAD
	can_fail faults_client a_holder_that_has_lost_its_lock_is_told_at_the_next_write \
		expire grant
	can_fail faults_client a_holder_that_has_lost_its_lock_is_told_at_the_next_read expire grant
	can_fail faults_client after_opening_it_again_a_holder_that_has_lost_its_lock_can_go_on \
		expire grant+write
	can_fail faults_client a_partition_as_long_as_a_lease_costs_no_lock_if_nobody_wants_it \
		"partition lapse" grant write
	can_fail faults_server after_a_restart_the_holder_can_read_and_write \
		restart grant read write
	can_fail faults_session after_a_restart_a_holder_that_goes_on_holds_again renew grant write
	can_fail faults_client what_a_forced_unmount_ends_fails_with_an_errno_of_user_space \
		"partition abort" abort
	told=a_holder_that_was_cut_off_is_told_that_it_has_lost_its_lock
	play faults_session $told grant cut
	has "a holder that is not told: an expected failure" out \
		"^ok 1 .*# XFAIL its client locks again"
	play faults_session $told grant+write cut
	has "a holder that is told: it holds" out "^ok 1 .*# XPASS\\|^ok 1 [^#]*\$"
	play faults_session $told grant+again cut
	has "a client that never connects: broken" out '^# broken: the client of holder '
	unset LD_PRELOAD
else
	skip "claims that only a library breaks" "no library can be put before these programs"
fi

finish
