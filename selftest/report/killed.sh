#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Tests of report/cleaner: what SIGKILL leaves is removed, at once or by a later run, and nothing
# else is.

# shellcheck source-path=SCRIPTDIR source=../front_door
. "$(dirname -- "$0")/../front_door"

hanging_suites
healthy_suite

if ! have mkfifo || ! have setsid; then
	skip "SIGKILL" "no mkfifo or no setsid"
	finish
fi

# As on a system that has only them: its grep does not look behind a NUL.
if have busybox; then
	mkdir "$top/applets"
	for name in $(busybox --list); do
		ln -s "$(command -v busybox)" "$top/applets/$name"
	done
fi

# ---- at once ----

# Print the process of the cleaner.
the_cleaner() {
	for at in /proc/[0-9]*; do
		{ tr '\0' ' ' <"$at/cmdline"; } 2>/dev/null |
			grep -q -F "report/cleaner $TMPDIR/lockfair." && echo "${at#/proc/}"
	done
}

# Start it in front of a test that hangs, with descriptors that a caller may wait for.
start_hanging() {
	programs=$top/hanging
	rm -f "$top/started"
	ran="run_tests.sh on SIGKILL"
	MARKER=$marker FAKE_STARTED=$top/started LOCKFAIR_PROGRAMS=$programs \
		$SH "$front_door" -d "$top/locks" >"$top/out" 2>"$top/err" \
		3<"$0" 4<"$0" 7<"$0" 8<"$0" 9<"$0" &
	pid=$!
	while [ ! -e "$top/started" ] && kill -0 "$pid" 2>/dev/null; do
		sleep 0.1
	done
}

programs=$top/hanging
signalled "SIGKILL" "" KILL 137
if have busybox; then
	PATH=$top/applets:$real_path
	signalled "SIGKILL, busybox" "" KILL 137
	PATH=$real_path
fi

start_hanging
cleaner=$(the_cleaner)
is "there is one cleaner" "$(echo "$cleaner" | grep -c '^[0-9]')" 1
is "the cleaner has no descriptor of the caller" \
	"$(find "/proc/$cleaner/fd" -name '[3-9]' -exec readlink {} +)" ""
is "the cleaner uses no folder" "$(readlink "/proc/$cleaner/cwd")" /
for signal in HUP INT TERM; do
	kill -s "$signal" "$cleaner"
done
kill -s KILL "$pid"
wait "$pid" 2>/dev/null
rc=$?
clean_after "SIGTERM to the cleaner, then SIGKILL to the script"

# A script that says what it has half made.
cat >"$top/half" <<END
me=half
report=$here/../report
. "\$report/shell"
make_work
begin_partial "$top/half_made.1"
: >"\$partial"
[ -z "\${1-}" ] || { mv "\$partial" "$top/made"; finished; : >"$top/half_made.1"; }
kill -s KILL \$\$
END
MARKER=$marker $SH "$top/half"
left_over() {
	(cd "$top/tmp" && ls -A; cd "$top" && echo half_made*)
	alive
}
settle
is "SIGKILL: what is half made is removed" "$(left_over)" "half_made*"
MARKER=$marker $SH "$top/half" finished
settle
is "SIGKILL: what is finished stays" "$(left_over)" "half_made.1"
rm "$top/half_made.1" "$top/made"
# shellcheck disable=SC2317 # clean_after() calls it
left_over() {
	(cd "$top/tmp" && ls -A)
	alive
}

# ---- by a later run ----

# Make the folders that earlier runs may have left, all but one untouched for long: aaaaaa is of a
# run that was killed, bbbbbb has a new file, cccccc is empty, dddddd is of a process, eeeeee of a
# cleaner. Set before to them.
earlier_runs() {
	for name in aaaaaa bbbbbb dddddd eeeeee; do
		mkdir "$TMPDIR/lockfair.$name"
		mkfifo "$TMPDIR/lockfair.$name/alive"
	done
	mkdir "$TMPDIR/lockfair.cccccc" "$TMPDIR/lockfair.backup" "$top/locks/lockfair.aaaaaa.locks"
	: >"$TMPDIR/lockfair.backup/mine"
	: >"$top/half_made.1"
	printf %s "$top/locks/lockfair.aaaaaa.locks" >"$TMPDIR/lockfair.aaaaaa/locks"
	printf %s "$top/half_made.1" >"$TMPDIR/lockfair.aaaaaa/partial"
	LOCKFAIR_RUN="$TMPDIR/lockfair.dddddd" sleep 600 &
	users=$!
	LOCKFAIR_RUN="cleaner of $TMPDIR/lockfair.eeeeee" sleep 600 &
	users="$users $!"
	touch -t 202001010000 "$TMPDIR"/lockfair.*/* "$TMPDIR"/lockfair.* "$top/half_made.1"
	: >"$TMPDIR/lockfair.bbbbbb/new"
	before=$(folders)
}

folders() {
	(cd "$TMPDIR" && echo lockfair.*)
}

# shellcheck disable=SC2086 # words
no_earlier_runs() {
	kill $users
	wait $users 2>/dev/null
	rm -rf "$TMPDIR"/lockfair.* "$top/locks/"* "$top"/half_made*
}

# What the later run, or its sweep, has not finished: nobody waits for the sweep.
sweeping() {
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25; do
		[ -n "$(alive)" ] || break
		PATH=$real_path sleep 0.1
	done
	alive
}

# A later run sweeps. $1: where.
sweeps() {
	programs=$top/healthy
	earlier_runs
	run
	is "$1: the sweep ends" "$(sweeping)" ""
	is "$1: the folder of a run that was killed is removed, and no other" "$(folders)" \
		"lockfair.backup lockfair.bbbbbb lockfair.cccccc lockfair.dddddd lockfair.eeeeee"
	is "$1: the lock files of a run that was killed are removed" "$(ls -A "$top/locks")" ""
	is "$1: what a run that was killed had half made is removed" \
		"$(cd "$top" && echo half_made*)" "half_made*"
	no_earlier_runs
}

# If command $1 does not work, a search finds nobody, which proves nothing.
sweeps_nothing_without() {
	earlier_runs
	mkdir "$TMPDIR/lockfair.ffffff" "$top/broken"
	before=$(folders)
	printf '#!/bin/sh\nexit 2\n' >"$top/broken/$1"
	chmod +x "$top/broken/$1"
	ran="report/cleaner"
	MARKER=$marker LOCKFAIR_RUN="cleaner of $TMPDIR/lockfair.ffffff" PATH=$top/broken:$PATH \
		sh "$here/../report/cleaner" "$TMPDIR/lockfair.ffffff" cleaner \
		</dev/null >"$top/out" 2>"$top/err"
	rc=$?
	is "no $1 that works: the sweep ends" "$(sweeping)" ""
	[ "$1" != find ] || mkdir "$TMPDIR/lockfair.ffffff"
	is "no $1 that works: nothing is removed" "$(folders)" "$before"
	rm -r "$top/broken"
	no_earlier_runs
}

sweeps "here"
if have busybox; then
	PATH=$top/applets:$real_path
	sweeps busybox
	PATH=$real_path
fi
for name in grep tr find; do
	sweeps_nothing_without $name
done

# ---- descriptor 5 ----

# The cleaner waits for its end. Nothing may run in the background with it.
sources=$(grep -l -E 'report/shell"|kernels/common"|/common"|shellcheck shell=sh' \
	"$here"/../run_tests.sh "$here"/../report/* "$here"/../kernels/* "$here"/steadiness \
	"$here"/lava_server "$here"/autopkgtest_qemu 2>/dev/null)
# shellcheck disable=SC2086 # words
is "what runs in the background does not have descriptor 5" \
	"$(grep -n -E '(^|[^&>0-9])&( [a-z]+=.*)?$' $sources | grep -v -E \
		'^[^:]*:[0-9]*:	*#|&&|5>&-|^[^:]*/(cleaner|guest|mounts):')" ""

finish
